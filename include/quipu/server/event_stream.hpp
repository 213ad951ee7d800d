// Server-sent events, incoming: the answer of HTTP whose body goes on and on.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/result.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace quipu {

/// Puts the events of a stream together out of the bytes of a connection.
///
/// Limits   `event_bytes_max` bytes of the head, and of an event.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   WHATWG HTML, "Server-sent events", of which it reads `data` alone; RFC 9112, without chunks.
class event_stream {
public:
    static constexpr std::size_t event_bytes_max = std::size_t{16} << 20U;

    /// Takes the next bytes, and calls on_event(std::string_view data) for each event that is whole.
    /// Errors   peer_failed: no HTTP, or a status other than 200; no_space: too long. Nothing that
    ///          follows can be read then.
    template <class OnEvent>
    [[nodiscard]] errc take(std::string_view bytes, OnEvent&& on_event) {
        rest_ += bytes;
        if (status_ == 0) {
            const auto end = rest_.find("\r\n\r\n");
            if (end == rest_.npos)
                return rest_.size() > event_bytes_max ? errc::no_space : errc::ok;
            if (!rest_.starts_with("HTTP/1.") || rest_.size() < 12)
                return errc::peer_failed;
            for (std::size_t i = 9; i < 12; ++i)
                status_ = status_ * 10 + (detail::is_digit(rest_[i]) ? rest_[i] - '0' : 0);
            rest_.erase(0, end + 4);
        }
        if (status_ != 200)
            return errc::peer_failed;
        for (auto end = rest_.find("\n\n"); end != rest_.npos; end = rest_.find("\n\n")) {
            if (const auto data = data_of(std::string_view(rest_).substr(0, end)); !data.empty())
                on_event(std::string_view(data));
            rest_.erase(0, end + 2);
        }
        return rest_.size() > event_bytes_max ? errc::no_space : errc::ok;
    }

    /// Of the answer; 0 while it is not known.
    [[nodiscard]] int status() const noexcept { return status_; }

private:
    [[nodiscard]] static std::string data_of(std::string_view lines) {
        constexpr std::string_view field = "data:";
        std::string data;
        while (!lines.empty()) {
            auto line = lines.substr(0, lines.find('\n'));
            lines.remove_prefix(line.size() == lines.size() ? line.size() : line.size() + 1);
            if (!line.starts_with(field))
                continue;
            line.remove_prefix(field.size());
            if (line.starts_with(' '))
                line.remove_prefix(1);
            data.append(data.empty() ? "" : "\n") += line;
        }
        return data;
    }

    std::string rest_{};
    int status_ = 0;
};

} // namespace quipu
