// A line of text to samples. A line holds one sample as a rule; some dialects allow several of the
// same name (`hits:1|c:7|ms`, `load:1:2:3|ms`).
#pragma once

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

/// Cuts `text` at the first of `stops`, one or two characters, and returns what stands before it;
/// `text` then begins at the stop, or is empty.
[[nodiscard]] constexpr std::string_view take_until(std::string_view& text,
                                                    std::string_view stops) noexcept {
    std::size_t end = 0;
    while (end < text.size() && text[end] != stops.front() && text[end] != stops.back())
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

    constexpr void read(std::string_view line) noexcept {
        if (line.size() > Dialect::line_bytes_max)
            return refuse(errc::line_too_long, line);
        if constexpr (Dialect::tags == tag_field::rest_of_line) {
            if (const auto mark = line.find("|#"); mark != line.npos) {
                tags_ = line.substr(mark + 2);
                line = line.substr(0, mark);
            }
        }
        const auto colon = line.find(':');
        if (colon == line.npos)
            return refuse(errc::missing_value, line);
        name_ = line.substr(0, colon);
        if (const auto error = Dialect::check_name(name_); error != errc::ok) {
            return refuse(error, name_);
        }
        auto rest = line.substr(colon + 1);
        read_samples(rest);
        while (!rest.empty()) {
            rest.remove_prefix(1); // the ':' that announces another sample
            read_samples(rest);
        }
    }

private:
    static constexpr bool repeats = Dialect::repeats != repetition::absent;
    static constexpr std::string_view field_ends = repeats ? "|:" : "|";
    // A value that is packed, or may hold a colon itself, ends at the bar alone.
    static constexpr std::string_view value_ends =
        Dialect::repeats == repetition::typed ? "|:" : "|";

    constexpr void refuse(errc error, std::string_view at) noexcept {
        on_refusal_(refusal{error, static_cast<std::size_t>(at.data() - origin_)});
    }

    /// Reads `value|type|field|field` and leaves in `rest` what follows: nothing, or ":value|...".
    constexpr void read_samples(std::string_view& rest) noexcept {
        const auto values = take_until(rest, value_ends);
        if (rest.empty() || rest.front() == ':')
            return refuse(errc::missing_type, values);
        rest.remove_prefix(1);
        const auto type = take_until(rest, field_ends);

        sample out;
        out.series = {metric_kind::counter, name_, tags_};
        auto refused = refusal{errc::ok, 0};
        const auto note = [&](errc error, std::string_view at) {
            if (error == errc::ok || refused.error != errc::ok)
                return;
            refused = {error, static_cast<std::size_t>(at.data() - origin_)};
        };
        const auto kind = Dialect::kind(type);
        if (kind)
            out.series.kind = *kind;
        note(kind.error(), type);
        for (std::size_t index = 0; !rest.empty() && rest.front() == '|'; ++index) {
            rest.remove_prefix(1);
            read_field(rest, index, out, note);
        }
        if constexpr (repeats && Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && out.series.tags.empty())
                out.series.tags = find_tags(rest);
        }
        if (refused.error != errc::ok)
            return on_refusal_(refused);
        read_values(values, type, out);
    }

    template <class Note>
    constexpr void
    read_field(std::string_view& rest, std::size_t index, sample& out, const Note& note) noexcept {
        if constexpr (Dialect::tags == tag_field::anywhere) {
            if (!rest.empty() && rest.front() == '#') {
                auto tags = take_until(rest, "|").substr(1);
                for (const char c : tags) {
                    if (is_control(c))
                        note(errc::bad_tags, tags);
                }
                out.series.tags = tags;
                return;
            }
        }
        // The fields that begin with a letter carry colons (`|c:id`); a rate or a junk one does
        // not.
        const bool colons = !rest.empty() && is_letter(rest.front());
        const auto field = take_until(rest, colons ? "|" : field_ends);
        note(Dialect::read_field(field, index, out), field);
    }

    /// The tags of a line stand after its last sample, and hold for all.
    [[nodiscard]] static constexpr std::string_view find_tags(std::string_view rest) noexcept {
        const auto mark = rest.find("|#");
        if (mark == rest.npos)
            return {};
        rest.remove_prefix(mark + 2);
        return take_until(rest, "|");
    }

    constexpr void
    read_values(std::string_view values, std::string_view type, sample& out) noexcept {
        if constexpr (Dialect::repeats == repetition::packed) {
            // A set's member may have colons in it.
            while (out.series.kind != metric_kind::unique) {
                const auto value = take_until(values, ":");
                read_value(value, type, out);
                if (values.empty())
                    return;
                values.remove_prefix(1);
            }
        }
        read_value(values, type, out);
    }

    constexpr void read_value(std::string_view value, std::string_view type, sample& out) noexcept {
        if (const auto error = Dialect::read_value(value, type, out); error != errc::ok) {
            return refuse(error, value);
        }
        on_sample_(std::as_const(out));
    }

    const char* origin_;
    std::string_view name_{};
    std::string_view tags_{};
    OnSample& on_sample_;
    OnRefusal& on_refusal_;
};

} // namespace detail

/// Parses one line and hands out each sample in it and each refusal.
///
/// Input    `line` without its newline; a '\r' at its end does not count. Not retained.
/// Returns  nothing; calls `on_sample(const sample&)` with views into `line`, and
///          `on_refusal(refusal)` for each sample, or for the line, that cannot be accepted. A bad
///          sample costs none of its neighbours.
/// Errors   all of the first group of errc.
/// Cost     O(line.size()); does not allocate, does not throw.
/// Threads  pure.
template <wire_dialect Dialect = dialect::quipu, class OnSample, class OnRefusal>
constexpr void parse_line(std::string_view line, OnSample&& on_sample, OnRefusal&& on_refusal) {
    detail::line_reader<Dialect, OnSample, OnRefusal> reader(line, on_sample, on_refusal);
    if constexpr (Dialect::ignores_carriage_return) {
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
