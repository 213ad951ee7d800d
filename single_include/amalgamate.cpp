// Writes the two files that are made from the headers: the umbrella include/quipu/quipu.hpp, which
// includes them all, and single_include/quipu/quipu.hpp, which holds them all. `amalgamate ROOT`
// renews both, `amalgamate --check ROOT` says whether they would change. The same sources give the
// same bytes.
//
// Our includes are replaced by what they name, depth first, each once. Includes of the standard
// library move to the top, sorted. All that stands under an #if, and what the operating system
// brings, stays where it is. Text in raw strings is never taken for a directive.
#include "support/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace fs = std::filesystem;

using source_tree::read_text;

// Returns  the text of the umbrella: all headers, floor by floor.
std::string umbrella_text(const fs::path& library) {
    const source_tree::tree sources{
        .headers = source_tree::read_files(library, ".hpp"),
        .tests = {},
        .floors = source_tree::floors_of(read_text(library / "README.md")),
    };
    std::string text = "// The whole library, from the ground up. A program that minds its compile "
                       "time includes the headers\n// it uses. Made by "
                       "single_include/amalgamate.cpp.\n#pragma once\n";
    std::string last;
    for (const std::string& path : source_tree::umbrella_includes(sources)) {
        const std::string folder = source_tree::folder_of(path);
        if (!sources.floors.contains(folder)) {
            throw std::runtime_error("the floors in README.md do not mention " + folder + "/");
        }
        if (folder != last) {
            text +=
                "\n// Floor " + std::to_string(sources.floors.at(folder)) + ": " + folder + "\n";
            last = folder;
        }
        text += "#include <quipu/" + path + ">\n";
    }
    return text;
}

// The directive's word and the rest of its line: {"include", "<vector>"}. Empty for other lines.
struct directive {
    std::string word;
    std::string rest;

    explicit directive(const std::string& line) {
        std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string::npos || line[start] != '#') {
            return;
        }
        std::istringstream words(line.substr(start + 1));
        words >> word;
        std::getline(words >> std::ws, rest);
    }
};

// Follows raw strings from line to line.
class raw_string {
public:
    // Whether a line begins inside one, which is asked before the line is read.
    [[nodiscard]] bool inside() const { return !end_.empty(); }

    void read(std::string_view line) {
        for (std::size_t place = 0; place < line.size();) {
            const std::size_t found = line.find(inside() ? end_ : "R\"", place);
            if (found == std::string_view::npos) {
                return;
            }
            if (inside()) {
                place = found + end_.size();
                end_.clear();
            } else {
                place = found + 2;
                open(line, found);
            }
        }
    }

private:
    // An R and a quote begin a raw string if the R is a word and a delimiter and '(' follow.
    void open(std::string_view line, std::size_t place) {
        const bool word =
            place == 0 || (std::isalnum(static_cast<unsigned char>(line[place - 1])) == 0 &&
                           line[place - 1] != '_');
        const std::string_view rest = line.substr(place + 2);
        const std::size_t end = rest.find_first_of("( )\\\"");
        if (word && end != std::string_view::npos && rest[end] == '(') {
            end_ = ")" + std::string(rest.substr(0, end)) + "\"";
        }
    }

    std::string end_;
};

class amalgamation {
public:
    explicit amalgamation(fs::path root) : root_(std::move(root)) {}

    // Returns  the text of the single header.
    std::string text() {
        add(root_ / "include/quipu/quipu.hpp");
        std::string all = "// quipu " + version() + ", a header-only C++20 metrics library.\n" +
                          "// Made from include/quipu by single_include/amalgamate.cpp: change it "
                          "there.\n//\n// SPDX-License-Identifier: MIT\n//\n" +
                          commented(read_text(root_ / "LICENSE")) + "#pragma once\n\n";
        for (const std::string& include : standard_) {
            all += "#include " + include + "\n";
        }
        return all + body_;
    }

private:
    void add(const fs::path& named) {
        const fs::path path = fs::canonical(named);
        if (!seen_.insert(path).second) {
            return;
        }
        std::istringstream lines(read_text(path));
        std::string kept;
        raw_string raw;
        int depth = 0;
        for (std::string line; std::getline(lines, line);) {
            const directive found(raw.inside() ? "" : line);
            raw.read(line);
            depth += found.word.starts_with("if") ? 1 : found.word == "endif" ? -1 : 0;
            if (found.word == "include" && found.rest.starts_with("<quipu/")) {
                if (depth != 0) {
                    throw std::runtime_error(path.string() + ": our include is under an #if");
                }
                add(root_ / "include" / found.rest.substr(1, found.rest.find('>') - 1));
            } else if (depth == 0 && found.word == "include" && is_standard(found.rest)) {
                standard_.insert(found.rest);
            } else if (found.word + found.rest != "pragmaonce") {
                // Removed lines leave no hole.
                if (!line.empty() || raw.inside() || !kept.ends_with("\n\n")) {
                    kept += line + "\n";
                }
            }
        }
        append(path, kept);
    }

    // Keeps what is more than comments, under the name it came from.
    void append(const fs::path& path, const std::string& kept) {
        if (path.filename() == "quipu.hpp") {
            return;
        }
        const std::string name = path.lexically_relative(root_ / "include").generic_string();
        body_ += "\n// " + name + "\n\n" +
                 kept.substr(std::min(kept.find_first_not_of('\n'), kept.size()));
    }

    static bool is_standard(const std::string& include) {
        return include.starts_with('<') && include.find_first_of("./") == std::string::npos;
    }

    // "0.1.0" for the 100 of QUIPU_VERSION.
    std::string version() const {
        const std::string config = read_text(root_ / "include/quipu/core/config.hpp");
        const std::string name = "\n#define QUIPU_VERSION ";
        const int number = std::stoi(config.substr(config.find(name) + name.size()));
        return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." +
               std::to_string(number % 100);
    }

    static std::string commented(const std::string& text) {
        std::istringstream lines(text);
        std::string all;
        for (std::string line; std::getline(lines, line);) {
            all += line.empty() ? "//\n" : "// " + line + "\n";
        }
        return all;
    }

    fs::path root_;
    std::set<fs::path> seen_;
    std::set<std::string> standard_;
    std::string body_;
};

// Returns  whether the file is, or now is, what it has to be.
bool renew(const fs::path& path, const std::string& text, bool only_check) {
    if (fs::exists(path) && read_text(path) == text) {
        return true;
    }
    if (only_check) {
        std::cout << path.string()
                  << " is not what the headers make it now; renew it with the target amalgamate:\n"
                     "    cmake --build BUILD_FOLDER --target amalgamate\n";
        return false;
    }
    std::ofstream file(path, std::ios::binary);
    if (!(file << text).flush()) {
        throw std::runtime_error("cannot write " + path.string());
    }
    std::cout << path.string() << " is renewed\n";
    return true;
}

int run(const fs::path& root, bool only_check) {
    // In this order: the single header follows the umbrella.
    const fs::path library = root / "include/quipu";
    const bool all =
        renew(library / "quipu.hpp", umbrella_text(library), only_check) &&
        renew(root / "single_include/quipu/quipu.hpp", amalgamation(root).text(), only_check);
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

} // namespace

int main(int count, char* words[]) try {
    const bool only_check = count == 3 && std::string_view(words[1]) == "--check";
    if (count != 2 && !only_check) {
        std::cerr << "usage: amalgamate [--check] ROOT\n";
        return 2;
    }
    return run(fs::canonical(words[count - 1]), only_check);
} catch (const std::exception& error) {
    std::cerr << "amalgamate: " << error.what() << "\n";
    return EXIT_FAILURE;
}
