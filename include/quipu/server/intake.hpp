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

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

namespace quipu {

/// What came in, counted.
struct intake_counts {
    std::uint64_t packets = 0; ///< datagrams, or pieces of a stream
    std::uint64_t bytes = 0;
    std::uint64_t lines = 0;
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
        const auto refuse_sample = [&](errc error, std::string_view name) {
            refuse(into, {error, 0}, name, on_refusal);
        };
        ++into.counts.lines;
        if (counts_keys_)
            count_key(one, into.keys);
        mapper_.begin();
        batch_.begin(into.store, order_);
        add(one, nullptr, now, refuse_sample);
        batch_.apply(refuse_sample);
    }

    /// Counts a refusal that was found elsewhere, of a line or a record.
    void refuse_line(errc why) noexcept {
        ++shard_.active().counts.lines;
        count_refusals(why, 1);
    }
    /// What comes from now on has that order among what other threads take; see sample.
    void came_at(std::uint32_t order) noexcept { order_ = order; }

    /// Counts refusals that were found elsewhere, such as an overlong line of a stream.
    void count_refusals(errc why, std::uint64_t count) noexcept {
        shard_.active().counts.refused[static_cast<std::size_t>(why)] += count;
    }
    /// Remembers that something came. Units: Unix seconds.
    void note_seen(std::int64_t now) noexcept { shard_.active().counts.last_seen = now; }
    /// Counts datagrams that never came.
    void count_dropped(std::uint64_t count) noexcept { shard_.active().counts.dropped += count; }

    /// Lets rules without a fault decide what becomes of series; keys are counted before that. Before
    /// anything is received.
    void map_names(std::shared_ptr<const mapping_rules> rules) {
        mapper_ = name_mapper<dialect_type>(std::move(rules), seed_);
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

    /// Adds a sample to the batch. `readable` is where the bytes behind its name end that can be
    /// read, or null.
    template <class OnRefusal>
    void
    add(const sample& one, const char* readable, std::int64_t now, const OnRefusal& refuse_sample) {
        const auto name = names_.name(one.series);
        if (!name)
            return refuse_sample(name.error(), one.series.name);
        if (mapper_)
            return add_mapped(*name, one, now, refuse_sample);
        if constexpr (Profile::stamps_on_receipt) {
            if (one.timestamp == no_timestamp) {
                sample stamped = one;
                stamped.timestamp = now;
                return batch_.add(*name, stamped, refuse_sample);
            }
        }
        // A name that stands in the text stays there until the batch is applied.
        const bool stays = readable != nullptr && name->data() == one.series.name.data();
        if (stays && readable - name->data() >= std::ptrdiff_t{detail::short_name_bytes})
            batch_.add(detail::padded_name{*name}, one, refuse_sample);
        else
            batch_.add(*name, one, refuse_sample);
    }

    template <class OnRefusal>
    void add_mapped(std::string_view name,
                    const sample& one,
                    std::int64_t now,
                    const OnRefusal& refuse_sample) {
        const auto& to = mapper_.find(one.series.kind, name);
        if (to.drop) {
            ++shard_.active().counts.discarded;
            return;
        }
        if (to.error != errc::ok)
            return refuse_sample(to.error, name);
        sample mapped = one;
        if (to.scale != 1) {
            mapped.value *= to.scale;
            mapped.integral = false;
            if (mapped.value - mapped.value != 0)
                return refuse_sample(errc::number_out_of_range, name);
        }
        if (Profile::stamps_on_receipt && one.timestamp == no_timestamp)
            mapped.timestamp = now;
        batch_.add(to.name, mapped, refuse_sample);
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
        const auto refuse_line = [&](refusal why, std::string_view line) {
            refuse(into, why, line, on_refusal);
        };
        const auto refuse_sample = [&](errc error, std::string_view name) {
            refuse(into, {error, 0}, name, on_refusal);
        };
        constexpr bool padded = std::is_same_v<Text, padded_text>;
        const char* const readable =
            bytes.data() + bytes.size() + (padded ? read_padding_bytes : 0);
        ++into.counts.packets;
        into.counts.bytes += bytes.size();
        if (counts_keys_)
            count_keys(bytes, into.keys);
        mapper_.begin();
        batch_.begin(into.store, order_);
        const auto on_sample = [&](const sample& one) { add(one, readable, now, refuse_sample); };
        const auto tags_dropped = names_.tags_dropped();
        into.counts.lines += parse_datagram<dialect_type>(text, on_sample, refuse_line);
        into.counts.tags_dropped += names_.tags_dropped() - tags_dropped;
        batch_.apply(refuse_sample);
    }

    basic_batch<typename Profile::store_traits> batch_{};
    canonical_buffer<dialect_type> names_{};
    quipu::shard<input> shard_;
    std::uint64_t seed_;
    name_mapper<dialect_type> mapper_{};
    std::uint32_t order_ = 0;
    bool counts_keys_ = false;
};

} // namespace quipu
