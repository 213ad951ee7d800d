// What the README shows is what the examples run.
#include "support/catch.hpp"
#include "support/code_blocks.hpp"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

using strings = std::vector<std::string>;

TEST_CASE("readme: every block of C++ is a part of an example", "[readme]") {
    const std::filesystem::path root = QUIPU_SOURCE_DIR;
    strings shown;
    for (const auto& example : source_tree::read_files(root / "examples", ".cpp")) {
        std::ranges::copy(code_blocks::in_example(example.second), std::back_inserter(shown));
    }
    const strings blocks = code_blocks::in_markdown(source_tree::read_text(root / "README.md"));
    REQUIRE_FALSE(blocks.empty());
    for (const std::string& block : blocks) {
        INFO("no example has these lines between [readme] marks:\n" << block);
        CHECK(std::ranges::find(shown, block) != shown.end());
    }
}

TEST_CASE("readme rules: a block loses its fences and the indent it shares", "[readme][rules]") {
    CHECK(code_blocks::in_markdown("# A\n```cpp\nint a;\n\n  int b;\n```\n```sh\nls\n```\n") ==
          strings{"int a;\n\n  int b;\n"});
    CHECK(code_blocks::in_example("int main() {\n"
                                  "    // [readme]\n"
                                  "    if (a)\n"
                                  "        b();\n"
                                  "\n"
                                  "    // [/readme]\n"
                                  "    // [readme]\n"
                                  "    c();\n"
                                  "    // [/readme]\n"
                                  "}\n") == strings{"if (a)\n    b();\n\n", "c();\n"});
}

TEST_CASE("readme rules: what is not closed or not C++ is no block", "[readme][rules]") {
    CHECK(code_blocks::in_markdown("```cpp\nint a;\n").empty());
    CHECK(code_blocks::in_markdown("```\nint a;\n```\n").empty());
    CHECK(code_blocks::in_example("int a; // [readme]\nint b;\n// [/readme]\n").empty());
}
