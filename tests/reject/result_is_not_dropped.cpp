// reject: ignoring return(ed)? value.*nodiscard
#include <quipu/core/result.hpp>

quipu::result<int> parse();

int main() {
#ifdef QUIPU_REJECT
    parse();
#else
    return parse().value_or(0);
#endif
}
