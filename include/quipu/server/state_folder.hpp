// The folder in which a server keeps what outlives it.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/hash.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/server/spool.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

namespace quipu {

/// `PATH/gauges` is the checkpoint, `PATH/spool/NAME/` what waits for a sink, and `PATH/lock` is
/// locked, so that no two servers share a folder.
///
/// Threads  distinct objects safe, shared objects unsafe.
class state_folder {
public:
    /// No folder.
    state_folder() = default;

    /// Takes over a folder; makes it if it is not there yet, but not the one above.
    /// Errors   address_in_use: another server has it; is_a_link: `PATH/lock` is one; no_such_file,
    ///          permission_denied, disk_full, system_failure.
    [[nodiscard]] static result<state_folder> open(std::string path) {
        state_folder made(std::move(path));
        for (const auto& one : {made.path_, made.spools()}) {
            if (::mkdir(one.c_str(), 0700) != 0 && errno != EEXIST)
                return last_error();
        }
        made.lock_ = descriptor(uninterrupted([&] {
            return ::open(
                (made.path_ + "/lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        }));
        if (!made.lock_)
            return last_error();
        if (::flock(made.lock_.fd(), LOCK_EX | LOCK_NB) != 0)
            return errno == EWOULDBLOCK ? errc::address_in_use : last_error();
        return made;
    }

    [[nodiscard]] std::string gauges() const { return path_ + "/gauges"; }

    /// What waits for the sink of that name; of several sinks of one name each has its own, in the
    /// order in which they ask.
    /// Errors   those of spool.
    [[nodiscard]] result<spool> open_spool(std::string_view sink, spool_options options = {}) {
        std::string name = folder_name(sink);
        const auto same = std::count(sinks_.begin(), sinks_.end(), name);
        sinks_.push_back(name);
        if (same > 0)
            name += '-' + std::to_string(same + 1);
        auto opened = spool::open(spools() + '/' + name, options);
        taken_.push_back(std::move(name));
        return opened;
    }

    /// The spools that no sink has asked for, and that are not empty: their flushes wait for a sink
    /// that is no longer there.
    [[nodiscard]] std::vector<std::string> forgotten() const {
        std::vector<std::string> all;
        DIR* const opened = ::opendir(spools().c_str());
        if (opened == nullptr)
            return all;
        while (const dirent* const entry = ::readdir(opened)) {
            const std::string name = entry->d_name;
            if (name.starts_with('.') ||
                std::find(taken_.begin(), taken_.end(), name) != taken_.end())
                continue;
            const auto waits = spool::open(spools() + '/' + name);
            if (waits && waits->size() > 0)
                all.push_back(waits->folder());
        }
        ::closedir(opened);
        std::sort(all.begin(), all.end());
        return all;
    }

private:
    explicit state_folder(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] std::string spools() const { return path_ + "/spool"; }

    /// Readable, and still another one for each name.
    [[nodiscard]] static std::string folder_name(std::string_view sink) {
        constexpr std::size_t readable_max = 100;
        std::string name;
        for (const char c : sink.substr(0, readable_max)) {
            const bool plain = detail::is_digit(c) || detail::is_letter(c) || c == '.' || c == '-';
            if (plain ? !(name.empty() && c == '.') : !name.ends_with('_'))
                name += plain ? c : '_';
        }
        constexpr std::string_view hex = "0123456789abcdef";
        name += '-';
        for (auto hash = static_cast<std::uint32_t>(hash_bytes(sink, 0)), i = 0U; i < 8; ++i) {
            name += hex[hash >> 28U];
            hash <<= 4U;
        }
        return name;
    }

    std::string path_{};
    descriptor lock_{};
    std::vector<std::string> sinks_{};
    std::vector<std::string> taken_{};
};

} // namespace quipu
