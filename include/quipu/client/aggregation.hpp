// What a client adds up by itself before it sends: one line an interval in place of one a call.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/wide_product.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

namespace aggregation {

/// The bounds of what a client keeps between two flushes. Derive from this and override one line.
/// The memory is that of the bounds, and is taken when a client is made: 330 KiB as it stands.
struct limits {
    /// Series, and members of sets. Beyond it what is there is sent early.
    static constexpr std::size_t entries_max = 1024;
    /// Bytes of their names, tags and members together; beyond it, too.
    static constexpr std::size_t text_bytes_max = std::size_t{64} * 1024;
    /// Values of all timers together; beyond it, too.
    static constexpr std::size_t values_max = 8192;
    /// Values of one timer. Beyond it a random part of them, each as likely as the other, stands for
    /// all, with the rate to tell it; the others are counted as `thinned`. None as it stands.
    static constexpr std::size_t timer_values_max = values_max;
};

/// Each call by itself.
struct none {};

template <class Limits>
class by_series;

} // namespace aggregation

namespace detail {

/// The values of one timer between two flushes, oldest first.
class value_list {
public:
    struct node {
        double value;
        std::uint32_t next;
    };

    value_list(const node* nodes, std::uint32_t first, std::uint32_t last) noexcept
        : nodes_(nodes), at_(first), last_(last) {}

    [[nodiscard]] bool done() const noexcept { return done_; }
    [[nodiscard]] double value() const noexcept { return nodes_[at_].value; }
    void advance() noexcept {
        done_ = at_ == last_;
        at_ = nodes_[at_].next;
    }

private:
    const node* nodes_;
    std::uint32_t at_;
    std::uint32_t last_;
    bool done_ = false;
};

/// What became of one series, or of one member of a set, since the last flush.
struct aggregate {
    sample one;          ///< its value: the sum, the last one; of a timer unused
    std::uint64_t calls; ///< that it stands for
    std::uint32_t first; ///< of the values of a timer
    std::uint32_t last;
    std::uint32_t kept; ///< how many they are
};

} // namespace detail

/// Adds up what comes, for each name with its tags: counters are summed, of gauges the last value is
/// kept with what changed it since, of sets each member once, of timers every value, with its rate.
///
/// Memory   that of `Limits`, taken once.
/// Cost     a hash and a look at a table a call; nothing is allocated.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Limits = aggregation::limits>
class aggregation::by_series {
    using node = detail::value_list::node;

public:
    explicit by_series(std::uint64_t seed) : seed_(seed), slots_(slot_count), values_() {
        entries_.reserve(Limits::entries_max);
        text_.reserve(Limits::text_bytes_max);
        values_.reserve(Limits::values_max);
    }

