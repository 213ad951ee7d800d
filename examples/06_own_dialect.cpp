// A dialect of one's own: derive from the native one and override what differs. Here meters, `m`,
// are counters, as some servers have them, and a name has no blanks.
#include <quipu/wire/format.hpp>
#include <quipu/wire/parse.hpp>

#include <cstdio>
#include <string>
#include <string_view>

using quipu::errc;
using quipu::metric_kind;
using quipu::result;
using quipu::sample;

// [readme]
struct metered : quipu::dialect::quipu {
    static constexpr std::size_t name_bytes_max = 200;

    static constexpr result<metric_kind> kind(std::string_view type) noexcept {
        return type == "m" ? metric_kind::counter : quipu::kind(type);
    }

    static constexpr errc check_name(std::string_view name) noexcept {
        return name.find(' ') == name.npos ? quipu::check_name(name) : errc::bad_name;
    }
};

static_assert(quipu::parse<metered>("requests:3|m")->value == 3);
static_assert(quipu::parse<metered>("a b:3|m").error() == errc::bad_name);
// [/readme]

int main() {
    constexpr std::string_view lines[] = {
        "requests:3|m|@0.5", "latency:25:100|ms|#env:prod", "load:+2|g", "free requests:3|m"};
    int refused = 0;
    for (const auto line : lines) {
        const auto on_sample = [](const sample& one) {
            // What was read can be written, in words that every server knows.
            quipu::line_buffer text;
            if (quipu::format<metered>(one, text) == errc::ok)
                std::printf("%s\n", std::string(text.view()).c_str());
        };
        const auto on_refusal = [&](quipu::refusal why) {
            ++refused;
            const std::string reason(message(why.error));
            std::printf("refused at byte %zu: %s\n", why.offset, reason.c_str());
        };
        quipu::parse_line<metered>(line, on_sample, on_refusal);
    }
    return refused == 1 ? 0 : 1;
}
