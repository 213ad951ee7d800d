// Locks that are free in the child of a fork, whoever held them in the parent.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#if !defined(_WIN32)
#include <pthread.h>
#include <unistd.h>
#endif

namespace quipu::detail {

/// Takes all locks of an object before the process forks, and lets them go after that, in the parent
/// and in the child. So the thread that forks has the object as a whole in both, and no lock stays
/// with a thread that the child does not have. Where there is no fork it costs nothing.
///
/// The object has to live as long as the guard, at one place, and its locks are taken in the order of
/// the guards' ranks. `vfork` and a raw `clone` call no handlers: the child of those runs no code of
/// this library before it is another program.
class fork_guard {
public:
    using action = void (*)(void* object) noexcept;

    /// What is held first: an object with rank `outer` waits for locks of those with rank `inner`.
    enum class rank { outer, inner };

#if !defined(_WIN32)
    fork_guard(rank which, void* object, action hold, action release)
        : all_(guards::of_this_object()), rank_(which), object_(object), hold_(hold),
          release_(release) {
        const std::lock_guard lock(all_.lock);
        next_ = all_.first;
        if (next_ != nullptr)
            next_->previous_ = this;
        all_.first = this;
    }
    ~fork_guard() {
        bool is_last = false;
        {
            const std::lock_guard lock(all_.lock);
            (previous_ != nullptr ? previous_->next_ : all_.first) = next_;
            if (next_ != nullptr)
                next_->previous_ = previous_;
            is_last = all_.first == nullptr && all_.is_over;
        }
        if (is_last)
            delete &all_;
    }
#else
    fork_guard(rank, void*, action, action) noexcept {}
    ~fork_guard() = default;
#endif
    fork_guard(const fork_guard&) = delete;
    fork_guard& operator=(const fork_guard&) = delete;

#if !defined(_WIN32)
private:
    /// Those that the code of this program, or of this library, has made: each may have static variables
    /// of its own, and calls handlers of its own. They outlive a library that is unloaded before them.
    struct guards {
        std::mutex lock{};
        fork_guard* first = nullptr;
        bool is_over = false; // who made them is unloaded, or ends

        static guards& of_this_object() {
            static holder held;
            if (held.all != nullptr)
                return *held.all;
            auto* const late = new guards(); // at the end of the program, for one guard
            late->is_over = true;
            return *late;
        }

    private:
        struct holder {
            holder() : all(new guards()) {
                current = all;
                // It fails for lack of memory alone; then a fork is as it would be without.
                static_cast<void>(::pthread_atfork(before, after, after));
            }
            ~holder() {
                current = nullptr;
                bool is_empty = false;
                {
                    const std::lock_guard hold(all->lock);
                    all->is_over = true;
                    is_empty = all->first == nullptr;
                }
                if (is_empty)
                    delete std::exchange(all, nullptr);
            }
            holder(const holder&) = delete;
            holder& operator=(const holder&) = delete;

            guards* all;
        };
        static inline guards* current = nullptr; // for the handlers

        template <class F>
        void for_each(rank which, F f) const {
            for (fork_guard* one = first; one != nullptr; one = one->next_) {
                if (one->rank_ == which)
                    f(*one);
            }
        }

        static void before() {
            if (current == nullptr)
                return;
            current->lock.lock();
            for (const rank which : {rank::outer, rank::inner})
                current->for_each(which, [](fork_guard& one) { one.hold_(one.object_); });
        }
        static void after() {
            if (current == nullptr)
                return;
            for (const rank which : {rank::inner, rank::outer})
                current->for_each(which, [](fork_guard& one) { one.release_(one.object_); });
            current->lock.unlock();
        }
    };

    guards& all_;
    rank rank_;
    void* object_;
    action hold_;
    action release_;
    fork_guard* next_ = nullptr;
    fork_guard* previous_ = nullptr;
#endif
};

/// Tells processes of a fork apart; always 0 where there is none.
[[nodiscard]] inline std::int64_t process_number() noexcept {
#if !defined(_WIN32)
    return static_cast<std::int64_t>(::getpid());
#else
    return 0;
#endif
}

} // namespace quipu::detail
