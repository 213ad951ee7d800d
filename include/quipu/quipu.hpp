// The whole library, from the ground up. A program that minds its compile time includes the headers
// it uses. Made by single_include/amalgamate.cpp.
#pragma once

// Floor 0: core
#include <quipu/core/ascii.hpp>
#include <quipu/core/big_integer.hpp>
#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/core/decimal.hpp>
#include <quipu/core/fixed_text.hpp>
#include <quipu/core/glob.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/integer_text.hpp>
#include <quipu/core/javascript_date.hpp>
#include <quipu/core/javascript_inspect.hpp>
#include <quipu/core/json_text.hpp>
#include <quipu/core/little_endian.hpp>
#include <quipu/core/nearest_double.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/power_of_ten.hpp>
#include <quipu/core/result.hpp>
#include <quipu/core/saturated.hpp>
#include <quipu/core/terminal_text.hpp>
#include <quipu/core/tick_clock.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/core/whole_number.hpp>
#include <quipu/core/wide_product.hpp>

// Floor 1: net
#include <quipu/net/address.hpp>
#include <quipu/net/append_file.hpp>
#include <quipu/net/command.hpp>
#include <quipu/net/datagram_slots.hpp>
#include <quipu/net/deadline.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/endpoint.hpp>
#include <quipu/net/event_loop.hpp>
#include <quipu/net/file.hpp>
#include <quipu/net/fork_guard.hpp>
#include <quipu/net/host_watch.hpp>
#include <quipu/net/http_answer.hpp>
#include <quipu/net/http_post.hpp>
#include <quipu/net/inherited.hpp>
#include <quipu/net/memory.hpp>
#include <quipu/net/queued.hpp>
#include <quipu/net/resolve.hpp>
#include <quipu/net/socket.hpp>
#include <quipu/net/stream_sender.hpp>
#include <quipu/net/tcp_listener.hpp>
#include <quipu/net/tcp_sender.hpp>
#include <quipu/net/transport.hpp>
#include <quipu/net/udp.hpp>
#include <quipu/net/udp_host.hpp>
#include <quipu/net/unix_datagram.hpp>
#include <quipu/net/unix_listener.hpp>
#include <quipu/net/unix_path.hpp>
#include <quipu/net/unix_stream.hpp>
#include <quipu/net/unproven_bytes.hpp>
#include <quipu/net/waker.hpp>
#include <quipu/net/whole_file.hpp>

// Floor 1: sketch
#include <quipu/sketch/adaptive.hpp>
#include <quipu/sketch/adaptive_set.hpp>
#include <quipu/sketch/arrivals.hpp>
#include <quipu/sketch/bound_policy.hpp>
#include <quipu/sketch/bucket_layout.hpp>
#include <quipu/sketch/bucket_window.hpp>
#include <quipu/sketch/ckms.hpp>
#include <quipu/sketch/ckms_summary.hpp>
#include <quipu/sketch/deviations.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/exact_set.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/sketch/exponential_scale.hpp>
#include <quipu/sketch/hash_slots.hpp>
#include <quipu/sketch/hyperloglog.hpp>
#include <quipu/sketch/moments.hpp>
#include <quipu/sketch/sketch.hpp>
#include <quipu/sketch/summarised_block.hpp>
#include <quipu/sketch/weighted_values.hpp>

// Floor 1: wire
#include <quipu/wire/binary.hpp>
#include <quipu/wire/binary_point.hpp>
#include <quipu/wire/block.hpp>
#include <quipu/wire/canonical.hpp>
#include <quipu/wire/datagram.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/dialect_dogstatsd.hpp>
#include <quipu/wire/dialect_etsy.hpp>
#include <quipu/wire/dialect_kiip.hpp>
#include <quipu/wire/dialect_name_tags.hpp>
#include <quipu/wire/dialect_native.hpp>
#include <quipu/wire/dialect_statsite.hpp>
#include <quipu/wire/event.hpp>
#include <quipu/wire/format.hpp>
#include <quipu/wire/format_event.hpp>
#include <quipu/wire/framed_stream.hpp>
#include <quipu/wire/line_buffer.hpp>
#include <quipu/wire/line_literal.hpp>
#include <quipu/wire/mark_index.hpp>
#include <quipu/wire/mixed_stream.hpp>
#include <quipu/wire/name_tags.hpp>
#include <quipu/wire/notices.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/parse_event.hpp>
#include <quipu/wire/plain_line.hpp>
#include <quipu/wire/sample.hpp>
#include <quipu/wire/series.hpp>
#include <quipu/wire/short_number.hpp>
#include <quipu/wire/stream.hpp>
#include <quipu/wire/type_table.hpp>

// Floor 2: cell
#include <quipu/cell/cell.hpp>
#include <quipu/cell/counter.hpp>
#include <quipu/cell/fixed_bins.hpp>
#include <quipu/cell/gauge.hpp>
#include <quipu/cell/keyvalue.hpp>
#include <quipu/cell/threading.hpp>
#include <quipu/cell/timer.hpp>
#include <quipu/cell/unique.hpp>

