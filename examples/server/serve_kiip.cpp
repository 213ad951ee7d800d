#include "serve.hpp"

int quipud::serve_kiip(const command_line& line, const reread& again) {
    return serve<quipu::profile::kiip>(line, again);
}
