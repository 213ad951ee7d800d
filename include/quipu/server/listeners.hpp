// The ways in of one receiving thread: sockets, a pipe, and what comes through them.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/event_loop.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/inherited.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/net/unix_listener.hpp>
#include <quipu/net/waker.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/reception.hpp>
#include <quipu/server/repeater.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace quipu {

/// What came in by one way.
struct way_in_counts {
    std::string at{};              ///< as in `bound()`
    std::uint64_t packets = 0;     ///< datagrams, or pieces of streams
    std::uint64_t lines = 0;       ///< that were in those
    std::uint64_t dropped = 0;     ///< datagrams that the system's buffer had no room for
    std::uint64_t oversized = 0;   ///< datagrams that were too long
    std::uint64_t connections = 0; ///< that are open
    std::uint64_t turned_away = 0; ///< connections, since too many were open
    std::uint64_t lost_lines = 0;  ///< in datagrams that were lost; estimated by recent_window

    /// Adds the counts of another thread.
    void merge(const way_in_counts& other) noexcept {
        packets += other.packets;
        lines += other.lines;
        dropped += other.dropped;
        oversized += other.oversized;
        connections += other.connections;
        turned_away += other.turned_away;
    }
};

namespace detail {

/// The same, counted by the receiving thread for whoever reads it.
struct live_way_in_counts {
    std::string at{};
    std::atomic<std::uint64_t> packets{0};
    std::atomic<std::uint64_t> lines{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> oversized{0};
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> turned_away{0};

    [[nodiscard]] way_in_counts now() const {
        return {at,
                packets.load(std::memory_order_relaxed),
                lines.load(std::memory_order_relaxed),
                dropped.load(std::memory_order_relaxed),
                oversized.load(std::memory_order_relaxed),
                connections.load(std::memory_order_relaxed),
                turned_away.load(std::memory_order_relaxed),
                0};
    }
};

} // namespace detail

/// Whether a port is that of one socket, or shared by several threads; the first of those has made
/// sure that nobody else has it.
enum class port_use : std::uint8_t { alone, shared_first, shared_next };

/// The bounds of what listens.
struct listener_options {
    /// The system's buffer for datagrams that wait to be taken; it may grant less. 0: its default.
    std::size_t receive_buffer_bytes = std::size_t{4} << 20;
    /// Open connections; beyond it new ones are turned away.
    std::size_t connections_max = 1024;
    /// At that bound the connection that has been silent for longest makes room for a new one, if that
    /// is so long. 0: none does, and new ones are turned away.
    std::int64_t idle_ms = 60'000;
};

/// Sockets that feed one intake.
///
/// Threads  `listen` and its kin before the thread that calls `run` starts; `stop` from any thread, or
///          from a signal handler.
template <class Profile>
class basic_listeners {
public:
    /// Errors   of `ready`: too_many_descriptors.
    basic_listeners(basic_intake<Profile>& intake,
                    const log& messages,
                    listener_options options = {})
        : intake_(intake), reception_(intake, messages), options_(options),
          loop_(event_loop::open()), waker_(waker::open()) {
        if (loop_ && waker_)
            ready_ = loop_->add(waker_->fd(), waker_token);
    }

    /// Whether the system gave what is needed before anything can listen.
    [[nodiscard]] errc ready() const noexcept {
        if (!loop_)
            return loop_.error();
        return waker_ ? ready_ : waker_.error();
    }

    /// What comes goes to these too; see basic_reception. Before `run`.
    void repeat_to(repeater_list& list) noexcept { reception_.repeat_to(list); }

    /// Each line is logged before it is taken. Before `run`.
    void log_lines() noexcept { reception_.log_lines(); }

    // What each of the following has bound is added to `bound()`.

    /// Binds every address that the host of `at` has here.
    /// Errors   those of resolve and of binding; what was bound before the error stays.
    [[nodiscard]] errc listen(const endpoint& at) {
        const auto addresses = resolve(at.at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            if (const auto bound = listen(one, at.protocol); !bound)
                return bound.error();
        }
        return errc::ok;
    }

