// Profiles: dialect, cells and schema bound together, so that the whole equals one existing server.
#pragma once

#include <quipu/cell/gauge.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>
#include <quipu/schema/etsy.hpp>
#include <quipu/schema/kiip.hpp>
#include <quipu/schema/native.hpp>
#include <quipu/schema/statsite.hpp>
#include <quipu/sketch/adaptive_set.hpp>
#include <quipu/sketch/arrivals.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/store/retention.hpp>
#include <quipu/store/store.hpp>
#include <quipu/wire/dialect.hpp>

#include <concepts>
#include <string_view>

namespace quipu {

namespace profile {

/// quipu's own: the native dialect; idle series do not report, gauges stay.
struct quipu {
    static constexpr std::string_view name = "quipu";
    using dialect_type = dialect::quipu;
    using store_traits = ::quipu::store_traits;
    using schema_type = native_schema;
    using schema_options = native_schema_options;
    /// A key/value without a time gets the time when it came, not that of the flush.
    static constexpr bool stamps_on_receipt = false;
    /// statsite's binary records are taken wherever a line may begin.
    static constexpr bool takes_binary = false;
    /// The server's own counters are part of each flush, as in Etsy's statsd.
    static constexpr bool counts_itself = false;
    /// Graphite gets a connection of its own for each flush.
    static constexpr bool connects_for_each_flush = false;
};

/// Etsy's statsd: nothing that was once seen is forgotten, unless its settings say so.
struct etsy {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<exact, timer_weighting::count_only>;
        using unique = basic_unique<etsy_set>;
        using counter_retention = retention::adjustable;
        using timer_retention = retention::adjustable;
        using gauge_retention = retention::adjustable;
        using unique_retention = retention::adjustable;
    };

    static constexpr std::string_view name = "etsy";
    using dialect_type = dialect::etsy;
    using schema_type = etsy_schema;
    using schema_options = etsy_schema_options;
    static constexpr bool stamps_on_receipt = false;
    static constexpr bool takes_binary = false;
    static constexpr bool counts_itself = true;
    static constexpr bool connects_for_each_flush = true;
};

/// Etsy's statsd with `keyNameSanitize: false`.
struct etsy_verbatim : etsy {
    using dialect_type = dialect::etsy_verbatim;
};

/// What Datadog's clients send, under quipu's names: that agent's own go to Datadog.
struct dogstatsd : quipu {
    static constexpr std::string_view name = "dogstatsd";
    using dialect_type = dialect::dogstatsd;
};

/// The Python statsite: every interval begins with nothing.
struct kiip {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<exact>;
    };

    static constexpr std::string_view name = "kiip";
    using dialect_type = dialect::kiip;
    using schema_type = kiip_schema;
    using schema_options = kiip_schema_options;
    static constexpr bool stamps_on_receipt = true;
    static constexpr bool takes_binary = false;
    static constexpr bool counts_itself = false;
    static constexpr bool connects_for_each_flush = false;
};

/// statsite, the one in C: every interval begins with nothing, gauges too.
struct statsite {
    struct store_traits : ::quipu::store_traits {
        using timer = basic_timer<arrivals, timer_weighting::count_only>;
        using gauge = interval_gauge;
        using gauge_retention = retention::each_interval;
    };

    static constexpr std::string_view name = "statsite";
    using dialect_type = dialect::statsite;
    using schema_type = statsite_schema;
    using schema_options = statsite_schema_options;
    static constexpr bool stamps_on_receipt = false;
    static constexpr bool takes_binary = true;
    static constexpr bool counts_itself = false;
    static constexpr bool connects_for_each_flush = false;
};

} // namespace profile

/// Binds what a server needs to know at compile time.
/// Requires  the types and constants of `profile::quipu`.
/// Provided  profile::quipu (default), dogstatsd, etsy, etsy_verbatim, kiip, statsite.   Chosen at  basic_intake, basic_pipeline, basic_server.
template <class P>
concept server_profile = requires {
    { P::name } -> std::convertible_to<std::string_view>;
    { P::stamps_on_receipt } -> std::convertible_to<bool>;
    { P::takes_binary } -> std::convertible_to<bool>;
    { P::counts_itself } -> std::convertible_to<bool>;
    { P::connects_for_each_flush } -> std::convertible_to<bool>;
    typename P::schema_options;
    requires wire_dialect<typename P::dialect_type>;
    requires schema_for<typename P::schema_type, typename P::store_traits>;
};

static_assert(server_profile<profile::quipu>);
static_assert(server_profile<profile::dogstatsd>);
static_assert(server_profile<profile::etsy>);
static_assert(server_profile<profile::etsy_verbatim>);
static_assert(server_profile<profile::kiip>);
static_assert(server_profile<profile::statsite>);

} // namespace quipu
