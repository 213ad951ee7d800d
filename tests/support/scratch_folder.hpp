// A folder of a test's own, gone with it.
#pragma once

#include "support/catch.hpp"

#include <filesystem>
#include <string>

#include <stdlib.h>

namespace quipu::test {

class scratch_folder {
public:
    scratch_folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
    scratch_folder(const scratch_folder&) = delete;
    scratch_folder& operator=(const scratch_folder&) = delete;
    ~scratch_folder() { std::filesystem::remove_all(path_); }

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string path(const std::string& name) const { return path_ + '/' + name; }

private:
    std::string path_ = std::filesystem::temp_directory_path() / "quipu.XXXXXX";
};

} // namespace quipu::test
