// What a registry's series of each kind consist of: the parts that are updated, and how a flush makes
// one cell of them.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/cell/threading.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/registry/timer_buffer.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace quipu::detail {

// Each has: `part`, one a thread or one for all, trivially destructible; `open`, which makes a part a
// new series', whatever it was before; `close`, which frees what it has; `hold` and `release`, which
// lock and unlock what it has; `tally`, where a flush gathers the parts; `finish`, which gives the
// cell of the interval and begins the next.

/// Counts only grow: whole ones, or those of a floating-point type.
template <class Cell, threading_policy Threading, class Number = std::uint64_t>
struct counter_instrument {
    using cell = Cell;
    using threading = Threading;
    using number = Number;

    struct part {
        typename Threading::template number<Number> value{};
    };

    struct tally {
        std::uint64_t refused = 0;
        Number reported = 0;
        Number total = 0;
    };

    static void open(part& one) noexcept { one.value.set(0); }
    static void close(part&) noexcept {}
    static void hold(part&) noexcept {}
    static void release(part&) noexcept {}

    static void gather(part& one, tally& into) noexcept { into.total += one.value.read(); }

    [[nodiscard]] static Cell finish(tally& of) {
        Cell cell;
        // Whole counts modulo 2^64, as the parts are.
        const Number more = of.total - std::exchange(of.reported, of.total);
        of.total = 0;
        if (more > 0) {
            sample one;
            one.value = static_cast<double>(more);
            one.integral = std::is_integral_v<Number>;
            static_cast<void>(cell.apply(one));
        }
        return cell;
    }
};

/// A gauge is one value for all threads.
template <class Cell, threading_policy Threading>
struct gauge_instrument {
    static_assert(!Threading::each_thread_its_own,
                  "quipu registry: a gauge is one value, `sharded` would make many of it");

    using cell = Cell;
    using threading = Threading;

    struct part {
        typename Threading::template number<double> value{};
        typename Threading::template number<std::uint8_t> touched{};
        typename Threading::template number<std::uint64_t> refused{};
    };

    struct tally {
        std::uint64_t refused = 0;
        Cell kept{};
    };

    static void open(part& one) noexcept { one = part(); }
    static void close(part&) noexcept {}
    static void hold(part&) noexcept {}
    static void release(part&) noexcept {}

    // The value is written before the mark and read after it, so no last value stays unseen.
    static void set(part& one, double value) noexcept {
        if (!is_finite(value))
            return one.refused.add(1);
        one.value.set(value);
        one.touched.set(1);
    }
    static void change(part& one, double by) noexcept {
        if (!is_finite(by))
            return one.refused.add(1);
        one.value.add(by);
        one.touched.set(1);
    }

    static void gather(part& one, tally& into) noexcept {
        into.refused += one.refused.exchange(0);
        if (one.touched.exchange(0) == 0)
            return;
        sample last;
        last.value = one.value.read();
        static_cast<void>(into.kept.apply(last));
    }

    [[nodiscard]] static Cell finish(tally& of) {
        Cell frozen = of.kept;
        of.kept.next_interval();
        return frozen;
    }
};

/// A cell behind a lock, for what is more than a number.
template <class Cell, class Lock>
class locked_cell {
public:
    void apply(const sample& one) {
        const holding hold(lock_);
        if (!is_finite(one.value) || cell_.apply(one) != errc::ok)
            ++refused_;
    }

    /// Adds all to a cell, and forgets it. Returns how many updates were refused, since they are no
    /// finite numbers or the cell was full.
    std::uint64_t move_into(Cell& into) {
        const holding hold(lock_);
        into.merge(cell_);
        cell_.reset();
        return std::exchange(refused_, 0);
    }

    void reset() {
        const holding hold(lock_);
        cell_ = Cell();
        refused_ = 0;
    }

    void hold() noexcept { lock_.lock(); }
    void release() noexcept { lock_.unlock(); }

private:
    [[no_unique_address]] Lock lock_{};
    Cell cell_{};
    std::uint64_t refused_ = 0;
};

/// What timers and sets have in common: a part is elsewhere, and a tally is a cell.
template <class Cell, class Threading, class Page>
struct paged_instrument {
    using cell = Cell;
    using threading = Threading;

    struct part {
        Page* page = nullptr;
    };

    struct tally {
        std::uint64_t refused = 0;
        Cell sum{};
    };

    static void open(part& one) {
        if (one.page == nullptr)
            one.page = new Page();
        else
            one.page->reset();
    }
    static void close(part& one) noexcept { delete std::exchange(one.page, nullptr); }
    static void hold(part& one) noexcept {
        if (one.page != nullptr)
            one.page->hold();
    }
    static void release(part& one) noexcept {
        if (one.page != nullptr)
            one.page->release();
    }

    static void gather(part& one, tally& into) { into.refused += one.page->move_into(into.sum); }

    [[nodiscard]] static Cell finish(tally& of) { return std::exchange(of.sum, Cell()); }
};

template <class Cell, threading_policy Threading>
using timer_page = std::conditional_t<Threading::each_thread_its_own,
                                      timer_buffer<Cell>,
                                      locked_cell<Cell, typename Threading::lock>>;

template <class Cell, threading_policy Threading>
struct timer_instrument : paged_instrument<Cell, Threading, timer_page<Cell, Threading>> {
    using part = typename timer_instrument::paged_instrument::part;

    /// Input    value: finite.
    static void record(part& one, double value) {
        if constexpr (Threading::each_thread_its_own) {
            one.page->record(value);
        } else {
            sample single;
            single.value = value;
            one.page->apply(single);
        }
    }
};

template <class Cell, threading_policy Threading>
struct unique_instrument
    : paged_instrument<Cell, Threading, locked_cell<Cell, typename Threading::lock>> {
    using part = typename unique_instrument::paged_instrument::part;

    static void insert(part& one, std::string_view member) {
        sample single;
        single.member = member;
        one.page->apply(single);
    }
};

} // namespace quipu::detail
