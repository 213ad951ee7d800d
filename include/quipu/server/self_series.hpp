// A server's own numbers as series like all others.
#pragma once

#include <quipu/server/server_status.hpp>
#include <quipu/wire/series.hpp>

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Names the numbers of a server under a node of its choice: `quipud.lines`,
/// `quipud.refused;cause=unknown_metric_type`. What grows is a counter of what came since the last time.
/// Threads  distinct objects safe, shared objects unsafe.
class self_series {
public:
    /// An empty node: there are none.
    explicit self_series(std::string node) : node_(std::move(node)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return !node_.empty(); }

    /// Calls record(std::string_view canonical, metric_kind, double) for each.
    template <class Record>
    void tell(const server_status& of, Record&& record) {
        for_each_self_number(of, [&](const self_number& one) {
            auto name = node_ + '.' + std::string(one.name);
            if (!one.label.empty()) {
                // As any backend takes it, also those that get names as they are.
                ((name += ';') += one.label) += '=';
                for (const char c : one.is)
                    name += c <= ' ' || c > '~' || c == ';' || c == '|' ? '_' : c;
            }
            if (!one.counts)
                return record(name, metric_kind::gauge, one.value);
            const double before = std::exchange(told_[name], one.value);
            record(name, metric_kind::counter, one.value - before);
        });
    }

private:
    std::string node_;
    std::map<std::string, double> told_{}; // of counters
};

} // namespace quipu