    /// Binds one address; returns it with the port that the system chose.
    /// `dual_stack`: `[::]` takes IPv4 as well.
    [[nodiscard]] result<address> listen(const address& at,
                                         ip_protocol protocol,
                                         port_use use = port_use::alone,
                                         bool dual_stack = true) {
        if (protocol == ip_protocol::udp) {
            udp_receiver_options options;
            options.dual_stack = dual_stack;
            options.receive_buffer_bytes = options_.receive_buffer_bytes;
            options.reuse_port = use == port_use::shared_next;
            return add(udp_receiver::bind(at, options), "udp://", use);
        }
        tcp_listener_options options;
        options.dual_stack = dual_stack;
        options.reuse_port = use == port_use::shared_next;
        return add(tcp_listener::listen(at, options), "tcp://", use);
    }

    /// Binds a path of this machine, which goes away with this object.
    /// Errors   those of unix_listener.
    [[nodiscard]] errc listen_unix(const std::string& path,
                                   unix_kind kind,
                                   std::optional<unsigned> mode = std::nullopt) {
        auto opened = unix_listener::bind(path, kind, mode);
        if (!opened)
            return opened.error();
        const bool datagrams = kind == unix_kind::datagrams;
        const errc error = take_over(opened->release(), datagrams);
        if (error != errc::ok)
            return error;
        paths_.push_back(*std::move(opened));
        name((datagrams ? "unixgram://" : "unix://") + path);
        return errc::ok;
    }

    /// Takes over the sockets that this program was started with; see take_inherited_sockets.
    /// Errors   address_unavailable: there is none.
    [[nodiscard]] errc listen_inherited() {
        auto taken = take_inherited_sockets();
        for (auto& one : taken) {
            const auto local = one.bound.local_address();
            const std::string at = local ? to_string(*local) : "a path";
            if (const errc error = take_over(std::move(one.bound), one.datagrams);
                error != errc::ok)
                return error;
            name("inherited " + at);
        }
        return taken.empty() ? errc::address_unavailable : errc::ok;
    }

    /// Reads a descriptor that stays the caller's, standard input as a rule, up to its end; then
    /// `at_end` is called on the thread of `run`, if nothing else listens.
    /// Errors   those of event_loop.
    [[nodiscard]] errc listen_file(int fd, std::function<void()> at_end) {
        at_end_ = std::move(at_end);
        const auto at = place(stream<file_reader>{file_reader(fd), reception_.open_stream()});
        const errc error = loop_->add(fd, at);
        if (error == errc::unsupported) {
            always_ready_ = at; // a file has all that it will have
        } else if (error != errc::ok) {
            sources_[at] = std::monostate{};
            ways_.pop_back();
            return error;
        }
        name("stdin:");
        return errc::ok;
    }

    /// What is bound, as `udp://127.0.0.1:8125`, with the ports that the system chose.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

    /// The same with counts, as of now. Any thread may ask once `run` has begun.
    [[nodiscard]] std::vector<way_in_counts> ways_in() const {
        std::vector<way_in_counts> all;
        for (const auto& one : ways_)
            all.push_back(one.now());
        return all;
    }

    /// Numbers what comes, a batch at a time, since other threads, which count with the same
    /// counter, take some of the same series. Before `run`.
    void keep_order(std::atomic<std::uint32_t>& counter) noexcept { order_ = &counter; }

    /// The longest time since the last call during which the sockets waited for this thread: what
    /// came meanwhile had to find room in the system's buffers. From one other thread.
    [[nodiscard]] std::chrono::nanoseconds take_longest_gap() noexcept {
        return std::chrono::nanoseconds(longest_gap_.exchange(0, std::memory_order_relaxed));
    }

    /// Receives until `stop`, then takes what has come by then, and returns.
    void run() {
        while (!stopping_)
            wait(-1);
        // What the senders got rid of before the end is not lost: datagrams and bytes that wait.
        const deadline enough(drain_ms_max); // for who never ends to send
        while (wait(0) > 0 && enough.remaining_ms() > 0) {
        }
        end_streams();
        count_dropped();
    }

