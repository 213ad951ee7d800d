// What moves bytes: a `transport` sends them, a `receiver` hands out those that come.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace quipu {

namespace detail {

/// Stands for any function that a receiver may be given.
struct any_on_bytes {
    void operator()(std::string_view) const noexcept {}
};

} // namespace detail

template <class T>
concept has_send = requires(T& to, std::string_view bytes) {
    { to.send(bytes) } -> std::same_as<errc>;
    requires noexcept(to.send(bytes));
};

/// Sends bytes somewhere: a message at a time, or a stream of them.
/// Requires  errc send(std::string_view bytes) noexcept; on ok the message is whole on its way (a
///           stream: all bytes, in order). On an error nothing of it, or a first part that is never
///           followed by other bytes in the same stream: it may be sent again from its beginning.
///           A stream has `static constexpr bool is_stream = true`: nothing but newlines parts what
///           is sent over it.
/// Provided  udp_sender, udp_host_sender, tcp_sender, unix_datagram_sender, unix_stream_sender,
///           file_writer, memory_transport, null_transport; queued<T> before any of them.
/// Cost      one call per datagram or flush.
template <class T>
concept transport = has_send<T>;

/// Whether a transport is a stream.
template <class T>
inline constexpr bool is_stream_transport = requires {
    requires T::is_stream;
};

template <class R>
concept has_receive = requires(R& from, detail::any_on_bytes on_bytes) {
    { from.receive(on_bytes) } -> std::same_as<result<std::size_t>>;
    requires noexcept(from.receive(on_bytes));
};

template <class R>
concept has_closed = requires(const R& from) {
    { from.closed() } -> std::same_as<bool>;
    requires noexcept(from.closed());
};

/// Hands out bytes that come from somewhere, without waiting for them.
/// Requires  result<std::size_t> receive(on_bytes); calls on_bytes(std::string_view) for each
///           datagram or piece of a stream that is there, up to a bound of its own; noexcept if
///           on_bytes is. The text is valid until on_bytes returns, and followed by
///           `read_padding_bytes` readable bytes. Returns how many were taken; 0: none now. A
///           stream that broke off is an error. bool closed() const noexcept; a stream has ended in
///           good order, and no more will come.
/// Provided  udp_receiver, tcp_connection, memory_receiver.
/// Cost      one call per wake-up of the event loop, or more until it returns 0.
template <class R>
concept receiver = has_receive<R> && has_closed<R>;

/// A receiver that an event loop can watch.
/// Requires  int fd() const noexcept; readable when `receive` has something to say.
/// Provided  udp_receiver, tcp_connection.
template <class R>
concept watchable_receiver = receiver<R> && requires(const R& from) {
    { from.fd() } -> std::same_as<int>;
};

/// Says in a sentence what `T` lacks to be a transport: the first line of a class that takes one.
template <class T>
consteval bool require_transport() {
    static_assert(has_send<T>, "quipu transport: needs `errc send(std::string_view) noexcept`");
    return true;
}

/// Says in a sentence what `R` lacks to be a receiver: the first line of a class that takes one.
template <class R>
consteval bool require_receiver() {
    static_assert(has_receive<R>,
                  "quipu receiver: needs `result<std::size_t> receive(on_bytes)`, noexcept if "
                  "`on_bytes(std::string_view)` is");
    static_assert(has_closed<R>, "quipu receiver: needs `bool closed() const noexcept`");
    return true;
}

} // namespace quipu
