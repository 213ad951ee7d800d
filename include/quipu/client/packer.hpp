// Lines into datagrams, and those into a transport: the lower half of a client.
#pragma once

#include <quipu/client/call.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/wire/line_buffer.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace quipu::detail {

/// Puts lines into a datagram, and sends it when the next line does not fit or `flush` says so. A
/// stream gets each datagram with a newline behind it.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <transport Transport, std::size_t DatagramBytesMax>
class packer {
public:
    explicit packer(Transport to) noexcept : to_(std::move(to)) {}

    /// Adds what `write(out)` appends to a buffer, one line or several that stay together, to the
    /// datagram, or to the next one if it does not fit.
    /// Errors   those of `write`, which then has appended nothing; no_space: it never fits.
    template <class Write>
    errc append(const Write& write) noexcept {
        errc error = append_here(write);
        if (error == errc::no_space && text_.size() > 0) {
            static_cast<void>(flush());
            error = append_here(write);
        }
        return error;
    }

    /// Tells how many samples the lines that were appended last stand for: they are lost if the
    /// datagram is.
    void stands_for(std::uint64_t samples) noexcept { waiting_ += samples; }

    /// Sends what is there.
    /// Errors   those of the transport; what was there is lost then, and counted.
    errc flush() noexcept {
        if (text_.size() == 0)
            return errc::ok;
        if constexpr (is_stream)
            static_cast<void>(text_.append("\n")); // there is room for it
        const errc error = to_.send(text_.view());
        if (error == errc::ok) {
            ++counts.datagrams;
            counts.bytes += text_.size();
        } else {
            ++counts.failures;
            counts.lost += waiting_;
            last_error = error;
        }
        text_.resize(0);
        waiting_ = 0;
        return error;
    }

    [[nodiscard]] Transport& transport() noexcept { return to_; }

    client_counts counts{};
    errc last_error = errc::ok; ///< what the transport said last that was not ok

private:
    static constexpr bool is_stream = is_stream_transport<Transport>;

    template <class Write>
    errc append_here(const Write& write) noexcept {
        const std::size_t before = text_.size();
        if (before > 0 && !text_.append("\n"))
            return errc::no_space;
        errc error = write(text_);
        if (error == errc::ok && is_stream && text_.size() == DatagramBytesMax)
            error = errc::no_space; // for the newline at the end
        if (error != errc::ok)
            text_.resize(before);
        return error;
    }

    Transport to_;
    std::uint64_t waiting_ = 0; // samples in the text
    basic_line_buffer<DatagramBytesMax> text_{};
};

} // namespace quipu::detail
