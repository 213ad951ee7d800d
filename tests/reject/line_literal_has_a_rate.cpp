// reject: the_rate_is_not_above_0_and_up_to_1
#include <quipu/wire/line_literal.hpp>

using namespace quipu::literals;

int main() {
#ifdef QUIPU_REJECT
    return "hits:1|c|@10"_line.rate == 1 ? 0 : 1;
#else
    return "hits:1|c|@1"_line.rate == 1 ? 0 : 1;
#endif
}
