// A stream of bytes, cut anywhere, into texts of whole lines.
#pragma once

#include <quipu/core/config.hpp>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

namespace quipu {

/// Joins what a stream delivers in pieces: hands out texts that end with a newline and holds back
/// an unfinished line until the rest of it comes. A line in several pieces that is longer than
/// `line_bytes_max` is thrown away up to its newline and counted: memory stays bounded whatever the
/// sender does. A longer line in one piece is handed out like others, for the parser to refuse.
///
/// Threads  distinct objects safe, shared objects unsafe.
class line_stream {
public:
    /// The bound does not count the newline.
    explicit line_stream(std::size_t line_bytes_max) : line_bytes_max_(line_bytes_max) {}

    /// Takes the next piece of the stream and calls `on_text(std::string_view)` with the whole
    /// lines that are now complete; at most twice, with views into `bytes` or into this object.
    /// What is in this object has read_padding_bytes behind it.
    /// Cost     O(bytes.size()); copies only unfinished lines; allocates only when one is longer
    ///          than all before.
    template <class OnText>
    void feed(std::string_view bytes, OnText&& on_text) {
        if (skipping_ || held_bytes_ > 0)
            bytes = finish_line(bytes, on_text);
        const auto last = bytes.rfind('\n');
        if (last != bytes.npos) {
            on_text(bytes.substr(0, last + 1));
            bytes.remove_prefix(last + 1);
        }
        hold(bytes);
    }

    /// The unfinished line at the end of a stream; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept { return {held_.data(), held_bytes_}; }

    /// How many lines were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept { return overlong_; }

private:
    /// Completes the line that is held, if its newline has come. Returns what follows it.
    template <class OnText>
    [[nodiscard]] std::string_view finish_line(std::string_view bytes, OnText& on_text) {
        const auto newline = bytes.find('\n');
        hold(bytes.substr(0, newline));
        if (newline == bytes.npos)
            return {};
        if (!skipping_) {
            held_[held_bytes_++] = '\n';
            on_text(rest());
        }
        skipping_ = false;
        held_bytes_ = 0;
        return bytes.substr(newline + 1);
    }

    /// Keeps a piece of a line, or throws the line away if it gets too long.
    void hold(std::string_view piece) {
        if (skipping_ || piece.empty())
            return;
        if (piece.size() > line_bytes_max_ - held_bytes_) {
            skipping_ = true;
            ++overlong_;
            held_bytes_ = 0;
            return;
        }
        const auto needed = held_bytes_ + piece.size() + 1 + read_padding_bytes;
        if (held_.size() < needed)
            held_.resize(needed);
        std::memcpy(held_.data() + held_bytes_, piece.data(), piece.size());
        held_bytes_ += piece.size();
    }

    std::size_t line_bytes_max_;
    std::size_t held_bytes_ = 0;
    std::size_t overlong_ = 0;
    bool skipping_ = false;
    std::vector<char> held_{}; // the bytes held, room for a newline, then the padding
};

} // namespace quipu
