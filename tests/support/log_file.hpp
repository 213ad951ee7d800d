// A file for a log, which goes away by itself.
#pragma once

#include "support/catch.hpp"

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

#include <unistd.h>

namespace quipu::test {

/// A log that never makes a server wait, to be read at any time.
class log_file {
public:
    log_file() : file_(std::tmpfile()) { REQUIRE(file_ != nullptr); }
    ~log_file() { std::fclose(file_); }
    log_file(const log_file&) = delete;
    log_file& operator=(const log_file&) = delete;

    [[nodiscard]] int fd() const { return ::fileno(file_); }
    [[nodiscard]] std::string text() const {
        std::string all(1'000'000, '\0');
        const auto size = ::pread(fd(), all.data(), all.size(), 0);
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return all;
    }

    /// The sum of the numbers that stand behind `before` in the log.
    [[nodiscard]] double sum_behind(std::string_view before) const {
        double sum = 0;
        const auto all = text();
        for (auto at = all.find(before); at != all.npos; at = all.find(before, at + 1))
            sum += std::stod(all.substr(at + before.size(), 20));
        return sum;
    }

private:
    std::FILE* file_;
};

} // namespace quipu::test
