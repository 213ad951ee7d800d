#include <quipu/net/fork_guard.hpp>

#include "support/catch.hpp"

#include <mutex>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

using quipu::detail::fork_guard;
using quipu::detail::process_number;

namespace {

std::string told;

template <char Name>
void hold(void*) noexcept {
    told += Name;
}

int exit_code_of_child(int (*f)()) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0)
        ::_exit(f());
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("fork_guard: all is held around a fork, the outer before the inner", "[net][fork]") {
    {
        const fork_guard inner(fork_guard::rank::inner, nullptr, hold<'i'>, hold<'j'>);
        const fork_guard outer(fork_guard::rank::outer, nullptr, hold<'o'>, hold<'p'>);
        { const fork_guard gone(fork_guard::rank::outer, nullptr, hold<'?'>, hold<'?'>); }
        told.clear();
        CHECK(exit_code_of_child([] { return told == "oijp" ? 7 : 1; }) == 7);
        CHECK(told == "oijp");
    }
    told.clear();
    CHECK(exit_code_of_child([] { return 7; }) == 7);
    CHECK(told.empty());
}

TEST_CASE("fork_guard: a child is another process", "[net][fork]") {
    static std::int64_t parent = 0;
    parent = process_number();
    CHECK(parent == process_number());
    CHECK(exit_code_of_child([] { return process_number() == parent ? 1 : 7; }) == 7);
}
