// The corpora of the fuzz targets, run through the same functions as by the fuzzers.
#include "fuzz/binary.hpp"
#include "fuzz/datagram.hpp"
#include "fuzz/event.hpp"
#include "fuzz/http.hpp"
#include "fuzz/line.hpp"
#include "fuzz/number.hpp"
#include "fuzz/snapshot.hpp"
#include "fuzz/stream.hpp"
#include "support/catch.hpp"
#include "support/numbers.hpp"
#include "support/source_tree.hpp"

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <string>
#include <string_view>

namespace {

namespace fs = std::filesystem;

struct target {
    const char* name;
    void (*run)(std::string_view bytes);
};

constexpr target targets[] = {
    {"binary", quipu::test::fuzz_binary},
    {"datagram", quipu::test::fuzz_datagram},
    {"event", quipu::test::fuzz_event},
    {"http", quipu::test::fuzz_http},
    {"line", quipu::test::fuzz_line},
    {"number", quipu::test::fuzz_number},
    {"snapshot", quipu::test::fuzz_snapshot},
    {"stream", quipu::test::fuzz_stream},
};

} // namespace

TEST_CASE("fuzz: what the corpora hold keeps its promises", "[fuzz]") {
    const fs::path corpus = fs::path(QUIPU_SOURCE_DIR) / "tests" / "fuzz" / "corpus";
    for (const auto& [name, run] : targets) {
        std::size_t files = 0;
        for (const auto& entry : fs::directory_iterator(corpus / name)) {
            CAPTURE(entry.path().string());
            const auto bytes = source_tree::read_text(entry.path());
            CHECK_NOTHROW(run(exact_copy(bytes).view()));
            ++files;
        }
        CAPTURE(name);
        CHECK(files > 0);
    }
}

TEST_CASE("fuzz: no bytes at all keep their promises", "[fuzz]") {
    for (const auto& [name, run] : targets) {
        CAPTURE(name);
        CHECK_NOTHROW(run({}));
    }
}

TEST_CASE("fuzz: every corpus has its target", "[fuzz]") {
    const fs::path corpus = fs::path(QUIPU_SOURCE_DIR) / "tests" / "fuzz" / "corpus";
    std::size_t folders = 0;
    for (const auto& entry : fs::directory_iterator(corpus)) {
        folders += entry.is_directory() ? 1U : 0U;
    }
    CHECK(folders == std::size(targets));
}

TEST_CASE("fuzz: a broken promise is told", "[fuzz]") {
    CHECK_NOTHROW(quipu::test::expect(true, "holds"));
    CHECK_THROWS_WITH(quipu::test::expect(false, "does not hold"), "does not hold");
}
