#include <quipu/server/listeners.hpp>

#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/net/unix_datagram.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/wire/binary.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/live_server.hpp"
#include "support/sockets.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using quipu::errc;
using quipu::tcp_sender;
using quipu::test::eventually;
namespace profile = quipu::profile;

namespace {

/// Listeners whose thread runs from `start` to `stop`; then `store` and `counts` tell what came.
template <class Profile = profile::quipu>
class reception {
public:
    explicit reception(quipu::listener_options options = {}, int log_fd = -1)
        : log(log_fd), listeners(intake, log, options) {
        REQUIRE(listeners.ready() == errc::ok);
    }
    ~reception() { stop(); }
    reception(const reception&) = delete;
    reception& operator=(const reception&) = delete;

    quipu::endpoint listen(std::string_view at) {
        const auto where = quipu::parse_endpoint(at, 1);
        REQUIRE(where);
        const auto before = listeners.bound().size();
        REQUIRE(listeners.listen(*where) == errc::ok);
        REQUIRE(listeners.bound().size() > before);
        const auto bound = quipu::parse_endpoint(listeners.bound()[before], 1);
        REQUIRE(bound);
        return *bound;
    }

    void start() {
        thread_ = std::thread([this] { listeners.run(); });
    }
    void stop() {
        if (!thread_.joinable())
            return;
        listeners.stop();
        thread_.join();
    }

    /// What has come until now, asked from the thread that receives.
    quipu::interval_input<typename Profile::store_traits>& peek() {
        auto& from = intake.shard().retire([&] { listeners.wake(); });
        all.store.merge(from.store);
        all.counts.merge(from.counts);
        from.store.reset(8);
        from.counts = {};
        return all;
    }

    double counter(std::string_view name) { return all.store.counter(name).sum(); }
    std::uint64_t refusals(errc why) { return all.counts.refused[static_cast<std::size_t>(why)]; }

    /// Ends, and takes what is left.
    void finish() {
        stop();
        intake.shard().end();
        peek();
        peek();
    }

