// reject: quipu schema: needs timers of a sketch that keeps its values, such as basic_exact
#include <quipu/schema/etsy.hpp>
#include <quipu/schema/native.hpp>

int main() {
    const quipu::snapshot from; // its timers keep values up to a bound only
#ifdef QUIPU_REJECT
    const quipu::etsy_schema schema;
#else
    const quipu::native_schema schema;
#endif
    schema.write(from, {}, [](const quipu::point&) {});
}
