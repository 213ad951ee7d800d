// A program that runs beside the tests.
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/types.h>

namespace quipu::test {

/// Starts a program with its output and errors in pipes, which are read all the time.
/// Threads  one thread uses it.
class process {
public:
    /// `arguments`: the path of the program first.
    explicit process(const std::vector<std::string>& arguments, bool closes_output = false);
    /// Kills the program if it still runs.
    ~process();
    process(const process&) = delete;
    process& operator=(const process&) = delete;

    /// What it has written until now.
    [[nodiscard]] std::string out() const;
    [[nodiscard]] std::string err() const;
    /// Waits until it has written `text`.
    [[nodiscard]] bool prints(std::string_view text) const;
    [[nodiscard]] bool complains(std::string_view text) const;

    [[nodiscard]] bool runs();
    void signal(int number) const;
    /// Waits for its end, ten seconds at most; then all that it has written is there. Returns its
    /// exit code; 128 and the signal that ended it; -1 if it still runs.
    int exit_code();

private:
    void read(int fd, std::string& into);

    pid_t pid_ = -1;
    int status_ = 0;
    bool ended_ = false;
    mutable std::mutex mutex_{};
    std::string out_{};
    std::string err_{};
    std::thread out_reader_{};
    std::thread err_reader_{};
};

} // namespace quipu::test
