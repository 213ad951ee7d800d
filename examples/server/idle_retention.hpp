// Idle series that stay as long as the settings say.
#pragma once

#include <quipu/store/retention.hpp>
#include <quipu/store/store.hpp>

namespace quipud {

/// A profile of quipu's own kind whose retentions can be set.
template <class Profile>
struct adjustable : Profile {
    struct store_traits : Profile::store_traits {
        using counter_retention = quipu::retention::adjustable;
        using timer_retention = quipu::retention::adjustable;
        using gauge_retention = quipu::retention::adjustable;
        using unique_retention = quipu::retention::adjustable;
    };
};

} // namespace quipud
