// The hash table from series to cells, for one kind.
#pragma once

#include <quipu/cell/cell.hpp>
#include <quipu/store/chunk_index.hpp>
#include <quipu/store/key.hpp>
#include <quipu/store/name_hash.hpp>
#include <quipu/store/segmented_vector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

template <cell Cell, template <class> class Allocator>
class basic_table;

/// A series of a table: its name, and its cell beside it.
template <cell Cell>
class alignas(64) table_entry {
public:
    [[nodiscard]] std::string_view name() const noexcept {
        return {is_short() ? text_ : long_text(), size_};
    }

    /// Flushes since the last sample; a store's owner counts it.
    std::uint32_t idle_intervals = 0;

private:
    template <cell, template <class> class>
    friend class basic_table;

    static constexpr std::size_t header_bytes = 8;
    static constexpr std::size_t whole_bytes = // in cache lines, with 32 bytes of name at least
        (header_bytes + 32 + sizeof(Cell) + 63) / 64 * 64;
    static constexpr std::size_t room = (whole_bytes - header_bytes - sizeof(Cell)) / 16 * 16;

    /// A name of up to so many bytes stands here; a longer one in the table's arena.
    static constexpr std::size_t short_bytes =
        room < detail::short_name_bytes ? room : detail::short_name_bytes;
    static_assert(short_bytes >= 16, "longer names are compared 16 bytes at a time");

    /// `kept`: the name where it stays.
    explicit table_entry(std::string_view kept) noexcept
        : size_(static_cast<std::uint32_t>(kept.size())) {
        rename(kept);
    }

    void rename(std::string_view kept) noexcept {
        const char* const text = kept.data();
        if (!is_short())
            std::memcpy(text_, &text, sizeof text);
        else if (size_ > 0)
            std::memcpy(text_, text, size_);
    }

    [[nodiscard]] bool is_short() const noexcept { return size_ <= short_bytes; }

    [[nodiscard]] const char* long_text() const noexcept {
        const char* text;
        std::memcpy(&text, text_, sizeof text);
        return text;
    }

    [[nodiscard]] bool has(detail::padded_name name) const noexcept {
        if (name.text.size() != size_)
            return false;
        if (is_short())
            return detail::equal_short_names<short_bytes>(text_, name.text.data(), size_);
        return detail::equal_long_names(long_text(), name.text.data(), size_);
    }
    [[nodiscard]] bool has(std::string_view other) const noexcept { return name() == other; }

    std::uint32_t size_; // of the name
    char text_[short_bytes] = {};

public:
    Cell cell{};
};

/// Maps names to cells. The entries lie dense, in the order in which their series came.
///
/// Memory   per series one entry of whole cache lines, 64 bytes for a counter whose name has up to
///          32 bytes, and 11 bytes of index; longer names lie beside it.
/// Threads  distinct objects safe, shared objects unsafe.
template <cell Cell, template <class> class Allocator = std::allocator>
class basic_table {
public:
    using entry = table_entry<Cell>;
    using entry_list = detail::segmented_vector<entry, Allocator>;
    using chunk = typename detail::chunk_index<Allocator>::chunk;

