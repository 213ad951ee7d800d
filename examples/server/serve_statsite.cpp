#include "serve.hpp"

int quipud::serve_statsite(const command_line& line, const reread& again) {
    return serve<quipu::profile::statsite>(line, again);
}
