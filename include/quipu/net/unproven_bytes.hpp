// What a stream has taken, for as long as nothing proves that its peer has read it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

/// The last bytes of a stream, in order, in the pieces that were sent, up to a bound: older ones have
/// left, since no usual system holds more bytes that its program has not read.
///
/// Memory   `bytes_max`, at most, and 48 bytes a piece; nothing for 0.
/// Threads  distinct objects safe, shared objects unsafe.
class unproven_bytes {
public:
    /// `keeps_text`: else it only counts.
    explicit unproven_bytes(std::size_t bytes_max = 0, bool keeps_text = true) noexcept
        : bytes_max_(bytes_max), keeps_text_(keeps_text) {}

    /// What comes from here on belongs together: a flush.
    void begin_flush() noexcept { ++last_flush_; }

    /// Keeps a piece that the system has taken. A piece larger than the bound is not kept.
    /// Cost     a copy.
    void add(std::string_view bytes) {
        if (bytes.empty() || bytes_max_ == 0)
            return;
        pieces_.push_back({keeps_text_ ? std::string(bytes) : std::string(),
                           bytes.size(),
                           static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), '\n')),
                           last_flush_});
        bytes_ += bytes.size();
        while (bytes_ > bytes_max_) {
            piece& oldest = pieces_[first_++];
            bytes_ -= oldest.size;
            oldest.text = std::string();
        }
        if (first_ > pieces_.size() / 2) {
            pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
        }
    }

    /// All of it was read, or is lost.
    void clear() noexcept {
        pieces_.clear();
        first_ = 0;
        bytes_ = 0;
    }

    [[nodiscard]] bool keeps_text() const noexcept { return keeps_text_; }
    [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t lines() const noexcept {
        std::uint64_t count = 0;
        for (std::size_t i = first_; i < pieces_.size(); ++i)
            count += pieces_[i].lines;
        return count;
    }
    /// How many flushes have a piece here.
    [[nodiscard]] std::uint64_t flushes() const noexcept {
        std::uint64_t count = 0;
        for (std::size_t i = first_; i < pieces_.size(); ++i)
            count += i == first_ || pieces_[i].flush != pieces_[i - 1].flush ? 1U : 0U;
        return count;
    }

    /// Calls f(piece) for each, the oldest first, as long as it returns true. Returns whether it
    /// always did.
    template <class F>
    bool for_each(F f) const {
        for (std::size_t i = first_; i < pieces_.size(); ++i) {
            if (!f(std::string_view(pieces_[i].text)))
                return false;
        }
        return true;
    }

private:
    struct piece {
        std::string text;
        std::size_t size;
        std::size_t lines;
        std::uint64_t flush;
    };

    std::size_t bytes_max_;
    bool keeps_text_;
    std::size_t bytes_ = 0;
    std::uint64_t last_flush_ = 0;
    std::vector<piece> pieces_{};
    std::size_t first_ = 0; // those before it have left
};

} // namespace quipu
