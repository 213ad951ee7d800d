// Interned keys: where a table keeps the texts of its series.
#pragma once

#include <quipu/core/config.hpp>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Keeps texts at addresses that do not change as long as it lives, moved or not.
/// Threads  distinct objects safe, shared objects unsafe.
class key_arena {
public:
    key_arena() = default;
    key_arena(key_arena&& other) noexcept { swap(other); }
    key_arena& operator=(key_arena&& other) noexcept {
        key_arena(std::move(other)).swap(*this);
        return *this;
    }
    ~key_arena() = default;
    key_arena(const key_arena&) = delete; // the views that were handed out are of the original
    key_arena& operator=(const key_arena&) = delete;

    /// Keeps a copy of `text` and returns the view of it.
    /// Cost     O(text.size()); allocates once in 64 KiB of text.
    [[nodiscard]] std::string_view intern(std::string_view text) {
        if (chunks_.empty() || chunks_.back().size() - used_ < text.size()) {
            chunks_.emplace_back(text.size() > chunk_bytes ? text.size() : chunk_bytes);
            used_ = 0;
        }
        char* const place = chunks_.back().data() + used_;
        if (!text.empty())
            std::memcpy(place, text.data(), text.size());
        used_ += text.size();
        bytes_ += text.size();
        return {place, text.size()};
    }

    /// The bytes of all texts.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    void swap(key_arena& other) noexcept {
        chunks_.swap(other.chunks_);
        std::swap(used_, other.used_);
        std::swap(bytes_, other.bytes_);
    }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

    std::vector<std::vector<char>> chunks_{};
    std::size_t used_ = 0; // of the last chunk
    std::size_t bytes_ = 0;
};

} // namespace quipu
