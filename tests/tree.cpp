// The architecture, read from the sources: floors, circles, twins, manners.
#include "support/catch.hpp"
#include "support/source_tree.hpp"

#include <filesystem>
#include <string>

using source_tree::complaints;
using source_tree::tree;

namespace {

tree read_tree() {
    const std::filesystem::path root = QUIPU_SOURCE_DIR;
    const auto library = root / "include" / "quipu";
    tree sources;
    sources.headers = source_tree::read_files(library, ".hpp");
    sources.floors = source_tree::floors_of(source_tree::read_text(library / "README.md"));
    for (const auto& floor : sources.floors) {
        for (const auto& test : source_tree::read_files(root / "tests" / floor.first, ".cpp")) {
            sources.tests[floor.first + "/" + test.first] = test.second;
        }
    }
    return sources;
}

void expect_none(const complaints& found) {
    for (const std::string& complaint : found) {
        UNSCOPED_INFO(complaint);
    }
    CHECK(found.empty());
}

// A small tree without a fault: two folders, two headers, and their umbrella.
tree sound() {
    return {
        .headers =
            {
                {"core/config.hpp", "// Words.\n#pragma once\n#include <cstddef>\n#define ONE 1\n"},
                {"wire/parse.hpp", "#pragma once\n\n#include <quipu/core/config.hpp>\n"},
                {"quipu.hpp",
                 "// All.\n#pragma once\n\n// 0\n#include <quipu/core/config.hpp>\n"
                 "// 1\n#include <quipu/wire/parse.hpp>\n"},
            },
        .tests =
            {
                {"core/config.cpp", "#include <quipu/core/config.hpp>\n#include <string>\n"},
                {"wire/parse.cpp", "#include <quipu/wire/parse.hpp>\n"},
            },
        .floors = {{"core", 0}, {"wire", 1}, {"net", 1}},
    };
}

} // namespace

TEST_CASE("tree: the floors are written down", "[tree]") {
    const tree sources = read_tree();
    REQUIRE(sources.floors.size() >= 2);
    CHECK(sources.floors.at("core") == 0);
    CHECK(sources.headers.contains("core/config.hpp"));
    CHECK(sources.tests.contains("core/config.cpp"));
}

TEST_CASE("tree: a folder includes itself and lower floors", "[tree]") {
    expect_none(source_tree::layering(read_tree()));
}

TEST_CASE("tree: no header includes itself by way of others", "[tree]") {
    expect_none(source_tree::circles(read_tree()));
}

TEST_CASE("tree: every header has its test and every test its header", "[tree]") {
    expect_none(source_tree::twins(read_tree()));
}

TEST_CASE("tree: headers have manners", "[tree]") {
    expect_none(source_tree::manners(read_tree()));
}

TEST_CASE("tree: there are three macros at most, in one place", "[tree]") {
    expect_none(source_tree::macros(read_tree()));
}

TEST_CASE("tree: the umbrella includes every header from the ground up", "[tree]") {
    expect_none(source_tree::umbrella(read_tree()));
}

TEST_CASE("tree rules: a sound tree draws no complaint", "[tree][rules]") {
    const tree sources = sound();
    CHECK(source_tree::layering(sources) == complaints());
    CHECK(source_tree::circles(sources) == complaints());
    CHECK(source_tree::twins(sources) == complaints());
    CHECK(source_tree::manners(sources) == complaints());
    CHECK(source_tree::macros(sources) == complaints());
    CHECK(source_tree::umbrella(sources) == complaints());
}

TEST_CASE("tree rules: floors are read from a table", "[tree][rules]") {
    const auto floors = source_tree::floors_of("# Floors\n\n"
                                               "| folder | floor | what |\n|---|---|---|\n"
                                               "| `core/` | 0 | config |\n"
                                               "| `wire/` | 12 | parse |\n");
    CHECK(floors == std::map<std::string, int>{{"core", 0}, {"wire", 12}});
}

