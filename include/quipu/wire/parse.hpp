// A line of text to samples. A line holds one sample as a rule; some dialects allow several of the
// same name (`hits:1|c:7|ms`, `load:1:2:3|ms`).
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/sample.hpp>

#include <string_view>
#include <utility>

namespace quipu {

/// Why a line, or one sample of it, was refused, and where.
struct refusal {
    errc error = errc::ok;
    /// The byte of the line at which the part begins that was refused.
    std::size_t offset = 0;

    friend constexpr bool operator==(const refusal&, const refusal&) = default;
};

namespace detail {

/// Cuts `text` at the first of `Stops` and returns what stands before it; `text` then begins at the
/// stop, or is empty.
template <char... Stops>
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && ((text[end] != Stops) && ...))
        ++end;
    const auto taken = text.substr(0, end);
    text.remove_prefix(end);
    return taken;
}

/// The walk along one line. `Dialect` says what each part means.
template <wire_dialect Dialect, class OnSample, class OnRefusal>
class line_reader {
public:
    constexpr line_reader(std::string_view line,
                          OnSample& on_sample,
                          OnRefusal& on_refusal) noexcept
        : origin_(line.data()), on_sample_(on_sample), on_refusal_(on_refusal) {}

    constexpr void read(std::string_view line) {
        if (line.size() > Dialect::line_bytes_max)
            return on_refusal_(at(line, errc::line_too_long));
        if constexpr (Dialect::tags == tag_field::rest_of_line) {
            if (const auto mark = line.find("|#"); mark != line.npos) {
                const auto tags = line.substr(mark + 2);
                sample_.series.tags = tags.substr(0, tags.find("|#"));
                if (sample_.series.tags.size() > Dialect::tag_bytes_max)
                    return on_refusal_(at(tags, errc::tags_too_long));
                line = line.substr(0, mark);
            }
        }
        const auto colon = line.find(':');
        if (colon == line.npos)
            return on_refusal_(at(line, errc::missing_value));
        sample_.series.name = line.substr(0, colon);
        if constexpr (!Dialect::names_keep_nul) {
            auto& name = sample_.series.name;
            name = name.substr(0, name.find('\0'));
        }
        if (const auto error = Dialect::check_name(sample_.series.name); error != errc::ok)
            return on_refusal_(at(line, error));
        auto rest = line.substr(colon);
        for (;;) {
            rest.remove_prefix(1); // the ':' before each sample
            read_samples(rest);
            if (rest.empty())
                return;
            start_another();
        }
    }

private:
    /// A colon behind the type begins another sample.
    static constexpr bool repeats =
        Dialect::repeats == repetition::typed || Dialect::repeats == repetition::packed;

    [[nodiscard]] constexpr refusal at(std::string_view part, errc error) const noexcept {
        return {error, static_cast<std::size_t>(part.data() - origin_)};
    }

    /// Remembers the first reason why a sample is refused.
    constexpr void note(std::string_view part, errc error) noexcept {
        if (error != errc::ok && refused_.error == errc::ok)
            refused_ = at(part, error);
    }

    /// Up to the '|', or the ':' that announces another sample.
    [[nodiscard]] static constexpr std::string_view take_field(std::string_view& rest) noexcept {
        if constexpr (repeats) {
            return take_until<'|', ':'>(rest);
        } else {
            return take_until<'|'>(rest);
        }
    }

    [[nodiscard]] static constexpr std::size_t count_colons(std::string_view text) noexcept {
        std::size_t colons = 0;
        for (const char c : text)
            colons += c == ':' ? 1 : 0;
        return colons;
    }

    /// Reads `value|type|field|field` and leaves in `rest` what follows: nothing, or ":value|...".
    constexpr void read_samples(std::string_view& rest) {
        const auto first = take_field(rest);
        auto values = first;
        std::size_t colons = 0;
        if constexpr (Dialect::repeats == repetition::packed) {
            if (!rest.empty() && rest.front() == ':') {
                const auto others = take_until<'|'>(rest);
                values = {first.data(), first.size() + others.size()};
                colons = count_colons(others);
            }
        } else if constexpr (Dialect::repeats == repetition::values) {
            colons = count_colons(first);
        }
        if (rest.empty() || rest.front() == ':')
            return on_refusal_(at(values, errc::missing_type));
        rest.remove_prefix(1);
        const auto type = take_field(rest);
        const auto kind = Dialect::kind(type);
        if (kind)
            sample_.series.kind = *kind;
        note(type, kind.error());
        for (std::size_t index = 0; !rest.empty() && rest.front() == '|'; ++index) {
            rest.remove_prefix(1);
            read_field(rest, index);
        }
        if constexpr (repeats && Dialect::tags == tag_field::anywhere) {
            if (!rest.empty())
                find_line_tags(rest);
            if (sample_.series.tags.empty()) {
                sample_.series.tags = line_tags_;
                note(line_tags_, line_tags_error_);
            }
        }
        if constexpr (excludes_tag_field(Dialect::tags_in_name)) {
            const auto& one = sample_.series;
            if (!one.tags.empty() && split_name<Dialect::tags_in_name>(one.name).tagged)
                note(one.tags, errc::mixed_tags);
        }
        values_ += sample_.series.kind == metric_kind::unique ? 1 : colons + 1;
        if (values_ > Dialect::values_max)
            note(values, errc::too_many_values);
        if (refused_.error != errc::ok)
            return on_refusal_(std::as_const(refused_));
        colons > 0 ? read_packed(values, type) : read_value(values, type);
    }

