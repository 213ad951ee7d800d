// reject: the_name_is_empty
#include <quipu/wire/line_literal.hpp>

using namespace quipu::literals;

int main() {
#ifdef QUIPU_REJECT
    return ":1|c"_line.rate == 1 ? 0 : 1;
#else
    return "a:1|c"_line.rate == 1 ? 0 : 1;
#endif
}
