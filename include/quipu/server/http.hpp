// HTTP on a port where other things are asked, too.
#pragma once

#include <quipu/server/conversations.hpp>
#include <quipu/server/http_reply.hpp>
#include <quipu/server/http_request.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quipu {

/// Says what a path has to tell.
/// Requires  http_reply operator()(const http_request&): of a whole request; the views in it are
///           valid until it returns.
/// Provided  live_routes.
template <class R>
concept http_routes = requires(R routes, const http_request& asked) {
    { routes(asked) } -> std::same_as<http_reply>;
};

/// A service for `conversations` that answers HTTP/1.1 requests, and leaves connections that begin
/// otherwise to another service. A connection stays what it began as: what a browser sends behind
/// its headers is never taken for commands, whatever a page makes it send; admin_commands sees to the
/// rest.
///
/// Requests that come at once are answered one after the other, each when the answer before it is
/// taken. What is wrong is answered with its status, and ends the connection.
/// Threads  that of the conversations.
template <http_routes Routes>
class http_service {
public:
    http_service(Routes routes, converse_function otherwise)
        : routes_(std::move(routes)), otherwise_(std::move(otherwise)) {}

    void operator()(conversation& with) {
        if (with.manner == undecided) {
            const auto guess = guess_http(with.input);
            if (guess == http_guess::undecided)
                return;
            with.manner = guess == http_guess::yes ? speaks_http : speaks_otherwise;
        }
        if (with.manner == speaks_otherwise)
            return otherwise_(with);
        if (!with.follows.empty())
            return with.input.clear(); // a stream answers nothing more
        answer(with);
    }

private:
    enum : std::uint8_t { undecided, speaks_http, speaks_otherwise };

    void answer(conversation& with) {
        // A client may send an empty line too many behind a request.
        std::size_t empty = 0;
        while (with.input[empty] == '\n' || with.input.compare(empty, 2, "\r\n") == 0)
            empty += with.input[empty] == '\r' ? 2U : 1U;
        with.input.erase(0, empty);
        const auto asked = parse_http_request(with.input);
        if (asked.status == 0)
            return;
        if (asked.status != 200) {
            append_http_reply(with.output, http_error(asked.status), false);
            with.ends = true;
            with.input.clear();
            return;
        }
        auto answer = routes_(asked);
        append_http_reply(with.output, answer, asked.keeps_alive, asked.head_only);
        const bool streams = !answer.follows.empty() && !asked.head_only;
        with.ends = !streams && (!asked.keeps_alive || !answer.follows.empty());
        if (streams)
            with.follows = std::move(answer.follows);
        with.input.erase(0, asked.size);
        with.again = !with.input.empty();
    }

    Routes routes_;
    converse_function otherwise_;
};

} // namespace quipu
