// Dialects: which grammar of StatsD lines is accepted. A dialect is a type of constants and small
// constexpr functions; derive from one and override a line to make your own.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/wire/dialect_dogstatsd.hpp>
#include <quipu/wire/dialect_etsy.hpp>
#include <quipu/wire/dialect_kiip.hpp>
#include <quipu/wire/dialect_name_tags.hpp>
#include <quipu/wire/dialect_native.hpp>
#include <quipu/wire/dialect_statsite.hpp>
#include <quipu/wire/sample.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace quipu {

/// The constants of a dialect.
template <class D>
concept has_dialect_constants = requires {
    { D::line_bytes_max } -> std::convertible_to<std::size_t>;
    { D::name_bytes_max } -> std::convertible_to<std::size_t>;
    { D::tags_max } -> std::convertible_to<std::size_t>;
    { D::tag_bytes_max } -> std::convertible_to<std::size_t>;
    { D::values_max } -> std::convertible_to<std::size_t>;
    { D::tags } -> std::convertible_to<tag_field>;
    { D::tags_in_name } -> std::convertible_to<name_tags>;
    { D::repeats } -> std::convertible_to<repetition>;
    { D::bars_part_fields } -> std::convertible_to<bool>;
    { D::names_keep_nul } -> std::convertible_to<bool>;
    { D::ignores_carriage_return } -> std::convertible_to<bool>;
    { D::unterminated_lines } -> std::convertible_to<bool>;
    { D::sanitizes } -> std::convertible_to<bool>;
    { D::sorts_tags } -> std::convertible_to<bool>;
    { D::signs_change_gauges } -> std::convertible_to<bool>;
};

/// The functions of a dialect.
template <class D>
concept has_dialect_functions = requires(std::string_view text, std::size_t index, sample& out) {
    { D::kind(text) } -> std::same_as<result<metric_kind>>;
    { D::check_name(text) } -> std::same_as<errc>;
    { D::read_value(text, text, out) } -> std::same_as<errc>;
    { D::read_field(text, index, out) } -> std::same_as<errc>;
    { D::type_of(out) } -> std::same_as<std::string_view>;
    { D::time_mark(metric_kind::counter) } -> std::same_as<char>;
    requires noexcept(D::kind(text))&& noexcept(D::check_name(text));
    requires noexcept(D::read_value(text, text, out))&& noexcept(D::read_field(text, index, out));
    requires noexcept(D::type_of(out))&& noexcept(D::time_mark(metric_kind::counter));
};

/// Decides which lines are accepted and what they mean.
/// Requires  the constants and the functions of `dialect::quipu`; derive from it.
/// Provided  quipu (default), etsy, statsite, kiip, dogstatsd, influx, librato, signalfx.
///           Chosen at  the template argument of parse and its kin.
/// Laws      where `format` says ok, `parse` gives back the sample.
/// Cost      `kind` and `read_value` once a sample, `check_name` once a line.
template <class D>
concept wire_dialect = has_dialect_constants<D> && has_dialect_functions<D>;

/// Says in a sentence what a type lacks to be a dialect; for class templates, which take any type.
template <class D>
consteval bool require_dialect() {
    static_assert(has_dialect_constants<D>,
                  "quipu dialect: needs the constants of dialect::quipu; derive from it");
    static_assert(has_dialect_functions<D>,
                  "quipu dialect: needs noexcept kind, check_name, read_value and read_field, and "
                  "type_of and time_mark, as dialect::quipu has them; derive from it");
    return true;
}

static_assert(wire_dialect<dialect::quipu>);
static_assert(wire_dialect<dialect::etsy>);
static_assert(wire_dialect<dialect::statsite>);
static_assert(wire_dialect<dialect::kiip>);
static_assert(wire_dialect<dialect::dogstatsd>);
static_assert(wire_dialect<dialect::influx>);
static_assert(wire_dialect<dialect::librato>);
static_assert(wire_dialect<dialect::signalfx>);

} // namespace quipu
