// OpenTSDB's telnet protocol: `put NAME TIMESTAMP VALUE tag=value`, one line for each number.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/sink/clean_tags.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/snapshot/unite.hpp>
#include <quipu/wire/canonical.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What the sink for OpenTSDB can be told.
struct opentsdb_options {
    /// The value of the tag `host`, which each series gets that has none of its own: a point needs a tag.
    std::string host = "localhost";
    /// Series with more tags are left out, and counted: OpenTSDB refuses them. Change it with its
    /// `tsd.storage.max_tags`.
    std::size_t tags_max = 8;
};

namespace detail {

/// Appends a name, a tag's key or its value: letters, digits and `-_./`; each other character becomes
/// '_', and so does nothing.
inline void append_opentsdb_text(std::string& out, std::string_view text) {
    if (text.empty())
        out += '_';
    while (!text.empty()) {
        const auto size = utf8_size(text);
        const char c = text.front();
        text.remove_prefix(size == 0 ? 1 : size);
        const bool stays =
            is_letter(c) || is_digit(c) || c == '-' || c == '_' || c == '.' || c == '/';
        out += stays ? c : '_';
    }
}

/// Canonical tags, and `host` if it is not among them; see clean_tags.
[[nodiscard]] inline std::vector<clean_tag> opentsdb_tags(std::string_view tags,
                                                          std::string_view host) {
    auto made = clean_tags(tags, append_opentsdb_text, append_opentsdb_text);
    bool has_host = false;
    for (auto& [key, value] : made) {
        has_host = has_host || key == "host";
        for (char& c : value)
            c = c == ',' ? '_' : c;
    }
    if (!has_host) {
        made.push_back({"host", {}});
        append_opentsdb_text(made.back().value, host);
    }
    return made;
}

/// Appends what OpenTSDB knows a series by: its name and its tags, in whichever order.
inline void
append_opentsdb_identity(std::string& out, std::string_view canonical, std::string_view host) {
    const auto parts = split_canonical(canonical);
    append_opentsdb_text(out, parts.name);
    auto tags = opentsdb_tags(parts.tags, host);
    std::sort(tags.begin(), tags.end(), [](const auto& x, const auto& y) { return x.key < y.key; });
    append_tags(out, tags);
}

} // namespace detail

/// Appends the line of one point, its value in the shortest form that reads back equal.
/// Returns  false, and appends nothing, for what OpenTSDB cannot take: a number that is not finite, a
///          time that is not after 1970 began, more tags than `tags_max`.
/// Cost     O(size); allocates as `out` grows.
/// Source   OpenTSDB 2.4, "put" and "Writing Data".
inline bool
append_opentsdb_line(std::string& out, const point& one, const opentsdb_options& options) {
    if (!detail::is_finite(one.value) || one.timestamp <= 0)
        return false;
    const auto begin = out.size();
    out += "put ";
    const auto name = out.size();
    for (const auto part : {one.head, one.name, one.tail}) {
        if (!part.empty())
            detail::append_opentsdb_text(out, part);
    }
    if (out.size() == name)
        out += '_';
    char text[integer_bytes_max + layout::shortest::bytes_max + 4];
    char* end = text;
    *end++ = ' ';
    end = write_integer(end, one.timestamp);
    *end++ = ' ';
    char* const number = end;
    end = layout::shortest::write(end, one.value);
    // What has neither a point nor an exponent is read as an integer of 64 bits.
    const std::string_view digits(number, static_cast<std::size_t>(end - number));
    if (digits.find_first_of(".e") == digits.npos && !(one.value > -9e18 && one.value < 9e18)) {
        *end++ = '.';
        *end++ = '0';
    }
    out.append(text, static_cast<std::size_t>(end - text));
    const auto tags = detail::opentsdb_tags(one.tags, options.host);
    for (const auto& [key, value] : tags)
        (((out += ' ') += key) += '=') += value;
    if (tags.size() > options.tags_max) {
        out.resize(begin);
        return false;
    }
    out += '\n';
    return true;
}

/// Sends each snapshot as OpenTSDB's lines, named by a schema. What the protocol cannot carry is left out
/// and counted. OpenTSDB answers only what it refuses, at some time; nobody reads that. It takes the same
/// point twice without harm, so a write that failed can be tried again.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport>
class basic_opentsdb {
    static_assert(require_transport<Transport>());

public:
    /// Points are sent in pieces of about this size.
    static constexpr std::size_t piece_bytes = std::size_t{64} << 10;

    basic_opentsdb(Schema schema, Transport transport, opentsdb_options options = {})
        : schema_(std::move(schema)), transport_(std::move(transport)),
          options_(std::move(options)) {}

    /// Returns  ok when the transport has taken everything. An empty snapshot sends nothing, but
    ///          looks whether the backend can be reached where the transport can tell.
    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        piece_.clear();
        if constexpr (requires { transport_.begin_flush(); })
            transport_.begin_flush();
        errc error = errc::ok;
        std::size_t bytes = 0;
        std::uint64_t skipped = 0;
        const auto send = [&] {
            if (error == errc::ok && !piece_.empty())
                error = transport_.send(piece_);
            bytes += piece_.size();
            piece_.clear();
        };
        basic_snapshot<StoreTraits> room;
        auto united = united_;
        const auto& distinct = unite(
            from,
            [this](std::string_view name, std::string& key) {
                detail::append_opentsdb_identity(key, name, options_.host);
                return true;
            },
            room,
            united);
        schema_.write(distinct, history_, [&](const point& one) {
            if (!append_opentsdb_line(piece_, one, options_))
                ++skipped;
            if (piece_.size() >= piece_bytes)
                send();
        });
        send();
        if constexpr (requires { transport_.connect(); }) {
            if (bytes == 0)
                error = transport_.connect();
        }
        if (error != errc::ok) {
            history_.last_exception = from.timestamp;
        } else {
            united_ = std::move(united);
            skipped_ += skipped; // counted once, however often the snapshot was tried
            history_.last_flush = from.timestamp;
            history_.flush_bytes = static_cast<double>(bytes);
        }
        return error;
    }

    [[nodiscard]] Transport& transport() noexcept { return transport_; }
    /// What this sink has done; who has a clock may add how long it took.
    [[nodiscard]] sink_history& history() noexcept { return history_; }
    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
    /// The series that OpenTSDB could not have told apart, merged.
    [[nodiscard]] const united_series& united() const noexcept { return united_; }

private:
    Schema schema_;
    Transport transport_;
    opentsdb_options options_;
    sink_history history_{};
    std::string piece_{};
    std::uint64_t skipped_ = 0;
    united_series united_{};
};

} // namespace quipu
