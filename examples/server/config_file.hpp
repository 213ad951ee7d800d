// Config files: quipud's own, and those of the servers whose place it takes.
#pragma once

#include "settings.hpp"

#include <quipu/server/ini.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace quipud {

/// What a file, or several of a form, come to.
struct loaded_config {
    std::vector<assignment> assignments{};
    std::vector<std::string> notices{}; ///< what is left out, one line each
    std::string error{};                ///< one line; empty: all is well
};

/// Whose settings a section of an INI file, or of `--set`, belongs to.
enum class file_form { own, etsy, kiip, statsite };

/// A setting of the Python statsite, as its files and its `-s` have them.
/// `section` and `key` are as they stand there: [collector] port.
using kiip_setting = assignment;

/// Whether the Python statsite has a section of that name.
[[nodiscard]] bool is_kiip_section(std::string_view section);

/// The settings of the Python statsite as ours; of the same one the last counts.
[[nodiscard]] loaded_config translate_kiip(const std::vector<kiip_setting>& all);

/// The config file of Etsy's statsd as settings of ours. `path` is for what is told.
[[nodiscard]] loaded_config translate_etsy(const std::string& path, std::string_view text);

/// The config file of statsite as settings of ours.
[[nodiscard]] loaded_config translate_statsite(const std::string& path,
                                               const quipu::ini_file& file);

/// Whether statsite, the one in C, has a setting of that name, in lower case.
[[nodiscard]] bool is_statsite_key(std::string_view key);

/// The settings of a statsite that is told nothing.
[[nodiscard]] loaded_config translate_statsite();

/// A file and whose it is. `assignments` are translated, but for those of the Python statsite: of it
/// several files count together.
struct config_file : loaded_config {
    file_form form = file_form::own;
};

/// How a file was named: `-c`, as the Python statsite has it, or any other way.
enum class config_option { c, other };

/// Reads a file. Whose it is shows in its name, its sections and their keys. What `sets`, of the command
/// line, say of [statsite] counts in the file of the one in C.
[[nodiscard]] config_file
load_config(const std::string& path, config_option option, const std::vector<assignment>& sets);

} // namespace quipud
