#include <quipu/cell/keyvalue.hpp>

int main() {
    quipu::keyvalue readings;
    readings.append({.value = 21.5, .timestamp = 1'700'000'000});
    return readings.values().size() == 1 ? 0 : 1;
}
