// One parsed line: a series and what happened to it.
#pragma once

#include <quipu/wire/series.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace quipu {

/// The timestamp of a sample that carries none.
inline constexpr std::int64_t no_timestamp = std::numeric_limits<std::int64_t>::min();

/// The smallest rate, 2^-53 or some 1.1e-16: a sample of a smaller one would stand for more events than
/// doubles can count one by one.
inline constexpr double rate_min = 0x1p-53;

/// Whether one number of an order that begins anew after 2^32 comes before another, less than half
/// of that away.
[[nodiscard]] constexpr bool is_before(std::uint32_t a, std::uint32_t b) noexcept {
    return static_cast<std::int32_t>(a - b) < 0;
}

/// The types of a timer that DogStatsD tells apart: times, histograms, distributions.
enum class timer_type : std::uint8_t { ms, h, d };

/// Where a sample comes from, as DogStatsD's clients tell it in fields of a line. Only that dialect
/// reads and writes them. Owns nothing: it is a view of the fields, taken apart when asked.
class sample_origin {
public:
    constexpr sample_origin() noexcept = default;

    /// The three, each empty if the line does not tell; of several the last.
    [[nodiscard]] constexpr std::string_view container() const noexcept { return find("c:"); }
    [[nodiscard]] constexpr std::string_view external_data() const noexcept { return find("e:"); }
    [[nodiscard]] constexpr std::string_view cardinality() const noexcept { return find("card:"); }

    [[nodiscard]] constexpr bool empty() const noexcept {
        return fields_.empty() ||
               (container().empty() && external_data().empty() && cardinality().empty());
    }

    /// Takes in one more field of the line whose fields this has, or the first.
    constexpr void add(std::string_view field) noexcept {
        const char* const first = fields_.empty() ? field.data() : fields_.data();
        fields_ = {first, static_cast<std::size_t>(field.data() + field.size() - first)};
    }

    /// Whether they tell the same, whatever the order of the fields.
    friend constexpr bool operator==(const sample_origin& a, const sample_origin& b) noexcept {
        if (a.fields_.empty() && b.fields_.empty())
            return true;
        return a.container() == b.container() && a.external_data() == b.external_data() &&
               a.cardinality() == b.cardinality();
    }

private:
    [[nodiscard]] constexpr std::string_view find(std::string_view mark) const noexcept {
        std::string_view found;
        for (auto rest = fields_; !rest.empty();) {
            const auto field = rest.substr(0, rest.find('|'));
            if (field.starts_with(mark))
                found = field.substr(mark.size());
            rest.remove_prefix(field.size() == rest.size() ? rest.size() : field.size() + 1);
        }
        return found;
    }

    std::string_view fields_{}; // from the first to the last; others may stand between
};

/// One datum of the wire. Owns nothing: its views point into the line it was parsed from.
struct sample {
    quipu::series series{};
    /// The number; for a set it is unused. Timers are in milliseconds.
    double value = 0;
    /// The share of events that the sender reports; each one stands for 1 / rate of them.
    double rate = 1;
    /// The member of a set.
    std::string_view member{};
    /// Unix seconds, or `no_timestamp`.
    std::int64_t timestamp = no_timestamp;
    /// A gauge's value is a change, not a new value.
    bool relative = false;
    /// The value was written as a whole number, with neither a dot nor an exponent.
    bool integral = false;
    /// What a timer was called; dialects that do not tell them apart leave it.
    timer_type timer = timer_type::ms;
    /// Of samples that several threads took: when, so that of two values of a gauge the later one
    /// stays (`is_before`). Parsers leave it.
    std::uint32_t order = 0;
    sample_origin origin{};

    /// How many events the sample stands for.
    [[nodiscard]] constexpr double weight() const noexcept { return 1 / rate; }

    friend constexpr bool operator==(const sample&, const sample&) = default;
};

} // namespace quipu
