// Samples on their way into a store, many at a time.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/store/store.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace quipu {

/// Who owns a batch and can say what the canonical text of a name is: then names may be added as they
/// stand on the wire, if each canonical text is its own.
template <class Owner>
concept canonicalizes = requires(Owner& owner, std::string_view name) {
    { owner.canonical(name) } -> std::same_as<result<std::string_view>>;
};

/// Adds samples to a store in batches: while one is parsed, the memory for those before is under
/// way, and the cells of a kind are updated one after another. Within a kind samples keep their
/// order, so a store cannot tell that there was a batch.
///
/// Each sample's name and member are views that must hold until `apply`.
/// Memory   18 KB, 4 KB of it for names that are copied; nothing else is allocated.
/// Threads  distinct objects safe, shared objects unsafe.
template <class Traits = store_traits>
class basic_batch {
public:
    /// Beyond so many samples the batch is applied.
    static constexpr std::size_t samples_max = 64;

    /// Chooses the store. The batch is empty then; the store outlives what is added. What is added
    /// gets that `order`, as in sample.
    void begin(basic_store<Traits>& into, std::uint32_t order = 0) noexcept {
        QUIPU_ASSERT(size_ == 0);
        order_ = order;
        into_ = &into;
        indexes_[0] = &into.counters().index();
        indexes_[1] = &into.timers().index();
        indexes_[2] = &into.gauges().index();
        indexes_[3] = &into.uniques().index();
        indexes_[4] = &into.keyvalues().index();
    }

    /// Adds a sample whose series has the canonical text `name`; or a name that may not be canonical,
    /// if the owner canonicalizes: then it is asked about names that the store does not know.
    ///
    /// Input    `owner(errc, std::string_view name)` is told of each sample that is refused:
    ///          `series_limit`, `value_limit`, or an error of `owner.canonical`.
    /// Cost     one copy, and one hash of the name; two for a name that is not canonical.
    template <class Owner>
    [[gnu::always_inline]] void // since the parser is waiting
    add(detail::padded_name name, const sample& one, Owner&& owner) {
        if (size_ == samples_max)
            apply(owner);
        const auto kind = static_cast<std::size_t>(one.series.kind);
        const std::uint64_t hash = into_->counters().hash(name.text);
        list& of_kind = lists_[kind];
        sample& kept = samples_[size_++];
        of_kind.items[of_kind.size++] = {hash, indexes_[kind]->prefetch(hash), &kept};
        kept = one;
        kept.series.name = name.text;
        kept.order = order_;
    }

    /// The same for a name that does not hold so long, or behind which nothing may be read.
    template <class Owner>
    void add(std::string_view name, const sample& one, Owner&& owner) {
        if (size_ == samples_max || name.size() > text_bytes_max - text_bytes_)
            apply(owner);
        if (name.size() > text_bytes_max) {
            sample ordered = one;
            ordered.order = order_;
            if (const errc error = into_->apply(name, ordered); error != errc::ok)
                owner(error, name);
            return;
        }
        char* const kept = texts_ + text_bytes_;
        if (!name.empty())
            std::memcpy(kept, name.data(), name.size());
        text_bytes_ += static_cast<std::uint32_t>(name.size());
        add(detail::padded_name{{kept, name.size()}}, one, owner);
    }

    /// Updates the cells. The batch is empty then, even if it throws.
    template <class Owner>
    void apply(Owner&& owner) {
        if (size_ == 0)
            return;
        size_ = text_bytes_ = 0;
        for_each_table([](auto& table, list& of_kind) {
            for (std::uint32_t i = 0; i < of_kind.size; ++i) {
                item& one = of_kind.items[i];
                const auto* const home = static_cast<const chunk*>(one.where);
                one.where = table.prefetch_entry(home, one.hash);
            }
        });
        std::uint32_t sizes[metric_kind_count];
        for (std::size_t kind = 0; kind < metric_kind_count; ++kind)
            sizes[kind] = std::exchange(lists_[kind].size, 0);
        for_each_table([&](auto& table, list& of_kind) {
            const std::uint32_t size = sizes[&of_kind - lists_];
            const std::size_t series = table.size();
            for (std::uint32_t i = 0; i < size; ++i)
                update(table, of_kind.items[i], table.size() == series, owner);
        });
    }

private:
    using index = detail::chunk_index<Traits::template allocator>;
    using chunk = typename index::chunk;

    struct item {
        std::uint64_t hash;
        const void* where;  // the home in the index, and then the likely entry
        const sample* what; // named by the canonical text
    };
    struct list {
        std::uint32_t size = 0;
        item items[samples_max];
    };

    static constexpr std::size_t text_bytes_max = 4096;

    /// `stands`: no entry was added since the likely one was found, which may have moved it.
    template <class Table, class Owner>
    void update(Table& table, const item& one, bool stands, Owner& owner) {
        const std::string_view name = one.what->series.name;
        auto* const likely =
            static_cast<typename Table::entry*>(const_cast<void*>(stands ? one.where : nullptr));
        auto* cell = table.find(detail::padded_name{name}, one.hash, likely);
        if (cell == nullptr) [[unlikely]]
            return update_unknown(table, name, one, owner);
        if (const errc error = cell->apply(*one.what); error != errc::ok)
            owner(error, name);
    }

    /// The same for a name that the store does not know.
    template <class Table, class Owner>
    [[gnu::noinline]] void
    update_unknown(Table& table, std::string_view name, const item& one, Owner& owner) {
        result<std::string_view> text = name;
        if constexpr (canonicalizes<Owner>)
            text = owner.canonical(name);
        errc error = text.error();
        if (text && *text != name) {
            error = into_->apply(*text, *one.what);
        } else if (text) {
            auto* const cell = into_->insert(table, name, one.hash);
            error = cell == nullptr ? errc::series_limit : cell->apply(*one.what);
        }
        if (error != errc::ok)
            owner(error, text.value_or(name));
    }

    template <class F>
    void for_each_table(F&& f) {
        f(into_->counters(), lists_[0]);
        f(into_->timers(), lists_[1]);
        f(into_->gauges(), lists_[2]);
        f(into_->uniques(), lists_[3]);
        f(into_->keyvalues(), lists_[4]);
    }

    basic_store<Traits>* into_ = nullptr;
    const index* indexes_[metric_kind_count] = {};
    std::uint32_t size_ = 0;
    std::uint32_t text_bytes_ = 0;
    std::uint32_t order_ = 0;
    list lists_[metric_kind_count];
    sample samples_[samples_max];
    char texts_[text_bytes_max + detail::short_name_bytes];
};

using batch = basic_batch<>;

} // namespace quipu
