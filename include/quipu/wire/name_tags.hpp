// Tags that stand in a name, in the forms of the backends that invented them.
#pragma once

#include <cstdint>
#include <string_view>

namespace quipu {

/// Which tags a dialect finds in a name.
enum class name_tags : std::uint8_t {
    absent,   ///< none: the name is all name.
    graphite, ///< `name;tag=value;tag=value`, joined with those after the type.
    influx,   ///< `name,tag=value,tag=value`
    librato,  ///< `name#tag=value,tag=value`
    signalfx, ///< `na[tag=value,tag=value]me`; a name with one bracket only is all name.
};

/// A name taken apart. Its views point into the name.
struct name_parts {
    std::string_view before; ///< The name, or what stands before its tags.
    std::string_view tags;
    std::string_view after; ///< The rest of the name.
    bool tagged = false;    ///< The form's mark is there, whatever the tags are.
};

/// Takes a name apart by a form.
/// Cost     O(name.size()).
/// Threads  pure.
template <name_tags Form>
[[nodiscard]] constexpr name_parts split_name(std::string_view name) noexcept {
    if constexpr (Form == name_tags::signalfx) {
        const auto open = name.find('[');
        const auto close = name.find(']');
        if (open == name.npos || close == name.npos || close < open)
            return {name, {}, {}};
        return {name.substr(0, open),
                name.substr(open + 1, close - open - 1),
                name.substr(close + 1),
                true};
    } else if constexpr (Form != name_tags::absent) {
        constexpr char mark = Form == name_tags::graphite ? ';'
                              : Form == name_tags::influx ? ','
                                                          : '#';
        const auto at = name.find(mark);
        if (at != name.npos)
            return {name.substr(0, at), name.substr(at + 1), {}, true};
    }
    return {name, {}, {}};
}

/// What stands between two tags of a name.
[[nodiscard]] constexpr char tag_separator(name_tags form) noexcept {
    return form == name_tags::graphite ? ';' : ',';
}

/// Whether a name with tags excludes a tag list after the type.
[[nodiscard]] constexpr bool excludes_tag_field(name_tags form) noexcept {
    return form != name_tags::absent && form != name_tags::graphite;
}

} // namespace quipu
