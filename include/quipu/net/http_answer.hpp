// The answer to an HTTP/1.1 request, read piece by piece.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace quipu {

/// Reads one answer out of the bytes of a connection: its status, the begin of its body, and where it
/// ends, so that the connection can be used again.
///
/// Limits   a head of more than `head_bytes_max` is refused; of the body `kept_bytes` are kept.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   RFC 9112, of which it reads what a client of POST needs: no trailers, no chunks. An answer
///          in chunks, or without a length, ends with its connection.
class http_answer {
public:
    static constexpr std::size_t head_bytes_max = 8192;
    static constexpr std::size_t kept_bytes = 256;

    enum class state : std::uint8_t {
        head,     ///< more is to come
        body,     ///< the status is known, and more is to come
        complete, ///< it has ended
        broken,   ///< this is no answer of HTTP
    };

    /// Takes the next bytes. What stands behind the end of the answer is ignored.
    /// Cost     O(bytes); does not allocate.
    state take(std::string_view bytes) noexcept {
        while (state_ == state::head && !bytes.empty()) {
            const char c = bytes.front();
            bytes.remove_prefix(1);
            if (head_bytes_++ == head_bytes_max)
                return state_ = state::broken;
            if (c != '\n') {
                if (c != '\r' && line_size_ < line_.size())
                    line_[line_size_++] = c;
                continue;
            }
            take_line({line_.data(), line_size_});
            line_size_ = 0;
        }
        if (state_ == state::body)
            take_body(bytes);
        return state_;
    }

    /// The connection has ended.
    state end() noexcept {
        const bool whole = state_ == state::body && !has_length_;
        return state_ = whole || state_ == state::complete ? state::complete : state::broken;
    }

    /// Forgets all, for the next answer.
    void clear() noexcept { *this = {}; }

    /// Such as 204; 0 while it is not known.
    [[nodiscard]] int status() const noexcept { return status_; }
    /// The begin of the body.
    [[nodiscard]] std::string_view body() const noexcept { return {kept_.data(), kept_size_}; }
    /// The connection can carry another request, once this answer is complete.
    [[nodiscard]] bool keeps_connection() const noexcept { return keeps_ && has_length_; }
    /// Nothing has come yet.
    [[nodiscard]] bool empty() const noexcept { return head_bytes_ == 0 && status_ == 0; }

private:
    void take_line(std::string_view line) noexcept {
        if (status_ == 0)
            return take_status(line);
        if (line.empty())
            return end_head();
        const auto colon = line.find(':');
        const auto name = line.substr(0, colon);
        const auto value = colon == line.npos ? "" : detail::trim(line.substr(colon + 1));
        if (detail::equal_ignoring_case(name, "content-length"))
            take_length(value);
        else if (detail::equal_ignoring_case(name, "connection"))
            keeps_ = keeps_ && !detail::equal_ignoring_case(value, "close");
        else if (detail::equal_ignoring_case(name, "transfer-encoding"))
            chunked_ = true;
    }

    void take_status(std::string_view line) noexcept {
        // HTTP/1.1 204 No Content
        const bool sound = line.size() >= 12 && line.starts_with("HTTP/1.") && line[8] == ' ' &&
                           detail::is_digit(line[9]) && detail::is_digit(line[10]) &&
                           detail::is_digit(line[11]) && line[9] != '0';
        if (!sound) {
            state_ = state::broken;
            return;
        }
        keeps_ = line[7] != '0';
        status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
    }

    void take_length(std::string_view digits) noexcept {
        length_ = 0;
        has_length_ = !digits.empty() && digits.size() <= 9;
        for (const char c : digits) {
            has_length_ = has_length_ && detail::is_digit(c);
            length_ = has_length_ ? length_ * 10 + static_cast<std::size_t>(c - '0') : 0;
        }
        if (!has_length_)
            state_ = state::broken;
    }

    void end_head() noexcept {
        if (state_ == state::broken)
            return;
        if (status_ < 200) { // 100 Continue and its kin: the answer follows
            clear();
            return;
        }
        if (status_ == 204 || status_ == 304) {
            has_length_ = true;
            length_ = 0;
        } else if (chunked_) {
            has_length_ = false;
        }
        state_ = has_length_ && length_ == 0 ? state::complete : state::body;
    }

    void take_body(std::string_view bytes) noexcept {
        if (has_length_)
            bytes = bytes.substr(0, length_);
        for (const char c : bytes.substr(0, kept_bytes - kept_size_))
            kept_[kept_size_++] = c;
        if (!has_length_)
            return;
        length_ -= bytes.size();
        if (length_ == 0)
            state_ = state::complete;
    }

    state state_ = state::head;
    int status_ = 0;
    std::size_t head_bytes_ = 0;
    std::size_t length_ = 0; // what of the body is to come
    bool has_length_ = false;
    bool chunked_ = false;
    bool keeps_ = true;
    std::array<char, 256> line_{}; // longer ones are cut: none of the headers above is
    std::size_t line_size_ = 0;
    std::array<char, kept_bytes> kept_{};
    std::size_t kept_size_ = 0;
};

} // namespace quipu
