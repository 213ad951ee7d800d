// Files that are read and written whole.
#pragma once

#include <quipu/core/result.hpp>
#include <quipu/net/descriptor.hpp>
#include <quipu/net/file.hpp>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace quipu {

/// Reads a file to its end.
/// Errors   no_such_file, permission_denied; message_too_long: there are more bytes than
///          `bytes_max`; system_failure (it is a folder, the disk is broken).
/// Threads  distinct files safe.
[[nodiscard]] inline result<std::string>
read_whole_file(const std::string& path, std::size_t bytes_max = std::size_t{1} << 30U) {
    const descriptor file(
        uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    struct stat about {};
    if (!file || ::fstat(file.fd(), &about) != 0)
        return last_error();
    if (about.st_size > 0 && static_cast<std::uintmax_t>(about.st_size) > bytes_max)
        return errc::message_too_long;
    constexpr std::size_t more = 4096; // a file that grows, or that does not tell its size
    std::string bytes;
    for (std::size_t size = 0;;) {
        if (size == bytes.size())
            bytes.resize(size + (size == 0 ? static_cast<std::size_t>(about.st_size) : 0) + more);
        const auto got = uninterrupted(
            [&] { return ::read(file.fd(), bytes.data() + size, bytes.size() - size); });
        if (got < 0)
            return last_error();
        size += static_cast<std::size_t>(got);
        if (size > bytes_max)
            return errc::message_too_long;
        if (got == 0)
            return bytes.resize(size), std::move(bytes);
    }
}

/// Writes a file so that whoever reads the path finds the old bytes or the new ones, whole, even after
/// the machine lost its power meanwhile. They are written to `PATH.new` first, which has one writer and
/// is always a new file: whatever stood there, such as a link that somebody has planted, is removed,
/// and where a link leads to is not touched.
/// Errors   no_such_file (the folder), permission_denied, disk_full, system_failure; the path then has
///          what it had.
/// Cost     waits for the disk.
/// Threads  distinct files safe.
[[nodiscard]] inline errc
write_whole_file(const std::string& path, std::string_view bytes, unsigned mode = 0600) {
    const std::string fresh = path + ".new";
    const auto failed = [&](errc error) {
        static_cast<void>(::unlink(fresh.c_str()));
        return error;
    };
    const auto create = [&] {
        return uninterrupted([&] {
            return ::open(fresh.c_str(),
                          O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                          static_cast<mode_t>(mode));
        });
    };
    descriptor file(create());
    if (!file && errno == EEXIST && ::unlink(fresh.c_str()) == 0)
        file = descriptor(create());
    if (!file)
        return last_error();
    if (const errc error = file_writer(file.fd()).send(bytes); error != errc::ok)
        return failed(error);
    if (uninterrupted([&] { return ::fsync(file.fd()); }) != 0)
        return failed(last_error());
    file.close();
    if (::rename(fresh.c_str(), path.c_str()) != 0)
        return failed(last_error());
    // The name is on the disk once its folder is; some file systems cannot, and need not.
    const auto slash = path.rfind('/');
    const auto folder_path = slash == path.npos ? "." : path.substr(0, slash + 1);
    const descriptor folder(uninterrupted(
        [&] { return ::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
    if (folder)
        static_cast<void>(uninterrupted([&] { return ::fsync(folder.fd()); }));
    return errc::ok;
}

} // namespace quipu
