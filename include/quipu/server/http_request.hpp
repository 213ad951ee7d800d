// Requests of HTTP/1.1, as far as they ask to read something.
#pragma once

#include <quipu/core/ascii.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quipu {

/// The bounds of a request.
struct http_limits {
    static constexpr std::size_t head_bytes_max = 8192;   ///< beyond it: 431
    static constexpr std::size_t target_bytes_max = 4096; ///< beyond it: 414
    static constexpr std::size_t headers_max = 64;        ///< beyond it: 431
    static constexpr std::size_t method_bytes_max = 16;   ///< beyond it: 400
};

/// A request, or why it is none. The views point into what was parsed.
struct http_request {
    /// 0: more has to come; 200: it is whole; else the status that says what is wrong: 400, 405,
    /// 413, 414, 431, 505. After one of these nothing on the connection can be trusted.
    int status = 0;
    bool head_only = false;    ///< HEAD: the answer has no body
    bool keeps_alive = false;  ///< another request may follow
    std::string_view path{};   ///< as it came, escapes and all
    std::string_view query{};  ///< what stands behind the '?'
    std::string_view accept{}; ///< the header Accept, the first one
    std::string_view host{};   ///< the header Host, with its port
    bool of_browser = false;   ///< it has a header that browsers alone send: Origin, Sec-Fetch-Site
    std::size_t size = 0;      ///< in bytes, of a whole one
};

