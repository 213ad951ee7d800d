// A stranger's program: it has the library and nothing of ours besides.
#include <quipu/quipu.hpp>

#include <cstdio>

int main() {
    const quipu::result<int> answer = quipu::errc::timed_out;
    std::printf("quipu %d.%d\n", quipu::version_major, quipu::version_minor);
    return answer.error() == quipu::errc::timed_out ? 0 : 1;
}
