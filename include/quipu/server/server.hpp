// A whole server: sockets, the flush clock, the pipeline and the sinks, each at its place.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/server/admin.hpp>
#include <quipu/server/conversations.hpp>
#include <quipu/server/flush_clock.hpp>
#include <quipu/server/flush_stamps.hpp>
#include <quipu/server/http.hpp>
#include <quipu/server/key_reporter.hpp>
#include <quipu/server/live_routes.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/losses.hpp>
#include <quipu/server/name_mapping.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/server/receivers.hpp>
#include <quipu/server/recent_window.hpp>
#include <quipu/server/repeater.hpp>
#include <quipu/server/self_series.hpp>
#include <quipu/server/series_board.hpp>
#include <quipu/server/server_status.hpp>
#include <quipu/server/sink_worker.hpp>
#include <quipu/server/snapshot_spool.hpp>
#include <quipu/server/spool.hpp>
#include <quipu/server/state_folder.hpp>
#include <quipu/sink/prometheus.hpp>
#include <quipu/snapshot/codec.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What a server can be told.
struct server_options {
    flush_schedule schedule{};
    listener_options listeners{};
    /// Each line is logged before it is taken: a help for who looks for an error, and slow.
    bool log_lines = false;
    /// Threads that receive, each with a store of its own.
    std::size_t threads = 1;
    sink_worker_options sinks{};
    /// The node of the server's own counters, if the profile has them.
    std::string own_prefix = "statsd";
    /// What becomes of series by their names; rules without a fault.
    mapping_rules mapping{};
    /// The node of the server's numbers as series like all others: `quipud.lines`; empty: they are on
    /// the pages alone.
    std::string self_prefix{};
    /// A counter of that name counts the lines that are taken; empty: none.
    std::string input_counter{};
    /// The seed of the tables' hash; choose it at random.
    std::uint64_t hash_seed = 0;
    /// What the admin command `config` tells: lines `key: value`.
    std::string config{};
    /// Timers on the page of Prometheus.
    prometheus_options metrics{};
    /// Names of this machine under which browsers may ask, beside its own; see own_hosts.
    std::vector<std::string> admin_hosts{};
    /// They become native histograms once a scraper asks for protocol buffers.
    bool native_metrics = true;
    /// When sinks that fail make `/healthz` answer 503.
    health_rule down_if = health_rule::all_sinks;
    /// End with the first flush.
    bool once = false;
    /// How long the sinks may take for what is left at the end.
    std::chrono::milliseconds patience{1500};
    /// The same if nobody has asked for the end: after the one flush of `once`, or the end of the input.
    std::chrono::milliseconds patience_at_leisure{35'000};
};

/// Receives, aggregates, flushes. Bind with `listen`, add sinks, and `run`.
///
/// Threads  one thread calls everything but `stop`, which any thread or signal handler may call.
///          `run` adds the threads for the input and one for each sink, and ends them.
template <server_profile Profile = profile::quipu>
class basic_server {
public:
    using snapshot_type = basic_snapshot<typename Profile::store_traits>;
    using spool_type = snapshot_spool<typename Profile::store_traits>;
    using write_function = std::function<errc(const snapshot_type&)>;

    using retentions = basic_retentions<typename Profile::store_traits>;

    explicit basic_server(const log& messages, server_options options = {}, retentions keep = {})
        : options_(std::move(options)), log_(messages),
          receivers_(log_, options_.threads, options_.hash_seed, options_.listeners),
          pipeline_(options_.hash_seed, options_.own_prefix, keep), loop_(event_loop::open()),
          waker_(waker::open()), metrics_(own_names_reserved(options_.metrics)) {
        pipeline_.count_lines_as(options_.input_counter);
        if (options_.log_lines)
            receivers_.log_lines();
        if (!options_.mapping.empty())
            receivers_.map_names(std::make_shared<const mapping_rules>(options_.mapping));
    }

    /// Whether the system gave what is needed before anything can listen.
    /// Errors   too_many_descriptors, system_failure.
    [[nodiscard]] errc ready() {
        if (!loop_)
            return loop_.error();
        if (!waker_)
            return waker_.error();
        const errc error = loop_->add(waker_->fd(), waker_token);
        return error == errc::ok ? receivers_.ready() : error;
    }

