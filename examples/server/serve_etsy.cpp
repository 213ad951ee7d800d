#include "serve.hpp"

int quipud::serve_etsy(const command_line& line, const reread& again) {
    return serve<quipu::profile::etsy>(line, again);
}