// Floor 2: client
#include <quipu/client/aggregation.hpp>
#include <quipu/client/call.hpp>
#include <quipu/client/client.hpp>
#include <quipu/client/flushing.hpp>
#include <quipu/client/packed_values.hpp>
#include <quipu/client/packer.hpp>
#include <quipu/client/pipeline.hpp>
#include <quipu/client/pystatsd.hpp>
#include <quipu/client/sampling.hpp>
#include <quipu/client/scoped_timer.hpp>
#include <quipu/client/static_name.hpp>

// Floor 3: store
#include <quipu/store/batch.hpp>
#include <quipu/store/chunk_index.hpp>
#include <quipu/store/key.hpp>
#include <quipu/store/name_hash.hpp>
#include <quipu/store/retention.hpp>
#include <quipu/store/segmented_vector.hpp>
#include <quipu/store/shard.hpp>
#include <quipu/store/store.hpp>
#include <quipu/store/table.hpp>

// Floor 4: snapshot
#include <quipu/snapshot/codec.hpp>
#include <quipu/snapshot/collect.hpp>
#include <quipu/snapshot/merge.hpp>
#include <quipu/snapshot/select.hpp>
#include <quipu/snapshot/snapshot.hpp>
#include <quipu/snapshot/unite.hpp>

// Floor 5: registry
#include <quipu/registry/board.hpp>
#include <quipu/registry/family.hpp>
#include <quipu/registry/flush_every.hpp>
#include <quipu/registry/handle.hpp>
#include <quipu/registry/instrument.hpp>
#include <quipu/registry/label.hpp>
#include <quipu/registry/registry.hpp>
#include <quipu/registry/scoped_timing.hpp>
#include <quipu/registry/shards.hpp>
#include <quipu/registry/timer_buffer.hpp>

// Floor 5: schema
#include <quipu/schema/etsy.hpp>
#include <quipu/schema/histogram_rules.hpp>
#include <quipu/schema/kiip.hpp>
#include <quipu/schema/native.hpp>
#include <quipu/schema/percentile.hpp>
#include <quipu/schema/schema.hpp>
#include <quipu/schema/statsite.hpp>

// Floor 6: sink
#include <quipu/sink/clean_tags.hpp>
#include <quipu/sink/console.hpp>
#include <quipu/sink/etsy_console.hpp>
#include <quipu/sink/graphite.hpp>
#include <quipu/sink/graphite_name.hpp>
#include <quipu/sink/graphite_pickle.hpp>
#include <quipu/sink/influx.hpp>
#include <quipu/sink/influx_line.hpp>
#include <quipu/sink/json_lines.hpp>
#include <quipu/sink/opentsdb.hpp>
#include <quipu/sink/prometheus.hpp>
#include <quipu/sink/prometheus_families.hpp>
#include <quipu/sink/prometheus_format.hpp>
#include <quipu/sink/prometheus_name.hpp>
#include <quipu/sink/prometheus_protobuf.hpp>
#include <quipu/sink/sink.hpp>
#include <quipu/sink/statsd_relay.hpp>
#include <quipu/sink/statsite_stream.hpp>

// Floor 7: server
#include <quipu/server/admin.hpp>
#include <quipu/server/conversations.hpp>
#include <quipu/server/event_stream.hpp>
#include <quipu/server/flush_clock.hpp>
#include <quipu/server/flush_stamps.hpp>
#include <quipu/server/health.hpp>
#include <quipu/server/http.hpp>
#include <quipu/server/http_reply.hpp>
#include <quipu/server/http_request.hpp>
#include <quipu/server/ini.hpp>
#include <quipu/server/intake.hpp>
#include <quipu/server/key_frequency.hpp>
#include <quipu/server/key_reporter.hpp>
#include <quipu/server/listeners.hpp>
#include <quipu/server/literal_scanner.hpp>
#include <quipu/server/literal_values.hpp>
#include <quipu/server/live_page.hpp>
#include <quipu/server/live_routes.hpp>
#include <quipu/server/log.hpp>
#include <quipu/server/losses.hpp>
#include <quipu/server/name_mapping.hpp>
#include <quipu/server/object_literal.hpp>
#include <quipu/server/own_hosts.hpp>
#include <quipu/server/pipeline.hpp>
#include <quipu/server/profile.hpp>
#include <quipu/server/receivers.hpp>
#include <quipu/server/recent_window.hpp>
#include <quipu/server/reception.hpp>
#include <quipu/server/repeater.hpp>
#include <quipu/server/self_series.hpp>
#include <quipu/server/series_board.hpp>
#include <quipu/server/series_history.hpp>
#include <quipu/server/series_json.hpp>
#include <quipu/server/series_query.hpp>
#include <quipu/server/server.hpp>
#include <quipu/server/server_status.hpp>
#include <quipu/server/sink_worker.hpp>
#include <quipu/server/snapshot_spool.hpp>
#include <quipu/server/spool.hpp>
#include <quipu/server/state_folder.hpp>
#include <quipu/server/status_counts.hpp>
#include <quipu/server/terminal_view.hpp>