    /// Binds every address that the host of `at` has here.
    /// Errors   address_in_use, permission_denied, name_unresolved, and the like.
    [[nodiscard]] errc listen(const endpoint& at) { return receivers_.listen(at); }

    /// Binds a path of this machine; see basic_listeners.
    /// Errors   those of unix_listener.
    [[nodiscard]] errc listen_unix(const std::string& path,
                                   unix_kind kind,
                                   std::optional<unsigned> mode = std::nullopt) {
        return receivers_.listen_unix(path, kind, mode);
    }

    /// Takes over the sockets that this program was started with, as by systemd.
    /// Errors   address_unavailable: there is none.
    [[nodiscard]] errc listen_inherited() { return receivers_.listen_inherited(); }

    /// Reads a descriptor, standard input as a rule. If nothing else listens, its end is that of
    /// `run`, unless the server is to go on.
    /// Errors   those of event_loop.
    [[nodiscard]] errc listen_file(int fd = 0, bool goes_on = false) {
        if (goes_on)
            return receivers_.listen_file(fd, {});
        return receivers_.listen_file(fd, [this] {
            input_ended_.store(true, std::memory_order_release);
            stop();
        });
    }

    /// The addresses that are bound, as `udp://127.0.0.1:8125`, with the ports that the system
    /// chose.
    [[nodiscard]] const std::vector<std::string>& bound() const noexcept {
        return receivers_.bound();
    }

    /// Answers the commands of `admin_commands`, and HTTP as `live_routes` says, at every address
    /// that the host has here.
    /// Errors   as `listen`.
    [[nodiscard]] errc listen_admin(const host_port& at) {
        const errc error =
            converse(at,
                     http_service(live_routes<basic_server>(*this, own_hosts(options_.admin_hosts)),
                                  admin_commands<basic_server>(*this)));
        is_watched_ = is_watched_ || error == errc::ok;
        return error;
    }

    /// Says `YES` to whoever connects, for monitors that ask whether the server lives, as the Python
    /// statsite does.
    /// Errors   as `listen`.
    [[nodiscard]] errc listen_aliveness(const host_port& at) {
        return converse(at, [](conversation& with) {
            with.output = "YES";
            with.ends = true;
        });
    }

    /// The addresses of the latter two, in the order in which they were bound.
    [[nodiscard]] std::vector<address> admin_addresses() const {
        return conversations_.local_addresses();
    }

    /// Adds a sink; `write` is called on a thread of its own. `name` is for the log.
    void add_sink(std::string name, write_function write) {
        add_sink(std::move(name), std::move(write), options_.sinks);
    }
    void add_sink(std::string name, write_function write, const sink_worker_options& bounds) {
        auto waits = open_spool(name, bounds);
        sinks_.push_back(std::make_unique<worker_type>(
            std::move(name), std::move(write), log_, bounds, std::move(waits)));
    }

    /// Keeps in a folder what outlives this run: gauges, which begin with the values that an earlier
    /// run left there, and, for each sink that is added from now on and that tries again, the flushes
    /// that wait while its backend is down. What cannot be read or kept is logged.
    void keep_state(state_folder folder, const spool_options& of_each_sink = {}) {
        const auto path = folder.gauges();
        const auto kept = read_checkpoint<typename Profile::store_traits>(path);
        if (kept) {
            if (const auto refused = restore(*kept, pipeline_.store()); refused > 0)
                log_.error(path + ": found no room for " + std::to_string(refused) + " gauges");
        } else if (kept.error() != errc::no_such_file) {
            // It would be overwritten at the next flush, even if it may be read another time.
            const auto aside = path + ".unreadable";
            static_cast<void>(std::rename(path.c_str(), aside.c_str()));
            log_.error(aside + ": the gauges of the last run are not taken over: " +
                       std::string(message(kept.error())));
        }
        sink_worker_options bounds;
        bounds.tries_again = false; // the next flush knows better
        add_sink(
            "state:" + path,
            [path](const snapshot_type& from) { return write_checkpoint(path, from); },
            bounds);
        state_sink_ = sinks_.back().get();
        state_.emplace(std::move(folder));
        spools_ = of_each_sink;
    }

    /// Counts the keys of what comes, and tells them each `interval_ms` and at the end; `write` is
    /// called on a thread of its own. Without a call nothing is counted. Before `run`.
    void report_keys(std::int64_t interval_ms,
                     typename key_reporter::worker_type::write_function write) {
        receivers_.count_keys();
        keys_.emplace(interval_ms, std::move(write), log_);
    }

