#include <quipu/wire/format_event.hpp>
#include <quipu/wire/parse_event.hpp>

#include "support/catch.hpp"
#include "support/events.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

using namespace quipu;
using namespace std::string_view_literals;
using events::check;
using events::titled;

namespace {

template <class Line>
constexpr bool formats(const Line& one, std::string_view wanted) {
    line_buffer out;
    return format(one, out) == errc::ok && out.view() == wanted;
}

template <class Line>
errc format_error(const Line& one) {
    line_buffer out;
    REQUIRE(out.append("before"));
    const auto error = format(one, out);
    CHECK(out.view() == (error == errc::ok ? out.view() : "before"));
    return error;
}

constexpr auto full_event = titled("a|b", "c\nd")
                                .with(&event::alert, event_alert::error)
                                .with(&event::priority, event_priority::low)
                                .with(&event::source_type, "e")
                                .with(&event::aggregation_key, "f")
                                .from(&event_origin::timestamp, 5)
                                .from(&event_origin::tags, "g:h,i")
                                .from(&event_origin::host, "j")
                                .from(&event_origin::container, "k")
                                .from(&event_origin::external_data, "l")
                                .from(&event_origin::cardinality, "m");
constexpr auto full_event_line =
    "_e{3,4}:a|b|c\\nd|d:5|h:j|#g:h,i|c:k|e:l|card:m|k:f|p:low|s:e|t:error"sv;

constexpr auto full_check = check("a b", service_status::critical)
                                .from(&event_origin::timestamp, 0)
                                .from(&event_origin::tags, "g:h")
                                .from(&event_origin::host, "j")
                                .saying("one\ntwo: m:three");
constexpr auto full_check_line = "_sc|a b|2|d:0|h:j|#g:h|m:one\\ntwo: m:three"sv;

/// Formats into a buffer of `Size` bytes behind one that is there.
template <std::size_t Size, class Line>
constexpr bool leaves_or_fills(const Line& one, std::string_view wanted) {
    basic_line_buffer<1 + Size> out;
    if (!out.append("\n")) {
        return false;
    }
    const auto error = format(one, out);
    if (Size < wanted.size()) {
        return error == errc::no_space && out.view() == "\n";
    }
    return error == errc::ok && out.view().substr(1) == wanted;
}

template <class Line, std::size_t... Sizes>
constexpr bool every_size(const Line& one, std::string_view wanted, std::index_sequence<Sizes...>) {
    return (leaves_or_fills<Sizes>(one, wanted) && ...);
}

std::string spelled(std::string_view text) {
    std::string out;
    for (const char c : text) {
        out += c == '\n' ? "\\n" : std::string(1, c);
    }
    return out;
}

} // namespace

TEST_CASE("format event: writes what is not the usual", "[wire][format_event]") {
    STATIC_REQUIRE(formats(titled("a", "b"), "_e{1,1}:a|b"));
    STATIC_REQUIRE(formats(titled("a", ""), "_e{1,0}:a|"));
    STATIC_REQUIRE(formats(titled("\xc3\xa4", "|"), "_e{2,1}:\xc3\xa4||"));
    STATIC_REQUIRE(formats(full_event, full_event_line));
    STATIC_REQUIRE(formats(check("a", service_status::ok), "_sc|a|0"));
    STATIC_REQUIRE(formats(check("a", service_status::unknown), "_sc|a|3"));
    STATIC_REQUIRE(formats(full_check, full_check_line));
}

TEST_CASE("format event: spells newlines and counts what it wrote", "[wire][format_event]") {
    STATIC_REQUIRE(formats(titled("a\nb", "\n\n"), "_e{4,4}:a\\nb|\\n\\n"));
    STATIC_REQUIRE(formats(titled("a\\nb", "\\"), "_e{4,1}:a\\nb|\\"));
}

TEST_CASE("append_unescaped: gives newlines back", "[wire][format_event]") {
    line_buffer out;
    REQUIRE(append_unescaped("", out) == errc::ok);
    REQUIRE(append_unescaped("one\\ntwo\\n\\n", out) == errc::ok);
    CHECK(out.view() == "one\ntwo\n\n");
    REQUIRE(append_unescaped("\\\\n n\\", out) == errc::ok);
    CHECK(out.view() == "one\ntwo\n\n\\\n n\\");

    basic_line_buffer<4> small;
    REQUIRE(small.append("a"));
    CHECK(append_unescaped("b\\ncd", small) == errc::no_space);
    CHECK(small.view() == "a");
    CHECK(append_unescaped("b\\nc", small) == errc::ok);
    CHECK(small.view() == "ab\nc");
}