    quipu::basic_intake<Profile> intake{};
    quipu::log log;
    quipu::basic_listeners<Profile> listeners;
    quipu::interval_input<typename Profile::store_traits> all{};

private:
    std::thread thread_{};
};

quipu::udp_sender sender_to(const quipu::endpoint& at) {
    const auto addresses = quipu::resolve(at.at, quipu::address_use::connect);
    REQUIRE(addresses);
    auto sender = quipu::udp_sender::connect((*addresses)[0]);
    REQUIRE(sender);
    return *std::move(sender);
}

tcp_sender connection_to(const quipu::endpoint& at) {
    tcp_sender sender(at.at);
    REQUIRE(sender.connect() == errc::ok);
    return sender;
}

/// Breaks off in place of ending in good order.
void break_off(tcp_sender& sender) {
    const linger at_once{1, 0};
    REQUIRE(::setsockopt(sender.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
    sender.close();
}

void arrive(const tcp_sender& sender) {
    quipu::test::live_server<>::await_arrival(sender.fd());
}

} // namespace

TEST_CASE("listeners: lines come through every kind of socket", "[server][listeners]") {
    const std::string at = GENERATE("udp://127.0.0.1:0",
                                    "tcp://127.0.0.1:0",
                                    "udp://[::1]:0",
                                    "tcp://[::1]:0",
                                    "udp://localhost:0",
                                    "tcp://localhost:0");
    CAPTURE(at);
    reception here;
    const auto bound = here.listen(at);
    const bool udp = bound.protocol == quipu::ip_protocol::udp;
    CHECK(bound.at.port != 0);
    CHECK(here.listeners.bound()[0].starts_with(at.substr(0, 6)));
    here.start();
    if (udp) {
        REQUIRE(sender_to(bound).send("a:1|c\nb:2|c") == errc::ok);
    } else {
        auto sender = connection_to(bound);
        REQUIRE(sender.send("a:1|c\nb:2|c\n") == errc::ok);
    }
    CHECK(eventually([&] { return here.peek().counts.lines == 2; }));
    CHECK(here.counter("a") == 1);
    CHECK(here.counter("b") == 2);
}

TEST_CASE("listeners: localhost is each loopback address that there is", "[server][listeners]") {
    reception here;
    here.listen("udp://localhost:0");
    const auto addresses = quipu::resolve("localhost", 0, quipu::address_use::bind);
    REQUIRE(addresses);
    CHECK(here.listeners.bound().size() == addresses->size());
}

TEST_CASE("listeners: any host takes IPv4 and, where there is some, IPv6", "[server][listeners]") {
    reception here;
    const auto bound = here.listen("tcp://*:0");
    here.start();
    auto sender = connection_to({quipu::ip_protocol::tcp, {"127.0.0.1", bound.at.port}});
    REQUIRE(sender.send("a:1|c\n") == errc::ok);
    CHECK(eventually([&] { return here.peek().counts.lines == 1; }));
}

TEST_CASE("listeners: an address that is taken is an error, what was bound stays",
          "[server][listeners]") {
    reception first;
    const auto bound = first.listen("tcp://127.0.0.1:0");
    reception second;
    second.listen("udp://127.0.0.1:0");
    CHECK(second.listeners.listen(bound) == errc::address_in_use);
    CHECK(second.listeners.bound().size() == 1);
    CHECK(second.listeners.listen({quipu::ip_protocol::udp, {"192.0.2.77", 1}}) ==
          errc::address_unavailable);
}

TEST_CASE("listeners: a stream may be cut anywhere", "[server][listeners]") {
    const std::string text = "first:1|c\nsecond:22|c\n\nthird:333|c\n";
    reception here;
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        auto sender = connection_to(at);
        REQUIRE(sender.send(text.substr(0, cut)) == errc::ok);
        arrive(sender);
        static_cast<void>(here.peek()); // a boundary, so that the piece is taken alone
        REQUIRE(sender.send(text.substr(cut)) == errc::ok);
        arrive(sender);
    }
    const auto rounds = static_cast<double>(text.size() + 1);
    REQUIRE(eventually([&] { return here.peek().counts.lines == 3 * (text.size() + 1); }));
    CHECK(here.counter("first") == rounds);
    CHECK(here.counter("second") == 22 * rounds);
    CHECK(here.counter("third") == 333 * rounds);
    CHECK(here.all.counts.refused_in_all() == 0);
}

TEST_CASE("listeners: a last line without its newline counts natively, if the end is orderly",
          "[server][listeners]") {
    reception here;
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    {
        auto sender = connection_to(at);
        REQUIRE(sender.send("a:1|c\na:20|c") == errc::ok);
    }
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.counter("a") == 21;
    }));
    CHECK(here.all.counts.refused_in_all() == 0);

    SECTION("a stream that breaks off was perhaps cut within a number") {
        auto sender = connection_to(at);
        REQUIRE(sender.send("a:300|c\na:4000|c") == errc::ok);
        REQUIRE(eventually([&] {
            static_cast<void>(here.peek());
            return here.counter("a") == 321;
        }));
        break_off(sender);
        CHECK(eventually([&] {
            static_cast<void>(here.peek());
            return here.refusals(errc::unterminated_line) == 1;
        }));
        CHECK(here.counter("a") == 321);
    }
    SECTION("as is one that is open when the server stops") {
        auto sender = connection_to(at);
        REQUIRE(sender.send("a:300|c\na:4000|c") == errc::ok);
        arrive(sender);
        here.finish();
        CHECK(here.counter("a") == 321);
        CHECK(here.refusals(errc::unterminated_line) == 1);
    }
}

TEST_CASE("listeners: etsy refuses a last line without its newline, and counts it",
          "[server][listeners]") {
    reception<profile::etsy> here;
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    {
        auto sender = connection_to(at);
        REQUIRE(sender.send("a:1|c\na:20|c") == errc::ok);
    }
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.refusals(errc::unterminated_line) == 1;
    }));
    CHECK(here.counter("a") == 1);
}

TEST_CASE("listeners: a connection that is reset harms no other", "[server][listeners]") {
    reception here;
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    auto good = connection_to(at);
    REQUIRE(good.send("a:1|c\na:1") == errc::ok);
    for (int i = 0; i < 20; ++i) {
        auto bad = connection_to(at);
        REQUIRE(bad.send("b:1|c\n") == errc::ok);
        break_off(bad);
    }
    REQUIRE(good.send("|c\na:1|c\n") == errc::ok);
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.counter("a") == 3;
    }));
}

