// Code that stands twice: in a document's fenced blocks and between the marks of an example.
#pragma once

#include "support/source_tree.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace code_blocks {

/// Lines without the indent that they share; a blank line has none.
inline std::string flush_left(std::vector<std::string> lines) {
    std::size_t indent = std::string::npos;
    for (const std::string& line : lines) {
        indent = std::min(indent, line.find_first_not_of(' '));
    }
    std::string text;
    for (const std::string& line : lines) {
        text += line.size() > indent ? line.substr(indent) + "\n" : "\n";
    }
    return text;
}

/// The parts of a text between lines that, but for their indent, equal `open` and `close`.
/// A part that is not closed is none.
inline std::vector<std::string>
parts(const std::string& text, std::string_view open, std::string_view close) {
    std::vector<std::string> found;
    std::vector<std::string> part;
    bool inside = false;
    for (const std::string& line : source_tree::lines_of(text)) {
        const std::size_t start = std::min(line.find_first_not_of(' '), line.size());
        const std::string_view words = std::string_view(line).substr(start);
        if (inside && words == close) {
            found.push_back(flush_left(part));
            inside = false;
        } else if (inside) {
            part.push_back(line);
        } else if (words == open) {
            part.clear();
            inside = true;
        }
    }
    return found;
}

/// The C++ blocks of a Markdown text.
inline std::vector<std::string> in_markdown(const std::string& text) {
    return parts(text, "```cpp", "```");
}

/// The parts of an example that the README shows.
inline std::vector<std::string> in_example(const std::string& text) {
    return parts(text, "// [readme]", "// [/readme]");
}

} // namespace code_blocks