TEST_CASE("format event: refuses what would not read back", "[wire][format_event]") {
    const auto fine = titled("a", "b");
    CHECK(format_error(fine) == errc::ok);
    CHECK(format_error(titled("", "b")) == errc::empty_title);
    CHECK(format_error(fine.from(&event_origin::timestamp, -1)) == errc::bad_timestamp);
    CHECK(format_error(fine.from(&event_origin::tags, "c|d")) == errc::bad_tags);
    CHECK(format_error(fine.from(&event_origin::tags, "c\nd:1|c")) == errc::bad_tags);
    for (const auto field : {&event_origin::host,
                             &event_origin::container,
                             &event_origin::external_data,
                             &event_origin::cardinality}) {
        CHECK(format_error(fine.from(field, "c|d")) == errc::bad_field);
        CHECK(format_error(fine.from(field, "c\nd:1|c")) == errc::bad_field);
        CHECK(format_error(fine.from(field, "c d")) == errc::ok);
    }
    for (const auto field : {&event::aggregation_key, &event::source_type}) {
        CHECK(format_error(fine.with(field, "c|d")) == errc::bad_field);
        CHECK(format_error(fine.with(field, "c\rd")) == errc::bad_field);
    }
    CHECK(format_error(fine.with(&event::priority, event_priority{2})) == errc::bad_field);
    CHECK(format_error(fine.with(&event::alert, event_alert{4})) == errc::bad_field);
}

TEST_CASE("format service check: refuses what would not read back", "[wire][format_event]") {
    const auto fine = check("a", service_status::ok);
    CHECK(format_error(fine) == errc::ok);
    CHECK(format_error(check("", service_status::ok)) == errc::empty_name);
    CHECK(format_error(check("a|b", service_status::ok)) == errc::bad_name);
    CHECK(format_error(check("a\nb", service_status::ok)) == errc::bad_name);
    CHECK(format_error(check(std::string(native_name_bytes_max + 1, 'n'), service_status::ok)) ==
          errc::name_too_long);
    CHECK(format_error(check("a", service_status{4})) == errc::bad_status);
    CHECK(format_error(fine.saying("c|d")) == errc::bad_field);
    CHECK(format_error(fine.saying("c\r")) == errc::bad_field);
    CHECK(format_error(fine.saying("c\r\nd")) == errc::ok);
    CHECK(format_error(fine.from(&event_origin::timestamp, -1)) == errc::bad_timestamp);
    CHECK(format_error(fine.from(&event_origin::tags, "c|d")) == errc::bad_tags);
    CHECK(format_error(fine.from(&event_origin::host, "c|d")) == errc::bad_field);
}

TEST_CASE("format event: a line is as long as may be read, and no longer", "[wire][format_event]") {
    const std::string text(event_bytes_max - 13, 'b');
    basic_line_buffer<3 * event_bytes_max> out;
    REQUIRE(format(titled("a", text), out) == errc::ok);
    CHECK(out.size() == event_bytes_max);
    CHECK(parse_event(out.view())->text == text);
    CHECK(format(titled("a", text + 'b'), out) == errc::line_too_long);
    CHECK(out.size() == event_bytes_max);
}

TEST_CASE("format event: a buffer that is too small stays as it was", "[wire][format_event]") {
    STATIC_REQUIRE(every_size(
        full_event, full_event_line, std::make_index_sequence<full_event_line.size() + 2>()));
    STATIC_REQUIRE(every_size(
        full_check, full_check_line, std::make_index_sequence<full_check_line.size() + 2>()));
}

TEST_CASE("format event: whatever is written reads back equal", "[wire][format_event]") {
    generator random(7);
    for (int i = 0; i < 5000; ++i) {
        events::texts owner;
        event one;
        one.origin = events::generated_origin(random, owner);
        owner.all[5] = 'a' + events::generated_text(random, 30, "");
        owner.all[6] = events::generated_text(random, 60, "");
        owner.all[7] = events::generated_text(random, 12, "|\n");
        one.title = owner.all[5];
        one.text = owner.all[6];
        one.source_type = owner.all[7];
        one.priority = static_cast<event_priority>(random.below(2));
        one.alert = static_cast<event_alert>(random.below(4));

        line_buffer out;
        REQUIRE(format(one, out) == errc::ok);
        CAPTURE(out.view());
        CHECK(out.view().find('\n') == std::string_view::npos);
        const auto back = parse_event(out.view());
        REQUIRE(back.error() == errc::ok);
        const auto title = spelled(one.title);
        const auto text = spelled(one.text);
        one.title = title;
        one.text = text;
        CHECK(*back == one);
    }
}

TEST_CASE("format service check: whatever is written reads back equal", "[wire][format_event]") {
    generator random(8);
    for (int i = 0; i < 5000; ++i) {
        events::texts owner;
        service_check one;
        one.origin = events::generated_origin(random, owner);
        owner.all[5] = 'a' + events::generated_text(random, 30, "|\n");
        owner.all[6] = events::generated_text(random, 60, "|") + '.';
        one.name = owner.all[5];
        one.message = owner.all[6];
        one.status = static_cast<service_status>(random.below(4));

        line_buffer out;
        REQUIRE(format(one, out) == errc::ok);
        CAPTURE(out.view());
        const auto back = parse_service_check(out.view());
        REQUIRE(back.error() == errc::ok);
        const auto message = spelled(one.message);
        one.message = message;
        CHECK(*back == one);
    }
}
