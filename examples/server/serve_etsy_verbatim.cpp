#include "serve.hpp"

int quipud::serve_etsy_verbatim(const command_line& line, const reread& again) {
    return serve<quipu::profile::etsy_verbatim>(line, again);
}
