// A spool: what waits in a folder of the disk until it can be sent.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/whole_file.hpp>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu {

/// The bounds of a spool.
struct spool_options {
    /// Bytes of all that waits; beyond it the oldest leaves, counted.
    std::uint64_t bytes_max = std::uint64_t{1} << 30U;
};

/// Pieces of bytes, each in a file of one folder, the oldest first. They outlive this object and the
/// machine's power; one that is damaged can be set aside.
///
/// Threads  distinct objects safe, shared objects unsafe; a folder has one owner.
class spool {
public:
    /// In no folder: nothing can be pushed.
    spool() = default;

    /// Takes over a folder with what is in it; makes it if it is not there yet, but not the one above.
    /// Errors   no_such_file, permission_denied, disk_full, system_failure.
    [[nodiscard]] static result<spool> open(std::string folder, spool_options options = {}) {
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
            return last_error();
        spool made(std::move(folder), options);
        if (const errc error = made.look(); error != errc::ok)
            return error;
        return made;
    }

    /// Adds a piece behind all others; the oldest leave if it has no room.
    /// Errors   no_space: it alone is too long; those of write_whole_file. Nothing has changed then.
    /// Cost     waits for the disk.
    [[nodiscard]] errc push(std::string_view bytes) {
        if (bytes.size() > options_.bytes_max)
            return errc::no_space;
        const piece one{next_, bytes.size()};
        if (const errc error = write_whole_file(path(one), bytes); error != errc::ok)
            return error;
        ++next_;
        bytes_ += one.bytes;
        pieces_.push_back(one);
        while (bytes_ > options_.bytes_max) {
            pop();
            ++dropped_;
        }
        return errc::ok;
    }

    /// The oldest piece; there must be one.
    /// Errors   those of read_whole_file.
    [[nodiscard]] result<std::string> front() const {
        QUIPU_ASSERT(!pieces_.empty());
        return read_whole_file(path(pieces_.front()), std::size_t{1} << 40U);
    }

    /// Removes the oldest piece; there must be one.
    void pop() {
        static_cast<void>(::unlink(path(pieces_.front()).c_str()));
        forget_front();
    }

    /// Leaves the oldest piece where it is, for somebody to look at, under a name that is no longer
    /// read; there must be one.
    void set_aside() {
        const auto at = path(pieces_.front());
        static_cast<void>(::rename(at.c_str(), (at + ".unreadable").c_str()));
        forget_front();
    }

    [[nodiscard]] std::size_t size() const noexcept { return pieces_.size(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    /// Pieces that left since there was no room.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }

private:
    struct piece {
        std::uint64_t number;
        std::uint64_t bytes;
    };
    static constexpr std::size_t digits = 20; // of all numbers, so that names sort as they do

    spool(std::string folder, spool_options options)
        : folder_(std::move(folder)), options_(options) {}

    [[nodiscard]] std::string path(const piece& one) const {
        const auto number = std::to_string(one.number);
        return folder_ + '/' + std::string(digits - number.size(), '0') + number;
    }

    /// Finds what an earlier owner has left.
    [[nodiscard]] errc look() {
        DIR* const opened = ::opendir(folder_.c_str());
        if (opened == nullptr)
            return last_error();
        while (const dirent* const entry = ::readdir(opened)) {
            const std::string_view name = entry->d_name;
            struct stat about {};
            const auto at = folder_ + '/' + std::string(name);
            const bool is_number = name.size() >= digits &&
                                   std::all_of(name.begin(), name.begin() + digits, [](char c) {
                                       return c >= '0' && c <= '9';
                                   });
            if (is_number && name.substr(digits) == ".new")
                static_cast<void>(::unlink(at.c_str())); // it was never whole
            if (name.size() != digits || !is_number || ::stat(at.c_str(), &about) != 0)
                continue;
            pieces_.push_back({std::strtoull(entry->d_name, nullptr, 10),
                               static_cast<std::uint64_t>(about.st_size)});
            bytes_ += pieces_.back().bytes;
        }
        ::closedir(opened);
        std::sort(pieces_.begin(), pieces_.end(), [](const auto& a, const auto& b) {
            return a.number < b.number;
        });
        if (!pieces_.empty())
            next_ = pieces_.back().number + 1;
        return errc::ok;
    }

    void forget_front() {
        bytes_ -= pieces_.front().bytes;
        pieces_.pop_front();
    }

    std::string folder_{};
    spool_options options_{.bytes_max = 0};
    std::deque<piece> pieces_{};
    std::uint64_t bytes_ = 0;
    std::uint64_t next_ = 1;
    std::uint64_t dropped_ = 0;
};

} // namespace quipu
