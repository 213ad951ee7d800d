// What comes through the sockets of one receiving thread, as lines and records for its intake.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/repeater.hpp>
#include <quipu/wire/binary.hpp>
#include <quipu/wire/datagram.hpp>
#include <quipu/wire/framed_stream.hpp>
#include <quipu/wire/mixed_stream.hpp>
#include <quipu/wire/sample.hpp>
#include <quipu/wire/stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <type_traits>

namespace quipu {

/// Takes datagrams and the pieces of streams, and tells the log, at a limited rate, of what is
/// refused.
///
/// Threads  one thread, that of the intake.
template <class Profile>
class basic_reception {
public:
    using dialect_type = typename Profile::dialect_type;
    static constexpr bool takes_binary = Profile::takes_binary;

    /// Whether clients may send packets behind their lengths over streams.
    static constexpr bool takes_packets =
        !takes_binary && std::is_base_of_v<dialect::quipu, dialect_type>;

    /// What joins the pieces of one stream.
    using stream_type =
        std::conditional_t<takes_binary,
                           mixed_stream,
                           std::conditional_t<takes_packets, framed_stream, line_stream>>;

    basic_reception(basic_intake<Profile>& intake, const log& messages)
        : intake_(intake), log_(messages) {}

    [[nodiscard]] static stream_type open_stream() {
        return stream_type(takes_binary
                               ? std::max(dialect_type::line_bytes_max, binary_record_bytes_max)
                               : dialect_type::line_bytes_max);
    }

    /// From now on each datagram, and what is whole of a stream, goes to these too, as it came;
    /// of a stream with binary records in it the lines only.
    void repeat_to(repeater_list& list) noexcept { repeaters_ = &list; }

    /// From now on each line is logged before it is taken.
    void log_lines() noexcept { logs_lines_ = true; }

    /// Takes a datagram; padded, as receivers hand them out.
    void receive_datagram(std::string_view text) {
        intake_.came(text.size());
        repeat(text);
        if constexpr (takes_binary) {
            if (!text.empty() && text.front() == binary_magic)
                return receive_records(text);
        }
        receive(text);
    }

    /// Takes a piece of a stream, padded likewise.
    /// Errors   a record is broken, or a packet too long: nothing that follows can be read.
    [[nodiscard]] errc receive_piece(stream_type& stream, std::string_view bytes) {
        intake_.came(bytes.size());
        const auto overlong = stream.overlong();
        const errc broken = feed(stream, bytes);
        if (stream.overlong() != overlong) {
            intake_.refuse_lines(errc::line_too_long, stream.overlong() - overlong);
            log_limited("refused a line of a stream", errc::line_too_long);
        }
        return broken;
    }

    /// Takes or refuses what is left of a stream that ended.
    /// Input    whole: it ended in good order, so that a line without a newline is one where the
    ///          dialect says so; else it may have been cut off within a number.
    void end_stream(stream_type& stream, bool whole) {
        if constexpr (takes_binary) {
            if (stream.in_record())
                return refuse_record(errc::unterminated_line, {});
        }
        if constexpr (takes_packets) {
            if (stream.in_packet())
                return refuse_record(errc::unterminated_line, "a packet");
        }
        const auto rest = stream.rest();
        if (rest.empty())
            return;
        if (whole && dialect_type::unterminated_lines) {
            repeat(rest);
            return receive(rest);
        }
        intake_.refuse_lines(errc::unterminated_line);
        log_refusal({errc::unterminated_line, 0}, rest);
    }

    void log_limited(std::string_view text) {
        if (may_log())
            log_.warning(std::string(text) + held_back());
    }
    void log_limited(std::string_view what, errc why) {
        if (may_log())
            log_.warning(std::string(what) + ": " + std::string(message(why)) + held_back());
    }

private:
    [[nodiscard]] static std::int64_t stamp() {
        return Profile::stamps_on_receipt ? std::time(nullptr) : 0;
    }

    void repeat(std::string_view text) {
        if (repeaters_ != nullptr)
            repeaters_->send(text);
    }

    void receive(std::string_view text) {
        if (logs_lines_) {
            for_each_line(text, [this](std::string_view line) {
                log_.info("received " + quoted(line, dialect_type::line_bytes_max));
            });
        }
        intake_.receive(padded_text{text}, stamp(), [&](refusal why, std::string_view line) {
            log_refusal(why, line);
        });
    }

    void receive(const sample& one) {
        intake_.receive(
            one, stamp(), [&](refusal why, std::string_view name) { log_refusal(why, name); });
    }

    [[nodiscard]] errc feed(line_stream& lines, std::string_view bytes) {
        lines.feed(bytes, [&](std::string_view text) {
            repeat(text);
            receive(text);
        });
        return errc::ok;
    }
    [[nodiscard]] errc feed(framed_stream& framed, std::string_view bytes) {
        const errc broken = framed.feed(bytes, [&](std::string_view text) {
            repeat(text);
            receive(text);
        });
        if (broken != errc::ok)
            refuse_record(broken, "a packet");
        return broken;
    }
    [[nodiscard]] errc feed(mixed_stream& mixed, std::string_view bytes) {
        const errc broken = mixed.template feed<dialect_type>(
            bytes,
            [&](std::string_view text) {
                repeat(text);
                receive(text);
            },
            [&](const sample& one) {
                if (repeaters_ != nullptr)
                    repeaters_->skip();
                receive(one);
            },
            [&](refusal why, std::string_view record) { refuse_record(why.error, record); });
        if (broken != errc::ok)
            refuse_record(broken, {});
        return broken;
    }

    /// A datagram of records, perhaps with newlines between them.
    void receive_records(std::string_view bytes) {
        while (!bytes.empty()) {
            if (bytes.front() == '\n') {
                bytes.remove_prefix(1);
                continue;
            }
            if (bytes.front() != binary_magic)
                return receive(bytes);
            const auto record = parse_binary<dialect_type>(bytes);
            if (!record || !record->complete())
                return refuse_record(record ? errc::bad_length : record.error(), bytes);
            const auto whole = bytes.substr(0, record->size);
            if (record->refused.error == errc::ok)
                receive(record->sample);
            else
                refuse_record(record->refused.error, whole);
            bytes.remove_prefix(whole.size());
        }
    }

    void refuse_record(errc why, std::string_view record) {
        intake_.refuse_lines(why);
        log_refusal({why, 0}, record);
    }

    [[nodiscard]] bool may_log() noexcept { return limit_.allows(std::time(nullptr) * 1000); }

    [[nodiscard]] std::string held_back() {
        const auto count = limit_.take_held_back();
        return count == 0 ? "" : " (and " + std::to_string(count) + " lines not logged)";
    }

    void log_refusal(refusal why, std::string_view line) {
        if (!may_log())
            return;
        log_.warning("refused " + quoted(line) + " at byte " + std::to_string(why.offset) + ": " +
                     std::string(message(why.error)) + held_back());
    }

    basic_intake<Profile>& intake_;
    const log& log_;
    repeater_list* repeaters_ = nullptr;
    rate_limit limit_{};
    bool logs_lines_ = false;
};

} // namespace quipu
