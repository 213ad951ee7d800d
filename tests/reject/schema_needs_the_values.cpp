// reject: quipu schema: needs timers of a sketch that keeps its values, such as basic_exact
#include <quipu/schema/etsy.hpp>
#include <quipu/schema/native.hpp>

namespace {

/// A sketch that knows a sum and nothing more.
struct sum_only {
    void record(double value, double weight) {
        count_ += weight;
        sum_ += value * weight;
    }
    void merge(const sum_only& other) {
        count_ += other.count_;
        sum_ += other.sum_;
    }
    void settle() {}
    void clear() { *this = {}; }
    double count() const { return count_; }
    double sum() const { return sum_; }
    double min() const { return 0; }
    double max() const { return 0; }
    double quantile(double) const { return 0; }
    double median() const { return 0; }
    quipu::distribution_part lowest(double) const { return {}; }
    quipu::distribution_part highest(double) const { return {}; }
    double squared_deviations() const { return 0; }
    std::size_t dropped() const { return 0; }
    void write(quipu::byte_writer&) const {}
    bool read(quipu::byte_reader&) { return true; }

private:
    double count_ = 0;
    double sum_ = 0;
};

struct traits : quipu::store_traits {
    using timer = quipu::basic_timer<sum_only>;
};

} // namespace

int main() {
    const quipu::basic_snapshot<traits> from;
#ifdef QUIPU_REJECT
    const quipu::etsy_schema schema;
#else
    const quipu::native_schema schema;
#endif
    schema.write(from, {}, [](const quipu::point&) {});
}
