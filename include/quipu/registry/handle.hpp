// Handles: how a program updates the series of a registry.
#pragma once

#include <quipu/registry/board.hpp>
#include <quipu/registry/instrument.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace quipu {

/// What all handles have in common. A handle is a pointer and a number: cheap to copy, trivial to
/// destroy. One that has no series, since there was no room or it was removed or the handle was
/// made from nothing, can be updated as well: that has no effect.
///
/// Threads  as the kind's threading policy says; a handle may be used as long as its registry lives,
///          and by threads that come and go.
template <class Board>
class basic_handle {
public:
    basic_handle() = default;

    /// Whether updates have an effect now: the series is there and was not removed.
    [[nodiscard]] explicit operator bool() const noexcept {
        return series_ != nullptr && series_->id() == id_;
    }

    /// Whether two are of the same series.
    friend bool operator==(const basic_handle&, const basic_handle&) = default;

protected:
    explicit basic_handle(typename Board::series& of) noexcept : series_(&of), id_(of.id()) {}

    template <class F>
    void update(F f) const noexcept {
        if constexpr (Board::is_sharded) {
            auto& slot = Board::slots::guess(id_);
            if (slot.id == id_) [[likely]]
                return f(slot.value);
            if (series_ != nullptr)
                series_->home().update(*series_, id_, f);
        } else if (series_ != nullptr) {
            series_->update(id_, f);
        }
    }

    /// Counts an update that cannot be, as `value_limit` of the registry.
    void refuse() const noexcept {
        if (*this)
            series_->home().refuse();
    }

private:
    typename Board::series* series_ = nullptr;
    std::uint64_t id_ = detail::series_id::refused;
};

/// Counts events: whole numbers of them, or, where the traits' `counter_number` is `double`, fractions
/// as well.
/// Cost     sharded: a load and a store of the thread's own, 0.5 ns; a thread's first update of a
///          series takes a lock and may allocate.
template <class Board>
class basic_counter_handle : public basic_handle<Board> {
    using number = typename Board::kind::number;

public:
    basic_counter_handle() = default;

    /// Below 2^64 an interval and series.
    void add(std::uint64_t count = 1) const noexcept requires std::integral<number> {
        this->update([count](auto& part) { part.value.add(count); });
    }
    /// A count below 0 is refused and counted: `value_limit`.
    template <std::signed_integral T>
    void add(T count) const noexcept requires std::integral<number> {
        if (count < 0) [[unlikely]]
            return this->refuse();
        add(static_cast<std::uint64_t>(count));
    }
    template <std::floating_point T>
    void add(T) const noexcept requires std::integral<number> {
        static_assert(sizeof(T) == 0,
                      "quipu counter: it counts whole things, and a fraction would be cut off; "
                      "for fractions set `using counter_number = double` in the registry's traits");
    }

    /// A count below 0, beyond 2^53 or NaN is refused and counted: `value_limit`.
    void add(double count = 1) const noexcept requires std::floating_point<number> {
        constexpr double count_max = 0x1p53; // so no sum becomes infinite
        if (!(count >= 0 && count <= count_max)) [[unlikely]]
            return this->refuse();
        this->update([count](auto& part) { part.value.add(count); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// A value that goes up and down: the last one set, with the changes since.
template <class Board>
class basic_gauge_handle : public basic_handle<Board> {
public:
    basic_gauge_handle() = default;

    /// A value that is not finite is refused and counted: `value_limit`.
    void set(double value) const noexcept {
        this->update([value](auto& part) { Board::kind::set(part, value); });
    }
    void change(double by) const noexcept {
        this->update([by](auto& part) { Board::kind::change(part, by); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// Records values of which the distribution is of interest: milliseconds as a rule, see
/// scoped_timer.
/// Cost     sharded: two loads and two stores, and once in 256 values a move into the thread's cell.
template <class Board>
class basic_timer_handle : public basic_handle<Board> {
public:
    basic_timer_handle() = default;

    /// A value that is not finite is refused and counted: `value_limit`.
    void record(double value) const noexcept {
        this->update([value](auto& part) { Board::kind::record(part, value); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

/// Counts distinct members.
/// Cost     a hash, the thread's own lock, and an insertion.
template <class Board>
class basic_unique_handle : public basic_handle<Board> {
public:
    basic_unique_handle() = default;

    void insert(std::string_view member) const noexcept {
        this->update([member](auto& part) { Board::kind::insert(part, member); });
    }

private:
    template <class>
    friend class basic_registry;
    using basic_handle<Board>::basic_handle;
};

} // namespace quipu
