#include <quipu/cell/unique.hpp>

int main() {
    quipu::unique users;
    users.insert("ada"), users.insert("ada");
    return users.estimate() == 1 ? 0 : 1;
}
