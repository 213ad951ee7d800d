// The values of a CKMS sketch in ascending order, each with the ranks it stands for, and the cursors
// that insert and compress a little at each new value.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quipu::detail {

/// New values wait in two heaps: those above the insertion cursor, which comes by on its way up, and
/// those below, for its next way. The compression cursor goes down, and joins a value to its upper
/// neighbour where the targets allow it. Both go a share `targets_.error` of the list at each value,
/// as statsite's do: when what is joined decides which answers are given.
///
/// A value that stands for several events is kept twice, once for its first event and once for the
/// others; so a rank within it finds it, as the reading looks for the last value surely not above.
template <class Targets>
class ckms_summary {
public:
    explicit ckms_summary(Targets targets = {}) : targets_(std::move(targets)) {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }     ///< values kept
    [[nodiscard]] std::uint64_t ranks() const noexcept { return ranks_; } ///< events in them
    [[nodiscard]] double lowest() const noexcept { return nodes_[first_].value; } ///< size() > 0
    [[nodiscard]] double highest() const noexcept { return nodes_[last_].value; } ///< likewise

    void record(double value, std::uint64_t width) {
        // Between two ways up there is no cursor, and 0 stands in for its value, as in statsite.
        const double cursor = inserting_ == none ? 0 : nodes_[inserting_].value;
        push(ranks_ > 0 && value < cursor ? below_ : above_, {value, width});
        insert();
        compress(stride());
    }

    /// Inserts all that wait.
    void settle() {
        while (!below_.empty() || !above_.empty()) {
            if (above_.empty())
                restart_inserting();
            insert();
            compress(stride());
        }
    }

    /// Adds the values of another, each with the doubt about its rank among those of the other. An
    /// empty one becomes the other, cursors and all: later values find it as they would the other.
    void merge(const ckms_summary& other) {
        if (size_ == 0 && above_.empty() && below_.empty()) {
            *this = other;
            return;
        }
        std::vector<node> all;
        all.reserve(size_ + other.size_);
        index mine = first_;
        index theirs = other.first_;
        while (mine != none || theirs != none) {
            const bool from_other =
                mine == none || (theirs != none && other.nodes_[theirs].value < nodes_[mine].value);
            node one = from_other ? other.nodes_[theirs] : nodes_[mine];
            (from_other ? theirs : mine) = one.next;
            if (from_other ? mine != none : theirs != none) {
                const node& above = from_other ? nodes_[mine] : other.nodes_[theirs];
                one.delta += above.width + above.delta - 1;
            }
            all.push_back(one);
        }
        heap waits(std::move(above_));
        for (const heap* const list : {&std::as_const(below_), &other.above_, &other.below_})
            waits.insert(waits.end(), list->begin(), list->end());
        clear();
        for (const node& one : all)
            link(none, one.value, one.width, one.delta);
        for (const waiting& one : waits)
            push(above_, one);
        compress(size_);
    }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        nodes_.clear();
        above_.clear();
        below_.clear();
        free_ = first_ = last_ = inserting_ = compressing_ = none;
        size_ = 0;
        ranks_ = rank_below_ = 0;
    }

    /// statsite's rule; 0 if there is no value.
    [[nodiscard]] double quantile(double q) const noexcept {
        const auto rank = static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(ranks_)));
        const std::uint64_t allowed = threshold(rank);
        const std::uint64_t most = rank + allowed / 2 + allowed % 2;
        std::uint64_t below = 0;
        double answer = size_ > 0 ? lowest() : 0;
        for (index at = first_; at != none; at = nodes_[at].next) {
            const node& one = nodes_[at];
            if (below > rank || below + one.width + one.delta > most)
                break;
            below += one.width;
            answer = one.value;
        }
        return answer;
    }

    /// Calls `take(value, width)` from the lowest value on as long as it returns true.
    template <class Take>
    void for_each(Take&& take) const {
        for (index at = first_; at != none && take(nodes_[at].value, nodes_[at].width);)
            at = nodes_[at].next;
    }
    template <class Take>
    void for_each_backwards(Take&& take) const {
        for (index at = last_; at != none && take(nodes_[at].value, nodes_[at].width);)
            at = nodes_[at].previous;
    }

    /// Writes how many, and each with its width and the doubt about its rank.
    void write(byte_writer& out) const {
        if (!above_.empty() || !below_.empty()) {
            ckms_summary settled(*this);
            settled.settle();
            return settled.write(out);
        }
        out.count(size_);
        for (index at = first_; at != none; at = nodes_[at].next) {
            out.number(nodes_[at].value);
            out.count(nodes_[at].width);
            out.count(nodes_[at].delta);
        }
    }

    /// False, and empty, if the bytes are no summary.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        bool valid = true;
        std::uint64_t highest_rank = 0;
        for (std::size_t left = from.count_of(10); left > 0 && valid; --left) {
            const double value = from.number();
            const std::uint64_t width = from.count();
            const std::uint64_t delta = from.count();
            valid = !from.failed() && std::isfinite(value) && (size_ == 0 || value >= highest()) &&
                    width > 0 && width < ranks_max - ranks_ && delta < ranks_max;
            if (valid)
                link(none, value, width, delta);
            highest_rank = std::max(highest_rank, ranks_ + delta);
        }
        // The lowest and the highest are never in doubt, and no rank is beyond the number.
        if (valid && !from.failed() && highest_rank == ranks_ &&
            (size_ == 0 || (nodes_[first_].delta == 0 && nodes_[last_].delta == 0)))
            return true;
        clear();
        return false;
    }

