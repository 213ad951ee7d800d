// The formats of Prometheus' page, and which of them a scraper asks for.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number.hpp>
#include <quipu/core/number_text.hpp>
#include <quipu/core/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quipu {

enum class prometheus_format : std::uint8_t {
    text,        ///< Prometheus' text format 0.0.4
    openmetrics, ///< OpenMetrics 1.0.0
    protobuf,    ///< messages of protocol buffers, each behind its size
};

/// What a metric is; the numbers are those of protocol buffers.
enum class prometheus_type : std::uint8_t { counter = 0, gauge = 1, summary = 2, histogram = 4 };

/// What stands in the header `Content-Type` of a page.
[[nodiscard]] constexpr std::string_view content_type(prometheus_format of) noexcept {
    switch (of) {
    case prometheus_format::text: break;
    case prometheus_format::openmetrics:
        return "application/openmetrics-text; version=1.0.0; charset=utf-8";
    case prometheus_format::protobuf:
        return "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
               "encoding=delimited";
    }
    return "text/plain; version=0.0.4; charset=utf-8";
}

namespace detail {

/// Appends the two lines before the values of a metric. In the help backslashes and ends of lines are
/// escaped, and in OpenMetrics quotes; what is not UTF-8 becomes '?'.
inline void append_prometheus_title(std::string& out,
                                    std::string_view name,
                                    std::string_view type,
                                    std::string_view help,
                                    prometheus_format form) {
    ((out += "# HELP ") += name) += ' ';
    while (!help.empty()) {
        const auto size = utf8_size(help);
        const char c = help.front();
        if (c == '\\' || (c == '"' && form == prometheus_format::openmetrics))
            (out += '\\') += c;
        else if (c == '\n')
            out += "\\n";
        else if (size == 0 || is_control(c))
            out += '?';
        else
            out += help.substr(0, size);
        help.remove_prefix(size == 0 ? 1 : size);
    }
    ((((out += "\n# TYPE ") += name) += ' ') += type) += '\n';
}

/// Appends a number as the texts of Prometheus have it.
inline void append_prometheus_number(std::string& out, double value) {
    if (!is_finite(value)) {
        out += value > 0 ? "+Inf" : value < 0 ? "-Inf" : "NaN";
        return;
    }
    char text[layout::shortest::bytes_max];
    out.append(text, static_cast<std::size_t>(layout::shortest::write(text, value) - text));
}

/// A line; `more` is one more label, or nothing.
inline void append_prometheus_line(std::string& out,
                                   std::string_view name,
                                   std::string_view tail,
                                   std::string_view labels,
                                   std::string_view more,
                                   double value) {
    (out += name) += tail;
    if (!labels.empty() || !more.empty()) {
        (out += '{') += labels;
        out += labels.empty() || more.empty() ? "" : ",";
        (out += more) += '}';
    }
    out += ' ';
    append_prometheus_number(out, value);
    out += '\n';
}

/// A label of the page's own: `le="5"`.
[[nodiscard]] inline std::string prometheus_label(std::string_view key, double value) {
    std::string label(key);
    label += "=\"";
    append_prometheus_number(label, value);
    return label += '"';
}

/// One entry of the header `Accept`, such as `text/plain;version=0.0.4;q=0.5`.
struct accepted_format {
    std::string_view type;
    std::string_view version;
    std::string_view proto;
    std::string_view encoding;
    double quality = 1;
};

[[nodiscard]] inline accepted_format read_accepted(std::string_view entry) noexcept {
    accepted_format read;
    read.type = trim(entry.substr(0, entry.find(';')));
    while (entry.find(';') != entry.npos) {
        entry.remove_prefix(entry.find(';') + 1);
        const auto one = trim(entry.substr(0, entry.find(';')));
        if (one.starts_with("version="))
            read.version = one.substr(8);
        else if (one.starts_with("proto="))
            read.proto = one.substr(6);
        else if (one.starts_with("encoding="))
            read.encoding = one.substr(9);
        else if (one.starts_with("q="))
            read.quality = parse_number(one.substr(2)).value_or(0);
    }
    return read;
}

} // namespace detail

/// The format for a scraper whose request has this header `Accept`: of protocol buffers (delimited
/// `MetricFamily` messages), OpenMetrics (version 1.0.0, or any) and plain text the one that is wanted
/// most, by `q`, the earlier of equals; plain text, which every scraper takes, if none is named.
/// Cost     O(size); does not allocate.
/// Threads  pure.
/// Source   RFC 9110, "Accept"; OpenMetrics 1.0.0, "Protocol Negotiation".
[[nodiscard]] inline prometheus_format negotiate(std::string_view accept) noexcept {
    double text = 0;
    double openmetrics = 0;
    double protobuf = 0;
    for (;;) {
        const auto one = detail::read_accepted(accept.substr(0, accept.find(',')));
        const auto take = [&](double& into) { into = one.quality > into ? one.quality : into; };
        if (one.type == "application/openmetrics-text" &&
            (one.version.empty() || one.version == "1.0.0"))
            take(openmetrics);
        else if (one.type == "application/vnd.google.protobuf" && one.encoding == "delimited" &&
                 one.proto == "io.prometheus.client.MetricFamily")
            take(protobuf);
        else if (one.type == "text/plain")
            take(text);
        if (accept.find(',') == accept.npos)
            break;
        accept.remove_prefix(accept.find(',') + 1);
    }
    if (protobuf > 0 && protobuf >= openmetrics && protobuf >= text)
        return prometheus_format::protobuf;
    return openmetrics > 0 && openmetrics >= text ? prometheus_format::openmetrics
                                                  : prometheus_format::text;
}

} // namespace quipu
