// The form of Prometheus' page that is no text: messages of its protocol buffers.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/utf8.hpp>
#include <quipu/sink/prometheus_format.hpp>
#include <quipu/sketch/bucket_layout.hpp>
#include <quipu/sketch/exponential_histogram.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace quipu {

namespace detail {

/// Writes the fields of a message of protocol buffers.
class protobuf_writer {
public:
    void integer(unsigned field, std::uint64_t value) {
        key(field, 0);
        to().count(value);
    }
    void zigzag(unsigned field, std::int64_t value) { integer(field, folded(value)); }
    void number(unsigned field, double value) {
        key(field, 1);
        to().number(value);
    }
    void bytes(unsigned field, std::string_view value) {
        key(field, 2);
        to().text(value);
    }
    void message(unsigned field, const protobuf_writer& value) { bytes(field, value.out_); }

    // Many numbers under one key.

    void numbers(unsigned field, const std::vector<double>& all) {
        protobuf_writer packed;
        for (const double one : all)
            packed.to().number(one);
        message(field, packed);
    }
    void zigzags(unsigned field, const std::vector<double>& all) {
        protobuf_writer packed;
        for (const double one : all)
            packed.to().count(folded(static_cast<std::int64_t>(one)));
        message(field, packed);
    }

    /// The size first, then what was written.
    void append_delimited(std::string& page) const { byte_writer(page).text(out_); }

private:
    // Its numbers are those of protocol buffers: 7 bits a byte, and little-endian doubles.
    [[nodiscard]] byte_writer to() { return byte_writer(out_); }

    void key(unsigned field, unsigned type) { to().count(std::uint64_t{field} << 3U | type); }
    [[nodiscard]] static std::uint64_t folded(std::int64_t value) noexcept {
        return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
    }

    std::string out_{};
};

/// Calls f(name, value) for each of labels as prometheus_labels writes them, without the escapes.
template <class F>
void for_each_label(std::string_view labels, F&& f) {
    while (!labels.empty()) {
        const auto name = labels.substr(0, labels.find('='));
        labels.remove_prefix(name.size() + 2); // and `="`
        std::string value;
        for (; labels.front() != '"'; labels.remove_prefix(1)) {
            if (labels.front() == '\\') {
                labels.remove_prefix(1);
                value += labels.front() == 'n' ? '\n' : labels.front();
            } else {
                value += labels.front();
            }
        }
        labels.remove_prefix(labels.size() > 1 ? 2 : 1); // and a comma
        f(name, std::string_view(value));
    }
}

} // namespace detail

/// What a summary or a histogram tells of one series.
struct prometheus_distribution {
    double sum = 0;
    double count = 0;
    /// The quantiles or the upper bounds, as many as `values`: what is there, or the counts up to it.
    const std::vector<double>* points = nullptr;
    const std::vector<double>* values = nullptr;
    /// The buckets of a native histogram; null: it has none.
    const exponential_histogram<>* native = nullptr;
};

/// One metric with all its series: a `MetricFamily`. Labels are as prometheus_labels writes them.
///
/// A native histogram has the buckets of the exponential histogram as they are: schema 6, whose
/// relative error is 0.542 %, and a zero bucket that is no wider than the smallest double. With it the
/// sum and the count are its own.
/// Threads  distinct objects safe, shared objects unsafe.
/// Source   prometheus/client_model, io/prometheus/client/metrics.proto: the numbers of the fields.
class prometheus_message {
public:
    prometheus_message(std::string_view name, std::string_view help, prometheus_type type)
        : type_(type) {
        family_.bytes(1, name);
        family_.bytes(2, utf8_only(help));
        family_.integer(3, static_cast<std::uint64_t>(type));
    }

    /// The value of a counter or gauge.
    void add(std::string_view labels, double value) {
        detail::protobuf_writer number;
        number.number(1, value);
        put(labels, type_ == prometheus_type::counter ? 3 : 2, number);
    }