private:
    using index = std::uint32_t;
    static constexpr index none = ~index{0};
    static constexpr std::uint64_t ranks_max = std::uint64_t{1} << 62U;

    struct node {
        double value;
        std::uint64_t width; ///< how many ranks it stands for, up to its own
        std::uint64_t delta; ///< how much higher its rank may be
        index next;
        index previous;
    };
    struct waiting {
        double value;
        std::uint64_t width;
    };
    using heap = std::vector<waiting>; // the lowest in front

    static bool is_above(const waiting& a, const waiting& b) noexcept { return a.value > b.value; }

    static void push(heap& to, waiting one) {
        to.push_back(one);
        std::push_heap(to.begin(), to.end(), is_above);
    }

    static waiting pop(heap& from) {
        std::pop_heap(from.begin(), from.end(), is_above);
        const waiting one = from.back();
        from.pop_back();
        return one;
    }

    /// How far a cursor goes for each value.
    [[nodiscard]] std::size_t stride() const noexcept {
        return static_cast<std::size_t>(std::ceil(static_cast<double>(size_) * targets_.error));
    }

    /// How many ranks a value there may stand for, doubt included.
    [[nodiscard]] std::uint64_t threshold(std::uint64_t rank) const noexcept {
        const auto at = static_cast<double>(rank);
        const auto count = static_cast<double>(ranks_);
        double least = 0x1p63;
        for (const double q : targets_.quantiles) {
            const double allowed =
                at >= q * count ? 2 * targets_.error * at / q
                                : 2 * targets_.error * static_cast<double>(ranks_ - rank) / (1 - q);
            least = std::min(least, allowed);
        }
        return static_cast<std::uint64_t>(least);
    }

    void restart_inserting() noexcept {
        std::swap(above_, below_);
        inserting_ = none;
    }

    void insert() {
        if (size_ == 0) {
            if (!above_.empty()) {
                place(none, pop(above_));
                inserting_ = first_;
            }
            return;
        }
        if (inserting_ == none)
            inserting_ = first_;
        for (std::size_t left = stride(); left > 0 && inserting_ != none; --left) {
            while (!above_.empty() && above_.front().value <= nodes_[inserting_].value)
                place(inserting_, pop(above_));
            inserting_ = nodes_[inserting_].next;
        }
        if (inserting_ == none) {
            while (!above_.empty() && above_.front().value > highest())
                place(none, pop(above_));
            restart_inserting();
        }
    }

    /// Inserts a value before a node, or at the end.
    void place(index next, waiting one) {
        const std::uint64_t delta = next == none ? 0 : nodes_[next].width + nodes_[next].delta - 1;
        if (compressing_ != none && nodes_[compressing_].value >= one.value)
            rank_below_ += one.width;
        link(next, one.value, 1, delta);
        if (one.width > 1)
            link(next, one.value, one.width - 1, delta);
    }

    /// Links a new node before another, or at the end.
    void link(index next, double value, std::uint64_t width, std::uint64_t delta) {
        const index previous = next == none ? last_ : nodes_[next].previous;
        index at = free_;
        if (at != none) {
            free_ = nodes_[at].next;
            nodes_[at] = {value, width, delta, next, previous};
        } else {
            at = static_cast<index>(nodes_.size());
            nodes_.push_back({value, width, delta, next, previous});
        }
        (previous == none ? first_ : nodes_[previous].next) = at;
        (next == none ? last_ : nodes_[next].previous) = at;
        ++size_;
        ranks_ += width;
    }

    void compress(std::size_t steps) {
        if (size_ < 3)
            return;
        if (compressing_ == none) {
            const node& last_but_one = nodes_[nodes_[last_].previous];
            rank_below_ = ranks_ - 1 - last_but_one.width;
            compressing_ = last_but_one.previous;
        }
        for (; steps > 0 && compressing_ != first_; --steps) {
            const index at = compressing_;
            const node& one = nodes_[at];
            node& next = nodes_[one.next];
            const std::uint64_t highest_rank = rank_below_ + one.width + one.delta;
            rank_below_ -= one.width;
            compressing_ = one.previous;
            if (one.width + next.width + next.delta <= threshold(highest_rank)) {
                if (inserting_ == at)
                    inserting_ = one.next;
                next.width += one.width;
                unlink(at);
            }
        }
        if (compressing_ == first_)
            compressing_ = none;
    }

    /// Takes a node out that has neighbours on both sides.
    void unlink(index at) noexcept {
        nodes_[nodes_[at].previous].next = nodes_[at].next;
        nodes_[nodes_[at].next].previous = nodes_[at].previous;
        nodes_[at].next = free_;
        free_ = at;
        --size_;
    }

    [[no_unique_address]] Targets targets_;
    std::vector<node> nodes_{};
    heap above_{};
    heap below_{};
    index free_ = none;
    index first_ = none;
    index last_ = none;
    index inserting_ = none;   // where the next value above may go, if not further up
    index compressing_ = none; // the next to be joined to its upper neighbour
    std::size_t size_ = 0;
    std::uint64_t ranks_ = 0;
    std::uint64_t rank_below_ = 0; // about the events up to the one below `compressing_`
};

} // namespace quipu::detail
