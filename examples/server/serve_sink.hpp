// Puts a sink behind its worker, as the options of its section say.
#pragma once

#include <quipu/core/glob.hpp>
#include <quipu/server/sink_worker.hpp>
#include <quipu/snapshot/select.hpp>
#include <quipu/wire/canonical.hpp>

#include "sink_setting.hpp"

#include <algorithm>
#include <chrono>
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
