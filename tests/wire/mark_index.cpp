#include <quipu/wire/mark_index.hpp>

#include "support/catch.hpp"
#include "support/generator.hpp"

#include <cstddef>
#include <string>

namespace {

using namespace quipu;

bool is_break(char c) {
    return c < ' ' || c > '~';
}
bool is_mark(char c) {
    return is_break(c) || c == ':' || c == '|';
}

/// Checks an index of `text`, behind which `read_padding_bytes` of `behind` stand.
template <class Scan>
void check(const std::string& text, char behind) {
    const std::string padded = text + std::string(read_padding_bytes, behind);
    const auto size = static_cast<std::uint32_t>(text.size());
    detail::mark_index<Scan> index;
    index.scan(padded.data(), size);
    bool equal = true;
    std::uint32_t next_break = size; // a break stands behind the last character
    std::uint32_t next_mark = size;
    for (std::uint32_t at = size + 1; at-- > 0;) {
        if (at < size && is_break(text[at]))
            next_break = at;
        if (at < size && is_mark(text[at]))
            next_mark = at;
        equal = equal && index.next_break(at) == next_break && index.next_mark(at) == next_mark;
        const bool breaks_here = next_break == at;
        const bool marks_here = next_mark == at;
        equal =
            equal && (index.breaks(at) & 1U) == breaks_here && (index.marks(at) & 1U) == marks_here;
    }
    CAPTURE(text, behind);
    CHECK(equal);
}

template <class Scan>
void check(const std::string& text) {
    for (const char behind : {':', '\n', 'x'})
        check<Scan>(text, behind);
}

} // namespace

TEMPLATE_TEST_CASE("mark_index: finds the next break and the next mark from every place",
                   "[wire][mark_index]",
                   detail::default_scan,
                   detail::swar_scan,
                   detail::plain_scan) {
    generator random(1);
    constexpr std::size_t piece = detail::mark_index<TestType>::piece_bytes;
    for (const std::size_t size : {std::size_t{1},
                                   std::size_t{7},
                                   std::size_t{8},
                                   std::size_t{63},
                                   std::size_t{64},
                                   std::size_t{65},
                                   std::size_t{127},
                                   std::size_t{200},
                                   piece - 1,
                                   piece}) {
        check<TestType>(std::string(size, 'x'));
        check<TestType>(std::string(size, ':'));
        check<TestType>(std::string(size, '\n'));
        std::string text(size, 'x');
        for (char& c : text) {
            if (random.one_in(20))
                c = static_cast<char>(random.below(256));
            else if (random.one_in(9))
                c = random.one_in(2) ? ':' : '|';
        }
        check<TestType>(text);
    }
}
