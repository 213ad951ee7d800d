#include <quipu/client/pystatsd.hpp>

#include <quipu/client/pipeline.hpp>
#include <quipu/client/sampling.hpp>
#include <quipu/core/number.hpp>
#include <quipu/net/memory.hpp>

#include "support/catch.hpp"
#include "support/source_tree.hpp"

#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

using namespace quipu;

// The golden file is what pystatsd sent (tests/counterparts/pystatsd_bytes.py).

namespace {

using words = std::vector<std::string>;

struct collecting_traits : pystatsd_traits {
    using sampler = sampling::keep_all;
};
struct single_traits : collecting_traits {
    static constexpr bool batches = false;
};
struct stream_transport : memory_transport {
    static constexpr bool is_stream = true;
};

metric_value number(std::string_view text) {
    if (text.find_first_not_of("-0123456789") == text.npos)
        return static_cast<std::int64_t>(*parse_number(text));
    return *parse_number(text);
}

/// Makes one call: `NAME-OF-THE-CALL NAME VALUE [RATE]`.
void call(auto& client, const words& said) {
    const auto& what = said.at(0);
    const auto& name = said.at(1);
    const auto& value = said.at(2);
    const call_options more{.rate = said.size() > 3 ? *parse_number(said[3]) : 1.0};
    errc error = errc::unsupported;
    if (what == "incr")
        error = client.increment(name, number(value), more);
    else if (what == "decr")
        error = client.decrement(name, number(value), more);
    else if (what == "gauge")
        error = client.gauge(name, number(value), more);
    else if (what == "delta")
        error = client.change_gauge(name, number(value), more);
    else if (what == "timing")
        error = client.timing(name, number(value).value, more);
    else if (what == "timedelta")
        error = client.timing(
            name, std::chrono::microseconds(static_cast<std::int64_t>(number(value).value)), more);
    else if (what == "set")
        error = client.set(name, value, more);
    CHECK(error == errc::ok);
}

/// As Python's `ascii` prints it.
std::string as_python(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\n')
            out += "\\n";
        else
            out += c;
    }
    return out + "'";
}

words split(std::string_view text, char separator) {
    words parts;
    std::istringstream in{std::string(text)};
    for (std::string part; std::getline(in, part, separator);) {
        if (!part.empty())
            parts.push_back(part);
    }
    return parts;
}

/// Makes the calls, those that are marked so in the outer pipeline.
void call_all(auto& client, auto& outer, std::string_view calls) {
    for (const auto& one : split(calls, ';')) {
        auto said = split(one, ' ');
        const bool is_outer = said.front() == "outer";
        if (is_outer)
            said.erase(said.begin());
        std::size_t times = 1;
        if (said.front().back() == '*') {
            times = static_cast<std::size_t>(std::stoul(said.front()));
            said.erase(said.begin());
        }
        for (; times > 0; --times)
            is_outer ? call(outer, said) : call(client, said);
    }
}

template <class Traits, class Transport, bool Nested = false>
std::string run(const std::string& prefix, std::string_view calls) {
    basic_client<Transport, Traits> client{Transport(), {.prefix = prefix}};
    if constexpr (Nested) {
        auto outer = open_pipeline(client);
        auto inner = open_pipeline(outer);
        call_all(inner, outer, calls);
    } else {
        call_all(client, client, calls);
    }
    client.flush();
    if constexpr (requires { Transport::is_stream; })
        return as_python(client.transport().text());
    std::string all;
    for (const auto& datagram : client.transport().sent())
        all += (all.empty() ? "" : " ") + as_python(datagram);
    return all;
}

std::string run(std::string_view session) {
    const auto head = split(session.substr(0, session.find(':')), ' ');
    const auto calls = session.substr(session.find(':') + 1);
    const std::string prefix = head.size() > 1 ? head[1] : "";
    if (head[0] == "udp")
        return run<single_traits, memory_transport>(prefix, calls);
    if (head[0] == "udp_pipeline")
        return run<collecting_traits, memory_transport>(prefix, calls);
    if (head[0] == "udp_nested")
        return run<single_traits, memory_transport, true>(prefix, calls);
    if (head[0] == "tcp_nested")
        return run<single_traits, stream_transport, true>(prefix, calls);
    if (head[0] == "tcp")
        return run<single_traits, stream_transport>(prefix, calls);
    return run<collecting_traits, stream_transport>(prefix, calls);
}

} // namespace

TEST_CASE("pystatsd: the bytes are its own, of every session in the table", "[client][pystatsd]") {
    const auto file =
        std::filesystem::path(QUIPU_SOURCE_DIR) / "tests" / "client" / "pystatsd" / "golden";
    std::size_t sessions = 0;
    for (const auto& line : split(source_tree::read_text(file), '\n')) {
        const auto arrow = line.find(" => ");
        const auto sent = run(std::string_view(line).substr(0, arrow));
        if (sent != line.substr(arrow + 4))
            FAIL_CHECK(line.substr(0, arrow)
                       << "\nours:     " << sent << "\npystatsd: " << line.substr(arrow + 4));
        ++sessions;
    }
    CHECK(sessions >= 120);
}

TEST_CASE("pystatsd: what it would send as two lines, or does not have, is refused",
          "[client][pystatsd]") {
    basic_client<memory_transport, pystatsd_traits> client{memory_transport()};
    CHECK(client.increment("a:1|c\nevil") == errc::bad_name);
    CHECK(client.increment("") == errc::empty_name);
    CHECK(client.set("s", "m|c\nevil:1") == errc::bad_name);
    CHECK(client.increment("a", 1, {.tags = "k:v"}) == errc::bad_tags);
    CHECK(client.key_value("a", 1) == errc::unknown_type);
    CHECK(client.timing("a", 1e308 * 10) == errc::number_out_of_range);
    CHECK(client.increment(std::string(600, 'n')) == errc::no_space);
    client.flush();
    CHECK(client.transport().sent().empty());
    CHECK(client.counts().refused == 7);
}
