// How often each key came: what `keyFlush` of Etsy's statsd tells.
#pragma once

#include <quipu/core/integer_text.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace quipu {

/// A key and the lines that it came with.
struct key_count {
    std::string key{};
    std::uint64_t count = 0;

    friend bool operator==(const key_count&, const key_count&) = default;
};

/// Counts keys exactly, as long as there is room for new ones. Nothing is allocated before the first.
///
/// Bounds   `keys_max` keys, `text_bytes_max` bytes of them; what comes beyond them under a new key is
///          counted in `left_out` alone.
/// Cost     O(1) as a rule for each key; allocates for new ones.
/// Threads  distinct objects safe, shared objects unsafe.
class key_counts {
public:
    static constexpr std::size_t keys_max = 65'536;
    static constexpr std::size_t text_bytes_max = std::size_t{8} << 20;

    key_counts() = default;
    key_counts(key_counts&&) = default; // not copied: the index looks into the entries
    key_counts& operator=(key_counts&&) = default;

    void add(std::string_view key, std::uint64_t count = 1) {
        if (const auto found = index_.find(key); found != index_.end()) {
            entries_[found->second].count += count;
            return;
        }
        if (entries_.size() == keys_max || key.size() > text_bytes_max - text_bytes_) {
            left_out_ += count;
            return;
        }
        text_bytes_ += key.size();
        entries_.push_back({std::string(key), count});
        index_.emplace(entries_.back().key, entries_.size() - 1);
    }

    void merge(const key_counts& other) {
        for (const auto& one : other.entries_)
            add(one.key, one.count);
        left_out_ += other.left_out_;
    }

    void clear() {
        index_.clear(); // it looks into the entries
        entries_.clear();
        text_bytes_ = 0;
        left_out_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty() && left_out_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// Lines whose keys found no room.
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

    /// The most frequent keys first, of equally frequent ones those that came first.
    ///
    /// Input    `percent` of the keys are told, rounded up.
    /// Cost     O(n log n) for n keys.
    [[nodiscard]] std::vector<key_count> most_frequent(double percent = 100) const {
        std::vector<key_count> all(entries_.begin(), entries_.end());
        std::stable_sort(
            all.begin(), all.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
        const double told = std::ceil(static_cast<double>(all.size()) * (percent / 100));
        if (told < static_cast<double>(all.size()))
            all.resize(told > 0 ? static_cast<std::size_t>(told) : 0);
        return all;
    }

private:
    std::deque<key_count> entries_{}; // their addresses stay
    std::unordered_map<std::string_view, std::size_t> index_{};
    std::size_t text_bytes_ = 0;
    std::uint64_t left_out_ = 0;
};

/// What came under which key up to a moment.
struct key_report {
    std::int64_t timestamp = 0; ///< Unix seconds
    key_counts keys{};

    [[nodiscard]] std::size_t size() const noexcept { return keys.size(); }
};

/// Appends a line for each key: `TIME count=N key=K`. Bytes that would end the line or drive a terminal
/// become '?'.
///
/// Input    `time` as it is to stand there, `percent` as most_frequent.
/// Source   statsd/statsd 0.10.2, stats.js, as observed.
inline void
append_key_lines(std::string& out, const key_counts& keys, double percent, std::string_view time) {
    for (const auto& one : keys.most_frequent(percent)) {
        out += time;
        out += " count=";
        char digits[integer_bytes_max];
        const auto* const end = write_integer(digits, static_cast<std::int64_t>(one.count));
        out.append(digits, static_cast<std::size_t>(end - digits));
        out += " key=";
        for (const char c : one.key)
            out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
        out += '\n';
    }
}

} // namespace quipu
