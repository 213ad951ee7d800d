#include <quipu/sink/prometheus_name.hpp>

#include "support/catch.hpp"

#include <string>
#include <string_view>

using namespace quipu;

namespace {

template <bool Colons>
std::string name_of(std::string_view name) {
    std::string out;
    detail::append_prometheus_name<Colons>(out, name);
    return out;
}

} // namespace

TEST_CASE("prometheus name: what it cannot have becomes '_'", "[sink][prometheus]") {
    CHECK(name_of<true>("api.hits") == "api_hits");
    CHECK(name_of<true>("job:api-hits:rate") == "job:api_hits:rate");
    CHECK(name_of<false>("job:api") == "job_api");
    CHECK(name_of<true>("5xx") == "_5xx");
    CHECK(name_of<true>("") == "_");
    CHECK(name_of<true>("caf\xc3\xa9\n{}") == "caf_____");
}

TEST_CASE("prometheus labels: values are escaped, so that none ends early", "[sink][prometheus]") {
    using detail::prometheus_labels;
    CHECK(prometheus_labels("").empty());
    CHECK(prometheus_labels(";method=get;status=200") == R"(method="get",status="200")");
    CHECK(prometheus_labels(";a=x\"} 1\nb 2\\") == R"(a="x\"} 1\nb 2\\")");
    CHECK(prometheus_labels(";bare") == R"(bare="true")");
    CHECK(prometheus_labels(";a=b=c") == R"(a="b=c")");
    CHECK(prometheus_labels(";a=caf\xc3\xa9\xff") == "a=\"caf\xc3\xa9?\"");
    CHECK(prometheus_labels(";;a=1;") == R"(a="1")");
}

TEST_CASE("prometheus labels: names are unique, and none is Prometheus' own",
          "[sink][prometheus]") {
    using detail::prometheus_labels;
    CHECK(prometheus_labels(";a-b=1;a.b=2;c=3") == R"(a_b="1,2",c="3")");
    CHECK(prometheus_labels(";le=1;quantile=2") == R"(exported_le="1",exported_quantile="2")");
    CHECK(prometheus_labels(";__name__=a;-.x=b") == R"(exported___name__="a",exported___x="b")");
    CHECK(prometheus_labels(";empty=;k=v") == R"(k="v")"); // no label is an empty one
}
