// Families: series of one name that differ in the values of their labels.
#pragma once

#include <quipu/cell/threading.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/net/fork_guard.hpp>
#include <quipu/registry/label.hpp>
#include <quipu/store/chunk_index.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace quipu {

namespace detail {

template <class T>
concept text_like = std::convertible_to<const T&, std::string_view>;

template <class T>
concept has_to_string = requires(const T& value) {
    { to_string(value) } -> std::convertible_to<std::string_view>;
};

} // namespace detail

/// What a label's value can be.
/// Requires  text; or a whole number; or a bool; or an enumeration, which becomes what
///           `to_string(value)` of its namespace says, a std::string_view, or else its number.
template <class T>
concept label_value = detail::text_like<T> || std::integral<T> || std::is_enum_v<T>;

namespace detail {

/// How a family keeps a value: texts as its own.
template <label_value T>
using kept_label = std::conditional_t<text_like<T>, std::string, T>;

template <label_value T>
[[nodiscard]] std::uint64_t label_hash(const T& value) noexcept {
    if constexpr (text_like<T>)
        return hash_bytes(std::string_view(value), 0);
    else
        return mix(static_cast<std::uint64_t>(value) + 1);
}

/// Keys, one for each value.
template <std::size_t ValueCount, class... Keys>
concept keys_for = sizeof...(Keys) == ValueCount &&
                   (std::convertible_to<const Keys&, std::string_view> && ...);

/// Appends the text of a value.
template <label_value T>
void append_label(std::string& out, const T& value) {
    if constexpr (text_like<T>) {
        out += std::string_view(value);
    } else if constexpr (std::same_as<T, bool>) {
        out += value ? "true" : "false";
    } else if constexpr (std::same_as<T, char>) {
        out += value;
    } else if constexpr (std::is_enum_v<T> && has_to_string<T>) {
        out += std::string_view(to_string(value));
    } else if constexpr (std::is_enum_v<T>) {
        append_label(out, static_cast<std::underlying_type_t<T>>(value));
    } else {
        out += std::to_string(value);
    }
}

/// Of the calling thread, and of no other that runs.
[[nodiscard]] inline std::uint64_t thread_mark() noexcept {
    static constinit thread_local char mark = 0;
    return reinterpret_cast<std::uintptr_t>(&mark);
}

} // namespace detail

/// Series of one name whose labels have the same keys. The handle for a set of values is looked up
/// here and not in the registry, by the values as they are: no text is made for a set that is known.
///
///     auto requests = metrics.counters<std::string_view, int>("api.requests", "method", "status");
///     requests("get", 200).add();
///
/// A set of values is a series of the registry, with its limit. One that was removed is made anew
/// when it is asked for again.
///
/// Cost     of a look-up: a hash, a lock that threads rarely share, one cache line of an index and
///          one entry: some 20 ns. Keep a handle where the values are always the same.
/// Memory   one entry for each set of values that is in use, at most 8 times: threads share 8 caches.
/// Threads  safe from any, as long as the registry lives.
template <class Registry, class Handle, label_value... Values>
class basic_family {
    static_assert(sizeof...(Values) > 0);

public:
    /// One key for each value.
    template <class... Keys>
    requires detail::keys_for<sizeof...(Values), Keys...>
    basic_family(Registry& home, std::string_view name, const Keys&... keys)
        : home_(home), name_(name), keys_{std::string(std::string_view(keys))...},
          forks_(detail::fork_guard::rank::outer, this, hold_all, release_all) {}

    basic_family(const basic_family&) = delete;
    basic_family& operator=(const basic_family&) = delete;
    ~basic_family() = default;

    /// The handle of the series with these values, new if there is none yet.
    /// Returns  as the registry does: one without a series if there is no room.
    [[nodiscard]] Handle operator()(const Values&... values) {
        std::uint64_t hash = 0;
        ((hash = mix(hash ^ detail::label_hash(values))), ...);
        cache& mine = caches_[mix(detail::thread_mark()) % cache_count];
        const detail::holding hold(mine.lock);
        const auto place = mine.index.find(
            hash, [&](std::uint32_t at) { return mine.entries[at].values == std::tie(values...); });
        if (place == mine.index.none)
            return add(mine, hash, values...);
        Handle& known = mine.entries[place].handle;
        return known ? known : known = make(values...);
    }

private:
    static constexpr std::size_t cache_count = 8;

    struct entry {
        std::tuple<detail::kept_label<Values>...> values;
        std::uint64_t hash;
        Handle handle;
    };

    struct alignas(64) cache {
        detail::small_mutex lock{};
        detail::chunk_index<std::allocator> index{};
        std::vector<entry> entries{};
        std::size_t review_size = 64;
    };

    [[nodiscard]] Handle add(cache& to, std::uint64_t hash, const Values&... values) {
        const Handle made = make(values...);
        if (!made)
            return made; // and do not fill the cache with what there is no room for
        if (to.entries.size() >= to.review_size)
            forget_removed(to);
        to.entries.push_back({{detail::kept_label<Values>(values)...}, hash, made});
        to.index.insert(hash, static_cast<std::uint32_t>(to.entries.size() - 1), hash_of(to));
        return made;
    }

    [[nodiscard]] Handle make(const Values&... values) {
        std::array<std::string, sizeof...(Values)> texts;
        std::array<label, sizeof...(Values)> labels;
        std::size_t i = 0;
        ((detail::append_label(texts[i], values), ++i), ...);
        for (i = 0; i < labels.size(); ++i)
            labels[i] = {keys_[i], texts[i]};
        return home_.template find<Handle>(name_, labels.data(), labels.size());
    }

    /// Entries whose series were removed go, each time there are twice as many as were left.
    static void forget_removed(cache& in) {
        std::erase_if(in.entries, [](const entry& one) { return !one.handle; });
        in.index = detail::chunk_index<std::allocator>();
        for (std::uint32_t i = 0; i < in.entries.size(); ++i)
            in.index.insert(in.entries[i].hash, i, hash_of(in));
        in.review_size = 2 * in.entries.size() + 64;
    }

    [[nodiscard]] static auto hash_of(const cache& in) noexcept {
        return [&in](std::uint32_t place) { return in.entries[place].hash; };
    }

    static void hold_all(void* object) noexcept {
        for (auto& one : static_cast<basic_family*>(object)->caches_)
            one.lock.lock();
    }
    static void release_all(void* object) noexcept {
        for (auto& one : static_cast<basic_family*>(object)->caches_)
            one.lock.unlock();
    }

    Registry& home_;
    std::string name_;
    std::array<std::string, sizeof...(Values)> keys_;
    std::array<cache, cache_count> caches_{};
    detail::fork_guard forks_;
};

} // namespace quipu
