// The tags of a series as a backend has them, cleaned of what it has no form for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu::detail {

struct clean_tag {
    std::string key{};
    std::string value{};
};

/// Canonical tags, `;key=value;bare`, one by one through the functions of a backend, which append what
/// it has in their place. A bare tag is `true`. Those that have one key after that are one tag with all
/// their values, in order: `team=a,b`. So none of them is dropped.
///
/// Input    append_key(std::string& out, std::string_view key); append_value likewise, after what stands
///          there already. `keeps_empty`: `key=` is a tag.
template <class AppendKey, class AppendValue>
[[nodiscard]] std::vector<clean_tag> clean_tags(std::string_view tags,
                                                AppendKey append_key,
                                                AppendValue append_value,
                                                bool keeps_empty = true) {
    std::vector<clean_tag> made;
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        const auto equals = tag.find('=');
        if (tag.empty() || (!keeps_empty && equals + 1 == tag.size()))
            continue;
        std::string key;
        append_key(key, tag.substr(0, equals));
        std::size_t at = 0;
        while (at < made.size() && made[at].key != key)
            ++at;
        if (at == made.size())
            made.push_back({std::move(key), {}});
        else
            made[at].value += ',';
        append_value(made[at].value, equals == tag.npos ? "true" : tag.substr(equals + 1));
    }
    return made;
}

/// Whether each canonical tag has a key and a value, and no key comes twice: what all backends keep as it
/// is, as far as its characters go.
[[nodiscard]] inline bool are_simple_tags(std::string_view tags) noexcept {
    std::string_view last;
    while (!tags.empty()) {
        tags.remove_prefix(1); // the ';'
        const auto tag = tags.substr(0, tags.find(';'));
        tags.remove_prefix(tag.size());
        const auto equals = tag.find('=');
        const auto key = tag.substr(0, equals);
        if (equals == tag.npos || equals + 1 == tag.size() || key.empty() || key == last)
            return false;
        last = key; // equal keys stand together
    }
    return true;
}

/// Appends them in the form of canonical tags.
inline void append_tags(std::string& out, const std::vector<clean_tag>& tags) {
    for (const auto& [key, value] : tags)
        (((out += ';') += key) += '=') += value;
}

} // namespace quipu::detail
