// Flushes that wait on the disk, and the gauges that outlive a restart.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/whole_file.hpp>
#include <quipu/server/spool.hpp>
#include <quipu/snapshot/codec.hpp>
#include <quipu/snapshot/snapshot.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace quipu {

/// Whether an error in reading what was kept is for good: other ones, such as a lack of descriptors,
/// may pass.
[[nodiscard]] constexpr bool is_damage(errc error) noexcept {
    return error == errc::bad_magic || error == errc::bad_encoding || error == errc::no_such_file ||
           error == errc::message_too_long;
}

/// The flushes of one sink in a spool: what a sink_worker does not keep in memory.
/// Threads  as spool.
template <class Traits = store_traits>
class snapshot_spool {
public:
    using snapshot_type = basic_snapshot<Traits>;

    explicit snapshot_spool(spool files) : files_(std::move(files)) {}

    /// Errors   those of spool.
    [[nodiscard]] errc push(const snapshot_type& one) {
        std::string bytes;
        write_snapshot(one, bytes);
        return files_.push(bytes);
    }

    /// The oldest; there must be one.
    /// Errors   bad_magic, bad_encoding: damaged, or of another profile; no_such_file,
    ///          message_too_long: it is set aside then. Others, of read_whole_file, may pass.
    [[nodiscard]] result<std::shared_ptr<const snapshot_type>> front() {
        const auto bytes = files_.front();
        errc error = bytes.error();
        if (bytes) {
            auto read = read_snapshot<Traits>(*bytes);
            if (read)
                return std::make_shared<const snapshot_type>(*std::move(read));
            error = read.error();
        }
        if (is_damage(error))
            files_.set_aside();
        return error;
    }

    void pop() { files_.pop(); }

    [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return files_.dropped(); }

private:
    spool files_;
};

/// Writes the gauges of a flush to a file, for `read_checkpoint`.
/// Errors   those of write_whole_file.
template <class Traits>
[[nodiscard]] errc write_checkpoint(const std::string& path, const basic_snapshot<Traits>& of) {
    basic_snapshot<Traits> kept;
    kept.timestamp = of.timestamp;
    kept.interval_seconds = of.interval_seconds;
    kept.gauges = of.gauges; // their names stay with the other
    std::string bytes;
    write_snapshot(kept, bytes);
    return write_whole_file(path, bytes);
}

/// Reads them, as values that came in an earlier interval; for `restore`.
/// Errors   those of read_whole_file and of read_snapshot.
template <class Traits = store_traits>
[[nodiscard]] result<basic_snapshot<Traits>> read_checkpoint(const std::string& path) {
    const auto bytes = read_whole_file(path);
    if (!bytes)
        return bytes.error();
    auto kept = read_snapshot<Traits>(*bytes);
    if (kept) {
        for (auto& one : kept->gauges)
            one.cell.next_interval();
    }
    return kept;
}

} // namespace quipu
