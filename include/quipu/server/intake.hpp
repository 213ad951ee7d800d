// From received bytes to the cells of one receiving thread.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/server/key_frequency.hpp>
#include <quipu/server/name_mapping.hpp>
#include <quipu/store/batch.hpp>
#include <quipu/store/shard.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/datagram.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <type_traits>
#include <utility>

namespace quipu {

/// What came in, counted.
struct intake_counts {
    std::uint64_t packets = 0; ///< datagrams, or pieces of a stream
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
    /// Lines of which nothing, or not all, could be read.
    std::uint64_t bad_lines = 0;
    /// Lines, or samples of a line, that were refused, by cause.
    std::uint64_t refused[errc_count] = {};
    /// Datagrams that never came, since the system's buffer was full or they were too long.
    std::uint64_t dropped = 0;
    /// Samples that a mapping rule dropped.
    std::uint64_t discarded = 0;
    /// Tags in names that were left out of their series, since they lack a key or a value.
    std::uint64_t tags_dropped = 0;
    /// When something last came, in Unix seconds; 0: never, or nobody said.
    std::int64_t last_seen = 0;

    [[nodiscard]] std::uint64_t refused_in_all() const noexcept {
        std::uint64_t all = 0;
        for (const auto one : refused)
            all += one;
        return all;
    }

    void merge(const intake_counts& other) noexcept {
        packets += other.packets;
        bytes += other.bytes;
        lines += other.lines;
        bad_lines += other.bad_lines;
        dropped += other.dropped;
        tags_dropped += other.tags_dropped;
        discarded += other.discarded;
        last_seen = other.last_seen > last_seen ? other.last_seen : last_seen;
        for (std::size_t cause = 0; cause < errc_count; ++cause) {
            refused[cause] += other.refused[cause];
        }
    }
};

/// What one thread received in one interval.
template <class StoreTraits>
struct interval_input {
    explicit interval_input(std::uint64_t seed = 0) : store(seed) {}

    basic_store<StoreTraits> store;
    intake_counts counts{};
    key_counts keys{}; ///< of the lines that were taken, if they are counted
};

/// Parses what one thread receives and adds it to the thread's store. `Profile` names the dialect
/// and the store's traits (profile.hpp).
///
/// Threads  one thread, the owner of `shard()`, from which the flusher takes.
template <class Profile>
class basic_intake {
public:
    using dialect_type = typename Profile::dialect_type;
    using input = interval_input<typename Profile::store_traits>;

    /// The seed of the tables' hash.
    explicit basic_intake(std::uint64_t seed = 0) : shard_(seed), seed_(seed) {}

    /// Counts a datagram, or a piece of a stream, of so many bytes, whatever is in it.
    void came(std::size_t bytes) noexcept {
        intake_counts& counts = shard_.active().counts;
        ++counts.packets;
        counts.bytes += bytes;
    }

    /// Takes the whole lines of one datagram or of a piece of a stream.
    ///
    /// Input    `now`: Unix seconds, for profiles that stamp key/values when they come.
    ///          `on_refusal(refusal, std::string_view line)` is told of what was not accepted,
    ///          after it was counted; of a sample that a bound refused it gets the name.
    /// Cost     O(size of the text); allocates for new series and growing cells only.
    template <class OnRefusal>
    void receive(padded_text text, std::int64_t now, OnRefusal&& on_refusal) {
        take(text, text.text, now, on_refusal);
    }
    /// The same for a text with nothing behind it; a little slower.
    template <class OnRefusal>
    void receive(std::string_view text, std::int64_t now, OnRefusal&& on_refusal) {
        take(text, text, now, on_refusal);
    }

    /// Takes one sample that did not come as a line, such as that of a binary record.
    /// Input    as above.
    template <class OnRefusal>
    void receive(const sample& one, std::int64_t now, OnRefusal&& on_refusal) {
        input& into = shard_.active();
        const batch_owner<OnRefusal> owner{*this, into, on_refusal};
        ++into.counts.lines;
        if (counts_keys_)
            count_key(one, into.keys);
        mapper_.begin();
        batch_.begin(into.store, order_);
        add_closely(one, nullptr, now, owner);
        batch_.apply(owner);
    }

