// A sketch that keeps its values in the order in which they came.
#pragma once

#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/sketch.hpp>

#include <cstddef>

namespace quipu {

/// As basic_exact, for who works on the values themselves and wants to see them as they came, as
/// statsite_schema does: `values()` stay in that order. A merge puts the other's behind.
///
/// Memory   as basic_exact.
/// Cost     each read of a quantile or a part sorts a copy.
/// Threads  distinct objects safe, shared objects unsafe; reading one from several is safe.
template <std::size_t ValuesMax = std::size_t{1} << 20>
class basic_arrivals : public basic_exact<ValuesMax> {
    using base = basic_exact<ValuesMax>;

public:
    /// There is nothing to do.
    void settle() noexcept {}

    void merge(const basic_arrivals& other) { base::merge(other); }

    [[nodiscard]] double quantile(double q) const { return sorted().quantile(q); }
    [[nodiscard]] double median() const { return sorted().median(); }
    [[nodiscard]] distribution_part lowest(double q) const { return sorted().lowest(q); }
    [[nodiscard]] distribution_part highest(double q) const { return sorted().highest(q); }

private:
    [[nodiscard]] base sorted() const {
        base copy(*this);
        copy.settle();
        return copy;
    }
};

using arrivals = basic_arrivals<>;

static_assert(quantile_sketch<arrivals>);

} // namespace quipu
