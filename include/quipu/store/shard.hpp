// How a thread that fills and a thread that flushes share without a lock: two sides that swap.
#pragma once

#include <atomic>
#include <utility>

namespace quipu {

/// Two values of one type. One thread, the owner, fills the active one; another, the flusher, asks
/// for it now and then and gets it as soon as the owner passes a boundary of its choice, while the
/// owner goes on with the other one at once. Nobody waits for a lock: the owner pays one load at
/// each boundary, and only the flusher ever waits.
///
/// Threads  `active`, `asked` and `pass_boundary` are the owner's, `retire` is the flusher's; `end`
///          comes from whoever knows that the owner has ended.
template <class T>
class shard {
public:
    /// Builds both sides from the same arguments.
    template <class... Args>
    explicit shard(const Args&... args) : sides_{T(args...), T(args...)} {}

    shard(const shard&) = delete; // the threads know its address
    shard& operator=(const shard&) = delete;

    /// The side to fill. The reference holds until the next `pass_boundary`.
    [[nodiscard]] T& active() noexcept { return sides_[active_]; }

    /// Whether the flusher asks for the active side: the next `pass_boundary` hands it over.
    [[nodiscard]] bool asked() const noexcept {
        return state_.load(std::memory_order_acquire) == state::asked;
    }

    /// Says that nobody holds on to `active()` now: the sides swap if the flusher asked.
    void pass_boundary() noexcept {
        if (!asked())
            return;
        active_ ^= 1U;
        state_.store(state::filling, std::memory_order_release);
        state_.notify_one();
    }

    /// Takes what the owner filled since the last time. `wake()` must bring the owner to its next
    /// boundary even if it sleeps. The reference holds, and is the flusher's alone, until the next
    /// `retire`, by which time the flusher has emptied it.
    /// Cost     waits for the owner's next boundary.
    template <class Wake>
    [[nodiscard]] T& retire(Wake&& wake) {
        if (!ended_) {
            state_.store(state::asked, std::memory_order_release);
            wake();
            state_.wait(state::asked, std::memory_order_acquire);
        }
        return sides_[std::exchange(retiring_, retiring_ ^ 1U)];
    }

    /// Declares that the owner has ended, its thread joined: `retire` no longer waits for it. Each
    /// of the next two calls of `retire` gives one side, the one that the owner left first.
    void end() noexcept { ended_ = true; }

private:
    enum class state : unsigned char { filling, asked };

    T sides_[2];
    unsigned active_ = 0;   // the owner's
    unsigned retiring_ = 0; // the flusher's: the side that the owner fills
    bool ended_ = false;    // the flusher's
    std::atomic<state> state_{state::filling};
};

} // namespace quipu
