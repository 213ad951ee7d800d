// reject: quipu name: a line cannot carry a control character
#include <quipu/client/static_name.hpp>

int main() {
#ifdef QUIPU_REJECT
    return static_cast<int>(quipu::static_name<"api.hits:1|c">.size());
#else
    return static_cast<int>(quipu::static_name<"api.hits">.size()) - 8;
#endif
}
