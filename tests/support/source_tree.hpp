// The sources as text, and the rules of the tree that a compiler does not enforce. Each rule looks
// at a tree and answers its complaints, so that a made-up tree can show that the rule works.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace source_tree {

using complaints = std::vector<std::string>;

/// Paths are relative, headers to include/quipu ("wire/parse.hpp"), tests to tests
/// ("wire/parse.cpp").
struct tree {
    std::map<std::string, std::string> headers;
    std::map<std::string, std::string> tests;
    std::map<std::string, int> floors;
};

/// Splits text into lines without their newlines.
inline std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path.string());
    }
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// The files below `root` that end in `extension`, by their path relative to it.
inline std::map<std::string, std::string> read_files(const std::filesystem::path& root,
                                                     std::string_view extension) {
    std::map<std::string, std::string> files;
    if (!std::filesystem::exists(root)) {
        return files;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
        if (entry.is_regular_file() && entry.path().extension() == extension) {
            files[entry.path().lexically_relative(root).generic_string()] = read_text(entry.path());
        }
    }
    return files;
}

/// The rows "| `wire/` | 1 | …" of a Markdown table: folder and floor.
inline std::map<std::string, int> floors_of(const std::string& markdown) {
    std::map<std::string, int> floors;
    for (const std::string& line : lines_of(markdown)) {
        const std::size_t end = line.find("/` | ");
        if (line.starts_with("| `") && end != std::string::npos) {
            floors[line.substr(3, end - 3)] = std::stoi(line.substr(end + 5));
        }
    }
    return floors;
}

/// "wire" for "wire/parse.hpp", nothing for a file that is in no folder.
inline std::string folder_of(const std::string& path) {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? "" : path.substr(0, slash);
}

/// The include directives of a text, each with its brackets or quotes: "<vector>".
inline std::vector<std::string> includes_of(const std::string& text) {
    std::vector<std::string> includes;
    for (const std::string& line : lines_of(text)) {
        const std::size_t start = line.find_first_not_of(" \t");
        const std::size_t open = line.find_first_of("<\"");
        if (start == std::string::npos || open == std::string::npos || line[start] != '#' ||
            line.find("include", start) > open) {
            continue;
        }
        const std::size_t close = line.find_first_of(">\"", open + 1);
        includes.push_back(line.substr(open, close - open + 1));
    }
    return includes;
}

/// "wire/parse.hpp" for "<quipu/wire/parse.hpp>", nothing for an include of somebody else.
inline std::string ours(const std::string& include) {
    constexpr std::string_view start = "<quipu/";
    return include.starts_with(start)
               ? include.substr(start.size(), include.size() - start.size() - 1)
               : "";
}

/// A folder includes lower floors and itself; nobody includes the umbrella or what does not exist.
inline complaints layering(const tree& sources) {
    complaints found;
    for (const auto& [path, text] : sources.headers) {
        const std::string folder = folder_of(path);
        if (folder.empty()) {
            continue;
        }
        const auto floor = sources.floors.find(folder);
        if (floor == sources.floors.end()) {
            found.push_back(path + " is in a folder that has no floor");
            continue;
        }
        for (const std::string& include : includes_of(text)) {
            const std::string other = ours(include);
            const auto below = sources.floors.find(folder_of(other));
            if (other.empty()) {
                continue;
            }
            if (!sources.headers.contains(other)) {
                found.push_back(path + " includes " + other + ", which does not exist");
            } else if (below == sources.floors.end()) {
                found.push_back(path + " includes " + other + ", which has no floor");
            } else if (below->first != folder && below->second >= floor->second) {
                found.push_back(path + " includes " + other + ", which is not on a lower floor");
            }
        }
    }
    return found;
}

/// No header includes itself by way of others. A circle is told once, from its first member on.
inline complaints circles(const tree& sources) {
    complaints found;
    std::set<std::string> done;
    std::vector<std::string> way;
    const auto visit = [&](const auto& self, const std::string& path) -> void {
        if (const auto start = std::ranges::find(way, path); start != way.end()) {
            std::string circle;
            for (const auto& member : std::vector(start, way.end())) {
                circle += member + " > ";
            }
            found.push_back("a circle: " + circle + path);
            return;
        }
        const auto header = sources.headers.find(path);
        if (header == sources.headers.end() || !done.insert(path).second) {
            return;
        }
        way.push_back(path);
        for (const std::string& include : includes_of(header->second)) {
            self(self, ours(include));
        }
        way.pop_back();
    };
    for (const auto& header : sources.headers) {
        visit(visit, header.first);
    }
    return found;
}

