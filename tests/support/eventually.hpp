// Waiting for what other threads and programs do, without guessing how long it takes.
#pragma once

#include <chrono>
#include <thread>

namespace quipu::test {

/// Looks every millisecond whether `holds()`, ten seconds at most, and says whether it did.
template <class Condition>
bool eventually(Condition&& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
}

/// Measures what has to be quick.
class stopwatch {
public:
    [[nodiscard]] std::chrono::milliseconds elapsed() const {
        return std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start_);
    }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

} // namespace quipu::test
