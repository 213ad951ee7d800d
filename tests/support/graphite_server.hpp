// A stand-in for Graphite: takes its plain text over TCP and remembers every line.
#pragma once

#include <quipu/net/endpoint.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/waker.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace quipu::test {

/// One number as it came.
struct graphite_point {
    std::string name;
    std::string value;
    std::int64_t timestamp = 0;
};

enum class graphite_mood {
    reads,
    never_reads, ///< accepts connections and leaves them alone
};

/// Listens on 127.0.0.1 from its construction to its end.
/// Threads  safe.
class graphite_server {
public:
    explicit graphite_server(std::uint16_t port = 0, graphite_mood mood = graphite_mood::reads);
    ~graphite_server();
    graphite_server(const graphite_server&) = delete;
    graphite_server& operator=(const graphite_server&) = delete;

    [[nodiscard]] host_port host() const { return {"127.0.0.1", port_}; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string url() const;

    /// The whole lines, in the order in which they came.
    [[nodiscard]] std::vector<std::string> lines() const;
    /// Those lines read; one that is not `NAME VALUE TIMESTAMP` ends the test.
    [[nodiscard]] std::vector<graphite_point> points() const;
    /// The values of one name, oldest first.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const;
    /// The last value of one name; "none" if there is none.
    [[nodiscard]] std::string last(std::string_view name) const;
    /// Waits until `last(name)` is `value`.
    [[nodiscard]] bool shows(std::string_view name, std::string_view value) const;

    [[nodiscard]] std::size_t connections() const;
    /// Waits until there was a connection and all are closed: then all that was sent is there.
    [[nodiscard]] bool has_all() const;
    [[nodiscard]] std::size_t bytes() const;

private:
    struct stream {
        tcp_connection connection;
        std::string rest{};
    };

    void run();
    void accept();
    [[nodiscard]] bool take(stream& from);

    graphite_mood mood_;
    tcp_listener listener_{};
    std::uint16_t port_ = 0;
    waker waker_{};
    std::atomic<bool> ending_{false};
    std::vector<stream> streams_{};

    mutable std::mutex mutex_{};
    std::vector<std::string> lines_{};
    std::size_t connections_ = 0;
    std::size_t ended_ = 0;
    std::size_t bytes_ = 0;
    std::thread thread_{};
};

} // namespace quipu::test
