#include <quipu/cell/counter.hpp>

int main() {
    quipu::counter requests;
    requests.add();
    return requests.rate(10) == 0.1 ? 0 : 1;
}
