// reject: quipu receiver: needs `bool closed.. const noexcept`
#include <quipu/net/transport.hpp>

struct endless {
    template <class OnBytes>
    quipu::result<std::size_t> receive(OnBytes&&) noexcept {
        return std::size_t{0};
    }
};
struct complete : endless {
    [[nodiscard]] bool closed() const noexcept { return true; }
};

template <class Receiver>
struct server {
    static_assert(quipu::require_receiver<Receiver>());
};

int main() {
#ifdef QUIPU_REJECT
    const server<endless> made;
#else
    const server<complete> made;
#endif
    (void)made;
}
