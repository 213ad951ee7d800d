// Carbon's pickle protocol: what Graphite's plain text says, in frames of Python's pickle format.
#pragma once

#include <quipu/core/little_endian.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/sink/graphite.hpp>
#include <quipu/sink/graphite_name.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace quipu {

namespace detail {

/// Appends an unsigned number, the highest byte first.
template <class Unsigned>
void append_big_endian(std::string& out, Unsigned value) {
    for (auto shift = 8 * sizeof(Unsigned); shift > 0; shift -= 8)
        out += static_cast<char>(static_cast<unsigned char>(value >> (shift - 8)));
}

template <class Unsigned>
void append_little_endian(std::string& out, Unsigned value) {
    char bytes[sizeof(Unsigned)];
    write_little_endian(bytes, value);
    out.append(bytes, sizeof bytes);
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto size = utf8_size(text);
        if (size == 0)
            return false;
        text.remove_prefix(size);
    }
    return true;
}

} // namespace detail

/// The form of carbon's pickle protocol: each piece is a frame, a length of four bytes, the highest
/// first, and a pickle of protocol 2, which Python 2 and 3 read, of a list of
/// `(name, (timestamp, value))`. Names are text, timestamps integers and values floats, with all
/// their digits: a number has no layout here. Verbatim names that are not UTF-8 are mended as in the
/// plain text: with one of them carbon would throw away the whole frame.
///
/// Limits   `points_max` points a frame, as many as carbon itself sends; a name of more than
///          `name_bytes_max` bytes is left out, so a frame stays below the 2^20 bytes beyond which
///          carbon closes the connection, for pieces of up to half of that.
/// Source   carbon 1.1.10: lib/carbon/protocols.py, MetricPickleReceiver; Python's pickletools.
struct graphite_pickles {
    static constexpr std::size_t points_max = 500;
    static constexpr std::size_t name_bytes_max = std::size_t{64} << 10;

    template <class Layout, bool Verbatim>
    static bool append(std::string& piece, const point& one) {
        const std::size_t before = piece.size();
        if (before == 0)
            piece.append(head, sizeof head - 1);
        piece += unicode;
        const std::size_t length = piece.size();
        piece.append(sizeof(std::uint32_t), '\0');
        const std::size_t name = piece.size();
        append_name<Verbatim>(piece, one);
        if (piece.size() - name > name_bytes_max) {
            piece.resize(before);
            return false;
        }
        detail::write_little_endian(piece.data() + length,
                                    static_cast<std::uint32_t>(piece.size() - name));
        append_integer(piece, one.timestamp);
        piece += real;
        detail::append_big_endian(piece, std::bit_cast<std::uint64_t>(one.value));
        piece += pair;
        piece += pair;
        return true;
    }

    /// Ends a frame, and writes its length.
    static void finish(std::string& piece) {
        piece += list_end;
        std::string length;
        detail::append_big_endian(length,
                                  static_cast<std::uint32_t>(piece.size() - sizeof(std::uint32_t)));
        piece.replace(0, length.size(), length);
    }

private:
    // Room for the length; protocol 2; an empty list; a mark, for the values that follow.
    static constexpr char head[] = "\0\0\0\0\x80\x02](";
    static constexpr std::string_view list_end = "e."; // appends all since the mark; the end
    static constexpr char unicode = 'X';
    static constexpr char real = 'G';
    static constexpr char integer = 'J';
    static constexpr std::string_view long_integer = "\x8a\x08"; // of eight bytes
    static constexpr char pair = '\x86';

    template <bool Verbatim>
    static void append_name(std::string& piece, const point& one) {
        const std::size_t before = piece.size();
        if constexpr (Verbatim) {
            for (const auto part : {one.head, one.name, one.tail, one.tags})
                piece += part;
            if (detail::is_utf8(std::string_view(piece).substr(before)))
                return;
            piece.resize(before);
        }
        append_graphite_name(piece, one);
    }

    static void append_integer(std::string& piece, std::int64_t number) {
        using narrow = std::numeric_limits<std::int32_t>;
        if (number >= narrow::min() && number <= narrow::max()) {
            piece += integer;
            detail::append_little_endian(piece, static_cast<std::uint32_t>(number));
        } else {
            piece += long_integer;
            detail::append_little_endian(piece, static_cast<std::uint64_t>(number));
        }
    }
};

/// `Traits`, but for the form.
template <class Traits = graphite_traits>
struct pickled : Traits {
    using form = graphite_pickles;
    static_assert(Traits::piece_bytes <= std::size_t{512} << 10,
                  "quipu graphite pickle: carbon takes frames below 2^20 bytes; pieces are of 2^19 "
                  "at most");
};

/// Sends each snapshot by carbon's pickle protocol, to its port 2004 as a rule; all else is as
/// basic_graphite has it.
template <class Schema, class Transport, class Traits = graphite_traits>
using basic_graphite_pickle = basic_graphite<Schema, Transport, pickled<Traits>>;

} // namespace quipu
