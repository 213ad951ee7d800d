// Patterns of names.
#pragma once

#include <cstddef>
#include <string_view>

namespace quipu {

/// Whether the whole text is as the pattern says: '*' stands for any characters, of which there may be
/// none, '?' for one, everything else for itself.
/// Cost     O(pattern × text) at worst, about O(text) for patterns with one '*'; does not allocate.
[[nodiscard]] constexpr bool glob_match(std::string_view pattern, std::string_view text) noexcept {
    std::size_t at = 0;
    std::size_t star = pattern.npos; // the last one that was met
    std::size_t after_star = 0;      // where in the text the part behind it was tried last
    std::size_t i = 0;
    while (i < text.size()) {
        if (at < pattern.size() && pattern[at] == '*') {
            star = at++;
            after_star = i;
        } else if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[i])) {
            ++at;
            ++i;
        } else if (star != pattern.npos) {
            at = star + 1;
            i = ++after_star;
        } else {
            return false;
        }
    }
    while (at < pattern.size() && pattern[at] == '*')
        ++at;
    return at == pattern.size();
}

} // namespace quipu
