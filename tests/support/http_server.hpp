// A server of HTTP that answers as it is told, and keeps what it was asked.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/net/tcp_listener.hpp>

#include "support/catch.hpp"
#include "support/sockets.hpp"
#include "support/tcp.hpp"

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

namespace quipu::test {

/// Answers each request with the next of its answers, the last one again and again. An empty answer
/// ends the connection; one that begins with '!' is given, without the mark, and ends it.
class http_server {
public:
    struct request {
        std::string head;
        std::string body;
    };

    explicit http_server(std::vector<std::string> answers) : answers_(std::move(answers)) {
        port_ = listener_.local_address()->port();
        thread_ = std::thread([this] { serve(); });
    }
    http_server(const http_server&) = delete;
    http_server& operator=(const http_server&) = delete;
    ~http_server() {
        stops_ = true;
        thread_.join();
    }

    [[nodiscard]] host_port host() const { return {"127.0.0.1", port_}; }
    [[nodiscard]] std::size_t connections() const { return connections_; }
    [[nodiscard]] std::vector<request> requests() const {
        const std::lock_guard hold(mutex_);
        return requests_;
    }

    static constexpr auto* taken = "HTTP/1.1 204 No Content\r\n\r\n";

private:
    void serve() {
        while (!stops_) {
            auto made = listener_.accept();
            if (!made) {
                pollfd waited{listener_.fd(), POLLIN, 0};
                ::poll(&waited, 1, 20);
                continue;
            }
            ++connections_;
            converse(*made);
        }
    }

    void converse(tcp_connection& with) {
        std::string text;
        while (!stops_) {
            pollfd waited{with.fd(), POLLIN, 0};
            ::poll(&waited, 1, 20);
            if (!with.receive([&](std::string_view bytes) { text += bytes; }) || with.closed())
                return;
            while (const auto bytes = whole(text)) {
                if (!answer(with, text.substr(0, bytes)))
                    return;
                text.erase(0, bytes);
            }
        }
    }

    /// The size of the request that the text begins with; 0 if it is not whole.
    [[nodiscard]] static std::size_t whole(const std::string& text) {
        const auto head = text.find("\r\n\r\n");
        if (head == text.npos)
            return 0;
        const std::string key = "Content-Length: ";
        const auto size = head + 4 + std::stoul(text.substr(text.find(key) + key.size()));
        return text.size() < size ? 0 : size;
    }

    [[nodiscard]] bool answer(const tcp_connection& with, const std::string& asked) {
        std::string next;
        {
            const std::lock_guard hold(mutex_);
            next = answers_[std::min(requests_.size(), answers_.size() - 1)];
            const auto head = asked.find("\r\n\r\n") + 4;
            requests_.push_back({asked.substr(0, head), asked.substr(head)});
        }
        const bool ends = next.empty() || next[0] == '!';
        if (!next.empty() && next[0] == '!')
            next.erase(0, 1);
        static_cast<void>(::send(with.fd(), next.data(), next.size(), MSG_NOSIGNAL));
        return !ends;
    }

    tcp_listener listener_ = listening();
    std::uint16_t port_ = 0;
    std::vector<std::string> answers_;
    std::vector<request> requests_{};
    mutable std::mutex mutex_{};
    std::atomic<std::size_t> connections_{0};
    std::atomic<bool> stops_{false};
    std::thread thread_{};
};

} // namespace quipu::test