    /// Forgets what the last sample of the line has left behind.
    constexpr void start_another() noexcept {
        const auto last = sample_.series;
        sample_ = {};
        sample_.series.name = last.name;
        if constexpr (Dialect::tags == tag_field::rest_of_line)
            sample_.series.tags = last.tags;
        refused_ = {};
    }

    constexpr void read_field(std::string_view& rest, std::size_t index) {
        if constexpr (Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && rest.front() == '#') {
                rest.remove_prefix(1);
                const auto tags = rest.substr(0, rest.find('|'));
                rest.remove_prefix(tags.size());
                note(tags, check_tags(tags));
                sample_.series.tags = tags;
                return;
            }
        }
        auto field = rest;
        if constexpr (!Dialect::bars_part_fields) {
            rest = {};
        } else {
            // Of packed lines, the fields that begin with a letter carry colons (`|c:id`).
            const bool colons =
                Dialect::repeats == repetition::packed && !rest.empty() && is_letter(rest.front());
            field = colons ? take_until<'|'>(rest) : take_field(rest);
        }
        note(field, Dialect::read_field(field, index, sample_));
    }

    [[nodiscard]] static constexpr errc check_tags(std::string_view tags) noexcept {
        if (tags.size() > Dialect::tag_bytes_max)
            return errc::tags_too_long;
        return has_control_or<>(tags) ? errc::bad_tags : errc::ok;
    }

    /// The tags of a line stand after its last sample, and hold for all. Looked for once in a line.
    constexpr void find_line_tags(std::string_view rest) noexcept {
        if (std::exchange(line_tags_known_, true))
            return;
        const auto mark = rest.rfind("|#");
        if (mark == rest.npos)
            return;
        rest.remove_prefix(mark + 2);
        line_tags_ = rest.substr(0, rest.find('|'));
        line_tags_error_ = check_tags(line_tags_);
    }

    constexpr void read_packed(std::string_view values, std::string_view type) {
        // A set's member may have colons in it.
        if (sample_.series.kind == metric_kind::unique)
            return read_value(values, type);
        constexpr bool skips_empty = Dialect::repeats == repetition::values;
        const auto all = values;
        if constexpr (Dialect::repeats == repetition::values) {
            if (!are_values(all, type))
                return;
        }
        bool any = !skips_empty;
        for (;;) {
            const auto value = take_until<':'>(values);
            if (!skips_empty || !value.empty()) {
                read_value(value, type);
                any = true;
            }
            if (values.empty())
                break;
            values.remove_prefix(1);
        }
        if (!any)
            on_refusal_(at(all, errc::bad_number));
    }

    /// Whether all values of a message are accepted; tells of the first that is not. So a message is
    /// taken whole, or not at all.
    [[nodiscard]] constexpr bool are_values(std::string_view values, std::string_view type) {
        while (!values.empty()) {
            const auto value = take_until<':'>(values);
            auto looked_at = sample_;
            const auto error =
                value.empty() ? errc::ok : Dialect::read_value(value, type, looked_at);
            if (error != errc::ok) {
                on_refusal_(at(value, error));
                return false;
            }
            values.remove_prefix(values.empty() ? 0 : 1);
        }
        return true;
    }

    constexpr void read_value(std::string_view value, std::string_view type) {
        if (const auto error = Dialect::read_value(value, type, sample_); error != errc::ok)
            return on_refusal_(at(value, error));
        on_sample_(std::as_const(sample_));
    }

    const char* origin_;
    sample sample_{};
    refusal refused_{};
    std::string_view line_tags_{};
    errc line_tags_error_ = errc::ok;
    bool line_tags_known_ = false;
    std::size_t values_ = 0; // of the line so far
    OnSample& on_sample_;
    OnRefusal& on_refusal_;
};

} // namespace detail

/// Parses one line and hands out each sample in it and each refusal.
///
/// Input    `line` without its newline; a '\r' at its end does not count, where the dialect says so,
///          and a line of nothing else is none. Not retained.
/// Returns  nothing; calls `on_sample(const sample&)` with views into `line`, and
///          `on_refusal(refusal)` for each sample, or for the line, that cannot be accepted. A bad
///          sample costs none of its neighbours.
/// Errors   the first group of errc, but for too_many_tags, which counts after equal ones are one.
/// Cost     O(line.size()); does not allocate; throws what the two functions throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr void parse_line(std::string_view line, OnSample&& on_sample, OnRefusal&& on_refusal) {
    detail::line_reader<Dialect, OnSample, OnRefusal> reader(line, on_sample, on_refusal);
    if constexpr (Dialect::ignores_carriage_return) {
        if (line == "\r")
            return;
        if (!line.empty() && line.back() == '\r')
            line.remove_suffix(1);
    }
    reader.read(line);
}

/// Parses a line that holds exactly one sample.
///
/// Input    as for parse_line.
/// Returns  the sample; its views point into `line`.
/// Errors   as for parse_line, and several_samples.
/// Units    rate in (0, 1]; timings in milliseconds; timestamps in Unix seconds.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu>
[[nodiscard]] constexpr result<sample> parse(std::string_view line) noexcept {
    result<sample> parsed = errc::missing_value;
    std::size_t samples = 0;
    errc refused = errc::ok;
    parse_line<Dialect>(
        line,
        [&](const sample& one) {
            parsed = one;
            ++samples;
        },
        [&](refusal why) {
            if (refused == errc::ok)
                refused = why.error;
        });
    if (refused != errc::ok)
        return refused;
    if (samples > 1)
        return errc::several_samples;
    return parsed;
}

} // namespace quipu