    /// The seed keeps senders from choosing names that collide. The allocator is for names, entries
    /// and index; what cells hold is theirs.
    explicit basic_table(std::uint64_t seed = 0, const Allocator<char>& allocator = {})
        : hash_(seed), entries_(allocator), index_(allocator), long_names_(allocator) {}

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] entry_list& entries() noexcept { return entries_; }
    [[nodiscard]] const entry_list& entries() const noexcept { return entries_; }

    /// The cell of a series, or null. Valid until the next call that is not const.
    /// Cost     O(name.size()), one cache line of the index and one entry as a rule.
    [[nodiscard]] Cell* find(std::string_view name) noexcept {
        return cell_at(place_of(name, hash_(name)));
    }

    /// The cell of a series, new if there is none yet; null if it would be the entry number
    /// `size_max` + 1. Valid until the next call that is not const.
    /// Cost     as find; only a new one allocates, and never does one wait for all to be moved.
    [[nodiscard]] Cell* find_or_insert(std::string_view name, std::size_t size_max) {
        const std::uint64_t hash = hash_(name);
        if (Cell* const known = cell_at(place_of(name, hash)); known != nullptr)
            return known;
        return size() < size_max ? &insert(name, hash) : nullptr;
    }

    /// Removes the entries for which `leaves(const entry&)` is true; the others keep their order.
    /// Cost     O(size).
    template <class Predicate>
    void erase_if(Predicate&& leaves) {
        std::uint32_t kept = 0;
        for (std::uint32_t i = 0; i < entries_.size(); ++i) {
            entry& one = entries_[i];
            if (leaves(std::as_const(one))) {
                long_bytes_ -= one.is_short() ? 0 : one.size_;
                index_.erase(hash(one.name()), i);
                continue;
            }
            if (kept != i) {
                index_.renumber(hash(one.name()), i, kept);
                entries_[kept] = std::move(one);
            }
            ++kept;
        }
        entries_.shrink(kept);
        if (long_names_.bytes() > 2 * long_bytes_)
            move_long_names();
    }

    /// Removes the series of that name. Returns whether there was one.
    /// Cost     O(size).
    bool erase(std::string_view name) {
        const auto before = size();
        erase_if([name](const entry& one) { return one.name() == name; });
        return size() < before;
    }

    // For look-ups in batches, each in three steps with others between, so that memory is asked for
    // ahead of its use: the hash, for which the index is asked; the entry; the cell.

    [[nodiscard, gnu::always_inline]] std::uint64_t hash(std::string_view name) const noexcept {
        return hash_(name);
    }
    [[nodiscard]] const detail::chunk_index<Allocator>& index() const noexcept { return index_; }

    /// Asks for the entry that a hash probably means, and returns it, or null; `home` is where the
    /// index has the hash. Valid as a cell is.
    [[nodiscard]] entry* prefetch_entry(const chunk* home, std::uint64_t hash) noexcept {
        const std::uint32_t place = index_.candidate(home, hash);
        if (place == index_.none)
            return nullptr;
        entry* const likely = &entries_[place];
        for (std::size_t line = 0; line < sizeof(entry); line += 64)
            detail::prefetch(reinterpret_cast<const char*>(likely) + line);
        return likely;
    }

    [[nodiscard]] Cell* find(std::string_view name, std::uint64_t hash) noexcept {
        return cell_at(place_of(name, hash));
    }
    /// The cell of a series, or null; looks at `likely` first, which may be null.
    [[nodiscard]] Cell* find(detail::padded_name name, std::uint64_t hash, entry* likely) noexcept {
        if (likely != nullptr && likely->has(name)) [[likely]]
            return &likely->cell;
        return cell_at(place_of(name, hash));
    }

    /// The cell of a series that is new.
    [[nodiscard]] Cell& insert(std::string_view name, std::uint64_t hash) {
        const bool is_long = name.size() > entry::short_bytes;
        entry& added = entries_.emplace_back(entry(is_long ? long_names_.intern(name) : name));
        rollback unless_indexed{&entries_};
        const auto hash_of = [this](std::uint32_t place) { return hash_(entries_[place].name()); };
        index_.insert(hash, static_cast<std::uint32_t>(entries_.size() - 1), hash_of);
        unless_indexed.entries = nullptr;
        long_bytes_ += is_long ? name.size() : 0;
        return added.cell;
    }

private:
    /// Takes the last entry back, unless all went well: for what throws.
    struct rollback {
        entry_list* entries;
        ~rollback() {
            if (entries != nullptr)
                entries->shrink(entries->size() - 1);
        }
    };

    template <class Name>
    [[nodiscard]] std::uint32_t place_of(const Name& name, std::uint64_t hash) const noexcept {
        return index_.find(hash, [&](std::uint32_t place) { return entries_[place].has(name); });
    }

    [[nodiscard]] Cell* cell_at(std::uint32_t place) noexcept {
        return place == index_.none ? nullptr : &entries_[place].cell;
    }

    void move_long_names() {
        basic_key_arena<Allocator> fresh(long_names_.get_allocator());
        fresh.reserve(long_bytes_); // so that nothing fails half way
        for (auto& one : entries_) {
            if (!one.is_short())
                one.rename(fresh.intern(one.name()));
        }
        long_names_ = std::move(fresh);
    }

    detail::name_hash hash_;
    entry_list entries_;
    detail::chunk_index<Allocator> index_;
    basic_key_arena<Allocator> long_names_;
    std::size_t long_bytes_ = 0; // of the names in use
};

} // namespace quipu
