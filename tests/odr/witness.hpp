// What one translation unit believes about the library. All of a program's have to agree: a
// forgotten `inline` does not link, and a definition that differs shows in an address or a size.
#pragma once

#include <cstddef>
#include <vector>

namespace odr {

struct witness {
    int version;
    const void* constant; // where an inline variable is
    const void* message;  // where an inline function is
    std::size_t result_bytes;

    bool operator==(const witness&) const = default;
};

/// Every translation unit of the program adds its witness before main begins.
inline std::vector<witness>& witnesses() {
    static std::vector<witness> all;
    return all;
}

} // namespace odr
