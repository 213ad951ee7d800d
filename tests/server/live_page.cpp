#include <quipu/server/live_page.hpp>

#include "support/catch.hpp"
#include "support/source_tree.hpp"

#include <filesystem>
#include <string_view>

TEST_CASE("live_page: it is what its source says", "[server][live_page]") {
    const auto source = std::filesystem::path(QUIPU_SOURCE_DIR) / "include" / "quipu" / "server" /
                        "page" / "live.html";
    CHECK(quipu::live_page == source_tree::read_text(source));
}

TEST_CASE("live_page: it has nothing from elsewhere, and makes no markup of text",
          "[server][live_page]") {
    const std::string_view page = quipu::live_page;
    for (const char* const part : {"http://w",
                                   "https://",
                                   "src=",
                                   "innerHTML",
                                   "outerHTML",
                                   "insertAdjacent",
                                   "document.write",
                                   "eval(",
                                   " style=",
                                   " onclick=",
                                   "@import",
                                   "url("}) {
        CAPTURE(part);
        const auto at = page.find(part);
        // The name of SVG's elements is no address.
        CHECK((at == page.npos || page.substr(at, 17) == "http://www.w3.org"));
    }
}

TEST_CASE("live_page: its policy lets nothing else run", "[server][live_page]") {
    const std::string_view policy = quipu::live_page_policy;
    CHECK(policy.starts_with("default-src 'none'; "));
    CHECK(policy.find("script-src 'sha256-") != policy.npos);
    CHECK(policy.find("unsafe") == policy.npos);
}