    /// Passes all that is received on to another server, as it came; see repeater. Before `run`.
    void add_repeater(repeat_target target, repeater_options bounds = {}) {
        repeaters_.add(std::move(target), bounds);
        receivers_.repeat_to(repeaters_);
    }

    /// Serves until `stop`; then flushes what has come by then, and returns within the patience of
    /// the options and a moment.
    void run() {
        start_ = std::time(nullptr);
        if (state_) {
            for (const auto& one : state_->forgotten())
                log_.warning(one + ": flushes wait there for a sink that is not there");
        }
        receivers_.start();
        const auto begun_ms = now_ms();
        clock_.emplace(options_.schedule, begun_ms);
        stamps_.emplace(steady_ms());
        recent_.note(steady_ms(), counts_now());
        if (keys_)
            keys_->start(begun_ms);
        for (;;) {
            const auto wait_ms = std::min(wait_until_due(now_ms()), wait_ms_max);
            bool woken = false;
            static_cast<void>(loop_->wait(static_cast<int>(wait_ms), [&](std::uint64_t token) {
                if (token == waker_token)
                    woken = true;
                else
                    conversations_.take(*loop_, token, steady_ms());
            }));
            if (woken) {
                waker_->clear();
                if (stop_asked_.load(std::memory_order_acquire))
                    break;
                if (interrupted_.exchange(false, std::memory_order_acq_rel) && on_interrupt_)
                    on_interrupt_();
            }
            const auto now = now_ms();
            conversations_.close_idle(*loop_, steady_ms());
            if (keys_ && keys_->is_due(now)) {
                take_input();
                keys_->push(now, pipeline_.take_keys());
            }
            if (now < clock_->next_ms()) {
                if (now >= told_ms_ + tell_every_ms || now < told_ms_)
                    tell_followers(now);
                continue;
            }
            if (options_.once)
                break;
            const auto missed = clock_->missed();
            const auto due = clock_->tick(now);
            flush([&] { take_input(true); },
                  [&] { return stamps_->regular(due, steady_ms(), options_.schedule.interval_ms); },
                  clock_->missed() - missed);
            tell_followers(now_ms());
        }
        receivers_.stop();
        flush([&] { receivers_.take_rest([&](auto& from) { pipeline_.take(from); }); },
              [&] { return stamps_->cut(now_ms(), steady_ms(), options_.schedule.interval_ms); },
              0);
        const bool at_leisure = input_ended_.load(std::memory_order_acquire) ||
                                !stop_asked_.load(std::memory_order_acquire);
        const auto patience = at_leisure ? options_.patience_at_leisure : options_.patience;
        if (keys_) {
            keys_->push(now_ms(), pipeline_.take_keys());
            keys_->end_within(patience);
        }
        // All use the same time: one that hangs leaves it to the others.
        for (auto& sink : sinks_)
            sink->end_within(patience);
        repeaters_watch_.finish(options_.patience);
        for (auto& sink : sinks_)
            sink->finish(patience);
        if (keys_)
            keys_->finish(patience);
    }

    /// Brings `run` to its end. Async-signal-safe.
    void stop() noexcept {
        stop_asked_.store(true, std::memory_order_release);
        if (waker_)
            waker_->wake();
    }

    /// Lets the thread of `run` call what `on_interrupt` was given. Async-signal-safe.
    void interrupt() noexcept {
        interrupted_.store(true, std::memory_order_release);
        if (waker_)
            waker_->wake();
    }
    /// Before `run`.
    void on_interrupt(std::function<void()> then) { on_interrupt_ = std::move(then); }

    // On the thread of `run`, or before:

    /// The interval that is under way ends as the new schedule says.
    void set_schedule(const flush_schedule& schedule) {
        options_.schedule = schedule;
        if (!clock_)
            return;
        clock_.emplace(schedule, now_ms());
        stamps_->reschedule();
    }
    void set_retentions(const retentions& keep) { pipeline_.set_retentions(keep); }

    // What the admin commands are about; on the thread of `run`.

    /// The series, with all that came so far.
    [[nodiscard]] auto& store() {
        take_input();
        return pipeline_.store();
    }

