// A stream of lines, or of packets of lines behind their lengths, as it says by its first bytes.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/stream.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace quipu {

/// Joins what a connection delivers in pieces, as line_stream does; or, if it begins with the length of
/// a packet, the packets: a length of four bytes, the lowest first, and so many bytes of lines. Which of
/// the two a stream is, is found out once: no line has a zero as its fourth byte, which a length has.
///
/// A packet is a datagram: its last line needs no newline, and the next packet begins a new line.
///
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   Datadog's clients, over Unix streams; the agent takes packets of up to 8 KiB.
class framed_stream {
public:
    static constexpr std::size_t packet_bytes_max = 65'536;

    /// The bound is for lines that no packet holds together; it does not count the newline.
    explicit framed_stream(std::size_t line_bytes_max) : lines_(line_bytes_max) {}

    /// Takes the next piece of the stream and calls `on_text(std::string_view)` with whole lines, or
    /// with a whole packet; with views into `bytes` or into this object. What is in this object has
    /// read_padding_bytes behind it.
    /// Returns  ok. Where the stream is cut changes nothing but how lines are grouped into texts.
    /// Errors   message_too_long: a packet is longer than `packet_bytes_max`, and what follows is not
    ///          read.
    /// Cost     O(bytes.size()); copies packets, and unfinished lines.
    template <class OnText>
    [[nodiscard]] errc feed(std::string_view bytes, OnText&& on_text) {
        if (form_ == form::unknown)
            bytes = find_form(bytes, on_text);
        if (form_ == form::lines) {
            lines_.feed(bytes, on_text);
            return errc::ok;
        }
        while (form_ == form::packets && !bytes.empty() && error_ == errc::ok)
            bytes = take_packet(bytes, on_text);
        return error_;
    }

    /// The unfinished line at the end of a stream of lines; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept {
        return form_ == form::lines     ? lines_.rest()
               : form_ == form::unknown ? std::string_view(head_, head_bytes_)
                                        : std::string_view();
    }

    /// Whether the stream has come to its end within a packet.
    [[nodiscard]] bool in_packet() const noexcept {
        return form_ == form::packets && error_ == errc::ok && head_bytes_ > 0;
    }

    /// How many lines were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept { return lines_.overlong(); }

private:
    enum class form : unsigned char { unknown, lines, packets };
    static constexpr std::size_t length_bytes = 4;

    [[nodiscard]] std::uint32_t length() const noexcept {
        std::uint32_t made = 0;
        for (std::size_t i = length_bytes; i-- > 0;)
            made = made << 8U | static_cast<unsigned char>(head_[i]);
        return made;
    }

    /// Fills `head_`; returns what is left of the bytes.
    [[nodiscard]] std::string_view fill_head(std::string_view bytes) noexcept {
        const auto part = bytes.substr(0, length_bytes - head_bytes_);
        std::memcpy(head_ + head_bytes_, part.data(), part.size());
        head_bytes_ += part.size();
        return bytes.substr(part.size());
    }

    template <class OnText>
    [[nodiscard]] std::string_view find_form(std::string_view bytes, OnText& on_text) {
        bytes = fill_head(bytes);
        if (head_bytes_ < length_bytes)
            return bytes;
        constexpr std::uint32_t plausible_max = std::uint32_t{8} << 16;
        const auto size = length();
        if (size > 0 && size < plausible_max) {
            form_ = form::packets;
            begin_packet();
        } else {
            form_ = form::lines;
            lines_.feed({head_, head_bytes_}, on_text);
        }
        return bytes;
    }

    void begin_packet() {
        needed_ = length();
        held_bytes_ = 0;
        if (needed_ > packet_bytes_max)
            error_ = errc::message_too_long;
        else if (held_.size() < needed_ + read_padding_bytes)
            held_.resize(needed_ + read_padding_bytes);
    }

    template <class OnText>
    [[nodiscard]] std::string_view take_packet(std::string_view bytes, OnText& on_text) {
        if (head_bytes_ < length_bytes) {
            bytes = fill_head(bytes);
            if (head_bytes_ < length_bytes)
                return bytes;
            begin_packet();
            if (error_ != errc::ok)
                return {};
        }
        const auto part = bytes.substr(0, needed_ - held_bytes_);
        if (!part.empty())
            std::memcpy(held_.data() + held_bytes_, part.data(), part.size());
        held_bytes_ += part.size();
        if (held_bytes_ == needed_) {
            head_bytes_ = 0;
            if (needed_ > 0)
                on_text(std::string_view(held_.data(), held_bytes_));
        }
        return bytes.substr(part.size());
    }

    line_stream lines_;
    form form_ = form::unknown;
    errc error_ = errc::ok;
    char head_[length_bytes] = {};
    std::size_t head_bytes_ = 0; // of a length; all of them while its packet comes
    std::size_t needed_ = 0;
    std::size_t held_bytes_ = 0;
    std::vector<char> held_{};
};

} // namespace quipu
