#include "idle_retention.hpp"
#include "serve.hpp"

int quipud::serve_quipu(const command_line& line, const reread& again) {
    return serve<adjustable<quipu::profile::quipu>>(line, again);
}
