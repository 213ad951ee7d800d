// The figure that the README quotes: StatsD lines a second, from the bytes of datagrams into cells,
// on one core. Run it alone on a quiet machine:
//
//     headline
#include <quipu/server/intake.hpp>
#include <quipu/server/profile.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t series_count = 10'000;
constexpr std::size_t line_count = 1'000'000;
constexpr std::size_t datagram_bytes = 1432;
constexpr int rounds = 11;

/// A small generator, seeded, so that every run measures the same lines.
struct generator {
    std::uint64_t state = 20261121;
    std::uint64_t operator()(std::uint64_t below) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        return (state >> 33U) % below;
    }
};

/// What a production server hears: mostly counters and timers, some sampled, a few gauges and sets.
std::string line(generator& random) {
    const auto key = random(series_count);
    std::string text =
        "service" + std::to_string(key % 40) + ".endpoint" + std::to_string(key) + '.';
    const auto kind = key % 20;
    if (kind < 9)
        return text + "hits:" + std::to_string(1 + random(9)) + "|c";
    if (kind < 10)
        return text + "sampled:1|c|@0.1";
    if (kind < 17) {
        return text + "latency:" + std::to_string(random(1000)) + '.' +
               std::to_string(1 + random(9)) + "|ms";
    }
    if (kind < 19)
        return text + "depth:" + std::to_string(random(5000)) + "|g";
    return text + "users:user" + std::to_string(random(500)) + "|s";
}

std::vector<std::string> make_datagrams(std::size_t& bytes) {
    generator random;
    std::vector<std::string> all(1);
    for (std::size_t i = 0; i < line_count; ++i) {
        const auto next = line(random);
        if (all.back().size() + next.size() + 1 > datagram_bytes) {
            bytes += all.back().size();
            all.emplace_back();
        }
        if (!all.back().empty())
            all.back() += '\n';
        all.back() += next;
    }
    bytes += all.back().size();
    for (auto& one : all)
        one.append(quipu::read_padding_bytes, '\0'); // as receivers have it
    return all;
}

} // namespace

int main() {
    using intake = quipu::basic_intake<quipu::profile::quipu>;
    std::size_t bytes = 0;
    const auto datagrams = make_datagrams(bytes);
    intake into(7);
    std::uint64_t refused = 0;
    const auto on_refusal = [&](quipu::refusal, std::string_view) { ++refused; };
    std::vector<double> seconds;
    for (int round = 0; round < rounds; ++round) {
        const auto start = std::chrono::steady_clock::now();
        for (const auto& one : datagrams) {
            const std::string_view text(one.data(), one.size() - quipu::read_padding_bytes);
            into.receive(quipu::padded_text{text}, 0, on_refusal);
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
        seconds.push_back(took.count());
        into.shard().active().store.reset(8); // as at a flush
    }
    if (refused != 0 || into.shard().active().counts.lines != rounds * line_count)
        return 1;
    seconds.erase(seconds.begin()); // the first round meets every series for the first time
    std::sort(seconds.begin(), seconds.end());
    const double median = seconds[seconds.size() / 2];
    std::printf("%.1f million lines a second into %zu series (%.0f ns a line, %.0f MB/s)\n",
                static_cast<double>(line_count) / median / 1e6,
                into.shard().active().store.size(),
                median * 1e9 / static_cast<double>(line_count),
                static_cast<double>(bytes) / median / 1e6);
    return 0;
}