TEST_CASE("listeners: beyond the limit connections are turned away, and places come free again",
          "[server][listeners]") {
    quipu::listener_options options;
    options.connections_max = 3;
    int log_ends[2] = {-1, -1};
    REQUIRE(::pipe2(log_ends, O_NONBLOCK) == 0);
    const quipu::descriptor log_reader(log_ends[0]);
    const quipu::descriptor log_writer(log_ends[1]);
    reception here(options, log_writer.fd());
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    std::vector<tcp_sender> open;
    for (int i = 0; i < 3; ++i) {
        open.push_back(connection_to(at));
        REQUIRE(open.back().send("a:1|c\n") == errc::ok);
    }
    REQUIRE(eventually([&] { return here.peek().counts.lines == 3; }));
    auto refused = connection_to(at); // the system accepts it before the server does
    CHECK(quipu::test::comes_ready(refused.fd()));
    char byte = 0;
    CHECK(::recv(refused.fd(), &byte, 1, 0) <= 0); // its end
    REQUIRE(open[0].send("a:1|c\n") == errc::ok);
    REQUIRE(eventually([&] { return here.peek().counts.lines == 4; }));
    char logged[256] = {};
    REQUIRE(::read(log_reader.fd(), logged, sizeof logged - 1) > 0);
    INFO(logged);
    CHECK(std::string_view(logged).ends_with(": a connection is turned away: too many are open\n"));

    open.clear();
    // The server may learn of their end after it sees the next one come.
    CHECK(eventually([&] {
        auto next = connection_to(at);
        static_cast<void>(next.send("b:1|c\n"));
        arrive(next);
        static_cast<void>(here.peek());
        return here.counter("b") > 0;
    }));
}

TEST_CASE("listeners: a line that never ends costs no memory and none of its neighbours",
          "[server][listeners]") {
    reception here;
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    auto sender = connection_to(at);
    REQUIRE(sender.send("a:1|c\n") == errc::ok);
    const std::string megabyte(std::size_t{1} << 20, 'x');
    for (int i = 0; i < 20; ++i)
        REQUIRE(sender.send(megabyte) == errc::ok);
    REQUIRE(sender.send(":1|c\na:2|c\n") == errc::ok);
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.counter("a") == 3;
    }));
    CHECK(here.refusals(errc::line_too_long) == 1);
    CHECK(here.all.counts.refused_in_all() == 1);
    CHECK(here.all.counts.bytes == 6 + 20 * megabyte.size() + 11);
}

TEST_CASE("listeners: the largest datagram is taken whole", "[server][listeners]") {
    constexpr std::size_t largest = 65'507;
    reception here;
    const auto at = here.listen("udp://127.0.0.1:0");
    here.start();
    std::string text;
    std::size_t lines = 0;
    for (; text.size() + 6 <= largest; ++lines)
        text += "a:1|c\n";
    text.append(largest - text.size(), '\n');
    REQUIRE(sender_to(at).send(text) == errc::ok);
    REQUIRE(eventually([&] { return here.peek().counts.packets == 1; }));
    CHECK(here.all.counts.bytes == largest);
    CHECK(here.counter("a") == static_cast<double>(lines));
    REQUIRE(sender_to(at).send(std::string(largest, 'x')) == errc::ok);
    REQUIRE(eventually([&] { return here.peek().counts.packets == 2; }));
    CHECK(here.all.counts.refused_in_all() == 1);
}

TEST_CASE("listeners: datagrams that the system dropped are counted", "[server][listeners]") {
    quipu::listener_options options;
    options.receive_buffer_bytes = 1; // as little as the system gives
    reception here(options);
    const auto at = here.listen("udp://127.0.0.1:0");
    constexpr int sent = 1'000;
    auto from = sender_to(at);
    for (int i = 0; i < sent; ++i)
        REQUIRE(from.send("a:1|c") == errc::ok); // nobody takes them yet
    here.start();
    here.finish();
    CHECK(here.all.counts.dropped > 0);
    CHECK(here.counter("a") > 0);
    CHECK(here.counter("a") + static_cast<double>(here.all.counts.dropped) == sent);
}

