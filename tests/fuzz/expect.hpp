// What the fuzz targets expect of the library. A broken expectation ends a fuzzer and fails a test.
#pragma once

#include <stdexcept>
#include <string_view>

namespace quipu::test {

/// Throws, with `claim` as its text, unless it `holds`.
inline void expect(bool holds, const char* claim) {
    if (!holds)
        throw std::logic_error(claim);
}

/// Whether a view is empty or points into what was parsed.
inline bool is_inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

} // namespace quipu::test
