#include "idle_retention.hpp"
#include "serve.hpp"

int quipud::serve_dogstatsd(const command_line& line, const reread& again) {
    return serve<adjustable<quipu::profile::dogstatsd>>(line, again);
}
