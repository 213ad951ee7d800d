#include "support/graphite_server.hpp"

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <utility>

#include <poll.h>

namespace quipu::test {

graphite_server::graphite_server(std::uint16_t port, graphite_mood mood) : mood_(mood) {
    auto listener = tcp_listener::listen(address::loopback_v4(port));
    REQUIRE(listener);
    listener_ = *std::move(listener);
    auto made = waker::open();
    REQUIRE(made);
    waker_ = *std::move(made);
    port_ = listener_.local_address().value_or({}).port();
    thread_ = std::thread([this] { run(); });
}

graphite_server::~graphite_server() {
    ending_ = true;
    waker_.wake();
    thread_.join();
}

std::string graphite_server::url() const {
    return "graphite://127.0.0.1:" + std::to_string(port_);
}

void graphite_server::run() {
    std::vector<pollfd> waited;
    while (!ending_) {
        waited.assign({{waker_.fd(), POLLIN, 0}, {listener_.fd(), POLLIN, 0}});
        if (mood_ == graphite_mood::reads) {
            for (const auto& one : streams_)
                waited.push_back({one.connection.fd(), POLLIN, 0});
        }
        if (::poll(waited.data(), static_cast<nfds_t>(waited.size()), -1) < 0)
            continue;
        std::vector<stream> open;
        for (std::size_t i = 0; i < streams_.size(); ++i) {
            const bool ready = i + 2 < waited.size() && waited[i + 2].revents != 0;
            if (!ready || take(streams_[i]))
                open.push_back(std::move(streams_[i]));
        }
        streams_ = std::move(open);
        if (waited[1].revents != 0)
            accept();
    }
}

void graphite_server::accept() {
    auto accepted = listener_.accept();
    if (!accepted)
        return;
    streams_.push_back({*std::move(accepted)});
    const std::lock_guard hold(mutex_);
    ++connections_;
}

/// Takes what has come; false at the end of the stream.
bool graphite_server::take(stream& from) {
    const auto taken = from.connection.receive([&](std::string_view text) { from.rest += text; });
    const std::lock_guard hold(mutex_);
    for (;;) {
        const auto end = from.rest.find('\n');
        if (end == from.rest.npos)
            break;
        lines_.push_back(from.rest.substr(0, end));
        bytes_ += end + 1;
        from.rest.erase(0, end + 1);
    }
    const bool open = taken && !from.connection.closed();
    ended_ += open ? 0U : 1U;
    return open;
}

std::vector<std::string> graphite_server::lines() const {
    const std::lock_guard hold(mutex_);
    return lines_;
}

std::vector<graphite_point> graphite_server::points() const {
    std::vector<graphite_point> all;
    for (const auto& line : lines()) {
        CAPTURE(line);
        const auto value = line.find(' ');
        const auto time = line.rfind(' ');
        REQUIRE(value != line.npos);
        REQUIRE(time > value);
        REQUIRE(line.find_first_not_of("0123456789", time + 1) == line.npos);
        all.push_back({line.substr(0, value),
                       line.substr(value + 1, time - value - 1),
                       std::stoll(line.substr(time + 1))});
    }
    return all;
}

std::vector<std::string> graphite_server::values(std::string_view name) const {
    std::vector<std::string> all;
    for (auto& one : points()) {
        if (one.name == name)
            all.push_back(std::move(one.value));
    }
    return all;
}

std::string graphite_server::last(std::string_view name) const {
    const auto all = values(name);
    return all.empty() ? "none" : all.back();
}

bool graphite_server::shows(std::string_view name, std::string_view value) const {
    return eventually([&] { return last(name) == value; });
}

std::size_t graphite_server::connections() const {
    const std::lock_guard hold(mutex_);
    return connections_;
}

bool graphite_server::has_all() const {
    return eventually([&] {
        const std::lock_guard hold(mutex_);
        return connections_ > 0 && ended_ == connections_;
    });
}

std::size_t graphite_server::bytes() const {
    const std::lock_guard hold(mutex_);
    return bytes_;
}

} // namespace quipu::test
