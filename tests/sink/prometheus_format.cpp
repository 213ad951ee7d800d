#include <quipu/sink/prometheus_format.hpp>

#include "support/catch.hpp"

#include <limits>
#include <string>
#include <string_view>

using quipu::negotiate;
using quipu::prometheus_format;

TEST_CASE("prometheus_format: OpenMetrics is for who asks for it", "[sink][prometheus]") {
    const auto format = prometheus_format::openmetrics;
    CHECK(negotiate("application/openmetrics-text") == format);
    CHECK(negotiate("application/openmetrics-text; version=1.0.0; charset=utf-8") == format);
    // Prometheus 2.42
    CHECK(negotiate("application/openmetrics-text;version=1.0.0,"
                    "application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == format);
    CHECK(negotiate(" text/plain ; q=0.5 , application/openmetrics-text ; q=0.5 ") == format);
}

TEST_CASE("prometheus_format: protocol buffers are for who asks for them", "[sink][prometheus]") {
    // Prometheus 2.42 with native histograms
    CHECK(negotiate("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                    "encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,"
                    "application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == prometheus_format::protobuf);
    CHECK(negotiate("application/openmetrics-text,application/vnd.google.protobuf;"
                    "proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.9") ==
          prometheus_format::openmetrics);
}

TEST_CASE("prometheus_format: all others get plain text", "[sink][prometheus]") {
    for (const std::string_view accept :
         {"",
          "*/*",
          "text/html,application/xhtml+xml,*/*;q=0.8",
          "text/plain",
          "application/openmetrics-text;version=0.0.1",
          "application/openmetrics-text;version=2.0.0,*/*",
          "application/openmetrics-text;q=0",
          "application/openmetrics-text;q=x",
          "application/openmetrics-text;q=0.4,text/plain",
          "application/openmetrics-textual",
          "application/vnd.google.protobuf",
          "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text",
          "application/vnd.google.protobuf;proto=other;encoding=delimited",
          "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
          "encoding=delimited;q=0.3,text/plain;q=0.4",
          ",;,;;q=,"}) {
        CAPTURE(accept);
        CHECK(negotiate(accept) == prometheus_format::text);
    }
}

TEST_CASE("prometheus_format: a page says what it is", "[sink][prometheus]") {
    CHECK(quipu::content_type(prometheus_format::text) ==
          "text/plain; version=0.0.4; charset=utf-8");
    CHECK(quipu::content_type(prometheus_format::openmetrics) ==
          "application/openmetrics-text; version=1.0.0; charset=utf-8");
    CHECK(quipu::content_type(prometheus_format::protobuf) ==
          "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; "
          "encoding=delimited");
}

TEST_CASE("prometheus_format: a line has its own labels behind those of the series",
          "[sink][prometheus]") {
    std::string out;
    quipu::detail::append_prometheus_line(
        out, "t", "_bucket", "a=\"b\"", quipu::detail::prometheus_label("le", 5), 2);
    quipu::detail::append_prometheus_line(
        out, "t", "", "", quipu::detail::prometheus_label("quantile", 0.5), 0.25);
    quipu::detail::append_prometheus_line(out, "t", "_sum", "a=\"b\"", "", -1.5);
    quipu::detail::append_prometheus_line(out, "t", "_count", "", "", 3);
    CHECK(out == "t_bucket{a=\"b\",le=\"5\"} 2\n"
                 "t{quantile=\"0.5\"} 0.25\n"
                 "t_sum{a=\"b\"} -1.5\n"
                 "t_count 3\n");
    out.clear();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const double one : {infinity, -infinity, infinity - infinity})
        (quipu::detail::append_prometheus_number(out, one), out += ' ');
    CHECK(out == "+Inf -Inf NaN ");
}
