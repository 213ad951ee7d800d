#include <quipu/sink/influx_line.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

std::string key(std::string_view name, std::string_view tags = "") {
    std::string out;
    quipu::append_influx_key(out, name, "gauge", tags);
    return out;
}

std::string field(std::string_view name, double value) {
    std::string out;
    quipu::append_influx_field(out, name, value);
    return out;
}

} // namespace

TEST_CASE("influx_line: a measurement and its tags", "[sink][influx]") {
    CHECK(key("api.hits") == "api.hits,metric_type=gauge");
    CHECK(key("api.hits", ";az=b;flag;region=eu") ==
          "api.hits,metric_type=gauge,az=b,flag=true,region=eu");
}

TEST_CASE("influx_line: what ends a part is escaped in it", "[sink][influx]") {
    CHECK(key("a b,c=d") == "a\\ b\\,c=d,metric_type=gauge"); // '=' means nothing in a measurement
    CHECK(key("a", ";k, =v, =") == "a,metric_type=gauge,k\\,\\ =v\\,\\ \\=");
    CHECK(key("\"a\"", ";q=\"x\"") == "\"a\",metric_type=gauge,q=\"x\"");
    CHECK(field("9 0", 1) == "9\\ 0=1");
}

TEST_CASE("influx_line: what has no form becomes '_'", "[sink][influx]") {
    CHECK(key("a\nb\tc\x7f") == "a_b_c_,metric_type=gauge");
    CHECK(key("a\\", ";k\\=v\\") == "a_,metric_type=gauge,k_=v_");
    CHECK(key("h\xc3\xa9\xff") == "h\xc3\xa9_,metric_type=gauge");
    CHECK(key("#a#") == "_a#,metric_type=gauge");
    CHECK(key("") == "_,metric_type=gauge");
    CHECK(key("a", ";=v;k=;;") == "a,metric_type=gauge,_=v,k=_");
}

TEST_CASE("influx_line: reserved keys are renamed, and equal ones have all values",
          "[sink][influx]") {
    CHECK(key("a", ";_field=1;_measurement=2;metric_type=3;time=4") ==
          "a,metric_type=gauge,exported__field=1,exported__measurement=2,exported_metric_type=3,"
          "exported_time=4");
    CHECK(key("a", ";k;k=1;k=2") == "a,metric_type=gauge,k=true\\,1\\,2");
    CHECK(key("a", ";exported_time=2;time=1") == "a,metric_type=gauge,exported_time=2\\,1");
    CHECK(key("a", ";a\\b=1;a_b=2") == "a,metric_type=gauge,a_b=1\\,2");
}

TEST_CASE("influx_line: every value is a float", "[sink][influx]") {
    CHECK(field("value", 3) == "value=3");
    CHECK(field("value", -0.5) == "value=-0.5");
    CHECK(field("value", 1e300) == "value=1e300");
}
