#include <quipu/wire/parse_event.hpp>

#include "support/catch.hpp"
#include "support/events.hpp"
#include "support/numbers.hpp"

#include <string>
#include <string_view>
#include <utility>

using namespace quipu;
using namespace std::string_view_literals;
using events::check;
using events::titled;

namespace {

struct event_case {
    std::string_view line;
    event wanted;
};

struct check_case {
    std::string_view line;
    service_check wanted;
};

struct bad_case {
    std::string_view line;
    refusal wanted;
};

constexpr event_case good_events[] = {
    {"_e{1,1}:a|b", titled("a", "b")},
    {"_e{5,4}:title|text", titled("title", "text")},
    {"_e{1,0}:a|", titled("a", "")},
    {"_e{6,18}:ab|| c|hello,\\nmy friend!", titled("ab|| c", "hello,\\nmy friend!")},
    {"_e{1,3}:||a|b", titled("|", "a|b")},
    {"_e{3,1}:a|b|c", titled("a|b", "c")},
    {"_e{1,3}:a|d:1", titled("a", "d:1")},
    {"_e{01,0001}:a|b", titled("a", "b")},
    {"_e{2,3}:\xc3\xa4|\xe2\x82\xac", titled("\xc3\xa4", "\xe2\x82\xac")},
    {"_e{1,1}:\xff|\x80", titled("\xff", "\x80")},
    {"_e{3,1}:a\0b|\x01"sv, titled("a\0b"sv, "\x01")},
    {"_e{1,1}:a|b\r", titled("a", "b")},
    {"_e{1,2}:a|b\r", titled("a", "b\r")},
    {"_e{1,1}:a|b|", titled("a", "b")},
    {"_e{1,1}:a|b|||", titled("a", "b")},
    {"_e{1,1}:a|b|d:123", titled("a", "b").from(&event_origin::timestamp, 123)},
    {"_e{1,1}:a|b|d:0\r", titled("a", "b").from(&event_origin::timestamp, 0)},
    {"_e{1,1}:a|b|d:9223372036854775807",
     titled("a", "b").from(&event_origin::timestamp, 9223372036854775807)},
    {"_e{1,1}:a|b|d:1|d:2", titled("a", "b").from(&event_origin::timestamp, 2)},
    {"_e{1,1}:a|b|h:web 1", titled("a", "b").from(&event_origin::host, "web 1")},
    {"_e{1,1}:a|b|h:", titled("a", "b")},
    {"_e{1,1}:a|b|k:key", titled("a", "b").with(&event::aggregation_key, "key")},
    {"_e{1,1}:a|b|p:normal", titled("a", "b")},
    {"_e{1,1}:a|b|p:low", titled("a", "b").with(&event::priority, event_priority::low)},
    {"_e{1,1}:a|b|s:cron", titled("a", "b").with(&event::source_type, "cron")},
    {"_e{1,1}:a|b|t:info", titled("a", "b")},
    {"_e{1,1}:a|b|t:success", titled("a", "b").with(&event::alert, event_alert::success)},
    {"_e{1,1}:a|b|t:warning", titled("a", "b").with(&event::alert, event_alert::warning)},
    {"_e{1,1}:a|b|t:error", titled("a", "b").with(&event::alert, event_alert::error)},
    {"_e{1,1}:a|b|#env:prod,x", titled("a", "b").from(&event_origin::tags, "env:prod,x")},
    {"_e{1,1}:a|b|#", titled("a", "b")},
    {"_e{1,1}:a|b|c:ci-1", titled("a", "b").from(&event_origin::container, "ci-1")},
    {"_e{1,1}:a|b|e:it-f", titled("a", "b").from(&event_origin::external_data, "it-f")},
    {"_e{1,1}:a|b|card:low", titled("a", "b").from(&event_origin::cardinality, "low")},
    {"_e{1,1}:a|b|new:1|X", titled("a", "b")},
    {"_e{1,1}:a|b|t:error|d:5|#c|h:d|s:e|p:low|k:f",
     titled("a", "b")
         .with(&event::alert, event_alert::error)
         .with(&event::priority, event_priority::low)
         .with(&event::source_type, "e")
         .with(&event::aggregation_key, "f")
         .from(&event_origin::timestamp, 5)
         .from(&event_origin::tags, "c")
         .from(&event_origin::host, "d")},
};

constexpr bad_case bad_events[] = {
    {"", {errc::bad_header, 0}},
    {"a:1|c", {errc::bad_header, 0}},
    {"_e", {errc::bad_header, 0}},
    {"_sc|a|0", {errc::bad_header, 0}},
    {"_e{", {errc::bad_header, 3}},
    {"_e{1", {errc::bad_header, 4}},
    {"_e{1}:a|b", {errc::bad_header, 4}},
    {"_e{1,", {errc::bad_header, 5}},
    {"_e{1,1", {errc::bad_header, 6}},
    {"_e{1,1}", {errc::bad_header, 6}},
    {"_e{1,1}a|b", {errc::bad_header, 6}},
    {"_e{1,1:a|b", {errc::bad_header, 6}},
    {"_e{1,1,1}:a|b", {errc::bad_length, 5}},
    {"_e{,1}:a|b", {errc::bad_length, 3}},
    {"_e{1,}:a|b", {errc::bad_length, 5}},
    {"_e{-1,1}:a|b", {errc::bad_length, 3}},
    {"_e{1,-1}:a|b", {errc::bad_length, 5}},
    {"_e{+1,1}:a|b", {errc::bad_length, 3}},
    {"_e{1, 1}:a|b", {errc::bad_length, 5}},
    {"_e{x,1}:a|b", {errc::bad_length, 3}},
    {"_e{0x1,1}:a|b", {errc::bad_length, 3}},
    {"_e{2,1}:a|b", {errc::bad_length, 3}},
    {"_e{3,0}:a|b", {errc::bad_length, 3}}, // no bar behind the title
    {"_e{20,1}:a|b", {errc::bad_length, 3}},
    {"_e{1,20}:a|b", {errc::bad_length, 5}},
    {"_e{1,2}:a|b", {errc::bad_length, 5}},
    {"_e{1,1}:a|bc", {errc::bad_length, 5}},
    {"_e{1,0}:a|b", {errc::bad_length, 5}},
    {"_e{1,1}:ab|c", {errc::bad_length, 3}},
    {"_e{1,1}:a", {errc::bad_length, 3}},
    {"_e{1,1}:", {errc::bad_length, 3}},
    {"_e{4294967295,4294967295}:a|b", {errc::bad_length, 3}},
    {"_e{1,4294967297}:a|b", {errc::bad_length, 5}},
    {"_e{18446744073709551617,1}:a|b", {errc::bad_length, 3}},
    {"_e{1,18446744073709551617}:a|b", {errc::bad_length, 5}},
    {"_e{99999999999999999999,99999999999999999999}:a|b", {errc::bad_length, 3}},
    {"_e{0,1}:|b", {errc::empty_title, 3}},
    {"_e{0,0}:|", {errc::empty_title, 3}},
    {"_e{1,1}:a|b|d:", {errc::bad_timestamp, 12}},
    {"_e{1,1}:a|b|d:now", {errc::bad_timestamp, 12}},
    {"_e{1,1}:a|b|d:-1", {errc::bad_timestamp, 12}},
    {"_e{1,1}:a|b|d:1.5", {errc::bad_timestamp, 12}},
    {"_e{1,1}:a|b|d:9223372036854775808", {errc::bad_timestamp, 12}},
    {"_e{1,1}:a|b|p:", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|p:high", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|p:Low", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|p:low ", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|t:fatal", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|t:", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|h:c\td", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|k:c\x7f", {errc::bad_field, 12}},
    {"_e{1,1}:a|b|#c\x01", {errc::bad_tags, 12}},
    {"_e{1,1}:a|b|0.1", {errc::unknown_field, 12}},
    {"_e{1,1}:a|b|@0.1", {errc::unknown_field, 12}},
    {"_e{1,1}:a|b|h:x|\r|", {errc::unknown_field, 16}},
};

constexpr check_case good_checks[] = {
    {"_sc|a|0", check("a", service_status::ok)},
    {"_sc|a|1", check("a", service_status::warning)},
    {"_sc|a|2", check("a", service_status::critical)},
    {"_sc|a|3", check("a", service_status::unknown)},
    {"_sc|a|0\r", check("a", service_status::ok)},
    {"_sc|a:b c|0|", check("a:b c", service_status::ok)},
    {"_sc|a|0|d:7", check("a", service_status::ok).from(&event_origin::timestamp, 7)},
    {"_sc|a|0|h:b", check("a", service_status::ok).from(&event_origin::host, "b")},
    {"_sc|a|0|#b:c", check("a", service_status::ok).from(&event_origin::tags, "b:c")},
    {"_sc|a|0|m:all is\\nwell: m:", check("a", service_status::ok).saying("all is\\nwell: m:")},
    {"_sc|a|0|m:x|h:b", check("a", service_status::ok).saying("x").from(&event_origin::host, "b")},
    {"_sc|a|0|c:b|e:c|card:d|new:1",
     check("a", service_status::ok)
         .from(&event_origin::container, "b")
         .from(&event_origin::external_data, "c")
         .from(&event_origin::cardinality, "d")},
};

constexpr bad_case bad_checks[] = {
    {"", {errc::bad_header, 0}},
    {"_sc", {errc::bad_header, 0}},
    {"_e{1,1}:a|b", {errc::bad_header, 0}},
    {"_sc|", {errc::empty_name, 4}},
    {"_sc||0", {errc::empty_name, 4}},
    {"_sc|\r", {errc::empty_name, 4}},
    {"_sc|a\tb|0", {errc::bad_name, 4}},
    {"_sc|a", {errc::bad_status, 5}},
    {"_sc|a|", {errc::bad_status, 6}},
    {"_sc|a|4", {errc::bad_status, 6}},
    {"_sc|a|/", {errc::bad_status, 6}},
    {"_sc|a|00", {errc::bad_status, 6}},
    {"_sc|a|-1", {errc::bad_status, 6}},
    {"_sc|a|OK", {errc::bad_status, 6}},
    {"_sc|a|0|d:x", {errc::bad_timestamp, 8}},
    {"_sc|a|0|#\x01", {errc::bad_tags, 8}},
    {"_sc|a|0|h:\x01", {errc::bad_field, 8}},
    {"_sc|a|0|0", {errc::unknown_field, 8}},
};

constexpr refusal event_refusal(std::string_view line) {
    refusal why{errc::no_space, 99};
    const auto parsed = parse_event(line, &why);
    return parsed.error() == why.error ? why : refusal{errc::unsupported, 0};
}

constexpr refusal check_refusal(std::string_view line) {
    refusal why{errc::no_space, 99};
    const auto parsed = parse_service_check(line, &why);
    return parsed.error() == why.error ? why : refusal{errc::unsupported, 0};
}

constexpr std::string_view first_wrong() {
    for (const auto& [line, wanted] : good_events) {
        if (event_refusal(line) != refusal() || *parse_event(line) != wanted) {
            return line;
        }
    }
    for (const auto& [line, wanted] : good_checks) {
        if (check_refusal(line) != refusal() || *parse_service_check(line) != wanted) {
            return line;
        }
    }
    for (const auto& [line, wanted] : bad_events) {
        if (event_refusal(line) != wanted) {
            return line;
        }
    }
    for (const auto& [line, wanted] : bad_checks) {
        if (check_refusal(line) != wanted) {
            return line;
        }
    }
    return "none";
}

/// Every prefix of a line, and every line with one byte replaced, in memory of just its size.
template <class Read>
void read_what_is_like(std::string_view line, Read read) {
    for (std::size_t size = 0; size <= line.size(); ++size) {
        read(exact_copy(line.substr(0, size)).view());
    }
    for (std::size_t at = 0; at < line.size(); ++at) {
        for (const char c : "|:,{}#9\n\r\0\xff"sv) {
            std::string other(line);
            other[at] = c;
            read(exact_copy(other).view());
        }
    }
}

bool inside(std::string_view part, std::string_view whole) {
    return part.empty() || (part.data() >= whole.data() &&
                            part.data() + part.size() <= whole.data() + whole.size());
}

} // namespace

TEST_CASE("parse_event: reads the same at compile time", "[wire][parse_event]") {
    STATIC_REQUIRE(first_wrong() == "none");
    STATIC_REQUIRE(noexcept(parse_event("")));
    STATIC_REQUIRE(noexcept(parse_service_check("")));
}

TEST_CASE("parse_event: accepts what the protocol allows", "[wire][parse_event]") {
    for (const auto& [line, wanted] : good_events) {
        CAPTURE(line);
        const exact_copy copy(line);
        const auto parsed = parse_event(copy.view());
        REQUIRE(parsed.error() == errc::ok);
        CHECK(*parsed == wanted);
        CHECK(inside(parsed->title, copy.view()));
        CHECK(inside(parsed->origin.tags, copy.view()));
    }
}

TEST_CASE("parse_event: says what is wrong and where", "[wire][parse_event]") {
    for (const auto& [line, wanted] : bad_events) {
        const auto why = event_refusal(exact_copy(line).view());
        CAPTURE(line, message(why.error), why.offset);
        CHECK(why == wanted);
    }
}

TEST_CASE("parse_service_check: accepts what the protocol allows", "[wire][parse_event]") {
    for (const auto& [line, wanted] : good_checks) {
        CAPTURE(line);
        const auto parsed = parse_service_check(line);
        REQUIRE(parsed.error() == errc::ok);
        CHECK(*parsed == wanted);
    }
}

TEST_CASE("parse_service_check: says what is wrong and where", "[wire][parse_event]") {
    for (const auto& [line, wanted] : bad_checks) {
        const auto why = check_refusal(exact_copy(line).view());
        CAPTURE(line, message(why.error), why.offset);
        CHECK(why == wanted);
    }
}

TEST_CASE("parse_event: lines are as long as their bound, and no longer", "[wire][parse_event]") {
    const std::string head = "_e{1,8178}:a|";
    const std::string longest = head + std::string(8178, 'b');
    REQUIRE(longest.size() == event_bytes_max - 1);
    CHECK(parse_event(longest)->text.size() == 8178);
    CHECK(parse_event(longest + "|")->text.size() == 8178);
    CHECK(event_refusal(longest + "||") == refusal{errc::line_too_long, 0});

    const std::string name(native_name_bytes_max, 'n');
    CHECK(parse_service_check("_sc|" + name + "|0")->name == name);
    CHECK(check_refusal("_sc|" + name + "n|0") == refusal{errc::name_too_long, 4});
    const std::string message(event_bytes_max - 10, 'm');
    CHECK(parse_service_check("_sc|a|0|m:" + message)->message == message);
    CHECK(check_refusal("_sc|a|0|m:m" + message) == refusal{errc::line_too_long, 0});
}

TEST_CASE("parse_event: reads nothing outside its line", "[wire][parse_event]") {
    std::size_t accepted = 0;
    std::size_t refused = 0;
    const auto read = [&](std::string_view line) {
        refusal why;
        const auto one = parse_event(line, &why);
        CHECK(why.offset <= line.size());
        CHECK((!one || (inside(one->title, line) && inside(one->text, line) &&
                        inside(one->origin.host, line) && inside(one->aggregation_key, line))));
        const auto other = parse_service_check(line, &why);
        CHECK(why.offset <= line.size());
        CHECK((!other || (inside(other->name, line) && inside(other->message, line))));
        ++(one || other ? accepted : refused);
    };
    for (const auto& good : good_events) {
        read_what_is_like(good.line, read);
    }
    for (const auto& good : good_checks) {
        read_what_is_like(good.line, read);
    }
    CHECK(accepted > 1000);
    CHECK(refused > 1000);
}