    /// The numbers of Etsy's `stats`: seconds since the start, since something came, and, for each
    /// sink, since its last success and failure.
    [[nodiscard]] std::vector<admin_statistic> statistics() {
        take_input();
        intake_counts all = counts_;
        all.merge(pipeline_.counts());
        const std::int64_t now = std::time(nullptr);
        const auto since = [now](std::int64_t then) { return static_cast<double>(now - then); };
        std::vector<admin_statistic> told{
            {"uptime", since(start_)},
            {"messages.last_msg_seen", since(all.last_seen != 0 ? all.last_seen : start_)},
            {"messages.bad_lines_seen", static_cast<double>(all.refused_in_all())}};
        for (const auto& one : sinks_) {
            const auto report = one->report();
            const auto name = one->name().substr(0, one->name().find(':')) + '.';
            const auto or_start = [&](std::int64_t then) {
                return since(then != 0 ? then : start_);
            };
            told.push_back({name + "last_flush", or_start(report.last_success)});
            told.push_back({name + "last_exception", or_start(report.last_failure)});
            told.push_back({name + "flush_time", std::floor(report.write_milliseconds)});
            if (report.write_bytes)
                told.push_back({name + "flush_length", *report.write_bytes});
            told.push_back({name + "waiting", static_cast<double>(report.waiting)});
            if (report.kept)
                told.push_back({name + "on_disk", static_cast<double>(*report.kept)});
            told.push_back({name + "dropped", static_cast<double>(report.dropped)});
        }
        for (const auto& one : repeaters_.all()) {
            const auto counts = one->counts();
            const auto url = one->name();
            const auto name = "repeater." + url.substr(url.find("://") + 3) + '.';
            told.push_back({name + "sent", static_cast<double>(counts.sent)});
            told.push_back({name + "waiting", static_cast<double>(counts.waiting)});
            told.push_back({name + "dropped", static_cast<double>(counts.dropped)});
            told.push_back({name + "failed", static_cast<double>(counts.failed)});
        }
        return told;
    }

    [[nodiscard]] std::string_view config() const noexcept { return options_.config; }
    /// After a change of the settings.
    void set_config(std::string text) { options_.config = std::move(text); }
    [[nodiscard]] bool& healthy() noexcept { return healthy_; }

    // What the routes are about; on the thread of `run`.

    /// Changes the rules by which names are mapped, from the next flush on.
    void change_mapping(mapping_rules rules) {
        receivers_.change_mapping(std::make_shared<const mapping_rules>(std::move(rules)));
    }

    /// Changes what the page for Prometheus shows; see prometheus_page::change. On the server's thread.
    void change_metrics(prometheus_options options) {
        metrics_.change(own_names_reserved(std::move(options)));
    }

    /// How the server does, with all that came so far.
    [[nodiscard]] server_status status() {
        take_input();
        return status_now();
    }
    /// At the last flushes, the latest last.
    [[nodiscard]] const std::vector<status_point>& past() const noexcept { return past_; }
    [[nodiscard]] auto& board() noexcept { return board_; }
    /// The page that Prometheus scrapes: the series as of the last flush, and the server's numbers.
    [[nodiscard]] std::string metrics(prometheus_format form = prometheus_format::text) {
        if (form == prometheus_format::protobuf && options_.native_metrics)
            metrics_.collect_native();
        return metrics_.render(form, self_page(status(), form));
    }
    /// Connections that follow the events.
    [[nodiscard]] std::size_t followers() const noexcept { return conversations_.followers(); }

private:
    using worker_type = sink_worker<snapshot_type, spool_type>;

    static constexpr std::uint64_t waker_token = 0;
    static constexpr std::int64_t tell_every_ms = 1000;
    /// Connections that are silent for too long are looked for that often, and steps of the clock.
    static constexpr std::int64_t wait_ms_max = 1000;

    /// Null if nothing is kept on disk.
    [[nodiscard]] std::unique_ptr<spool_type> open_spool(const std::string& sink,
                                                         const sink_worker_options& bounds) {
        if (!state_ || !bounds.tries_again || spools_.bytes_max == 0)
            return nullptr;
        auto opened = state_->open_spool(sink, spools_);
        if (opened)
            return std::make_unique<spool_type>(*std::move(opened));
        log_.error(sink + ": cannot keep flushes on disk: " + std::string(message(opened.error())));
        return nullptr;
    }

