// Inputs as tests/oracle has them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace recorded_input {

/// The bytes that a line of an input stands for.
inline std::string unescape(std::string_view line) {
    std::string bytes;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '\\') {
            bytes += line[i];
            continue;
        }
        const char name = line.at(++i);
        constexpr std::string_view names = "nrt0\\";
        constexpr std::string_view meant{"\n\r\t\0\\", 5};
        if (name == 'x') {
            bytes += static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            bytes += meant.at(names.find(name));
        }
    }
    return bytes;
}

} // namespace recorded_input