TEST_CASE("tree rules: layering complains about what is not below", "[tree][rules]") {
    tree sources = sound();
    sources.headers["net/udp.hpp"] = "#pragma once\n";

    SECTION("a higher floor") {
        sources.headers["core/config.hpp"] += "#include <quipu/wire/parse.hpp>\n";
        CHECK(source_tree::layering(sources) ==
              complaints{"core/config.hpp includes wire/parse.hpp, which is not on a lower floor"});
    }
    SECTION("a neighbour") {
        sources.headers["wire/parse.hpp"] += "  #  include <quipu/net/udp.hpp>\n";
        CHECK(source_tree::layering(sources) ==
              complaints{"wire/parse.hpp includes net/udp.hpp, which is not on a lower floor"});
    }
    SECTION("a header that is not there") {
        sources.headers["wire/parse.hpp"] += "#include <quipu/core/gone.hpp>\n";
        CHECK(source_tree::layering(sources) ==
              complaints{"wire/parse.hpp includes core/gone.hpp, which does not exist"});
    }
    SECTION("a folder that has no floor") {
        sources.headers["utils/all.hpp"] = "#pragma once\n";
        sources.headers["wire/parse.hpp"] += "#include <quipu/utils/all.hpp>\n";
        CHECK(source_tree::layering(sources) ==
              complaints{"utils/all.hpp is in a folder that has no floor",
                         "wire/parse.hpp includes utils/all.hpp, which has no floor"});
    }
    SECTION("but not about its own folder") {
        sources.headers["wire/line.hpp"] = "#pragma once\n#include <quipu/wire/parse.hpp>\n";
        CHECK(source_tree::layering(sources) == complaints());
    }
}

TEST_CASE("tree rules: a circle is told with its members", "[tree][rules]") {
    tree sources = sound();
    sources.headers["wire/line.hpp"] = "#pragma once\n#include <quipu/wire/parse.hpp>\n";
    sources.headers["wire/parse.hpp"] += "#include <quipu/wire/line.hpp>\n";
    CHECK(source_tree::circles(sources) ==
          complaints{"a circle: wire/parse.hpp > wire/line.hpp > wire/parse.hpp"});
}

TEST_CASE("tree rules: a forgotten twin is noticed", "[tree][rules]") {
    tree sources = sound();
    SECTION("a header without a test") {
        sources.headers["wire/line.hpp"] = "#pragma once\n";
        CHECK(source_tree::twins(sources) ==
              complaints{"include/quipu/wire/line.hpp has no tests/wire/line.cpp"});
    }
    SECTION("a test without a header") {
        sources.tests["wire/line.cpp"] = "#include <quipu/wire/parse.hpp>\n";
        CHECK(source_tree::twins(sources) ==
              complaints{"tests/wire/line.cpp has no include/quipu/wire/line.hpp"});
    }
    SECTION("a test that begins with something else") {
        sources.tests["wire/parse.cpp"] = "#include <string>\n#include <quipu/wire/parse.hpp>\n";
        CHECK(source_tree::twins(sources) ==
              complaints{"tests/wire/parse.cpp does not begin with <quipu/wire/parse.hpp>"});
    }
    SECTION("a test that includes nothing") {
        sources.tests["wire/parse.cpp"] = "";
        CHECK(source_tree::twins(sources) ==
              complaints{"tests/wire/parse.cpp does not begin with <quipu/wire/parse.hpp>"});
    }
}

