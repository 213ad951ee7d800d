// reject: quipu name: it is empty
#include <quipu/client/static_name.hpp>

int main() {
#ifdef QUIPU_REJECT
    return static_cast<int>(quipu::static_name<"">.size());
#else
    return static_cast<int>(quipu::static_name<"a">.size()) - 1;
#endif
}
