// What a cell is: the running value of one series between two flushes.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>

namespace quipu {

/// The running value of one series.
/// Requires  apply(sample), which gives ok, number_out_of_range (nothing has changed) or value_limit;
///           merge(later), which by choice returns how many samples it refused; idle: nothing came since
///           the last reset or next_interval; reset to the neutral value; next_interval: keep only
///           what lasts beyond a flush (a gauge's value); settle: get ready to be read; write, to
///           bytes in a form that stays the same, and read, which takes the place of what it held,
///           or is false and leaves a reset cell if the bytes make no sense.
/// Laws      merge(a, reset cell) = a; merge is associative, and commutative but for gauges, where
///           the later of two values wins, and key/values, which keep their order; merge of the
///           parts equals the cell of the whole; what was written is read.
/// Provided  counter, gauge, timer, unique, keyvalue.   Chosen at  store_traits.
/// Cost      one apply for each sample, one merge, settle and next_interval for each flush.
template <class C>
concept cell = std::default_initializable<C> && std::movable<C> &&
    requires(C c, const C& other, const sample& one, byte_writer& out, byte_reader& from) {
    { c.apply(one) } -> std::same_as<errc>;
    c.merge(other);
    c.reset();
    c.next_interval();
    c.settle();
    { other.idle() } -> std::same_as<bool>;
    other.write(out);
    { c.read(from) } -> std::same_as<bool>;
};

} // namespace quipu
