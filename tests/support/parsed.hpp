// Lines and what becomes of them, in a form for tables: written, compared and printed.
#pragma once

#include <quipu/wire/parse.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace parsed {

/// A sample that is written as in a sentence: `timer("a", 1).fractional().sampled(0.1)`.
struct made : quipu::sample {
    [[nodiscard]] constexpr made sampled(double share) const {
        made other = *this;
        other.rate = share;
        return other;
    }
    [[nodiscard]] constexpr made tagged(std::string_view tags) const {
        made other = *this;
        other.series.tags = tags;
        return other;
    }
    [[nodiscard]] constexpr made timed(std::int64_t seconds) const {
        made other = *this;
        other.timestamp = seconds;
        return other;
    }
    [[nodiscard]] constexpr made fractional() const {
        made other = *this;
        other.integral = false;
        return other;
    }
    [[nodiscard]] constexpr made called(quipu::timer_type type) const {
        made other = *this;
        other.timer = type;
        return other;
    }
    [[nodiscard]] constexpr made from(std::string_view fields) const {
        made other = *this;
        other.origin.add(fields);
        return other;
    }
    [[nodiscard]] constexpr made changing() const {
        made other = *this;
        other.relative = true;
        return other;
    }
};

constexpr made number(quipu::metric_kind kind, std::string_view name, double value) {
    made one;
    one.series = {kind, name, {}};
    one.value = value;
    one.integral = true;
    return one;
}
constexpr made counter(std::string_view name, double value) {
    return number(quipu::metric_kind::counter, name, value);
}
constexpr made timer(std::string_view name, double value) {
    return number(quipu::metric_kind::timer, name, value);
}
constexpr made gauge(std::string_view name, double value) {
    return number(quipu::metric_kind::gauge, name, value);
}
constexpr made keyvalue(std::string_view name, double value) {
    return number(quipu::metric_kind::keyvalue, name, value);
}
constexpr made set_member(std::string_view name, std::string_view member) {
    made one = number(quipu::metric_kind::unique, name, 0).fractional();
    one.member = member;
    return one;
}

/// All that one line gives.
struct outcome {
    static constexpr std::size_t max = 6;

    std::array<quipu::sample, max> samples{};
    std::array<quipu::refusal, max> refusals{};
    std::size_t accepted = 0;
    std::size_t refused = 0;

    constexpr outcome() = default;
    constexpr outcome(std::initializer_list<made> wanted,
                      std::initializer_list<quipu::refusal> unwanted = {}) {
        for (const auto& one : wanted) {
            samples[accepted++] = one;
        }
        for (const auto& one : unwanted) {
            refusals[refused++] = one;
        }
    }

    friend constexpr bool operator==(const outcome&, const outcome&) = default;
};

template <class Dialect>
constexpr outcome read(std::string_view line) {
    outcome all;
    quipu::parse_line<Dialect>(
        line,
        [&](const quipu::sample& one) { all.samples.at(all.accepted++) = one; },
        [&](quipu::refusal why) { all.refusals.at(all.refused++) = why; });
    return all;
}

/// A line of a table.
struct expectation {
    std::string_view line;
    outcome wanted;
};

/// The first line that gives something else than the table says, or none. For the compiler.
template <class Dialect, std::size_t Size>
constexpr std::string_view first_wrong(const expectation (&table)[Size]) {
    for (const auto& [line, wanted] : table) {
        if (read<Dialect>(line) != wanted) {
            return line;
        }
    }
    return "none";
}

inline std::string text(const outcome& all) {
    std::string out;
    for (std::size_t i = 0; i < all.accepted; ++i) {
        const auto& one = all.samples[i];
        out += std::string(to_string(one.series.kind)) + ' ' + std::string(one.series.name) + " {" +
               std::string(one.series.tags) + "} value " + std::to_string(one.value) + " rate " +
               std::to_string(one.rate) + " member " + std::string(one.member) + " at " +
               std::to_string(one.timestamp) + (one.relative ? " relative" : "") +
               (one.integral ? " integral" : "") +
               (one.timer == quipu::timer_type::ms ? "" : " h or d") + " from " +
               std::string(one.origin.container()) + "; ";
    }
    for (std::size_t i = 0; i < all.refused; ++i) {
        out += "refused at " + std::to_string(all.refusals[i].offset) + ": " +
               std::string(message(all.refusals[i].error)) + "; ";
    }
    return out;
}

/// The same once more while the program runs, line by line.
template <class Dialect, std::size_t Size>
void check(const expectation (&table)[Size]) {
    for (const auto& [line, wanted] : table) {
        CAPTURE(line, text(wanted));
        const auto got = read<Dialect>(line);
        CAPTURE(text(got));
        CHECK(got == wanted);
    }
}

} // namespace parsed
