#include <quipu/cell/gauge.hpp>

int main() {
    quipu::gauge queue;
    queue.set(7), queue.change(-2);
    return queue.value() == 5 ? 0 : 1;
}
