// Lines as literals, read by the compiler: `"api.hits:1|c"_line` is a sample, and a line that is
// none does not compile.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/sample.hpp>

#include <cstddef>
#include <string_view>

namespace quipu {

namespace detail::line_literal {

// Not constexpr, so the compiler's complaint names the one that was called.
void the_name_is_empty();
void there_is_no_value_after_the_name();
void there_is_no_type_after_the_value();
void the_type_is_unknown();
void the_name_has_a_character_that_it_cannot_have();
void the_value_is_not_a_number();
void the_number_is_out_of_range();
void the_rate_is_not_above_0_and_up_to_1();
void the_timestamp_is_not_whole_unix_seconds();
void the_tags_cannot_be_read();
void the_set_member_is_empty();
void the_field_after_the_type_is_unknown();
void there_is_more_than_one_sample();
void the_line_is_too_long();
void the_name_is_too_long();
void the_tags_are_too_long();
void the_line_is_none();

/// Calls the function that is named for the cause.
constexpr void explain(errc error) {
    switch (error) {
    case errc::ok: return;
    case errc::empty_name: return the_name_is_empty();
    case errc::missing_value: return there_is_no_value_after_the_name();
    case errc::missing_type: return there_is_no_type_after_the_value();
    case errc::unknown_type: return the_type_is_unknown();
    case errc::bad_name: return the_name_has_a_character_that_it_cannot_have();
    case errc::bad_number: return the_value_is_not_a_number();
    case errc::number_out_of_range: return the_number_is_out_of_range();
    case errc::bad_rate: return the_rate_is_not_above_0_and_up_to_1();
    case errc::bad_timestamp: return the_timestamp_is_not_whole_unix_seconds();
    case errc::bad_tags: return the_tags_cannot_be_read();
    case errc::empty_member: return the_set_member_is_empty();
    case errc::unknown_field: return the_field_after_the_type_is_unknown();
    case errc::several_samples: return there_is_more_than_one_sample();
    case errc::line_too_long: return the_line_is_too_long();
    case errc::name_too_long: return the_name_is_too_long();
    case errc::tags_too_long: return the_tags_are_too_long();
    default: return the_line_is_none();
    }
}

} // namespace detail::line_literal

inline namespace literals {

/// The sample of a line of the native dialect, read at compile time.
///
/// Returns  a sample whose views point into the literal: they live as long as the program.
/// Errors   none when the program runs; a line that parse refuses does not compile, and the
///          compiler names the cause.
consteval sample operator""_line(const char* line, std::size_t size) {
    const auto one = parse(std::string_view(line, size));
    detail::line_literal::explain(one.error());
    return *one;
}

} // namespace literals

} // namespace quipu