    /// Brings `run` to its end.
    void stop() noexcept {
        stop_asked_.store(true, std::memory_order_release);
        wake();
    }

    /// Brings `run` to its next boundary, where the shard of the intake may be handed over.
    void wake() noexcept {
        if (waker_)
            waker_->wake();
    }

private:
    using way_in = detail::live_way_in_counts;

    template <class From>
    struct stream {
        From from;
        typename basic_reception<Profile>::stream_type lines;
        std::int64_t heard_ms = 0; ///< when something last came; of a clock that nobody sets
        [[nodiscard]] int fd() const noexcept { return from.fd(); }
    };
    using source = std::variant<std::monostate,
                                udp_receiver,
                                tcp_listener,
                                stream<tcp_connection>,
                                stream<file_reader>>;

    static constexpr std::uint64_t waker_token = ~std::uint64_t{0};
    /// So much is taken from one socket before the others have their turn.
    static constexpr int turns_max = 16;
    static constexpr int pieces_max = 2; // of a connection: as large as these
    static constexpr std::size_t piece_bytes_max = std::size_t{256} * 1024;
    static constexpr int drain_ms_max = 250;

    /// Names the way in that was placed last.
    void name(std::string at) {
        ways_.back().at = at;
        bound_.push_back(std::move(at));
    }

    template <class Opened>
    [[nodiscard]] result<address> add(result<Opened> opened, const char* scheme, port_use use) {
        if (!opened)
            return opened.error();
        const auto local = opened->local_address();
        if (!local)
            return local.error();
        errc error = use == port_use::shared_first ? opened->share_port() : errc::ok;
        if (error == errc::ok)
            error = add(*std::move(opened));
        if (error != errc::ok)
            return error;
        name(scheme + to_string(*local));
        return *local;
    }

    template <class Opened>
    [[nodiscard]] errc add(Opened opened, way_in* way = nullptr) {
        const int fd = opened.fd();
        const auto at = place(std::move(opened), way);
        const errc error = loop_->add(fd, at);
        if (error != errc::ok) {
            sources_[at] = std::monostate{};
            if (way == nullptr)
                ways_.pop_back();
        }
        return error;
    }

    [[nodiscard]] errc take_over(socket bound, bool datagrams) {
        if (datagrams)
            return add(udp_receiver::take_over(std::move(bound)));
        auto listens = tcp_listener::take_over(std::move(bound));
        return listens ? add(*std::move(listens)) : listens.error();
    }

    /// Puts a source into a free place and returns its token.
    /// `way`: that of its listener; null: it is a new one.
    [[nodiscard]] std::uint64_t place(source&& opened, way_in* way = nullptr) {
        if (way == nullptr)
            way = &ways_.emplace_back();
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            if (!std::holds_alternative<std::monostate>(sources_[i]))
                continue;
            sources_[i] = std::move(opened);
            way_of_[i] = way;
            return i;
        }
        sources_.push_back(std::move(opened));
        way_of_.push_back(way);
        return sources_.size() - 1;
    }

    /// Waits for readiness and takes what is there. Returns how much: datagrams, pieces of streams,
    /// and connections that began or ended.
    std::size_t wait(int timeout_ms) {
        taken_ = 0;
        note_gap();
        const auto ready = loop_->wait(always_ready_ ? 0 : timeout_ms, [&](std::uint64_t token) {
            if (taken_ == 0 && !busy_since_)
                busy_since_ = std::chrono::steady_clock::now();
            take(token);
        });
        if (!ready)
            reception_.log_limited("cannot wait for input", ready.error());
        if (always_ready_)
            take(*always_ready_);
        if (taken_ > 0)
            intake_.note_seen(std::time(nullptr));
        pass_boundary();
        return taken_;
    }

