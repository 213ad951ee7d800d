// reject: quipu transport: needs `errc send.std::string_view. noexcept`
#include <quipu/net/transport.hpp>

#include <string_view>

struct careful {
    quipu::errc send(std::string_view) noexcept { return quipu::errc::ok; }
};
struct careless {
    quipu::errc send(std::string_view) { return quipu::errc::ok; }
};

template <class Transport>
struct client {
    static_assert(quipu::require_transport<Transport>());
};

int main() {
#ifdef QUIPU_REJECT
    const client<careless> made;
#else
    const client<careful> made;
#endif
    (void)made;
}