TEST_CASE("listeners: the end takes what came before it", "[server][listeners]") {
    reception here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    const auto tcp = here.listen("tcp://127.0.0.1:0");
    SECTION("datagrams, and streams that have ended") {
        auto from = sender_to(udp);
        for (int i = 0; i < 500; ++i)
            REQUIRE(from.send("a:1|c") == errc::ok);
        std::vector<tcp_sender> open;
        for (int i = 0; i < 100; ++i) { // none of them accepted so far
            auto sender = connection_to(tcp);
            REQUIRE(sender.send("b:1|c\n") == errc::ok);
            arrive(sender);
            if (i % 2 == 0)
                open.push_back(std::move(sender));
        }
        here.listeners.stop();
        here.start();
        here.finish();
        CHECK(here.counter("a") == 500);
        CHECK(here.counter("b") == 100);
    }
    SECTION("a connection that waits behind many that say nothing") {
        std::vector<tcp_sender> silent;
        for (int i = 0; i < 100; ++i)
            silent.push_back(connection_to(tcp));
        auto sender = connection_to(tcp);
        REQUIRE(sender.send("b:1|c\n") == errc::ok);
        arrive(sender);
        here.listeners.stop();
        here.start();
        here.finish();
        CHECK(here.counter("b") == 1);
    }
}