TEST_CASE("tree rules: bad manners are noticed", "[tree][rules]") {
    tree sources = sound();
    std::string& text = sources.headers["wire/parse.hpp"];

    SECTION("no #pragma once") {
        text = "// Words.\n#include <cstddef>\n#pragma once\n";
        CHECK(source_tree::manners(sources) ==
              complaints{"wire/parse.hpp does not begin with #pragma once"});
    }
    SECTION("quotes") {
        text += "#include \"line.hpp\"\n";
        CHECK(source_tree::manners(sources) ==
              complaints{"wire/parse.hpp includes \"line.hpp\" without angle brackets"});
    }
    SECTION("the umbrella") {
        text += "#include <quipu/quipu.hpp>\n";
        CHECK(source_tree::manners(sources) == complaints{"wire/parse.hpp includes the umbrella"});
    }
    SECTION("the operating system outside net/ and server/") {
        for (const char* header : {"<unistd.h>", "<sys/socket.h>", "<netinet/in.h>", "<poll.h>"}) {
            tree wrong = sound();
            wrong.headers["wire/parse.hpp"] += std::string("#include ") + header + "\n";
            CHECK(source_tree::manners(wrong) ==
                  complaints{std::string("wire/parse.hpp includes ") + header +
                             " of the operating system"});
            tree right = sound();
            right.headers["net/udp.hpp"] = std::string("#pragma once\n#include ") + header + "\n";
            CHECK(source_tree::manners(right) == complaints());
        }
    }
    SECTION("somebody else's library, even in net/") {
        sources.headers["net/udp.hpp"] = "#pragma once\n#include <boost/asio.hpp>\n";
        CHECK(source_tree::manners(sources) ==
              complaints{"net/udp.hpp includes <boost/asio.hpp>, which is nobody's we know"});
    }
    SECTION("but vector instructions are no operating system") {
        text += "#include <immintrin.h>\n";
        CHECK(source_tree::manners(sources) == complaints());
    }
}

TEST_CASE("tree rules: macros are counted and have one place", "[tree][rules]") {
    tree sources = sound();
    SECTION("another place") {
        sources.headers["wire/parse.hpp"] += "#define TWO(x) (x)\n";
        CHECK(source_tree::macros(sources) == complaints{"wire/parse.hpp defines TWO"});
    }
    SECTION("three") {
        sources.headers["core/config.hpp"] += "#define TWO 2\n#define THREE 3\n#define ONE 0\n";
        CHECK(source_tree::macros(sources) == complaints());
    }
    SECTION("four") {
        sources.headers["core/config.hpp"] += "#define TWO 2\n#define THREE 3\n#define FOUR 4\n";
        CHECK(source_tree::macros(sources) == complaints{"there are 4 macros, three may be"});
    }
}

TEST_CASE("tree rules: the umbrella's faults are noticed", "[tree][rules]") {
    tree sources = sound();
    std::string& text = sources.headers["quipu.hpp"];

    SECTION("there is none") {
        sources.headers.erase("quipu.hpp");
        CHECK(source_tree::umbrella(sources) == complaints{"there is no quipu.hpp"});
    }
    SECTION("a header is missing") {
        sources.headers["wire/line.hpp"] = "#pragma once\n";
        CHECK(source_tree::umbrella(sources) ==
              complaints{"quipu.hpp includes wire/line.hpp 0 times"});
    }
    SECTION("a header comes twice") {
        text += "#include <quipu/wire/parse.hpp>\n";
        CHECK(source_tree::umbrella(sources) ==
              complaints{"quipu.hpp includes wire/parse.hpp 2 times"});
    }
    SECTION("a header is gone") {
        text += "#include <quipu/wire/gone.hpp>\n";
        CHECK(source_tree::umbrella(sources) ==
              complaints{"quipu.hpp includes wire/gone.hpp, which does not exist"});
    }
    SECTION("a header comes before a lower floor") {
        text = "#pragma once\n#include <quipu/wire/parse.hpp>\n#include <quipu/core/config.hpp>\n";
        CHECK(source_tree::umbrella(sources) ==
              complaints{"quipu.hpp: wire/parse.hpp stands where core/config.hpp belongs"});
    }
    SECTION("something else than an include") {
        text += "namespace quipu {}\n";
        CHECK(source_tree::umbrella(sources) ==
              complaints{"quipu.hpp has more than includes: namespace quipu {}"});
    }
}
