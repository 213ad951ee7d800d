// A time as JavaScript prints it.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

/// Appends `Fri Nov 27 2026 10:17:22 GMT+0000 (Coordinated Universal Time)`.
///
/// Units    `seconds` of Unix time; `offset_seconds` is how far the zone is ahead of UTC.
/// Input    `zone` is its name.
/// Cost     O(1); allocates where `out` has no room.
/// Source   ECMA-262, Date.prototype.toString.
inline void append_javascript_date(std::string& out,
                                   std::int64_t seconds,
                                   std::int64_t offset_seconds = 0,
                                   std::string_view zone = "Coordinated Universal Time") {
    constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array<std::string_view, 12> months{
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    using namespace std::chrono;
    const sys_seconds there{std::chrono::seconds(seconds + offset_seconds)};
    const auto day = floor<std::chrono::days>(there);
    const year_month_day date{day};
    const hh_mm_ss time{there - day};
    const auto number = [&out](std::int64_t value, std::size_t digits) {
        const auto text = std::to_string(value);
        out.append(text.size() < digits ? digits - text.size() : 0, '0');
        out += text;
    };
    out += days[weekday{day}.c_encoding()];
    out += ' ';
    out += months[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    number(static_cast<unsigned>(date.day()), 2);
    out += ' ';
    number(static_cast<int>(date.year()), 4);
    out += ' ';
    number(time.hours().count(), 2);
    out += ':';
    number(time.minutes().count(), 2);
    out += ':';
    number(time.seconds().count(), 2);
    const auto ahead = offset_seconds < 0 ? -offset_seconds : offset_seconds;
    out += offset_seconds < 0 ? " GMT-" : " GMT+";
    number(ahead / 3600, 2);
    number(ahead / 60 % 60, 2);
    out += " (";
    out += zone;
    out += ')';
}

} // namespace quipu
