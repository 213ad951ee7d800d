#include "setting_values.hpp"

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/whole_number.hpp>

#include <array>
#include <limits>
#include <utility>

#include <syslog.h>

namespace quipud {

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = text.find(separator);
        const auto part = quipu::detail::trim(text.substr(0, end));
        if (!part.empty())
            parts.emplace_back(part);
        if (end == text.npos)
            return parts;
        text.remove_prefix(end + 1);
    }
}

std::string joined(const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& one : parts)
        all += (all.empty() ? "" : ",") + one;
    return all;
}

std::string in_lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower)
        c = quipu::detail::to_lower(c);
    return lower;
}

std::string in_brackets(const std::string& host) {
    return host.find(':') == host.npos ? host : '[' + host + ']';
}

std::string
read_time(std::string_view text, std::int64_t ms_min, std::int64_t ms_max, std::int64_t& into) {
    constexpr std::array<std::pair<std::string_view, double>, 4> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
    double unit_ms = 1000;
    for (const auto& [name, ms] : units) {
        if (text.ends_with(name)) {
            unit_ms = ms;
            text.remove_suffix(name.size());
            break;
        }
    }
    const auto number = quipu::parse_number(text);
    const double ms = number ? *number * unit_ms : -1;
    if (!(ms >= static_cast<double>(ms_min) && ms <= static_cast<double>(ms_max)))
        return "use a time such as 10s, 500ms or 1m";
    into = quipu::nearest_whole<std::int64_t>(ms + 0.5);
    return {};
}

std::string print_time(std::int64_t ms) {
    return ms % 1000 == 0 ? std::to_string(ms / 1000) + 's' : std::to_string(ms) + "ms";
}

std::string read_switch(std::string_view text, bool& into) {
    for (const std::string_view yes : {"yes", "true", "on", "1"}) {
        if (text == yes)
            return into = true, std::string();
    }
    for (const std::string_view no : {"no", "false", "off", "0"}) {
        if (text == no)
            return into = false, std::string();
    }
    return "use yes or no";
}

std::string print_switch(bool on) {
    return on ? "yes" : "no";
}

std::string read_node(std::string_view text, std::string& into) {
    for (const char c : text) {
        if (static_cast<unsigned char>(c) <= ' ' || c == 0x7f || c == ';')
            return "a blank or ';' cannot be in a name";
    }
    into = std::string(text);
    return {};
}

std::string read_address(std::string_view text,
                         std::uint16_t default_port,
                         std::optional<quipu::host_port>& into) {
    if (text == "off")
        return into.reset(), std::string();
    auto at = quipu::parse_host_port(text, default_port);
    if (!at)
        return "use HOST:PORT, or off";
    into = *std::move(at);
    return {};
}

std::string print_address(const std::optional<quipu::host_port>& at) {
    return at ? to_string(*at) : "off";
}

std::string read_idle(std::string_view text, idle_flushes& into) {
    if (text == "keep")
        return into.reset(), std::string();
    const auto number = text == "drop" ? quipu::result<double>(0) : quipu::parse_number(text);
    const auto flushes = number ? quipu::whole_number<std::uint32_t>(*number) : std::nullopt;
    if (!flushes || *flushes == std::numeric_limits<std::uint32_t>::max())
        return "use keep, drop, or for how many flushes an idle series stays";
    into = *flushes;
    return {};
}

std::string print_idle(idle_flushes flushes) {
    if (!flushes)
        return "keep";
    return *flushes == 0 ? "drop" : std::to_string(*flushes);
}

std::string print_numbers(const std::vector<double>& list) {
    std::vector<std::string> all;
    for (const double one : list) {
        char text[quipu::layout::shortest::bytes_max];
        all.emplace_back(text, quipu::layout::shortest::write(text, one));
    }
    return joined(all);
}

std::string read_percentiles(std::string_view text, std::vector<quipu::percentile>& into) {
    std::vector<quipu::percentile> list;
    while (!text.empty()) {
        const auto comma = text.find(',');
        auto one = quipu::parse_percentile(quipu::detail::trim(text.substr(0, comma)));
        if (!one || comma + 1 == text.size())
            return "use numbers from -100 to 100 such as 50,90,99.9";
        list.push_back(*std::move(one));
        text.remove_prefix(comma == text.npos ? text.size() : comma + 1);
    }
    into = std::move(list);
    return {};
}

std::string print_percentiles(const std::vector<quipu::percentile>& list) {
    std::vector<double> all;
    for (const auto& one : list)
        all.push_back(one.value);
    return print_numbers(all);
}

std::optional<int> facility_of(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, int>, 10> facilities{{{"daemon", LOG_DAEMON},
                                                                           {"user", LOG_USER},
                                                                           {"local0", LOG_LOCAL0},
                                                                           {"local1", LOG_LOCAL1},
                                                                           {"local2", LOG_LOCAL2},
                                                                           {"local3", LOG_LOCAL3},
                                                                           {"local4", LOG_LOCAL4},
                                                                           {"local5", LOG_LOCAL5},
                                                                           {"local6", LOG_LOCAL6},
                                                                           {"local7", LOG_LOCAL7}}};
    for (const auto& [known, number] : facilities) {
        if (name == known)
            return number;
    }
    return std::nullopt;
}

std::string read_bytes(std::string_view text, std::size_t& into) {
    constexpr std::size_t bytes_max = std::size_t{1} << 30;
    const auto number = quipu::parse_number(text);
    const auto bytes = number ? quipu::whole_number<std::size_t>(*number) : std::nullopt;
    if (!bytes || *bytes > bytes_max)
        return "use a number of bytes up to 1 GiB; 0 leaves it to the system";
    into = *bytes;
    return {};
}

} // namespace quipud
