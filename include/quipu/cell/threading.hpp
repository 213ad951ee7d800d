// How a running value is updated by several threads.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>

namespace quipu {

namespace detail {

/// A lock that excludes nobody.
struct no_lock {
    void lock() noexcept {}
    void unlock() noexcept {}
};

/// A mutex of one byte that needs no destruction. Who waits sleeps.
class small_mutex {
public:
    void lock() noexcept {
        while (held_.test_and_set(std::memory_order_acquire))
            held_.wait(true, std::memory_order_relaxed);
    }
    void unlock() noexcept {
        held_.clear(std::memory_order_release);
        held_.notify_one();
    }

private:
    std::atomic_flag held_{};
};

/// Holds a lock as long as it lives.
template <class Lock>
class holding {
public:
    explicit holding(Lock& lock) noexcept : lock_(lock) { lock_.lock(); }
    ~holding() { lock_.unlock(); }
    holding(const holding&) = delete;
    holding& operator=(const holding&) = delete;

private:
    Lock& lock_;
};

/// An atomic number that can be copied as the plain one can; the copy is no atomic act.
template <class T>
class atomic_number : public std::atomic<T> {
public:
    constexpr atomic_number() noexcept : std::atomic<T>(T{}) {}
    atomic_number(const atomic_number& other) noexcept
        : std::atomic<T>(other.load(std::memory_order_relaxed)) {}
    atomic_number& operator=(const atomic_number& other) noexcept {
        this->store(other.load(std::memory_order_relaxed), std::memory_order_relaxed);
        return *this;
    }
    ~atomic_number() = default;
};

} // namespace detail

namespace threading {

/// One thread at a time updates and reads; who has several takes care of that. The cheapest.
struct unsynchronized {
    static constexpr bool each_thread_its_own = false;
    using lock = detail::no_lock;

    template <class T>
    class number {
    public:
        void add(T value) noexcept { value_ += value; }
        void set(T value) noexcept { value_ = value; }
        [[nodiscard]] T read() const noexcept { return value_; }
        T exchange(T value) noexcept {
            const T before = value_;
            value_ = value;
            return before;
        }

    private:
        T value_ = {};
    };
};

/// All threads update one value: for what is updated rarely, by few threads, or has to be one. An
/// update is 5 ns alone, and several times that when threads meet.
struct atomic {
    static constexpr bool each_thread_its_own = false;
    using lock = detail::small_mutex;

    template <class T>
    class number {
    public:
        void add(T value) noexcept { value_.fetch_add(value, std::memory_order_relaxed); }
        void set(T value) noexcept { value_.store(value, std::memory_order_release); }
        [[nodiscard]] T read() const noexcept { return value_.load(std::memory_order_acquire); }
        T exchange(T value) noexcept { return value_.exchange(value, std::memory_order_acq_rel); }

    private:
        detail::atomic_number<T> value_{};
    };
};

/// Each thread updates a value of its own, which others may read at any time; what counts is their
/// sum. An update is a load and a store, however many threads there are.
struct sharded {
    static constexpr bool each_thread_its_own = true;
    using lock = detail::small_mutex;

    /// Written by one thread, its owner, and read by any.
    template <class T>
    class number {
    public:
        void add(T value) noexcept { set(read() + value); }
        void set(T value) noexcept { value_.store(value, std::memory_order_relaxed); }
        [[nodiscard]] T read() const noexcept { return value_.load(std::memory_order_relaxed); }
        T exchange(T value) noexcept {
            const T before = read();
            set(value);
            return before;
        }

    private:
        detail::atomic_number<T> value_{};
    };
};

} // namespace threading

/// Decides how several threads update a running value.
/// Requires  each_thread_its_own: whether there is a value for each thread, or one for all; number:
///           add, set, read, exchange, which may meet as the policy says; lock: lock, unlock, for
///           what is more than a number, held for moments.
/// Provided  unsynchronized, atomic, sharded.   Chosen at  registry_traits, one for each kind.
/// Cost      one add or one lock for each update.
template <class P>
concept threading_policy = requires(typename P::template number<std::uint64_t> count,
                                    typename P::template number<double> value,
                                    typename P::lock lock) {
    { P::each_thread_its_own } -> std::convertible_to<bool>;
    count.add(std::uint64_t{1});
    value.set(1.0);
    { count.exchange(std::uint64_t{0}) } -> std::same_as<std::uint64_t>;
    { value.read() } -> std::same_as<double>;
    lock.lock();
    lock.unlock();
};

static_assert(threading_policy<threading::unsynchronized>);
static_assert(threading_policy<threading::atomic>);
static_assert(threading_policy<threading::sharded>);

} // namespace quipu
