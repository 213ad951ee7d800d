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

namespace detail {

/// Takes the parts of one node that stand for the '*' of its pattern, as short ones as possible.
template <class Captures>
[[nodiscard]] constexpr bool
glob_node(std::string_view pattern, std::string_view node, Captures& captures) {
    const auto plain = pattern.substr(0, pattern.find('*'));
    if (node.substr(0, plain.size()) != plain)
        return false;
    node.remove_prefix(plain.size());
    if (plain.size() == pattern.size())
        return node.empty();
    pattern.remove_prefix(plain.size() + 1);
    for (std::size_t size = pattern.empty() ? node.size() : 0; size <= node.size(); ++size) {
        const auto before = captures.size();
        captures.push_back(node.substr(0, size));
        if (glob_node(pattern, node.substr(size), captures))
            return true;
        captures.resize(before);
    }
    return false;
}

} // namespace detail

/// Whether a name is as the pattern says, node by node: '.' parts nodes, '*' stands for any characters
/// within one, of which there may be none. `captures`, a vector of views, gets what each '*' stands for;
/// what it held before stays.
/// Cost     O(size of the name), more with several '*' in one node.
template <class Captures>
[[nodiscard]] constexpr bool
glob_nodes(std::string_view pattern, std::string_view name, Captures& captures) {
    for (;;) {
        const auto node_pattern = pattern.substr(0, pattern.find('.'));
        const auto node = name.substr(0, name.find('.'));
        if (!detail::glob_node(node_pattern, node, captures))
            return false;
        pattern.remove_prefix(node_pattern.size());
        name.remove_prefix(node.size());
        if (pattern.empty() || name.empty())
            return pattern.empty() && name.empty();
        pattern.remove_prefix(1);
        name.remove_prefix(1);
    }
}

} // namespace quipu
