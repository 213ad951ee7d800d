// reject: (has_dialect_constants.*line_bytes_max)|(line_bytes_max.*has_dialect_constants)
#include <quipu/wire/parse.hpp>

struct not_derived {};

int main() {
#ifdef QUIPU_REJECT
    return quipu::parse<not_derived>("hits:1|c") ? 0 : 1;
#else
    return quipu::parse<quipu::dialect::kiip>("hits:1|c") ? 0 : 1;
#endif
}