    /// Counts lines or records that somebody else refused.
    void refuse_lines(errc why, std::uint64_t count = 1) noexcept {
        intake_counts& counts = shard_.active().counts;
        counts.lines += count;
        counts.bad_lines += count;
        counts.refused[static_cast<std::size_t>(why)] += count;
    }
    /// What comes from now on has that order among what other threads take; see sample.
    void came_at(std::uint32_t order) noexcept { order_ = order; }

    /// How many lines came since the shard was last handed over.
    [[nodiscard]] std::uint64_t lines() noexcept { return shard_.active().counts.lines; }

    /// Remembers that something came. Units: Unix seconds.
    void note_seen(std::int64_t now) noexcept { shard_.active().counts.last_seen = now; }
    /// Counts datagrams that never came.
    void count_dropped(std::uint64_t count) noexcept { shard_.active().counts.dropped += count; }

    /// Lets rules without a fault decide what becomes of series; keys are counted before that. Before
    /// anything is received.
    void map_names(std::shared_ptr<const mapping_rules> rules) {
        mapper_ = name_mapper<dialect_type>(std::move(rules), seed_);
    }

    /// The same while lines come: these rules hold from the next time on that the shard is handed over.
    /// Threads  any.
    void change_mapping(std::shared_ptr<const mapping_rules> rules) {
        const std::lock_guard hold(next_rules_lock_);
        next_rules_ = std::move(rules);
        has_next_rules_.store(true, std::memory_order_release);
    }

    /// Hands over what came, if the flusher asks for it: nobody holds on to it now.
    void pass_boundary() {
        if (!shard_.asked())
            return;
        if (has_next_rules_.load(std::memory_order_acquire)) {
            const std::lock_guard hold(next_rules_lock_);
            has_next_rules_.store(false, std::memory_order_relaxed);
            map_names(std::exchange(next_rules_, nullptr));
        }
        shard_.pass_boundary();
    }

    /// Counts the keys of what comes from now on; a line of several values is one. Each line is read
    /// twice then. Before anything is received.
    void count_keys() noexcept { counts_keys_ = true; }

    [[nodiscard]] quipu::shard<input>& shard() noexcept { return shard_; }

private:
    template <class OnRefusal>
    static void refuse(input& into, refusal why, std::string_view line, OnRefusal& on_refusal) {
        ++into.counts.refused[static_cast<std::size_t>(why.error)];
        on_refusal(why, line);
    }

    /// After a name whose canonical text is another.
    static constexpr std::uint32_t looks_after_another_text = 64;

    /// What the batch tells and asks.
    template <class OnRefusal>
    struct batch_owner {
        basic_intake& self;
        input& into;
        OnRefusal& on_refusal;

        void operator()(errc error, std::string_view name) const {
            refuse(into, {error, 0}, name, on_refusal);
        }
        [[nodiscard]] result<std::string_view> canonical(std::string_view name) const
            requires(canonical_buffer<dialect_type>::idempotent) {
            const auto text = self.unknown_names_.name({metric_kind::counter, name, {}});
            if (text && *text != name)
                self.names_to_look_at_ = looks_after_another_text;
            return text;
        }
    };

    /// Adds a sample to the batch. `readable` is where the bytes behind its name end that can be
    /// read, or null.
    template <class Owner>
    [[gnu::always_inline]] void
    add(const sample& one, const char* readable, std::int64_t now, const Owner& owner) {
        // Only key/values keep their times.
        if (one.timestamp != no_timestamp && one.series.kind != metric_kind::keyvalue) [[unlikely]]
            return owner(errc::time_not_kept, one.series.name);
        if constexpr (canonicalizes<const Owner> && !Profile::stamps_on_receipt) {
            // Most names are known to the store: then only the others are looked at. Where names
            // have another text as a rule, looking for them first would be in vain.
            if (names_to_look_at_ > 0)
                --names_to_look_at_;
            else if (one.series.tags.empty() && stays(one.series.name, readable) && !mapper_)
                return batch_.add(detail::padded_name{one.series.name}, one, owner);
        }
        add_closely(one, readable, now, owner);
    }

