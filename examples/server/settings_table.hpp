// Every setting of a fixed name: where it stands, for which profiles it is, and how it is read and
// printed.
#pragma once

#include "settings.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace quipud {

/// For which profiles a setting is, as bits.
enum profiles : unsigned {
    of_quipu = 1U << 0U,
    of_etsy = 1U << 1U,
    of_kiip = 1U << 2U,
    of_statsite = 1U << 3U,
    of_dogstatsd = 1U << 4U,
    of_all = of_quipu | of_etsy | of_kiip | of_statsite | of_dogstatsd,
};

[[nodiscard]] constexpr unsigned bit_of(profile_name name) noexcept {
    return 1U << static_cast<unsigned>(name);
}

struct setting {
    std::string_view section;
    std::string_view key;
    unsigned of; ///< `profiles`
    /// What is wrong with the value, or nothing.
    std::string (*read)(settings&, std::string_view);
    /// What a file would have, a line for each value.
    std::vector<std::string> (*print)(const settings&);

    /// Whether a running server can take over another value.
    [[nodiscard]] bool changes_at_run_time() const noexcept {
        return section == "idle" || (section == "prometheus" && key != "native") ||
               (section == "quipud" &&
                (key == "log_level" || key == "interval" || key == "align" || key == "offset"));
    }
};

[[nodiscard]] const std::vector<setting>& all_settings();

/// The section of a histogram has this and a name.
inline constexpr std::string_view histogram_section = "histogram";
inline constexpr unsigned of_histograms = of_etsy | of_statsite;

} // namespace quipud
