// Succeeds if as many translation units as were linked are witnesses, and all of them agree.
#include "witness.hpp"

#include <cstdio>
#include <cstdlib>

int main(int count, char* words[]) {
    const auto& all = odr::witnesses();
    const std::size_t expected = count == 2 ? std::strtoul(words[1], nullptr, 10) : 0;
    if (expected == 0 || all.size() != expected) {
        std::printf("%zu witnesses instead of %zu\n", all.size(), expected);
        return EXIT_FAILURE;
    }
    for (const odr::witness& one : all) {
        if (one != all.front()) {
            std::printf("two translation units disagree about the library\n");
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
