#include "config_file.hpp"
#include "config_slips.hpp"

#include "setting_values.hpp"

#include <quipu/server/ini.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace quipud {

namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} << 20;

/// What cannot be read of the file, or nothing.
std::string read_file(const std::string& path, std::string& into) {
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    if (file == nullptr)
        return std::strerror(errno);
    into.resize(file_bytes_max + 1);
    into.resize(std::fread(into.data(), 1, into.size(), file));
    const bool failed = std::ferror(file) != 0;
    const int cause = errno;
    std::fclose(file);
    if (failed)
        return std::strerror(cause);
    return into.size() > file_bytes_max ? "the file is larger than 1 MiB" : "";
}

/// An object literal begins with a brace, perhaps behind comments; an INI file never does.
bool is_object_literal(std::string_view path, std::string_view text) {
    if (path.ends_with(".js") || path.ends_with(".json"))
        return true;
    constexpr std::string_view mark = "\xef\xbb\xbf"; // of UTF-8
    text.remove_prefix(text.starts_with(mark) ? mark.size() : 0);
    for (;;) {
        text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
        const bool whole_line = text.starts_with("//");
        if (!whole_line && !text.starts_with("/*"))
            return text.starts_with('{') || text.starts_with('(') ||
                   text.starts_with("module.exports") || text.starts_with("'use strict'") ||
                   text.starts_with("\"use strict\"");
        const auto end = text.find(whole_line ? "\n" : "*/", 2);
        text.remove_prefix(end == text.npos ? text.size() : end + (whole_line ? 1 : 2));
    }
}

/// That server asks for sections and keys in any case.
void forget_case(quipu::ini_file& file) {
    for (auto& one : file.sections)
        one.name = in_lower_case(one.name);
    for (auto& one : file.entries) {
        one.section = in_lower_case(one.section);
        one.key = in_lower_case(one.key);
    }
}

/// The keys of [statsite] that the Python statsite has, too.
constexpr std::array<std::string_view, 2> kiip_keys{"flush_interval", "log_level"};

file_form form_of(const quipu::ini_file& file, config_option option) {
    bool statsite = false;
    for (const auto& one : file.sections) {
        if (one.name != "statsite" && is_kiip_section(one.name))
            return file_form::kiip;
        statsite = statsite || in_lower_case(one.name) == "statsite";
    }
    if (!statsite)
        return file_form::own;
    // What both have, or neither, is the Python one's where its option is used.
    const bool none_of_c =
        std::none_of(file.entries.begin(), file.entries.end(), [](const auto& one) {
            return is_statsite_key(in_lower_case(one.key)) &&
                   std::find(kiip_keys.begin(), kiip_keys.end(), one.key) == kiip_keys.end();
        });
    return option == config_option::c && none_of_c ? file_form::kiip : file_form::statsite;
}

} // namespace

config_file
load_config(const std::string& path, config_option option, const std::vector<assignment>& sets) {
    config_file made;
    std::string text;
    if (const auto why = read_file(path, text); !why.empty()) {
        made.error = "cannot read " + in_quotes(path) + ": " + why;
        return made;
    }
    if (is_object_literal(path, text)) {
        static_cast<loaded_config&>(made) = translate_etsy(path, text);
        made.form = file_form::etsy;
        return made;
    }
    auto file = quipu::parse_ini(text);
    if (!file.error.why.empty()) {
        made.error = path + ':' + std::to_string(file.error.line) + ": " + file.error.why;
        return made;
    }
    made.form = form_of(file, option);
    if (made.form == file_form::statsite) {
        for (const auto& one : sets) {
            if (one.section == "statsite")
                file.entries.push_back({one.section, one.key, one.value, 0});
        }
        forget_case(file);
        static_cast<loaded_config&>(made) = translate_statsite(path, file);
        return made;
    }
    const bool own = made.form == file_form::own;
    if (own)
        file = quipu::parse_ini(text, quipu::ini_values::quoted);
    if (const auto slip = own ? slip_in(file) : quipu::config_error(); !slip.why.empty()) {
        made.error = path + ':' + std::to_string(slip.line) + ": " + slip.why;
        return made;
    }
    for (const auto& one : file.entries) {
        made.assignments.push_back(
            {one.section,
             own ? one.key : in_lower_case(one.key), // ConfigParser's keys have no case
             one.value,
             one.key,
             path + ':' + std::to_string(one.line) + ": "});
    }
    return made;
}

} // namespace quipud
