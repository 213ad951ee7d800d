// Puts a sink behind its worker, as the options of its section say.
#pragma once

#include <quipu/core/glob.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/stream_sender.hpp>
#include <quipu/server/sink_worker.hpp>
#include <quipu/snapshot/select.hpp>
#include <quipu/wire/canonical.hpp>

#include "sink_setting.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipud {

/// What the log and the pages call it: the URL, behind the name of its section if it has one.
inline std::string name_of(const sink_setting& option) {
    auto url = option.url;
    if (url.ends_with(':'))
        url.pop_back();
    const auto blank = option.section.find(' ');
    return blank == std::string::npos ? url : option.section.substr(blank + 1) + ": " + url;
}

/// Whether a series goes to the sink: the globs are about its name without the tags.
inline bool goes_to(const sink_setting& option, std::string_view canonical) {
    const auto name = quipu::split_canonical(canonical).name;
    const auto is_in = [name](const std::vector<std::string>& globs) {
        return std::any_of(globs.begin(), globs.end(), [name](const std::string& glob) {
            return quipu::glob_match(glob, name);
        });
    };
    return (option.only.empty() || is_in(option.only)) && !is_in(option.except);
}

/// How a sink's connection behaves. `adds_up`: its backend would count twice what comes twice.
inline quipu::stream_sender_options connection_of(const sink_setting& option, bool adds_up) {
    constexpr std::size_t resend_bytes = std::size_t{8} << 20;
    constexpr std::int64_t look_up_ms = 5 * 60 * 1000;
    quipu::stream_sender_options made;
    made.reconnect_ms = 0; // the sink's worker has the pauses
    made.resend_bytes_max = option.resend.value_or(resend_bytes);
    made.resends = !adds_up;
    made.look_up_ms = static_cast<int>(option.look_up_ms.value_or(look_up_ms));
    return made;
}

/// Lets a worker know what became of what a sink's connection had taken.
template <class Sink>
void watch_delivery(quipu::sink_worker_options& bounds, std::shared_ptr<Sink> sink) {
    bounds.delivery = [sink] {
        quipu::sink_delivery told;
        if constexpr (requires { sink->transport().delivery(); }) {
            const auto& of = sink->transport().delivery();
            told.resent = of.resent_flushes;
            told.maybe_lost = of.maybe_lost_flushes;
            told.maybe_lost_lines = of.maybe_lost_lines;
        }
        if constexpr (requires { sink->united(); }) {
            told.merged = sink->united().merged;
            told.merged_one = sink->united().one;
            told.merged_into = sink->united().into;
        }
        if constexpr (requires { sink->skipped(); })
            told.left_out += sink->skipped();
        if constexpr (requires { sink->refused(); })
            told.left_out += sink->refused();
        return told;
    };
    if constexpr (requires { sink->transport().finish(); }) {
        bounds.settle = [sink] {
            auto& to = sink->transport();
            if (!to.connected() && !to.unproven().empty() && to.unproven().keeps_text()) {
                if (const auto error = to.connect(); error != quipu::errc::ok)
                    return error;
            }
            return to.finish();
        };
    }
}

/// Adds a sink whose flushes `write` takes.
template <class Server, class Write>
void register_sink(Server& server,
                   const sink_setting& option,
                   Write write,
                   quipu::sink_worker_options bounds = {}) {
    using std::chrono::milliseconds;
    if (option.queue)
        bounds.snapshots_max = *option.queue;
    if (option.retry_ms)
        bounds.pause_first = milliseconds(*option.retry_ms);
    if (option.retry_max_ms)
        bounds.pause_max = milliseconds(*option.retry_max_ms);
    bounds.pause_max = std::max(bounds.pause_max, bounds.pause_first);
    if (!option.is_filtered())
        return server.add_sink(name_of(option), std::move(write), bounds);
    server.add_sink(
        name_of(option),
        [option, write = std::move(write)](const auto& from) mutable {
            return write(
                quipu::select(from, [&](std::string_view name) { return goes_to(option, name); }));
        },
        bounds);
}

} // namespace quipud
