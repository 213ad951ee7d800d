// reject: there_is_more_than_one_sample
#include <quipu/wire/line_literal.hpp>

using namespace quipu::literals;

int main() {
#ifdef QUIPU_REJECT
    return "hits:1:2|c"_line.rate == 1 ? 0 : 1;
#else
    return "hits:1|c"_line.rate == 1 ? 0 : 1;
#endif
}
