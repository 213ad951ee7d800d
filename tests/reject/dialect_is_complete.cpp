// reject: quipu dialect: needs noexcept kind, check_name, read_value and read_field
#include <quipu/wire/canonical.hpp>

struct mine : quipu::dialect::quipu {
#ifdef QUIPU_REJECT
    static void kind(std::string_view type);
#endif
};

int main() {
    quipu::canonical_buffer<mine> names;
    return names.name({}) ? 0 : 1;
}
