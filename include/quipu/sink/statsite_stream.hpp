// statsite's stream: lines or binary records for a command, one text for each flush.
#pragma once

#include <quipu/core/decimal.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/wire/binary_point.hpp>
#include <quipu/wire/line_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// In what form statsite's stream goes out.
enum class statsite_form : std::uint8_t {
    lines,           ///< `NAME|VALUE|TIMESTAMP` and a newline, for each number
    binary,          ///< binary_point records, named as the series are
    prefixed_binary, ///< the same, with the prefix of its kind before each name
};

/// Appends a line of statsite's stream.
/// Cost     O(size); allocates as `out` grows.
template <class Layout>
void append_statsite_line(std::string& out, const point& one) {
    for (const auto part : {one.head, one.name, one.tail, one.tags})
        out += part;
    char text[point_value_bytes_max<Layout> + integer_bytes_max + 3];
    char* end = text;
    *end++ = '|';
    end = write_point_value<Layout>(end, one);
    *end++ = '|';
    end = write_integer(end, one.timestamp);
    *end++ = '\n';
    out.append(text, static_cast<std::size_t>(end - text));
}

/// Hands each snapshot to a transport in one piece, an empty one too: a `command` is run at each
/// flush. A number that is not finite is left out and counted, and so is what no record can carry.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class Schema, class Transport>
class basic_statsite_stream {
    static_assert(require_transport<Transport>());

public:
    basic_statsite_stream(Schema schema, Transport& transport, statsite_form form = {})
        : schema_(std::move(schema)), transport_(transport), form_(form) {}

    /// Errors   those of the transport.
    template <class StoreTraits>
    errc write(const basic_snapshot<StoreTraits>& from) {
        text_.clear();
        schema_.write(from, {}, [this](const point& one) {
            if (!detail::is_finite(one.value))
                ++skipped_;
            else if (form_ == statsite_form::lines)
                append_statsite_line<typename Schema::number_layout>(text_, one);
            else
                append_record(one);
        });
        return transport_.send(text_);
    }

    /// How many numbers were left out.
    [[nodiscard]] std::uint64_t skipped() const noexcept { return skipped_; }

private:
    void append_record(const point& one) {
        if (one.tail == ".median")
            return; // the same as the quantile behind it
        name_ = form_ == statsite_form::prefixed_binary ? one.head : "";
        name_ += one.name;
        const bool bin = is_histogram(one.what);
        const binary_point record{one.kind,
                                  one.what,
                                  name_,
                                  bin ? one.edge : one.value,
                                  one.timestamp,
                                  bin ? static_cast<std::uint32_t>(one.value) : 0U};
        basic_line_buffer<record_bytes_max> bytes;
        if (format_binary(record, bytes) == errc::ok)
            text_ += bytes.view();
        else
            ++skipped_;
    }

    static constexpr std::size_t record_bytes_max = 4096;

    Schema schema_;
    Transport& transport_;
    statsite_form form_;
    std::string text_{};
    std::string name_{};
    std::uint64_t skipped_ = 0;
};

} // namespace quipu
