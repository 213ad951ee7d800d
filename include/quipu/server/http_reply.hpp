// Answers of HTTP/1.1.
#pragma once

#include <string>
#include <string_view>

namespace quipu {

/// What a page may do, unless it says otherwise: nothing.
inline constexpr std::string_view http_strict_policy = "default-src 'none'; frame-ancestors 'none'";

/// What is answered to a request.
struct http_reply {
    int status = 200;
    std::string_view type = "text/plain; charset=utf-8"; ///< lives as long as the program
    std::string body{};
    std::string_view policy = http_strict_policy; ///< Content-Security-Policy; lives as long
    /// Not empty: the body is the begin of a stream of events, and this is what it is about; the
    /// connection stays and is told more.
    std::string follows{};
};

/// The words of a status.
[[nodiscard]] constexpr std::string_view http_reason(int status) noexcept {
    switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 431: return "Request Header Fields Too Large";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Error";
    }
}

/// An answer that says what is wrong, in one line.
[[nodiscard]] inline http_reply http_error(int status, std::string_view why = {}) {
    http_reply made;
    made.status = status;
    made.body = std::to_string(status) + ' ' + std::string(http_reason(status));
    if (!why.empty())
        (made.body += ": ") += why;
    made.body += '\n';
    return made;
}

/// Writes an answer behind what is there. A stream has no length, and ends with its connection.
/// Input    `keeps_alive`: the connection stays for the next request; `head_only`: no body.
inline void append_http_reply(std::string& out,
                              const http_reply& answer,
                              bool keeps_alive,
                              bool head_only = false) {
    const bool streams = !answer.follows.empty();
    const auto line = [&out](std::string_view name, std::string_view value) {
        (((out += name) += ": ") += value) += "\r\n";
    };
    out += "HTTP/1.1 " + std::to_string(answer.status) + ' ';
    (out += http_reason(answer.status)) += "\r\n";
    line("Content-Type", answer.type);
    if (!streams)
        line("Content-Length", std::to_string(answer.body.size()));
    if (answer.status == 405)
        line("Allow", "GET, HEAD");
    line("Cache-Control", "no-store");
    line("X-Content-Type-Options", "nosniff");
    line("Content-Security-Policy", answer.policy);
    line("Referrer-Policy", "no-referrer");
    line("Connection", keeps_alive && !streams ? "keep-alive" : "close");
    out += "\r\n";
    if (!head_only)
        out += answer.body;
}

} // namespace quipu
