// The server as a process of its system: in the background, and by a file with its number.
#pragma once

#include <quipu/net/descriptor.hpp>

#include <optional>
#include <string>

namespace quipud {

/// Opens what a starter has closed of the standard input, output and error, as nothing: else the next
/// files that are opened would take their places, and get what is written there. Call it first.
void hold_standard_streams() noexcept;

/// Lets the process have as many open files as the system allows it: the soft limit becomes the hard
/// one, a million at most. What has changed, as one line; empty: nothing.
[[nodiscard]] std::string raise_descriptor_limit();

/// The other end of a process that has gone into the background: its starter waits there.
class starter {
public:
    /// No one waits.
    starter() noexcept = default;
    explicit starter(int fd) noexcept : fd_(fd) {}
    starter(starter&& other) noexcept;
    starter& operator=(starter&& other) noexcept;
    /// Tells the starter, if nobody did, that the server did not start.
    ~starter();

    /// Tells the starter that all is well; it ends with 0. From then on the process has no terminal.
    void started() noexcept;

private:
    void tell(char code) noexcept;

    int fd_ = -1;
};

/// Goes into the background; call it before there are threads. Returns in the new process, whose
/// starter waits for it; the starter itself ends here, with the code that it is told.
/// Nothing if the system refuses.
[[nodiscard]] std::optional<starter> go_into_background();

/// A file with the number of this process, which goes away with it, if it still has that number.
///
/// The process holds a lock on the file for as long as it lives, so a number that an earlier process
/// has left says nothing, whoever has that number now.
class pid_file {
public:
    /// What is wrong, as one line; empty if the file is written, or `path` is empty. A file that
    /// another process has locked is left alone, and so is what a symbolic link leads to.
    [[nodiscard]] std::string write(const std::string& path);
    pid_file() = default;
    ~pid_file();
    pid_file(const pid_file&) = delete;
    pid_file& operator=(const pid_file&) = delete;

private:
    std::string path_{};
    quipu::descriptor locked_{};
};

} // namespace quipud
