// Registries of a program and of two libraries that it loads, updated by the code of all three from
// several threads. Says what is wrong, and ends with 1 then.
#include "part.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <dlfcn.h>

namespace {

int failures = 0;

void expect(const char* what, double is, double right) {
    if (is == right)
        return;
    ++failures;
    std::printf("%s: %.17g, not %.17g\n", what, is, right);
}

struct library {
    void* handle = nullptr;
    const part* its = nullptr;

    explicit library(const char* path) : handle(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
        void* const found = handle != nullptr ? ::dlsym(handle, "quipu_part") : nullptr;
        if (found != nullptr)
            its = reinterpret_cast<const part* (*)()>(found)();
        if (its == nullptr) {
            std::printf("%s\n", ::dlerror());
            std::exit(2);
        }
    }
    void unload() { ::dlclose(handle); }
};

constexpr unsigned thread_count = 3;
constexpr unsigned rounds = 50;

/// Each thread updates all registries by the code of all parts, in turns.
void update_all(const std::vector<const part*>& parts, const std::vector<void*>& registries) {
    for (unsigned round = 0; round < rounds; ++round) {
        for (const part* one : parts) {
            for (unsigned which = 0; which < registries.size(); ++which)
                one->update(registries[which], which + 1);
        }
    }
}

void check(const std::vector<const part*>& parts, const std::vector<void*>& registries) {
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < thread_count; ++i)
        threads.emplace_back([&] { update_all(parts, registries); });
    update_all(parts, registries);
    for (auto& one : threads)
        one.join();
    for (unsigned which = 0; which < registries.size(); ++which) {
        const double right =
            (which + 1.0) * rounds * (thread_count + 1.0) * static_cast<double>(parts.size());
        double is[4];
        parts[which % parts.size()]->collect(registries[which], is);
        expect("a counter", is[0], right);
        expect("timings", is[1], right);
        expect("a set", is[2], which + 1);
        expect("a gauge", is[3], right);
    }
}

} // namespace

int main() {
    for (int load = 0; load < 3; ++load) {
        library first(QUIPU_FIRST);
        std::vector<const part*> parts{quipu_part(), first.its};
        std::vector<void*> registries{quipu_part()->make(), first.its->make(), first.its->make()};
        check(parts, registries);
        for (void* const one : registries)
            quipu_part()->destroy(one);

        library second(QUIPU_SECOND);
        parts.push_back(second.its);
        registries = {second.its->make(), quipu_part()->make(), first.its->make()};
        check(parts, registries);
        for (void* const one : registries)
            second.its->destroy(one);
        second.unload();
        first.unload();
    }
    return failures == 0 ? 0 : 1;
}
