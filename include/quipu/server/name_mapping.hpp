// Rules that rename, tag, scale or drop series before they are stored.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/glob.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/result.hpp>
#include <quipu/store/key.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/series.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quipu {

/// What becomes of the series whose name a pattern matches.
struct mapping_rule {
    /// The pattern; each '*' stands for any characters of one node, as in glob_nodes.
    std::string match{};
    /// Of one kind alone, if it is set.
    std::optional<metric_kind> kind{};
    /// The new name, where `$1` or `${1}` is what the first '*' stood for; empty: the name stays.
    std::string name{};
    /// Tags that are added, or take the place of those of the same key; values as the name.
    std::vector<std::pair<std::string, std::string>> tags{};
    /// By what values are multiplied: those of counters, timers, gauges (changes, too) and key/values.
    double scale = 1;
    /// The samples are dropped, and counted.
    bool drop = false;

    friend bool operator==(const mapping_rule&, const mapping_rule&) = default;
};

using mapping_rules = std::vector<mapping_rule>;

namespace detail {

/// Calls text(std::string_view) and capture(std::size_t) for the parts of a template such as
/// `api.$1`; a capture counts from 1. False if a '$' is none.
template <class Text, class Capture>
[[nodiscard]] bool read_template(std::string_view from, Text&& text, Capture&& capture) {
    while (!from.empty()) {
        const auto plain = from.substr(0, from.find('$'));
        text(plain);
        from.remove_prefix(plain.size());
        if (from.empty())
            break;
        from.remove_prefix(1);
        const bool braced = from.starts_with('{');
        from.remove_prefix(braced ? 1 : 0);
        std::size_t number = 0;
        std::size_t digits = 0;
        for (; digits < from.size() && digits < 2 && is_digit(from[digits]); ++digits)
            number = number * 10 + static_cast<std::size_t>(from[digits] - '0');
        from.remove_prefix(digits);
        if (number == 0 || (braced && !from.starts_with('}')))
            return false;
        from.remove_prefix(braced ? 1 : 0);
        capture(number);
    }
    return true;
}

/// Whether a text can be in a name, or in a tag, of a series that came over the wire.
[[nodiscard]] inline bool is_part_of_a_series(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(), [](char c) {
        return is_blank(c) || is_control(c) || c == '|' || c == ';';
    });
}

} // namespace detail

/// What is wrong with a rule, in words; empty: nothing.
[[nodiscard]] inline std::string_view fault_of(const mapping_rule& rule) {
    if (rule.match.empty())
        return "it needs a pattern to match";
    if (rule.drop && (!rule.name.empty() || !rule.tags.empty() || rule.scale != 1))
        return "what is dropped cannot be changed as well";
    if (!rule.drop && rule.name.empty() && rule.tags.empty() && rule.scale == 1)
        return "it changes nothing: give it a name, tags, a scale, or drop = yes";
    const auto stars =
        static_cast<std::size_t>(std::count(rule.match.begin(), rule.match.end(), '*'));
    const auto is_sound = [&](std::string_view text) {
        bool sound = true;
        return detail::read_template(
                   text, [](std::string_view) {}, [&](std::size_t n) { sound &= n <= stars; }) &&
               sound;
    };
    bool sound = is_sound(rule.name);
    bool clean = detail::is_part_of_a_series(rule.name);
    std::vector<std::string_view> keys;
    for (const auto& [key, value] : rule.tags) {
        sound = sound && !key.empty() && is_sound(value);
        clean = clean && detail::is_part_of_a_series(key) && detail::is_part_of_a_series(value);
        if (std::find(keys.begin(), keys.end(), key) != keys.end())
            return "it gives a tag twice";
        keys.push_back(key);
    }
    if (!clean)
        return "a name or a tag cannot have blanks, control characters, '|' or ';'";
    if (!sound)
        return "$1 is what the first '*' stands for, and so on: there are fewer, or it is another "
               "'$'";
    return {};
}

/// Tells by a list of rules what becomes of a series; of the rules that match the first counts. What it
/// told once it remembers.
///
/// Bounds   `names_max` names of each kind; with one more all of the kind are forgotten, at the next
///          `begin`.
/// Cost     a hash and a look-up for a name that is known; else O(rules × name), and it allocates.
/// Threads  distinct objects safe, shared objects unsafe; the rules may be shared.
/// Source   prometheus/statsd_exporter, README, "Metric Mapping and Configuration": globs, their order,
///          templates, `drop`, `scale`. There, too, a name that no rule matches stays.
template <class Dialect = dialect::quipu>
class name_mapper {
public:
    static constexpr std::size_t names_max = 65'536;