namespace detail {

/// A character of a header's name.
[[nodiscard]] constexpr bool is_http_token(char c) noexcept {
    return is_letter(c) || is_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Whether a list such as `keep-alive, TE` has the word.
[[nodiscard]] constexpr bool list_has(std::string_view list, std::string_view word) noexcept {
    while (!list.empty()) {
        const auto end = list.find(',');
        if (equal_ignoring_case(trim(list.substr(0, end)), word))
            return true;
        list.remove_prefix(end == list.npos ? list.size() : end + 1);
    }
    return false;
}

/// Takes a line off the front, without its end; nothing if it has none yet.
[[nodiscard]] constexpr std::optional<std::string_view> take_line(std::string_view& text) noexcept {
    const auto end = text.find('\n');
    if (end == text.npos)
        return std::nullopt;
    auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

/// Reads one request; see parse_http_request.
class http_request_reader {
public:
    [[nodiscard]] constexpr http_request read(std::string_view text) {
        auto rest = text.substr(0, http_limits::head_bytes_max);
        const bool cut = rest.size() < text.size();
        const auto line = take_line(rest);
        if (!line)
            return fail(first_line_fault(rest, cut));
        if (const int fault = read_first_line(*line); fault != 0)
            return fail(fault);
        for (std::size_t headers = 0;; ++headers) {
            const auto header = take_line(rest);
            if (!header)
                return fail(cut || rest.size() + 1 >= http_limits::head_bytes_max ? 431 : 0);
            if (header->empty())
                break;
            if (headers == http_limits::headers_max)
                return fail(431);
            if (const int fault = read_header(*header); fault != 0)
                return fail(fault);
        }
        made_.size = static_cast<std::size_t>(rest.data() - text.data());
        return finish();
    }

private:
    [[nodiscard]] static constexpr http_request fail(int status) noexcept {
        http_request none;
        none.status = status;
        return none;
    }

    /// What is wrong with the beginning of a first line; 0: nothing so far.
    [[nodiscard]] static constexpr int first_line_fault(std::string_view begin, bool cut) noexcept {
        const auto blank = begin.find(' ');
        if (std::min(blank, begin.size()) > http_limits::method_bytes_max)
            return 400;
        if (blank == begin.npos)
            return 0;
        return cut || begin.size() - blank > http_limits::target_bytes_max + 16 ? 414 : 0;
    }

    [[nodiscard]] constexpr int read_first_line(std::string_view line) {
        const auto first = line.find(' ');
        const auto last = line.rfind(' ');
        if (first == line.npos || first == 0 || first > http_limits::method_bytes_max ||
            last == first)
            return 400;
        for (const char c : line.substr(0, first)) {
            if (!is_http_token(c))
                return 400;
        }
        const auto target = line.substr(first + 1, last - first - 1);
        if (target.size() > http_limits::target_bytes_max)
            return 414;
        for (const char c : target) {
            if (c <= ' ' || c >= '\x7f')
                return 400;
        }
        const auto version = line.substr(last + 1);
        if (version.size() != 8 || !version.starts_with("HTTP/") || version[6] != '.' ||
            !is_digit(version[5]) || !is_digit(version[7]))
            return 400;
        if (version[5] != '1')
            return 505;
        made_.keeps_alive = version[7] != '0';
        needs_host_ = made_.keeps_alive;
        const auto method = line.substr(0, first);
        made_.head_only = method == "HEAD";
        if (method != "GET" && method != "HEAD")
            return 405;
        auto path = target;
        if (constexpr std::string_view scheme = "http://"; path.starts_with(scheme))
            path.remove_prefix(std::min(path.find_first_of("/?", scheme.size()), path.size()));
        else if (path.front() != '/')
            return 400;
        const auto mark = path.find('?');
        made_.path = mark == 0 || path.empty() ? "/" : path.substr(0, mark);
        made_.query = mark == path.npos ? std::string_view() : path.substr(mark + 1);
        return 0;
    }

    [[nodiscard]] constexpr int read_header(std::string_view line) {
        const auto colon = line.find(':');
        if (colon == line.npos || colon == 0)
            return 400;
        const auto name = line.substr(0, colon);
        for (const char c : name) {
            if (!is_http_token(c)) // a blank, too: such a header is understood in two ways
                return 400;
        }
        const auto value = trim(line.substr(colon + 1));
        for (const char c : value) {
            if (is_control(c) && c != '\t')
                return 400;
        }
        if (equal_ignoring_case(name, "host")) {
            if (has_host_)
                return 400;
            has_host_ = true;
            made_.host = value;
        } else if (equal_ignoring_case(name, "origin") ||
                   equal_ignoring_case(name, "sec-fetch-site") ||
                   equal_ignoring_case(name, "sec-fetch-mode")) {
            made_.of_browser = true;
        } else if (equal_ignoring_case(name, "connection")) {
            closes_ = closes_ || list_has(value, "close");
            asks_alive_ = asks_alive_ || list_has(value, "keep-alive");
        } else if (equal_ignoring_case(name, "accept")) {
            if (made_.accept.empty())
                made_.accept = value;
        } else if (equal_ignoring_case(name, "transfer-encoding")) {
            has_body_ = true;
        } else if (equal_ignoring_case(name, "content-length")) {
            if (value.empty() || value.find_first_not_of("0123456789") != value.npos)
                return 400;
            has_body_ = has_body_ || value.find_first_not_of('0') != value.npos;
        }
        return 0;
    }

    [[nodiscard]] constexpr http_request finish() const noexcept {
        if (needs_host_ && !has_host_)
            return fail(400);
        if (has_body_)
            return fail(413);
        http_request whole = made_;
        whole.keeps_alive = !closes_ && (made_.keeps_alive || asks_alive_);
        whole.status = 200;
        return whole;
    }

    http_request made_{};
    bool needs_host_ = false;
    bool has_host_ = false;
    bool closes_ = false;
    bool asks_alive_ = false;
    bool has_body_ = false;
};

[[nodiscard]] constexpr int hex_digit(char c) noexcept {
    return is_digit(c)                                ? c - '0'
           : 'a' <= to_lower(c) && to_lower(c) <= 'f' ? to_lower(c) - 'a' + 10
                                                      : -1;
}

} // namespace detail

/// Whether what begins so is HTTP, and not a command of Etsy's, which has no capitals: a method and
/// a path, or a line that ends with the version. `undecided` is for what may still become either.
enum class http_guess : std::uint8_t { undecided, yes, no };

/// Whether a line ends as the first one of a request does: ` HTTP/1.1`.
[[nodiscard]] constexpr bool ends_as_http(std::string_view line) noexcept {
    constexpr std::string_view version = " HTTP/1.";
    line = detail::trim(line);
    return line.size() > version.size() &&
           line.substr(line.size() - version.size() - 1, version.size()) == version;
}

/// Cost     O(length of the first line).
[[nodiscard]] constexpr http_guess guess_http(std::string_view begin) noexcept {
    if (ends_as_http(begin.substr(0, begin.find('\n'))))
        return http_guess::yes;
    std::size_t capitals = 0;
    while (capitals < begin.size() && detail::is_upper(begin[capitals]))
        ++capitals;
    if (capitals > http_limits::method_bytes_max)
        return http_guess::no;
    const auto rest = begin.substr(capitals, 2);
    if (rest.empty() || rest == " ")
        return begin.empty() || capitals > 0 ? http_guess::undecided : http_guess::no;
    return capitals > 0 && (rest == " /" || rest == " *") ? http_guess::yes : http_guess::no;
}

/// Reads the request that a text begins with.
///
/// Only what asks to read is taken: GET and HEAD, without a body. A line may end with '\n' alone.
/// Returns  see http_request: its `status` says whether it is whole.
/// Cost     O(size of the head), at most `head_bytes_max`; does not allocate.
/// Threads  pure.
/// Source   RFC 9110 and 9112.
[[nodiscard]] constexpr http_request parse_http_request(std::string_view text) {
    return detail::http_request_reader().read(text);
}

/// Undoes the escapes of a query: `%2F`, and '+' for a blank. An escape that is none stays.
[[nodiscard]] inline std::string unescape_query(std::string_view text) {
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = i + 2 < text.size() ? detail::hex_digit(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? detail::hex_digit(text[i + 2]) : -1;
        if (text[i] == '%' && high >= 0 && low >= 0) {
            plain += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            plain += text[i] == '+' ? ' ' : text[i];
        }
    }
    return plain;
}

/// The value of a key in a query such as `sort=name&limit=20`; the first one, without escapes.
[[nodiscard]] inline std::optional<std::string> query_value(std::string_view query,
                                                            std::string_view key) {
    while (!query.empty()) {
        const auto end = query.find('&');
        const auto one = query.substr(0, end);
        const auto mark = one.find('=');
        if (unescape_query(one.substr(0, mark)) == key)
            return mark == one.npos ? std::string() : unescape_query(one.substr(mark + 1));
        query.remove_prefix(end == query.npos ? query.size() : end + 1);
    }
    return std::nullopt;
}

/// Escapes a text for a query: all but letters, digits and `-._~`.
inline void append_escaped_query(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    for (const char c : text) {
        if (detail::is_letter(c) || detail::is_digit(c) || c == '-' || c == '.' || c == '_' ||
            c == '~') {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += hex[byte >> 4U];
            out += hex[byte & 15U];
        }
    }
}

} // namespace quipu
