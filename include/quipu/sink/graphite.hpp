// Graphite's plain text: `NAME VALUE TIMESTAMP`, one line for each number.
#pragma once

#include <quipu/core/number_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/sink/graphite_name.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/snapshot/unite.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Appends the line of one point to `out`, with `Layout` for its value. Its name goes through
/// append_graphite_name, unless `Verbatim`.
/// Cost     O(size); allocates as `out` grows.
template <class Layout, bool Verbatim = false>
void append_graphite_line(std::string& out, const point& one) {
    if constexpr (Verbatim) {
        for (const auto part : {one.head, one.name, one.tail})
            out += part;
        detail::append_graphite_tags(out, one.tags); // which a bare one is not
    } else {
        append_graphite_name(out, one);
    }
    char text[point_value_bytes_max<Layout> + integer_bytes_max + 3];
    char* end = text;
    *end++ = ' ';
    end = write_point_value<Layout>(end, one);
    *end++ = ' ';
    end = write_integer(end, one.timestamp);
    *end++ = '\n';
    out.append(text, static_cast<std::size_t>(end - text));
}

/// The form of Graphite's plain text.
struct graphite_lines {
    /// Most points that one piece holds.
    static constexpr std::size_t points_max = std::numeric_limits<std::size_t>::max();

    template <class Layout, bool Verbatim>
    static bool append(std::string& piece, const point& one) {
        append_graphite_line<Layout, Verbatim>(piece, one);
        return true;
    }
    static void finish(std::string& /*piece*/) noexcept {}
};

/// Compile-time choices of the Graphite sink. Derive from this and override one line.
struct graphite_traits {
    /// How points are written: `append<Layout, Verbatim>(piece, point)`, false for one that the form
    /// cannot carry; `finish(piece)`, once before it is sent; `points_max` for each piece. Change to
    /// graphite_pickles for carbon's other port.
    using form = graphite_lines;
    /// Points are sent in pieces of about this size.
    static constexpr std::size_t piece_bytes = std::size_t{64} << 10;
    /// Change when the backend expects a connection of its own for each flush, as from Etsy's
    /// statsd.
    static constexpr bool closes_after_flush = false;
    /// Change when the dialect has cleaned the names, and they are to go out to the letter.
    static constexpr bool verbatim_names = false;
};

/// Sends each snapshot as Graphite's plain text, or in another form. Series that carbon would keep as one
/// are merged before, and counted. A number that is not finite, or
/// that the form cannot carry, is left out and counted. Graphite takes the same point twice without
/// harm, so a write that failed can be tried again; and so can one that succeeded, by a transport that
/// keeps what is not known to be read (`stream_sender_options::resend_bytes_max`).
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport, class Traits = graphite_traits>
class basic_graphite {
    static_assert(require_transport<Transport>());
    using form = typename Traits::form;

public:
    basic_graphite(Schema schema, Transport transport)
        : schema_(std::move(schema)), transport_(std::move(transport)) {}

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
        std::size_t points = 0; // in the piece
        std::uint64_t skipped = 0;
        const auto send = [&] {
            if (points > 0)
                form::finish(piece_);
            if (error == errc::ok && points > 0)
                error = transport_.send(piece_);
            bytes += piece_.size();
            piece_.clear();
            points = 0;
        };
        basic_snapshot<StoreTraits> room;
        auto united = united_;
        const auto& distinct = unite(
            from,
            [](std::string_view name, std::string& key) {
                return append_graphite_identity(key, name);
            },
            room,
            united);
        schema_.write(distinct, history_, [&](const point& one) {
            using layout = typename Schema::number_layout;
            if (!detail::is_finite(one.value) ||
                !form::template append<layout, Traits::verbatim_names>(piece_, one)) {
                ++skipped;
                return;
            }
            ++points;
            if (piece_.size() >= Traits::piece_bytes || points == form::points_max)
                send();
        });
        send();
        if constexpr (Traits::closes_after_flush) {
            if constexpr (requires { transport_.finish(); }) {
                if (error == errc::ok && bytes > 0)
                    error = transport_.finish();
            }
            transport_.close();
        } else if constexpr (requires { transport_.connect(); }) {
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

    /// What this sink has done; who has a clock may add how long it took.
    [[nodiscard]] sink_history& history() noexcept { return history_; }
    [[nodiscard]] Transport& transport() noexcept { return transport_; }

    /// How many numbers of the snapshots that were sent were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }
    /// The series that Graphite could not have told apart, merged.
    [[nodiscard]] const united_series& united() const noexcept { return united_; }

private:
    Schema schema_;
    Transport transport_;
    sink_history history_{};
    std::string piece_{};
    std::uint64_t skipped_ = 0;
    united_series united_{};
};

} // namespace quipu
