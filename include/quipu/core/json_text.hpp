// JSON, written piece by piece and no longer than it may be.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// A JSON text that grows. Values stand one behind the other; commas come by themselves, and who
/// writes says where an object or a list begins and ends.
///
/// Whatever a text has in it comes out as JSON in UTF-8: control characters, '<', '>' and '&' are
/// escaped, a byte that is no UTF-8 becomes U+FFFD. A number that is not finite is null.
/// Beyond `bytes_max` nothing more is written, and `full()` tells.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   RFC 8259.
class json_text {
public:
    explicit json_text(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

    json_text& begin_object() { return open('{'); }
    json_text& end_object() { return close('}'); }
    json_text& begin_list() { return open('['); }
    json_text& end_list() { return close(']'); }

    /// The name of the value that follows.
    json_text& name(std::string_view text) {
        write_text(text);
        add(":");
        comma_ = false;
        return *this;
    }
    json_text& text(std::string_view value) {
        write_text(value);
        return *this;
    }
    json_text& number(double value) {
        if (!detail::is_finite(value))
            return nothing();
        char digits[layout::shortest::bytes_max];
        const char* const end = layout::shortest::write(digits, value);
        return write({digits, static_cast<std::size_t>(end - digits)});
    }
    json_text& number(std::uint64_t value) { return write(std::to_string(value)); }
    json_text& number(std::int64_t value) { return write(std::to_string(value)); }
    json_text& truth(bool value) { return write(value ? "true" : "false"); }
    json_text& nothing() { return write("null"); }

    // A member of an object.
    json_text& member(std::string_view key, std::string_view value) {
        return name(key).text(value);
    }
    json_text& member(std::string_view key, double value) { return name(key).number(value); }
    json_text& member(std::string_view key, std::uint64_t value) { return name(key).number(value); }
    json_text& member(std::string_view key, std::int64_t value) { return name(key).number(value); }

    /// Something was left out: the text is none.
    [[nodiscard]] bool full() const noexcept { return full_; }
    [[nodiscard]] const std::string& view() const noexcept { return out_; }
    [[nodiscard]] std::string take() noexcept { return std::exchange(out_, {}); }

private:
    void add(std::string_view text) {
        full_ = full_ || out_.size() + text.size() > bytes_max_;
        if (!full_)
            out_ += text;
    }

    json_text& write(std::string_view text) {
        if (comma_)
            add(",");
        add(text);
        comma_ = true;
        return *this;
    }

    json_text& open(char c) {
        write({&c, 1});
        comma_ = false;
        return *this;
    }
    json_text& close(char c) {
        add({&c, 1});
        comma_ = true;
        return *this;
    }

    void write_text(std::string_view text) {
        write("\"");
        while (!text.empty()) {
            const auto size = utf8_size(text);
            if (size == 0)
                add("\xef\xbf\xbd");
            else if (size == 1)
                add_ascii(text.front());
            else
                add(text.substr(0, size));
            text.remove_prefix(size == 0 ? 1 : size);
        }
        add("\"");
    }

    void add_ascii(char c) {
        constexpr std::string_view hex = "0123456789abcdef";
        if (c == '"' || c == '\\') {
            const char escaped[] = {'\\', c};
            add({escaped, 2});
        } else if (detail::is_control(c) || c == '<' || c == '>' || c == '&') {
            const auto byte = static_cast<unsigned char>(c);
            const char escaped[] = {'\\', 'u', '0', '0', hex[byte >> 4U], hex[byte & 15U]};
            add({escaped, 6});
        } else {
            add({&c, 1});
        }
    }

    std::string out_{};
    std::size_t bytes_max_;
    bool comma_ = false; // before the next value
    bool full_ = false;
};

} // namespace quipu