    /// Whether a name stands in the text, where it stays until the batch is applied, and so many
    /// bytes can be read there.
    [[nodiscard]] static bool stays(std::string_view name, const char* readable) noexcept {
        return readable != nullptr &&
               readable - name.data() >= std::ptrdiff_t{detail::short_name_bytes};
    }

    template <class Owner>
    void
    add_closely(const sample& one, const char* readable, std::int64_t now, const Owner& owner) {
        const auto name = names_.name(one.series);
        if (!name)
            return owner(name.error(), one.series.name);
        if (mapper_)
            return add_mapped(*name, one, now, owner);
        if constexpr (Profile::stamps_on_receipt) {
            if (one.timestamp == no_timestamp) {
                sample stamped = one;
                stamped.timestamp = now;
                return batch_.add(*name, stamped, owner);
            }
        }
        const bool as_it_stands = name->data() == one.series.name.data();
        if (!as_it_stands && one.series.tags.empty())
            names_to_look_at_ = looks_after_another_text;
        if (as_it_stands && stays(*name, readable))
            batch_.add(detail::padded_name{*name}, one, owner);
        else
            batch_.add(*name, one, owner);
    }

    template <class Owner>
    void
    add_mapped(std::string_view name, const sample& one, std::int64_t now, const Owner& owner) {
        const auto& to = mapper_.find(one.series.kind, name);
        if (to.drop) {
            ++shard_.active().counts.discarded;
            return;
        }
        if (to.error != errc::ok)
            return owner(to.error, name);
        sample mapped = one;
        if (to.scale != 1) {
            mapped.value *= to.scale;
            mapped.integral = false;
            if (mapped.value - mapped.value != 0)
                return owner(errc::number_out_of_range, name);
        }
        if (Profile::stamps_on_receipt && one.timestamp == no_timestamp)
            mapped.timestamp = now;
        batch_.add(to.name, mapped, owner);
    }

    void count_key(const sample& one, key_counts& into) {
        if (const auto name = names_.name(one.series))
            into.add(*name);
    }

    void count_keys(std::string_view text, key_counts& into) {
        for_each_line(text, [&](std::string_view line) {
            bool counted = false;
            parse_line<dialect_type>(
                line,
                [&](const sample& one) {
                    if (!std::exchange(counted, true))
                        count_key(one, into);
                },
                [](refusal) {});
        });
    }

    template <class Text, class OnRefusal>
    void take(Text text, std::string_view bytes, std::int64_t now, OnRefusal& on_refusal) {
        input& into = shard_.active();
        const char* bad_line = nullptr;
        const auto refuse_line = [&](refusal why, std::string_view line) {
            if (line.data() != std::exchange(bad_line, line.data()))
                ++into.counts.bad_lines;
            refuse(into, why, line, on_refusal);
        };
        const batch_owner<OnRefusal> owner{*this, into, on_refusal};
        constexpr bool padded = std::is_same_v<Text, padded_text>;
        const char* const readable =
            bytes.data() + bytes.size() + (padded ? read_padding_bytes : 0);
        if (counts_keys_)
            count_keys(bytes, into.keys);
        mapper_.begin();
        batch_.begin(into.store, order_);
        const auto on_sample = [&](const sample& one) { add(one, readable, now, owner); };
        const auto tags_dropped = names_.tags_dropped();
        into.counts.lines += parse_datagram<dialect_type>(text, on_sample, refuse_line);
        into.counts.tags_dropped += names_.tags_dropped() - tags_dropped;
        batch_.apply(owner);
    }

    basic_batch<typename Profile::store_traits> batch_{};
    canonical_buffer<dialect_type> names_{};
    canonical_buffer<dialect_type> unknown_names_{}; // for the batch, when names_ may be in use
    quipu::shard<input> shard_;
    std::uint64_t seed_;
    std::mutex next_rules_lock_{};
    std::shared_ptr<const mapping_rules> next_rules_{};
    std::atomic<bool> has_next_rules_{false};
    name_mapper<dialect_type> mapper_{};
    std::uint32_t order_ = 0;
    std::uint32_t names_to_look_at_ = 0; // so many of the next, before the store is asked
    bool counts_keys_ = false;
};

} // namespace quipu
