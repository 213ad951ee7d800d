// Binary records and the samples in them, written and generated.
#pragma once

#include <quipu/wire/sample.hpp>

#include "support/generator.hpp"
#include "support/numbers.hpp"
#include "support/parsed.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace binaries {

/// A record of bytes, put together by hand.
inline std::string scalar_record(char type, double value, std::string_view name_and_zero) {
    std::string bytes = {'\xaa', type};
    const auto size = name_and_zero.size();
    bytes += static_cast<char>(size & 0xff);
    bytes += static_cast<char>(size >> 8);
    for (int i = 0; i < 64; i += 8)
        bytes += static_cast<char>(std::bit_cast<std::uint64_t>(value) >> i & 0xff);
    return bytes.append(name_and_zero);
}

inline std::string set_record(std::string_view name_and_zero, std::string_view member_and_zero) {
    std::string bytes = {'\xaa', 4};
    for (const auto size : {name_and_zero.size(), member_and_zero.size()}) {
        bytes += static_cast<char>(size & 0xff);
        bytes += static_cast<char>(size >> 8);
    }
    return bytes.append(name_and_zero).append(member_and_zero);
}

/// A text that a line can carry as a name.
inline std::string generated_name(generator& random, std::size_t size_max) {
    std::string name;
    for (auto left = 1 + random.below(size_max); left > 0; --left) {
        const char c = static_cast<char>(random.below(256));
        const bool refused =
            static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == ':' || c == '|';
        name += refused ? '.' : c;
    }
    return name;
}

/// A sample with views into `name` and `member`, as a record can carry it.
inline quipu::sample
generated_sample(generator& random, std::string_view name, std::string_view member) {
    quipu::sample one;
    one.series.name = name;
    one.series.kind = static_cast<quipu::metric_kind>(random.below(quipu::metric_kind_count));
    if (one.series.kind == quipu::metric_kind::unique) {
        one.member = member;
        return one;
    }
    one.value = generated_double(random);
    one.relative = one.series.kind == quipu::metric_kind::gauge && random.one_in(2);
    return one;
}

} // namespace binaries
