// The calls of a part of a program, which leave together: pystatsd's pipeline.
#pragma once

#include <quipu/client/aggregation.hpp>
#include <quipu/client/client.hpp>
#include <quipu/client/flushing.hpp>
#include <quipu/core/result.hpp>

#include <cstddef>
#include <string_view>

namespace quipu {

/// Hands lines to a client: the transport of a pipeline. The client outlives it.
template <class Client>
class client_transport {
public:
    explicit client_transport(Client& to) noexcept : to_(&to) {}

    /// Errors   those of `Client::send_lines`.
    [[nodiscard]] errc send(std::string_view lines) noexcept { return to_->send_lines(lines); }

private:
    Client* to_;
};

/// The traits of a pipeline before a client: those of the client, but that it always batches.
template <class Client>
struct pipeline_traits : Client::traits {
    using aggregation = aggregation::none;
    using flushing = flushing::on_request;
    static constexpr bool batches = true;
    /// One less before a stream, which gets a newline more.
    static constexpr std::size_t datagram_bytes_max = Client::lines_bytes_max;
};

template <class Client>
using client_pipeline = basic_client<client_transport<Client>, pipeline_traits<Client>>;

/// A client that hands its lines to another one, in order, when it is flushed or ends, and before that
/// whenever it has a datagram full: with its prefix, its tags and its rules. Of a pipeline there can be
/// another one.
///
///     {
///         auto batch = quipu::open_pipeline(client);
///         batch.increment("orders");
///         batch.timing("checkout", 12);
///     }   // here they leave, together if there is room in a datagram
///
/// Deviation  pystatsd keeps all until the end, however much: calls of the client that are made
///            meanwhile go before a full datagram there, and behind it here.
/// Memory     one datagram.
/// Threads    those of the client.
template <class Client>
[[nodiscard]] client_pipeline<Client> open_pipeline(Client& before) {
    return client_pipeline<Client>(client_transport<Client>(before), before.child_options());
}

} // namespace quipu
