#include "serve.hpp"

#include <quipu/store/retention.hpp>
#include <quipu/store/store.hpp>

namespace quipud {

namespace {

/// quipu's own, whose idle series stay as long as the settings say.
struct own_profile : quipu::profile::quipu {
    struct store_traits : ::quipu::store_traits {
        using counter_retention = ::quipu::retention::adjustable;
        using timer_retention = ::quipu::retention::adjustable;
        using gauge_retention = ::quipu::retention::adjustable;
        using unique_retention = ::quipu::retention::adjustable;
    };
};

} // namespace

int serve_quipu(const command_line& line, const reread& again) {
    return serve<own_profile>(line, again);
}

} // namespace quipud