    /// The values of a summary or histogram.
    void add(std::string_view labels, const prometheus_distribution& of) {
        if (type_ == prometheus_type::summary)
            put(labels, 4, summary(of));
        else
            put(labels, 7, histogram(of));
    }

    /// Appends it as it stands on a page.
    void append_to(std::string& page) const { family_.append_delimited(page); }

private:
    /// What is not UTF-8 becomes '?'.
    [[nodiscard]] static std::string utf8_only(std::string_view text) {
        std::string clean;
        while (!text.empty()) {
            const auto size = utf8_size(text);
            clean += size == 0 ? std::string_view("?") : text.substr(0, size);
            text.remove_prefix(size == 0 ? 1 : size);
        }
        return clean;
    }

    [[nodiscard]] static bool is_whole(double count) noexcept {
        return count >= 0 && count < 0x1p53 && count == std::floor(count);
    }

    void put(std::string_view labels, unsigned field, const detail::protobuf_writer& value) {
        detail::protobuf_writer metric;
        detail::for_each_label(labels, [&](std::string_view name, std::string_view is) {
            detail::protobuf_writer pair;
            pair.bytes(1, name);
            pair.bytes(2, is);
            metric.message(1, pair);
        });
        metric.message(field, value);
        family_.message(4, metric);
    }

    [[nodiscard]] static detail::protobuf_writer summary(const prometheus_distribution& of) {
        detail::protobuf_writer made;
        made.integer(1, static_cast<std::uint64_t>(std::llround(of.count)));
        made.number(2, of.sum);
        for (std::size_t i = 0; i < of.points->size(); ++i) {
            detail::protobuf_writer one;
            one.number(1, (*of.points)[i]);
            one.number(2, (*of.values)[i]);
            made.message(3, one);
        }
        return made;
    }

    [[nodiscard]] static detail::protobuf_writer histogram(const prometheus_distribution& of) {
        detail::protobuf_writer made;
        const double count = of.native != nullptr ? of.native->count() : of.count;
        const double sum = of.native != nullptr ? of.native->sum() : of.sum;
        const bool whole = of.native != nullptr ? of.native->whole() : is_whole(count);
        if (whole)
            made.integer(1, static_cast<std::uint64_t>(count));
        else
            made.number(4, count);
        made.number(2, sum);
        for (std::size_t i = 0; of.points != nullptr && i < of.points->size(); ++i) {
            detail::protobuf_writer one;
            const double below = (*of.values)[i];
            if (is_whole(below))
                one.integer(1, static_cast<std::uint64_t>(below));
            else
                one.number(4, below);
            one.number(2, (*of.points)[i]);
            made.message(3, one);
        }
        if (of.native != nullptr)
            put_native(made, to_prometheus(*of.native), whole);
        return made;
    }

    static void put_native(detail::protobuf_writer& to, const prometheus_buckets& of, bool whole) {
        to.zigzag(5, of.schema);
        to.number(6, std::numeric_limits<double>::denorm_min());
        if (whole)
            to.integer(7, static_cast<std::uint64_t>(of.zero_count));
        else
            to.number(8, of.zero_count);
        put_side(to, of.negative, 9, whole);
        put_side(to, of.positive, 12, whole);
    }

    /// `field`: of the spans; those of the deltas and of the counts follow.
    static void put_side(detail::protobuf_writer& to,
                         const prometheus_buckets::side& of,
                         unsigned field,
                         bool whole) {
        for (const auto& span : of.spans) {
            detail::protobuf_writer one;
            one.zigzag(1, span.offset);
            one.integer(2, span.length);
            to.message(field, one);
        }
        if (of.deltas.empty())
            return;
        if (whole)
            return to.zigzags(field + 1, of.deltas);
        std::vector<double> counts;
        double count = 0;
        for (const double delta : of.deltas)
            counts.push_back(count += delta);
        to.numbers(field + 2, counts);
    }

    prometheus_type type_;
    detail::protobuf_writer family_{};
};

} // namespace quipu
