// quipud, started with options or with a config file.
#pragma once

#include "support/catch.hpp"
#include "support/process.hpp"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

namespace quipu::test {

using words = std::vector<std::string>;

inline std::unique_ptr<process> quipud(words options, bool closes_output = false) {
    options.insert(options.begin(), QUIPU_QUIPUD);
    return std::make_unique<process>(options, closes_output);
}

/// A file that goes away by itself.
class file {
public:
    file(const std::string& name, std::string_view text)
        : path_(std::filesystem::temp_directory_path() /
                ("quipud_" + std::to_string(::getpid()) + '_' + name)) {
        std::ofstream(path_, std::ios::binary) << text;
    }
    ~file() { std::filesystem::remove(path_); }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

/// The settings that it comes to, as quipud's own config file.
inline std::string printed(words options) {
    options.emplace_back("--print-config");
    const auto program = quipud(std::move(options));
    CHECK(program->exit_code() == 0);
    CHECK(program->err().empty());
    return program->out();
}

inline bool has_line(const std::string& text, const std::string& line) {
    return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

} // namespace quipu::test
