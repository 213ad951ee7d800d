// The native dialect with tags in the name, in the forms of Influx, Librato and SignalFx.
#pragma once

#include <quipu/wire/dialect_native.hpp>

namespace quipu::dialect {

// Source: the tests of prometheus/statsd_exporter's pkg/line. In all three a line that has tags
// after the type too is refused: `mixed_tags`. A tag in a name that is not `key=value`, neither of
// them empty, is left out, and counted: canonical_buffer::tags_dropped.

/// `name,key=value,key=value:1|c`, which Telegraf's clients send too.
struct influx : quipu {
    static constexpr name_tags tags_in_name = name_tags::influx;
};

/// `name#key=value,key=value:1|c`
struct librato : quipu {
    static constexpr name_tags tags_in_name = name_tags::librato;
};

/// `na[key=value,key=value]me:1|c`: the brackets may stand anywhere in the name. With one of them
/// only, or in the wrong order, all is name.
struct signalfx : quipu {
    static constexpr name_tags tags_in_name = name_tags::signalfx;
};

} // namespace quipu::dialect
