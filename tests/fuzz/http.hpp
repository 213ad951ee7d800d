// What comes to the port of commands and pages, in one piece and cut into several.
#pragma once

#include <quipu/server/http.hpp>

#include "fuzz/expect.hpp"

#include <string>
#include <string_view>

namespace quipu::test {

/// A connection to a service that says the path and the query again.
struct http_run {
    struct routes {
        http_reply operator()(const http_request& asked) const {
            expect(asked.path.starts_with('/'), "a path is one");
            http_reply made;
            made.body = std::string(asked.path) + unescape_query(asked.query);
            return made;
        }
    };

    conversation with{};
    http_service<routes> service{routes(), [](conversation& other) {
                                     other.output += other.input;
                                     other.input.clear();
                                 }};

    void feed(std::string_view bytes) {
        if (with.ends)
            return;
        with.input += bytes;
        do {
            with.again = false;
            const auto before = with.input.size();
            service(with);
            expect(!with.again || with.input.size() < before, "to go on is to have taken some");
        } while (with.again && !with.ends);
        expect(with.ends || with.input.size() <= http_limits::head_bytes_max,
               "what is held is bounded");
    }
};

/// Input    the first byte says how long the pieces are.
inline void fuzz_http(std::string_view bytes) {
    if (bytes.empty())
        return;
    const auto size = 1 + static_cast<unsigned char>(bytes.front()) % 64U;
    bytes.remove_prefix(1);
    const auto asked = parse_http_request(bytes);
    if (asked.status == 200) {
        expect(asked.size <= bytes.size() && asked.size <= http_limits::head_bytes_max,
               "a request ends within its bytes");
        expect(is_inside(asked.path, bytes) && is_inside(asked.query, bytes),
               "its parts are parts of its bytes");
        expect(parse_http_request(bytes.substr(0, asked.size)).status == 200,
               "what follows a request does not matter");
    }
    std::string escaped;
    append_escaped_query(escaped, bytes);
    expect(unescape_query(escaped) == bytes, "what is escaped reads back equal");

    http_run pieces;
    for (auto rest = bytes; !rest.empty();) {
        const auto piece = rest.substr(0, size);
        pieces.feed(piece);
        rest.remove_prefix(piece.size());
    }
    http_run whole;
    whole.feed(bytes);
    // Of what is wrong, more may be seen the more has come; else it is the same.
    if (whole.with.manner == pieces.with.manner && !whole.with.ends)
        expect(whole.with.output == pieces.with.output, "answers are the same however it came");
}

} // namespace quipu::test
