// The test program's entry. Catch2's older generation is compiled here, once.
#define CATCH_CONFIG_RUNNER
#include "support/catch.hpp"

int main(int count, char* words[]) {
    return Catch::Session().run(count, words);
}