    /// The page's other lines are of names that begin so.
    [[nodiscard]] static prometheus_options own_names_reserved(prometheus_options options) {
        options.reserved_prefix = "quipud_";
        return options;
    }

    [[nodiscard]] server_status status_now() {
        auto now = counts_now();
        recent_.fill(steady_ms(), now);
        return now;
    }

    [[nodiscard]] server_status counts_now() {
        server_status now;
        now.profile = Profile::name;
        now.now = std::time(nullptr);
        now.start = start_ != 0 ? start_ : now.now;
        now.said_healthy = healthy_;
        now.down_if = options_.down_if;
        now.interval_seconds = static_cast<double>(options_.schedule.interval_ms) / 1000;
        now.counts = counts_;
        now.counts.merge(pipeline_.counts());
        now.series = series_;
        now.series_max = Profile::store_traits::series_max;
        now.flushes = flushes_;
        now.flush_milliseconds = flush_milliseconds_;
        now.input_gap_milliseconds = input_gap_milliseconds_;
        now.listeners = receivers_.ways_in();
        const auto& metrics = metrics_.losses();
        now.metrics_conflicts = metrics.conflicts;
        now.metrics_refused = metrics.refused;
        now.metrics_merged = metrics.merged;
        now.metrics_fallen = metrics.fallen;
        now.metrics_out_of_range = metrics.out_of_range;
        now.metrics_expired = metrics.expired;
        now.admin_turned_away = conversations_.turned_away();
        for (const auto& one : sinks_)
            now.sinks.push_back({one->name(), one->report(), false, one.get() == state_sink_});
        for (const auto& one : repeaters_.all())
            now.sinks.push_back({one->name(), repeaters_watch_.report(*one), true});
        return now;
    }

    /// Who follows the same is told the same text.
    void tell_followers(std::int64_t now) {
        told_ms_ = now;
        std::map<std::string, std::string> texts;
        conversations_.tell(*loop_, steady_ms(), [&](conversation& with) {
            auto& text = texts[with.follows];
            if (text.empty())
                text = detail::event_text(*this, std::string_view(with.follows).substr(1));
            with.output += text;
        });
    }

    /// Keeps what the pages show of a flush.
    void keep_for_pages(const std::shared_ptr<const snapshot_type>& flushed,
                        const intake_counts& counts,
                        std::uint64_t lost_lines,
                        double interval_seconds) {
        if (!is_watched_)
            return;
        const auto left_off = [&] {
            return metrics_.losses().conflicts + metrics_.losses().refused;
        };
        const auto before = left_off();
        const auto known = metrics_.losses();
        metrics_.add(*flushed);
        const auto now = left_off() - before;
        if (now != std::exchange(left_off_metrics_, now) && now > 0) {
            log_.warning("not on /metrics: " + std::to_string(now) +
                         " series: others have their names, or there is no room");
        }
        const auto& losses = metrics_.losses();
        if (known.merged == 0 && losses.merged > 0)
            log_.warning("on /metrics " + quoted(losses.merged_name) +
                         " is one with another series: " + losses.merged_into +
                         "; more of this kind are counted there");
        if (known.fallen == 0 && losses.fallen > 0)
            log_.warning("not on /metrics: a step below zero of the counter " +
                         quoted(losses.fallen_name) + "; more of this kind are counted there");
        board_.take(flushed);
        if (past_.size() == series_history::intervals_max)
            past_.erase(past_.begin());
        const auto rate = [&](std::uint64_t count) {
            return static_cast<double>(count) / interval_seconds;
        };
        past_.push_back({flushed->timestamp,
                         rate(counts.lines),
                         rate(counts.bytes),
                         rate(counts.refused_in_all()),
                         rate(lost_lines)});
    }

    [[nodiscard]] errc converse(const host_port& at, const converse_function& service) {
        const auto addresses = resolve(at, address_use::bind);
        if (!addresses)
            return addresses.error();
        for (const address& one : *addresses) {
            const errc error = conversations_.listen(*loop_, one, service);
            if (error != errc::ok)
                return error;
        }
        return errc::ok;
    }

    [[nodiscard]] std::int64_t wait_until_due(std::int64_t now) {
        std::int64_t wait_ms = clock_->wait_ms(now);
        if (conversations_.followers() > 0)
            wait_ms = std::clamp<std::int64_t>(told_ms_ + tell_every_ms - now, 0, wait_ms);
        return keys_ ? std::min(wait_ms, keys_->wait_ms(now)) : wait_ms;
    }

