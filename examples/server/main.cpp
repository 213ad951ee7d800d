// quipud: a StatsD server, assembled from the library.
#include <quipu/core/config.hpp>

#include "command_line.hpp"
#include "process.hpp"
#include "serve_profiles.hpp"
#include "top.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace quipud {

int fail(exit_code code, std::string_view why) {
    std::fprintf(stderr, "quipud: %.*s\n", static_cast<int>(why.size()), why.data());
    return code;
}

namespace {

int serve_profile(const command_line& line, const reread& again) {
    switch (line.all.profile) {
    case profile_name::quipu: return serve_quipu(line, again);
    case profile_name::dogstatsd: return serve_dogstatsd(line, again);
    case profile_name::etsy:
        return line.all.sanitize_names ? serve_etsy(line, again) : serve_etsy_verbatim(line, again);
    case profile_name::kiip: return serve_kiip(line, again);
    case profile_name::statsite: return serve_statsite(line, again);
    }
    return exit_usage;
}

int print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    return exit_ok;
}

int run(std::string_view program, const std::vector<std::string_view>& arguments) {
    if (!arguments.empty() && arguments.front() == "top")
        return top({arguments.begin() + 1, arguments.end()});
    const auto line = parse_command_line(program, arguments);
    if (!line.error.empty())
        return fail(exit_usage, line.error);
    switch (line.what) {
    case action::help: return print(help_text());
    case action::version:
        return print("quipud " + std::to_string(quipu::version_major) + '.' +
                     std::to_string(quipu::version_minor) + '.' +
                     std::to_string(quipu::version_patch) + '\n');
    case action::check:
        for (const auto& one : line.notices)
            static_cast<void>(fail(exit_ok, one));
        return exit_ok;
    case action::print_config: return print(print_config(line.all));
    case action::serve: break;
    }
    return serve_profile(line, [&] { return parse_command_line(program, arguments); });
}

} // namespace
} // namespace quipud

int main(int argc, char** argv) {
    quipud::hold_standard_streams();
    try {
        return quipud::run(argc > 0 ? argv[0] : "", {argv + (argc > 0 ? 1 : 0), argv + argc});
    } catch (const std::exception& why) { // of the system: it gives no memory, or no thread
        return quipud::fail(quipud::exit_not_started, why.what());
    }
}