TEST_CASE("listeners: the end comes, however much is sent", "[server][listeners]") {
    reception here;
    const auto at = here.listen("udp://127.0.0.1:0");
    here.start();
    std::atomic<bool> ending{false};
    std::thread sender([&] {
        auto from = sender_to(at);
        const std::string text(1'000, '\n');
        while (!ending)
            static_cast<void>(from.send(text));
    });
    CHECK(eventually([&] { return here.peek().counts.packets > 1'000; }));
    const quipu::test::stopwatch watch;
    here.stop();
    CHECK(watch.elapsed() < std::chrono::seconds(2));
    ending = true;
    sender.join();
}

TEST_CASE("listeners: no descriptor is left open", "[server][listeners]") {
    const auto before = quipu::test::open_descriptors();
    {
        reception here;
        here.listen("udp://localhost:0");
        const auto at = here.listen("tcp://localhost:0");
        here.start();
        for (int i = 0; i < 50; ++i) {
            auto sender = connection_to(at);
            REQUIRE(sender.send("a:1|c\n") == errc::ok);
        }
        REQUIRE(eventually([&] { return here.peek().counts.lines == 50; }));
    }
    CHECK(quipu::test::open_descriptors() == before);
}

namespace {

std::string record(quipu::metric_kind kind, std::string_view name, double value) {
    quipu::sample one;
    one.series.kind = kind;
    one.series.name = name;
    one.value = value;
    one.member = "ann";
    quipu::basic_line_buffer<256> bytes;
    REQUIRE(quipu::format_binary(one, bytes) == errc::ok);
    return std::string(bytes.view());
}

} // namespace

TEST_CASE("listeners: binary records come by datagrams and streams where the profile takes them",
          "[server][listeners]") {
    reception<profile::statsite> here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    const auto tcp = here.listen("tcp://127.0.0.1:0");
    here.start();
    const auto counter = record(quipu::metric_kind::counter, "hits", 2);
    const auto set = record(quipu::metric_kind::unique, "users", 0);
    const auto datagram = counter + '\n' + set + counter + "hits:1|c\nlast:1|c\n";
    auto sender = sender_to(udp);
    REQUIRE(sender.send(datagram) == errc::ok);
    {
        // Cut within a record, and lines between.
        const auto text = "hits:10|c\n" + counter + "hits:100|c\n" + set + counter;
        auto stream = connection_to(tcp);
        REQUIRE(stream.send(text.substr(0, 17)) == errc::ok);
        arrive(stream);
        REQUIRE(stream.send(text.substr(17)) == errc::ok);
        arrive(stream);
    }
    here.finish();
    CHECK(here.counter("hits") == 2 + 2 + 1 + 10 + 2 + 100 + 2);
    CHECK(here.counter("last") == 1);
    CHECK(here.all.store.unique("users").estimate() == 1);
    CHECK(here.all.counts.refused_in_all() == 0);
    CHECK(here.all.counts.lines == 5 + 5);
}

TEST_CASE("listeners: a broken record ends a stream, and a datagram", "[server][listeners]") {
    reception<profile::statsite> here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    const auto tcp = here.listen("tcp://127.0.0.1:0");
    here.start();
    const auto counter = record(quipu::metric_kind::counter, "hits", 2);
    std::string broken = counter;
    broken.back() = 'x'; // its name has no end
    auto sender = sender_to(udp);
    REQUIRE(sender.send(counter + broken + counter) == errc::ok);
    REQUIRE(sender.send(counter.substr(0, 7)) == errc::ok);
    REQUIRE(sender.send(counter) == errc::ok);
    auto stream = connection_to(tcp);
    REQUIRE(stream.send(counter + broken + counter) == errc::ok);
    CHECK(quipu::test::comes_ready(stream.fd())); // closed by the other end
    auto unfinished = connection_to(tcp);
    REQUIRE(unfinished.send(counter + counter.substr(0, 7)) == errc::ok);
    arrive(unfinished);
    unfinished.close();
    here.finish();
    CHECK(here.counter("hits") == 2 + 2 + 2 + 2);
    CHECK(here.refusals(errc::bad_terminator) == 2);
    CHECK(here.refusals(errc::bad_length) == 1);
    CHECK(here.refusals(errc::unterminated_line) == 1);
}

TEST_CASE("listeners: a record that is whole and cannot be is refused alone",
          "[server][listeners]") {
    reception<profile::statsite> here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    here.start();
    const auto counter = record(quipu::metric_kind::counter, "hits", 2);
    std::string infinite = counter;
    infinite.replace(4, 8, std::string_view("\0\0\0\0\0\0\xf0\x7f", 8));
    auto sender = sender_to(udp);
    REQUIRE(sender.send(infinite + counter) == errc::ok);
    here.finish();
    CHECK(here.counter("hits") == 2);
    CHECK(here.all.counts.refused_in_all() == 1);
    CHECK(here.all.counts.lines == 2);
}

TEST_CASE("listeners: where the profile takes no records they are lines that are none",
          "[server][listeners]") {
    reception<> here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    here.start();
    auto sender = sender_to(udp);
    REQUIRE(sender.send(record(quipu::metric_kind::counter, "hits", 2)) == errc::ok);
    here.finish();
    CHECK(here.counter("hits") == 0);
    CHECK(here.all.counts.refused_in_all() == 1);
}

TEST_CASE("listeners: Unix paths feed it, and standard input", "[server][listeners]") {
    const auto path =
        (std::filesystem::temp_directory_path() / ("quipu_listeners_" + std::to_string(::getpid())))
            .string();
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    bool ended = false;
    reception<> here;
    REQUIRE(here.listeners.listen_unix(path, quipu::unix_kind::datagrams) == errc::ok);
    REQUIRE(here.listeners.listen_unix(path + "s", quipu::unix_kind::streams, 0600) == errc::ok);
    REQUIRE(here.listeners.listen_file(pipe[0], [&] { ended = true; }) == errc::ok);
    CHECK(here.listeners.bound() ==
          std::vector<std::string>{"unixgram://" + path, "unix://" + path + "s", "stdin:"});
    CHECK(here.listeners.listen_unix(path, quipu::unix_kind::datagrams) == errc::address_in_use);
    here.start();
    quipu::unix_datagram_sender sender(path);
    CHECK(sender.send("hits:1|c") == errc::ok);
    const quipu::descriptor client{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    (path + "s").copy(to.sun_path, sizeof to.sun_path - 1);
    REQUIRE(::connect(client.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
    REQUIRE(::send(client.fd(), "hits:2|c\n", 9, MSG_NOSIGNAL) == 9);
    REQUIRE(::write(pipe[1], "hits:4|c\nhits:8|c", 17) == 17);
    ::close(pipe[1]);
    CHECK(eventually([&] {
        here.peek();
        return here.counter("hits") == 15;
    }));
    here.finish();
    CHECK_FALSE(ended); // others listen
    ::close(pipe[0]);
}

TEST_CASE("listeners: the end of a file that alone is read is told", "[server][listeners]") {
    const auto path = std::filesystem::temp_directory_path() /
                      ("quipu_listeners_file_" + std::to_string(::getpid()));
    std::string text;
    for (int i = 0; i < 20'000; ++i)
        text += "hits:1|c\n";
    std::ofstream(path, std::ios::binary) << text;
    const quipu::descriptor file{::open(path.c_str(), O_RDONLY)};
    std::atomic<bool> ended = false;
    reception<> here;
    REQUIRE(here.listeners.listen_file(file.fd(), [&] { ended = true; }) == errc::ok);
    here.start();
    CHECK(eventually([&] { return ended.load(); }));
    here.finish();
    CHECK(here.counter("hits") == 20'000);
    std::filesystem::remove(path);
}

TEST_CASE("listeners: a file that waits keeps nobody waiting", "[server][listeners]") {
    // As many bytes as are read at once: whether more come nobody can know without waiting.
    constexpr std::size_t piece = std::size_t{256} << 10;
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    if (::fcntl(pipe[1], F_SETPIPE_SZ, static_cast<int>(2 * piece)) < 0)
        FAIL("a pipe that holds so much");
    std::string text;
    while (text.size() + 9 <= piece)
        text += "hits:1|c\n";
    const auto lines = static_cast<double>(text.size() / 9);
    text.insert(0, piece - text.size(), '\n'); // empty lines
    REQUIRE(::write(pipe[1], text.data(), text.size()) == static_cast<ssize_t>(piece));
    reception<> here;
    REQUIRE(here.listeners.listen_file(pipe[0], [] {}) == errc::ok);
    here.start();
    std::atomic<bool> answered = false;
    std::thread asks([&] {
        while (here.counter("hits") != lines)
            here.peek();
        here.peek(); // waits for the thread that receives
        answered = true;
    });
    CHECK(eventually([&] { return answered.load(); }));
    ::close(pipe[1]);
    asks.join();
    here.finish();
    ::close(pipe[0]);
}

TEST_CASE("listeners: each way in has counts of its own", "[server][listeners]") {
    reception here;
    const auto udp = here.listen("udp://127.0.0.1:0");
    const auto tcp = here.listen("tcp://127.0.0.1:0");
    here.start();
    auto datagrams = sender_to(udp);
    for (int i = 0; i < 3; ++i)
        REQUIRE(datagrams.send("a:1|c") == errc::ok);
    const auto ways = [&] { return here.listeners.ways_in(); };
    REQUIRE(ways().size() == 2);
    CHECK(ways()[0].at == here.listeners.bound()[0]);
    CHECK(ways()[1].at == here.listeners.bound()[1]);
    CHECK(eventually([&] { return ways()[0].packets == 3; }));
    {
        auto stream = connection_to(tcp);
        REQUIRE(stream.send("a:1|c\n") == errc::ok);
        CHECK(eventually([&] { return ways()[1].packets == 1 && ways()[1].connections == 1; }));
    }
    CHECK(eventually([&] { return ways()[1].connections == 0; }));
    CHECK(ways()[0].dropped == 0);
    CHECK(eventually([&] { return here.listeners.take_longest_gap().count() > 0; }));
    here.finish();
    CHECK(ways().size() == 2); // connections are no ways of their own
}

TEST_CASE("listeners: at the limit the connection that is silent for longest makes room",
          "[server][listeners]") {
    quipu::listener_options options;
    options.connections_max = 2;
    options.idle_ms = 1;
    reception here(options);
    const auto at = here.listen("tcp://127.0.0.1:0");
    here.start();
    auto first = connection_to(at);
    REQUIRE(first.send("a:1|c\nhalf") == errc::ok);
    REQUIRE(eventually([&] { return here.peek().counts.lines == 1; }));
    auto second = connection_to(at);
    REQUIRE(second.send("b:1|c\n") == errc::ok);
    REQUIRE(eventually([&] { return here.peek().counts.lines == 2; }));
    auto third = connection_to(at);
    REQUIRE(third.send("c:1|c\n") == errc::ok);
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.counter("c") == 1;
    }));
    CHECK(quipu::test::comes_ready(first.fd())); // its end
    CHECK(here.refusals(errc::unterminated_line) == 1);
    REQUIRE(second.send("b:1|c\n") == errc::ok);
    CHECK(eventually([&] {
        static_cast<void>(here.peek());
        return here.counter("b") == 2;
    }));
}