    /// Brings what came so far into the store that lasts, to be looked at or, at its end, flushed.
    void take_input(bool ends_interval = false) {
        receivers_.take([&](auto& from) { pipeline_.take(from, ends_interval); });
    }

    [[nodiscard]] static std::int64_t now_ms() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }
    /// Of a clock that nobody sets: for how long a connection has been silent.
    [[nodiscard]] static std::int64_t steady_ms() {
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    }

    /// Flushes what came, stamped after it was taken. `missed`: ticks that were left out before.
    template <class TakeWhatCame, class Stamp>
    void flush(TakeWhatCame&& take_what_came, Stamp&& stamp, std::uint64_t missed) {
        const auto start = std::chrono::steady_clock::now();
        take_what_came();
        const flush_stamp at = stamp();
        const double interval_seconds = static_cast<double>(at.interval_ms) / 1000;
        if (itself_) {
            itself_.tell(status_now(),
                         [this](std::string_view name, metric_kind kind, double value) {
                             pipeline_.record(name, kind, value);
                         });
        }
        auto one = pipeline_.flush(at.timestamp, interval_seconds);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - start;
        one.processing_milliseconds = static_cast<double>(static_cast<std::int64_t>(took.count()));
        series_ = {one.counters.size(),
                   one.timers.size(),
                   one.gauges.size(),
                   one.uniques.size(),
                   one.keyvalues.size()};
        const auto shared = std::make_shared<const snapshot_type>(std::move(one));
        for (auto& sink : sinks_)
            sink->push(shared);
        const auto counts = pipeline_.take_counts();
        counts_.merge(counts);
        ++flushes_;
        flush_milliseconds_ = took.count();
        const std::chrono::duration<double, std::milli> gap = receivers_.take_longest_gap();
        input_gap_milliseconds_ = gap.count();
        recent_.note(steady_ms(), counts_now());
        const auto lost_before = std::exchange(lost_lines_, recent_.lost_lines());
        const auto lost_lines = lost_lines_ - lost_before;
        keep_for_pages(shared, counts, lost_lines, interval_seconds);
        log_losses(log_, counts, lost_lines);
        repeaters_watch_.log_losses();
        if (missed > 0) {
            log_.warning("the clock or this machine skipped " + std::to_string(missed) +
                         " flushes; the last one has what came meanwhile");
        }
    }

    server_options options_;
    const log log_;
    repeater_list repeaters_{};
    repeater_watch repeaters_watch_{repeaters_, log_};
    basic_receivers<Profile> receivers_;
    basic_pipeline<Profile> pipeline_;
    result<event_loop> loop_;
    result<waker> waker_;
    std::atomic<bool> stop_asked_{false};
    std::atomic<bool> interrupted_{false};
    std::atomic<bool> input_ended_{false};
    std::function<void()> on_interrupt_{};
    std::optional<flush_clock> clock_{};
    std::optional<flush_stamps> stamps_{};
    conversations conversations_{waker_token + 1};
    intake_counts counts_{}; // up to the last flush
    std::int64_t start_ = 0;
    bool healthy_ = true;
    bool is_watched_ = false; // somebody may ask for the pages
    basic_series_board<typename Profile::store_traits> board_{};
    prometheus_page metrics_;
    std::uint64_t left_off_metrics_ = 0; // at the last flush
    std::vector<status_point> past_{};
    recent_window recent_{};
    std::uint64_t lost_lines_ = 0; // up to the last flush
    self_series itself_{options_.self_prefix};
    std::array<std::size_t, metric_kind_count> series_{}; // of the last flush
    std::uint64_t flushes_ = 0;
    double flush_milliseconds_ = 0;
    double input_gap_milliseconds_ = 0;
    std::int64_t told_ms_ = 0; // when the followers were
    std::optional<state_folder> state_{};
    spool_options spools_{}; // of each sink
    std::vector<std::unique_ptr<worker_type>> sinks_{};
    const worker_type* state_sink_ = nullptr; // the one that keeps the gauges, if any does
    std::optional<key_reporter> keys_{};      // if they are counted
};

using server = basic_server<>;

} // namespace quipu
