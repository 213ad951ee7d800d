// reject: the_type_is_unknown
#include <quipu/wire/line_literal.hpp>

using namespace quipu::literals;

int main() {
#ifdef QUIPU_REJECT
    return "hits:1|count"_line.rate == 1 ? 0 : 1;
#else
    return "hits:1|c"_line.rate == 1 ? 0 : 1;
#endif
}
