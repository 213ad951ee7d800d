// reject: the_value_is_not_a_number
#include <quipu/wire/line_literal.hpp>

using namespace quipu::literals;

int main() {
#ifdef QUIPU_REJECT
    return "hits:one|c"_line.rate == 1 ? 0 : 1;
#else
    return "hits:1|c"_line.rate == 1 ? 0 : 1;
#endif
}