    struct target {
        std::string_view name{}; ///< the canonical text
        double scale = 1;
        bool drop = false;
        /// line_too_long, too_many_tags, empty_name: the new series cannot be.
        errc error = errc::ok;
    };

    /// By no rule: all stays as it is.
    name_mapper() = default;
    /// Input    rules: without a fault; `seed`: of the hash.
    explicit name_mapper(std::shared_ptr<const mapping_rules> rules, std::uint64_t seed = 0)
        : rules_(std::move(rules)), seed_(seed) {}

    /// Whether there is any rule.
    [[nodiscard]] explicit operator bool() const noexcept { return rules_ && !rules_->empty(); }

    /// Before a batch of names: what was told before is no longer looked at.
    void begin() {
        for (auto& one : kinds_) {
            if (one.targets && one.targets->size() >= names_max)
                one = {};
        }
    }

    /// What becomes of a series. Valid until the next `begin`.
    [[nodiscard]] const target& find(metric_kind kind, std::string_view canonical) {
        auto& [targets, names] = kinds_[static_cast<std::size_t>(kind)];
        if (!targets)
            targets.emplace(0, hash{seed_});
        if (const auto found = targets->find(canonical); found != targets->end())
            return found->second;
        const auto made = target_of(kind, canonical, names);
        return targets->emplace(names.intern(canonical), made).first->second;
    }

private:
    struct hash {
        std::uint64_t seed;
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
            return static_cast<std::size_t>(hash_bytes(text, seed));
        }
    };
    struct of_kind {
        std::optional<std::unordered_map<std::string_view, target, hash>> targets{};
        key_arena names{};
    };

    [[nodiscard]] target
    target_of(metric_kind kind, std::string_view canonical, key_arena& names) const {
        const auto parts = split_canonical(canonical);
        std::vector<std::string_view> captures;
        for (const auto& rule : *rules_) {
            captures.clear();
            if ((rule.kind && *rule.kind != kind) || !glob_nodes(rule.match, parts.name, captures))
                continue;
            if (rule.drop)
                return {canonical, 1, true, errc::ok};
            return renamed(rule, parts, captures, names);
        }
        return {names.intern(canonical), 1, false, errc::ok};
    }

    [[nodiscard]] static std::string filled_in(std::string_view from,
                                               const std::vector<std::string_view>& captures) {
        std::string made;
        static_cast<void>(detail::read_template(
            from,
            [&](std::string_view text) { made += text; },
            [&](std::size_t number) {
                made += number <= captures.size() ? captures[number - 1] : std::string_view();
            }));
        return made;
    }

    [[nodiscard]] static target renamed(const mapping_rule& rule,
                                        const canonical_parts& parts,
                                        const std::vector<std::string_view>& captures,
                                        key_arena& names) {
        std::string text =
            rule.name.empty() ? std::string(parts.name) : filled_in(rule.name, captures);
        if (text.empty())
            return {{}, 1, false, errc::empty_name};
        std::vector<std::string> tags;
        for (auto rest = parts.tags; !rest.empty();) {
            rest.remove_prefix(1); // the ';'
            const auto tag = rest.substr(0, rest.find(';'));
            rest.remove_prefix(tag.size());
            const auto key = tag.substr(0, tag.find('='));
            const bool replaced = std::any_of(rule.tags.begin(),
                                              rule.tags.end(),
                                              [&](const auto& one) { return one.first == key; });
            if (!replaced)
                tags.emplace_back(tag);
        }
        for (const auto& [key, value] : rule.tags)
            tags.push_back(key + '=' + filled_in(value, captures));
        if (tags.size() > Dialect::tags_max)
            return {{}, 1, false, errc::too_many_tags};
        if constexpr (Dialect::sorts_tags)
            std::sort(tags.begin(), tags.end());
        for (const auto& tag : tags)
            (text += ';') += tag;
        if (text.size() > Dialect::line_bytes_max)
            return {{}, 1, false, errc::line_too_long};
        return {names.intern(text), rule.scale, false, errc::ok};
    }

    std::shared_ptr<const mapping_rules> rules_{};
    std::uint64_t seed_ = 0;
    of_kind kinds_[metric_kind_count];
};

} // namespace quipu
