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
template <template <class> class Allocator = std::allocator>
class basic_key_arena {
public:
    explicit basic_key_arena(const Allocator<char>& allocator = {})
        : chunks_(Allocator<chunk>(allocator)) {}
    basic_key_arena(basic_key_arena&& other) noexcept
        : chunks_(std::move(other.chunks_)), used_(std::exchange(other.used_, 0)),
          bytes_(std::exchange(other.bytes_, 0)) {
        other.chunks_.clear();
    }
    basic_key_arena& operator=(basic_key_arena&& other) noexcept {
        chunks_ = std::move(other.chunks_);
        other.chunks_.clear();
        used_ = std::exchange(other.used_, 0);
        bytes_ = std::exchange(other.bytes_, 0);
        return *this;
    }
    ~basic_key_arena() = default;
    basic_key_arena(const basic_key_arena&) = delete; // views were handed out of the original
    basic_key_arena& operator=(const basic_key_arena&) = delete;

    /// Keeps a copy of `text` and returns the view of it.
    /// Cost     O(text.size()); allocates once in 64 KiB of text.
    [[nodiscard]] std::string_view intern(std::string_view text) {
        if (chunks_.empty() || chunks_.back().size() - used_ < text.size())
            add_chunk(text.size() > chunk_bytes ? text.size() : chunk_bytes);
        char* const place = chunks_.back().data() + used_;
        if (!text.empty())
            std::memcpy(place, text.data(), text.size());
        used_ += text.size();
        bytes_ += text.size();
        return {place, text.size()};
    }

    /// Makes sure that the next texts, `bytes` together, cost no allocation.
    void reserve(std::size_t bytes) {
        if (bytes > 0 && (chunks_.empty() || chunks_.back().size() - used_ < bytes))
            add_chunk(bytes);
    }

    [[nodiscard]] Allocator<char> get_allocator() const {
        return Allocator<char>(chunks_.get_allocator());
    }

    /// The bytes of all texts.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    static constexpr std::size_t chunk_bytes = std::size_t{64} << 10;

    using chunk = std::vector<char, Allocator<char>>;

    void add_chunk(std::size_t bytes) {
        chunks_.emplace_back(bytes, get_allocator());
        used_ = 0;
    }

    std::vector<chunk, Allocator<chunk>> chunks_;
    std::size_t used_ = 0; // of the last chunk
    std::size_t bytes_ = 0;
};

using key_arena = basic_key_arena<>;

} // namespace quipu