    /// Adds a sample.
    ///
    /// Input    `check(one)` says why no line can carry a sample; it is asked for what a series had
    ///          not yet: its first sample, a change where it was set, a time below zero.
    /// Errors   those of `check`; number_out_of_range: not finite, or the sum would not be;
    ///          queue_full: at a bound, so take what is there and add again. Nothing was added then.
    template <class Check>
    [[nodiscard]] errc add(const sample& one, const Check& check) noexcept {
        if (!detail::is_finite(one.value))
            return errc::number_out_of_range;
        const std::uint64_t hash = hash_of(one);
        std::size_t slot = hash & (slot_count - 1);
        for (; slots_[slot] != 0; slot = (slot + 1) & (slot_count - 1)) {
            entry& known = entries_[slots_[slot] - 1];
            if (known.hash == hash && is_same(known, one))
                return merge(known, one, check);
        }
        if (const errc error = check(one); error != errc::ok)
            return error;
        return insert(one, hash, slot);
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

    /// Hands out what is there, oldest first, and forgets it.
    /// Input    `on_aggregate(detail::aggregate&, detail::value_list)`; their views are valid
    ///          until it returns, and the list has a first value for a timer only.
    template <class OnAggregate>
    void take(const OnAggregate& on_aggregate) noexcept {
        for (const entry& each : entries_) {
            detail::aggregate told = each.told;
            sample& one = told.one;
            const char* const text = text_.data() + each.text;
            one.series.name = {text, each.name_size};
            one.series.tags = {text + each.name_size, each.tags_size};
            one.member = {text + each.name_size + each.tags_size, each.member_size};
            if (told.kept < told.calls && one.series.kind == metric_kind::timer)
                one.rate *= static_cast<double>(told.kept) / static_cast<double>(told.calls);
            on_aggregate(told, detail::value_list(values_.data(), told.first, told.last));
        }
        for (auto& slot : slots_)
            slot = 0;
        entries_.clear();
        text_.clear();
        values_.clear();
    }

    /// How many values of timers others stand for.
    [[nodiscard]] std::uint64_t thinned() const noexcept { return thinned_; }

private:
    static constexpr std::size_t slot_count = [] {
        std::size_t count = 2;
        while (count < 2 * Limits::entries_max)
            count *= 2;
        return count;
    }();
    static_assert(Limits::entries_max > 0 && Limits::values_max > 0 &&
                  Limits::timer_values_max > 0);
    static_assert(Limits::entries_max < 0xffff'ffff && Limits::text_bytes_max < 0xffff'ffff &&
                      Limits::values_max < 0xffff'ffff,
                  "quipu aggregation: its limits are below 2^32");

    struct entry {
        std::uint64_t hash;
        std::uint32_t text; // where the name begins; tags and member stand behind it
        std::uint32_t name_size;
        std::uint32_t tags_size;
        std::uint32_t member_size;
        detail::aggregate told; // but for its views
    };

    [[nodiscard]] std::uint64_t hash_of(const sample& one) const noexcept {
        const auto& series = one.series;
        const auto kinds =
            static_cast<std::uint64_t>(series.kind) * 4 + static_cast<std::uint64_t>(one.timer);
        std::uint64_t hash = hash_bytes(series.name, seed_ + kinds);
        if (!series.tags.empty())
            hash = hash_bytes(series.tags, hash);
        if (!one.member.empty())
            hash = hash_bytes(one.member, hash + 1);
        return hash;
    }

    [[nodiscard]] bool is_same(const entry& known, const sample& one) const noexcept {
        const std::string_view text(text_.data() + known.text,
                                    known.name_size + known.tags_size + known.member_size);
        const sample& was = known.told.one;
        return was.series.kind == one.series.kind && was.timer == one.timer &&
               was.rate == one.rate && known.name_size == one.series.name.size() &&
               known.tags_size == one.series.tags.size() &&
               known.member_size == one.member.size() && text.starts_with(one.series.name) &&
               text.substr(known.name_size).starts_with(one.series.tags) &&
               text.ends_with(one.member);
    }

    [[nodiscard]] errc insert(const sample& one, std::uint64_t hash, std::size_t slot) noexcept {
        const auto& series = one.series;
        const std::size_t bytes = series.name.size() + series.tags.size() + one.member.size();
        const bool timed = series.kind == metric_kind::timer;
        if (entries_.size() == Limits::entries_max ||
            bytes > Limits::text_bytes_max - text_.size() ||
            (timed && values_.size() == Limits::values_max))
            return errc::queue_full;
        entry fresh{.hash = hash,
                    .text = static_cast<std::uint32_t>(text_.size()),
                    .name_size = static_cast<std::uint32_t>(series.name.size()),
                    .tags_size = static_cast<std::uint32_t>(series.tags.size()),
                    .member_size = static_cast<std::uint32_t>(one.member.size()),
                    .told = {.one = one, .calls = 1, .first = 0, .last = 0, .kept = 0}};
        for (const auto piece : {series.name, series.tags, one.member})
            text_.insert(text_.end(), piece.begin(), piece.end());
        if (timed) {
            fresh.told.first = fresh.told.last = static_cast<std::uint32_t>(values_.size());
            fresh.told.kept = 1;
            values_.push_back({one.value, 0});
        }
        entries_.push_back(fresh);
        slots_[slot] = static_cast<std::uint32_t>(entries_.size());
        return errc::ok;
    }

    template <class Check>
    [[nodiscard]] errc merge(entry& known, const sample& one, const Check& check) noexcept {
        detail::aggregate& told = known.told;
        const bool timed = one.series.kind == metric_kind::timer;
        if ((timed && one.value < 0) || one.relative != told.one.relative) {
            if (const errc error = check(one); error != errc::ok)
                return error;
        }
        if (timed) {
            if (const errc error = add_value(told, one.value); error != errc::ok)
                return error;
        } else if (one.series.kind == metric_kind::gauge && !one.relative) {
            told.one.value = one.value;
            told.one.integral = one.integral;
            told.one.relative = false;
        } else if (one.series.kind != metric_kind::unique) {
            const double sum = told.one.value + one.value;
            if (!detail::is_finite(sum))
                return errc::number_out_of_range;
            told.one.value = sum;
            told.one.integral = told.one.integral && one.integral;
        }
        ++told.calls;
        return errc::ok;
    }

    [[nodiscard]] errc add_value(detail::aggregate& told, double value) noexcept {
        if (told.kept == Limits::timer_values_max) {
            // Vitter's algorithm R: the n-th value takes the place of each with the same chance.
            const std::uint64_t drawn = mix(drawn_ += 0x9e37'79b9'7f4a'7c15);
            std::uint64_t place = detail::multiply(drawn, told.calls + 1).high;
            ++thinned_;
            if (place >= told.kept)
                return errc::ok;
            std::uint32_t at = told.first;
            for (; place != 0; --place)
                at = values_[at].next;
            values_[at].value = value;
            return errc::ok;
        }
        if (values_.size() == Limits::values_max)
            return errc::queue_full;
        const auto at = static_cast<std::uint32_t>(values_.size());
        values_.push_back({value, 0});
        values_[told.last].next = at;
        told.last = at;
        ++told.kept;
        return errc::ok;
    }

    std::uint64_t seed_;
    std::uint64_t drawn_ = seed_;
    std::vector<std::uint32_t> slots_; // an entry's number from 1 on; 0: free
    std::vector<entry> entries_{};
    std::vector<char> text_{};
    std::vector<node> values_;
    std::uint64_t thinned_ = 0;
};

/// Decides what a client adds up before it sends.
/// Provided  aggregation::none (default), aggregation::by_series<>.   Chosen at  client_traits.
template <class A>
concept aggregates = !std::same_as<A, aggregation::none>;

} // namespace quipu