    void note_gap() noexcept {
        if (!busy_since_)
            return;
        const auto gap = std::chrono::duration_cast<std::chrono::nanoseconds>(
                             std::chrono::steady_clock::now() - *busy_since_)
                             .count();
        busy_since_.reset();
        if (gap > longest_gap_.load(std::memory_order_relaxed))
            longest_gap_.store(gap, std::memory_order_relaxed);
    }

    void take(std::uint64_t token) {
        if (token == waker_token) {
            waker_->clear();
            stopping_ = stop_asked_.load(std::memory_order_acquire);
            return;
        }
        source& from = sources_[token];
        if (auto* const datagrams = std::get_if<udp_receiver>(&from))
            take_datagrams(*datagrams, *way_of_[token]);
        else if (std::holds_alternative<tcp_listener>(from))
            take_connections(token);
        else if (std::holds_alternative<stream<tcp_connection>>(from))
            take_pieces<tcp_connection>(token);
        else if (std::holds_alternative<stream<file_reader>>(from))
            take_pieces<file_reader>(token);
    }

    /// This thread alone writes.
    static void count(std::atomic<std::uint64_t>& into, std::uint64_t more) noexcept {
        into.store(into.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
    }

    /// Half of what 32 bits count is more batches than come in an interval.
    void note_order() noexcept {
        if (order_ != nullptr)
            intake_.came_at(order_->fetch_add(1, std::memory_order_relaxed));
    }

    void take_datagrams(udp_receiver& from, way_in& way) {
        for (int turn = 0; turn < turns_max; ++turn) {
            note_order();
            const auto lines = intake_.lines();
            const auto count =
                from.receive([&](std::string_view text) { reception_.receive_datagram(text); });
            if (!count)
                return reception_.log_limited("cannot receive", count.error());
            if (*count == 0)
                return;
            taken_ += *count;
            basic_listeners::count(way.packets, *count);
            basic_listeners::count(way.lines, intake_.lines() - lines);
            pass_boundary();
        }
    }

    void take_connections(std::uint64_t token) {
        auto* const way = way_of_[token];
        const auto turn_away = [&](errc why) {
            count(way->turned_away, 1);
            reception_.log_limited("a connection is turned away", why);
        };
        for (int turn = 0; turn < turns_max; ++turn) {
            auto accepted = std::get<tcp_listener>(sources_[token]).accept();
            if (!accepted) {
                if (accepted.error() != errc::would_block)
                    turn_away(accepted.error());
                return;
            }
            if (connections_ == options_.connections_max && !make_room()) {
                count(way->turned_away, 1);
                reception_.log_limited("a connection is turned away: too many are open");
                continue;
            }
            ++taken_;
            const errc error = add(
                stream<tcp_connection>{*std::move(accepted), reception_.open_stream(), steady_ms()},
                way);
            if (error != errc::ok)
                return turn_away(error);
            ++connections_;
            count(way->connections, 1);
        }
    }

    [[nodiscard]] static std::int64_t steady_ms() noexcept {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }

    /// Ends the connection that has been silent for longest, if that is long enough.
    [[nodiscard]] bool make_room() {
        std::uint64_t silent = sources_.size();
        std::int64_t heard_ms = steady_ms() - options_.idle_ms;
        for (std::uint64_t token = 0; token < sources_.size() && options_.idle_ms > 0; ++token) {
            const auto* const open = std::get_if<stream<tcp_connection>>(&sources_[token]);
            if (open == nullptr || open->heard_ms > heard_ms)
                continue;
            silent = token;
            heard_ms = open->heard_ms;
        }
        if (silent == sources_.size())
            return false;
        count(way_of_[silent]->turned_away, 1);
        reception_.log_limited(
            "too many connections: the one that was silent for longest is ended");
        reception_.end_stream(std::get<stream<tcp_connection>>(sources_[silent]).lines, false);
        close<tcp_connection>(silent);
        return true;
    }

    template <class From>
    void take_pieces(std::uint64_t token) {
        auto& open = std::get<stream<From>>(sources_[token]);
        open.heard_ms = steady_ms();
        const std::span<char> room(room_.get(), room_bytes);
        // A file may be one that waits.
        const int turns = std::is_same_v<From, file_reader> ? 1 : pieces_max;
        bool more = true;
        for (int turn = 0; turn < turns && more; ++turn) {
            note_order();
            const auto lines = intake_.lines();
            errc broken = errc::ok;
            const auto count = open.from.receive(room, [&](std::string_view bytes) {
                more = bytes.size() == piece_bytes_max;
                broken = reception_.receive_piece(open.lines, bytes);
            });
            if (!count || open.from.closed() || broken != errc::ok) {
                if (broken == errc::ok)
                    reception_.end_stream(open.lines, count.error() == errc::ok);
                basic_listeners::count(way_of_[token]->lines, intake_.lines() - lines);
                ++taken_;
                return close<From>(token);
            }
            if (*count == 0)
                return;
            ++taken_;
            basic_listeners::count(way_of_[token]->packets, 1);
            basic_listeners::count(way_of_[token]->lines, intake_.lines() - lines);
            pass_boundary();
        }
    }

    template <class From>
    void close(std::uint64_t token) {
        loop_->remove(std::get<stream<From>>(sources_[token]).fd());
        sources_[token] = std::monostate{};
        if constexpr (std::is_same_v<From, tcp_connection>) {
            --connections_;
            way_of_[token]->connections.fetch_sub(1, std::memory_order_relaxed);
        } else {
            always_ready_.reset();
            if (bound_.size() == 1 && at_end_)
                at_end_();
        }
    }

    void end_streams() {
        for (auto& one : sources_) {
            if (auto* const open = std::get_if<stream<tcp_connection>>(&one))
                reception_.end_stream(open->lines, false);
            else if (auto* const file = std::get_if<stream<file_reader>>(&one))
                reception_.end_stream(file->lines, false);
        }
    }

    void pass_boundary() {
        if (!intake_.shard().asked())
            return;
        count_dropped();
        intake_.pass_boundary();
    }

    /// Counts the datagrams that were lost before they could be taken.
    void count_dropped() {
        std::uint64_t lost = 0;
        for (std::size_t i = 0; i < sources_.size(); ++i) {
            auto* const datagrams = std::get_if<udp_receiver>(&sources_[i]);
            if (datagrams == nullptr)
                continue;
            const auto dropped = datagrams->dropped().value_or(0);
            way_of_[i]->dropped.store(dropped, std::memory_order_relaxed);
            way_of_[i]->oversized.store(datagrams->oversized(), std::memory_order_relaxed);
            lost += datagrams->oversized() + dropped;
        }
        intake_.count_dropped(lost - std::exchange(lost_, lost));
    }

    basic_intake<Profile>& intake_;
    basic_reception<Profile> reception_;
    listener_options options_;
    result<event_loop> loop_;
    result<waker> waker_;
    errc ready_ = errc::ok;
    std::atomic<bool> stop_asked_{false};
    bool stopping_ = false;
    std::vector<source> sources_{};
    std::vector<way_in*> way_of_{}; // of each source
    std::deque<way_in> ways_{};
    std::atomic<std::uint32_t>* order_ = nullptr; // if several threads receive
    std::optional<std::chrono::steady_clock::time_point> busy_since_{};
    std::atomic<std::int64_t> longest_gap_{0}; // in nanoseconds
    std::vector<unix_listener> paths_{};
    std::vector<std::string> bound_{};
    // For the pieces of streams; only what they fill becomes real memory.
    static constexpr std::size_t room_bytes = piece_bytes_max + read_padding_bytes;
    std::unique_ptr<char[]> room_ = std::make_unique_for_overwrite<char[]>(room_bytes);
    std::optional<std::uint64_t> always_ready_{};
    std::function<void()> at_end_{};
    std::size_t connections_ = 0;
    std::size_t taken_ = 0;
    std::uint64_t lost_ = 0;
};

} // namespace quipu