/// Every header has its test, every test its header, which the test includes before all else.
inline complaints twins(const tree& sources) {
    complaints found;
    const auto with_extension = [](const std::string& path, const char* extension) {
        return path.substr(0, path.rfind('.')) + extension;
    };
    for (const auto& header : sources.headers) {
        const std::string test = with_extension(header.first, ".cpp");
        if (!folder_of(test).empty() && !sources.tests.contains(test)) {
            found.push_back("include/quipu/" + header.first + " has no tests/" + test);
        }
    }
    for (const auto& [path, text] : sources.tests) {
        const std::string header = with_extension(path, ".hpp");
        const auto includes = includes_of(text);
        if (!sources.headers.contains(header)) {
            found.push_back("tests/" + path + " has no include/quipu/" + header);
        } else if (includes.empty() || ours(includes.front()) != header) {
            found.push_back("tests/" + path + " does not begin with <quipu/" + header + ">");
        }
    }
    return found;
}

/// Whether an include names the standard library; what processors add counts as such.
inline bool is_standard(const std::string& include) {
    return include.find_first_of("./") == std::string::npos || include.ends_with("intrin.h>") ||
           include == "<arm_neon.h>";
}

/// Whether an include names an interface of the operating system.
inline bool is_system(const std::string& include) {
    static const std::set<std::string> folders{
        "<sys", "<net", "<netinet", "<arpa", "<linux", "<mach"};
    const std::string folder = folder_of(include);
    return include.ends_with(".h>") && (folder.empty() || folders.contains(folder));
}

/// `#pragma once` comes first; includes have angle brackets; the operating system is met in net/
/// and server/ only, and nobody else's headers anywhere.
inline complaints manners(const tree& sources) {
    complaints found;
    for (const auto& [path, text] : sources.headers) {
        const auto lines = lines_of(text);
        const auto first = std::ranges::find_if(lines, [](const std::string& line) {
            return !line.empty() && !line.starts_with("//");
        });
        if (first == lines.end() || *first != "#pragma once") {
            found.push_back(path + " does not begin with #pragma once");
        }
        const std::string folder = folder_of(path);
        for (const std::string& include : includes_of(text)) {
            if (include == "<quipu/quipu.hpp>") {
                found.push_back(path + " includes the umbrella");
            } else if (include.front() != '<') {
                found.push_back(path + " includes " + include + " without angle brackets");
            } else if (!ours(include).empty() || is_standard(include)) {
                continue;
            } else if (!is_system(include)) {
                found.push_back(path + " includes " + include + ", which is nobody's we know");
            } else if (folder != "net" && folder != "server") {
                found.push_back(path + " includes " + include + " of the operating system");
            }
        }
    }
    return found;
}

/// At most three macros, all of core/config.hpp.
inline complaints macros(const tree& sources) {
    complaints found;
    std::set<std::string> names;
    for (const auto& [path, text] : sources.headers) {
        for (const std::string& line : lines_of(text)) {
            std::string hash;
            std::string name;
            std::istringstream words(line);
            if (words >> hash >> name && hash == "#define") {
                names.insert(name.substr(0, name.find('(')));
                if (path != "core/config.hpp") {
                    found.push_back(path + " defines " + name.substr(0, name.find('(')));
                }
            }
        }
    }
    if (names.size() > 3) {
        found.push_back("there are " + std::to_string(names.size()) + " macros, three may be");
    }
    return found;
}

/// What the umbrella has to include, in its order: by floor, then by name.
inline std::vector<std::string> umbrella_includes(const tree& sources) {
    std::vector<std::string> paths;
    for (const auto& header : sources.headers) {
        if (!folder_of(header.first).empty()) {
            paths.push_back(header.first);
        }
    }
    std::ranges::stable_sort(paths, {}, [&](const std::string& path) {
        const auto floor = sources.floors.find(folder_of(path));
        return floor == sources.floors.end() ? 0 : floor->second;
    });
    return paths;
}

/// The umbrella includes every header, once, from the ground up, and does nothing else.
inline complaints umbrella(const tree& sources) {
    complaints found;
    const auto umbrella = sources.headers.find("quipu.hpp");
    if (umbrella == sources.headers.end()) {
        return {"there is no quipu.hpp"};
    }
    for (const std::string& line : lines_of(umbrella->second)) {
        if (!line.empty() && line != "#pragma once" && !line.starts_with("//") &&
            !line.starts_with("#include <quipu/")) {
            found.push_back("quipu.hpp has more than includes: " + line);
        }
    }
    const auto expected = umbrella_includes(sources);
    std::vector<std::string> included;
    for (const std::string& include : includes_of(umbrella->second)) {
        included.push_back(ours(include));
    }
    for (const std::string& path : expected) {
        const auto times = std::ranges::count(included, path);
        if (times != 1) {
            found.push_back("quipu.hpp includes " + path + " " + std::to_string(times) + " times");
        }
    }
    for (const std::string& path : included) {
        if (!sources.headers.contains(path)) {
            found.push_back("quipu.hpp includes " + path + ", which does not exist");
        }
    }
    if (found.empty() && included != expected) {
        const auto place = std::ranges::mismatch(included, expected);
        found.push_back("quipu.hpp: " + *place.in1 + " stands where " + *place.in2 + " belongs");
    }
    return found;
}

} // namespace source_tree
