#include <quipu/wire/notices.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace quipu;

/// What a datagram says, in the order of its lines.
struct heard {
    std::vector<std::string> all{};

    void operator()(const sample& one) { all.push_back("sample " + std::string(one.series.name)); }
    void operator()(const event& one) { all.push_back("event " + std::string(one.title)); }
    void operator()(const service_check& one) { all.push_back("check " + std::string(one.name)); }
    void operator()(refusal why, std::string_view line) {
        all.push_back("refused " + std::string(line) + " at " + std::to_string(why.offset));
    }
};

template <class Text>
std::vector<std::string> hear(Text text, std::size_t lines) {
    heard ear;
    CHECK(parse_datagram_with_notices(text, ear, ear, ear) == lines);
    return ear.all;
}

} // namespace

TEST_CASE("notices: events and service checks are told from metrics", "[wire][notices]") {
    const std::string datagram = "a:1|c\n_e{2,1}:12|c\n_sc|db|0\n_e{9,1}:12|c\n_x:1|c\nb:2|c\nbad";
    const std::vector<std::string> wanted = {"sample a",
                                             "event 12", // which would be a metric, too
                                             "check db",
                                             "refused _e{9,1}:12|c at 3",
                                             "sample _x",
                                             "sample b",
                                             "refused bad at 0"};
    CHECK(hear(std::string_view(datagram), 7) == wanted);
    const std::string padded = datagram + std::string(read_padding_bytes, '|');
    CHECK(hear(padded_text{std::string_view(padded).substr(0, datagram.size())}, 7) == wanted);
}

TEST_CASE("notices: work at compile time", "[wire][notices]") {
    constexpr auto count = [](std::string_view text) {
        std::size_t notices = 0;
        parse_datagram_with_notices(
            text,
            [](const sample&) {},
            [](refusal, std::string_view) {},
            [&](const auto&) { ++notices; });
        return notices;
    };
    STATIC_REQUIRE(count("a:1|c\n_e{1,1}:a|b\n_sc|x|1") == 2);
}
