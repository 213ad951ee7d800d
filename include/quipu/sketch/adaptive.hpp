// The quantile sketch for the usual and the worst case: exact while there are few values, of bounded
// memory when there are many.
#pragma once

#include <quipu/core/byte_codec.hpp>
#include <quipu/core/config.hpp>
#include <quipu/sketch/exact.hpp>
#include <quipu/sketch/exponential_histogram.hpp>
#include <quipu/sketch/sketch.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace quipu {

namespace detail {

/// A value that is made when it is first needed, and is there or not; a pointer's size till then.
/// One that is dropped stays in the background, for the next time. Copies are deep.
template <class T>
class made_late {
public:
    made_late() noexcept = default;
    made_late(const made_late& other)
        : value_(other ? new T(*other) : nullptr), there_(other.there_) {}
    made_late(made_late&& other) noexcept
        : value_(std::exchange(other.value_, nullptr)), there_(std::exchange(other.there_, false)) {
    }
    made_late& operator=(made_late other) noexcept {
        std::swap(value_, other.value_);
        std::swap(there_, other.there_);
        return *this;
    }
    ~made_late() { delete value_; }

    /// What is to be filled before it is put there: a new one, or one that was dropped, as it was.
    [[nodiscard]] T& background() {
        if (value_ == nullptr)
            value_ = new T();
        return *value_;
    }
    void put() noexcept { there_ = true; }
    void drop() noexcept { there_ = false; }

    explicit operator bool() const noexcept { return there_; }
    [[nodiscard]] T& operator*() noexcept { return *value_; }
    [[nodiscard]] const T& operator*() const noexcept { return *value_; }
    [[nodiscard]] T* operator->() noexcept { return value_; }
    [[nodiscard]] const T* operator->() const noexcept { return value_; }

private:
    T* value_ = nullptr;
    bool there_ = false;
};

} // namespace detail

/// Keeps up to `Bound` values as they are; with one more, all move into `Sketch`, which takes the
/// rest. It makes no difference to the sketch, then, that they were kept before. Whether they have
/// moved depends on the number of values alone, so merging is possible in any order.
///
/// Memory   104 bytes and what the values take, 8 bytes each or 16; from the move on the sketch,
///          too. What was used stays for the next interval.
/// Error    none up to `Bound` values, then that of the sketch. Beyond the bound a weight is as
///          many repetitions as far as the sketch can tell.
/// Threads  distinct objects safe, shared objects unsafe; reading a settled one from several is
///          safe.
template <std::size_t Bound = 1024, quantile_sketch Sketch = exponential_histogram<>>
class adaptive {
public:
    static constexpr std::size_t bound = Bound;
    using sketch_type = Sketch;

    /// Adds a value that stands for `weight` events.
    /// Input    value: finite; weight: above 0, finite.
    /// Cost     that of one of the two; O(Bound) for the value that makes them move.
    void record(double value, double weight = 1) {
        if (!many_) {
            if (few_.values().size() < Bound) {
                few_.record(value, weight);
                return;
            }
            move();
        }
        many_->record(value, weight);
    }

    /// Adds many values; as record for each.
    /// Input    block: of these values, and sound.
    void record_all(const double* values, std::size_t count, const summarised_block& block) {
        if constexpr (takes_blocks<Sketch>) {
            if (moved_)
                return many_->record_all(values, count, block);
        }
        for (std::size_t i = 0; i < count; ++i)
            record(values[i]);
    }

    /// Adds all values of another one.
    void merge(const adaptive& other) {
        QUIPU_ASSERT(&other != this);
        const std::size_t together = few_.values().size() + other.few_.values().size();
        if (!many_ && !other.many_ && together <= Bound)
            return few_.merge(other.few_);
        if (!many_)
            move();
        other.merge_into(*many_);
    }

    /// Adds all values to a sketch of the kind that they move into, wherever they are.
    void merge_into(Sketch& sketch) const {
        if (many_)
            return sketch.merge(*many_);
        for (std::size_t i = 0; i < values().size(); ++i)
            sketch.record(values()[i], weight(i));
    }

    /// Call it once after the last record and before any of the reads below.
    void settle() { many_ ? many_->settle() : few_.settle(); }

    /// Forgets all and keeps the storage.
    void clear() noexcept {
        few_.clear();
        if (many_)
            many_->clear();
        many_.drop();
    }

    [[nodiscard]] double count() const noexcept {
        return either([](const auto& sketch) { return sketch.count(); });
    }
    [[nodiscard]] double sum() const noexcept {
        return either([](const auto& sketch) { return sketch.sum(); });
    }
    [[nodiscard]] double sum_squares() const noexcept {
        return either([](const auto& sketch) { return sketch.sum_squares(); });
    }
    [[nodiscard]] double min() const noexcept {
        return either([](const auto& sketch) { return sketch.min(); });
    }
    [[nodiscard]] double max() const noexcept {
        return either([](const auto& sketch) { return sketch.max(); });
    }
    [[nodiscard]] double median() const noexcept {
        return either([](const auto& sketch) { return sketch.median(); });
    }
    [[nodiscard]] double squared_deviations() const noexcept {
        return either([](const auto& sketch) { return sketch.squared_deviations(); });
    }
    [[nodiscard]] double quantile(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.quantile(q); });
    }
    [[nodiscard]] distribution_part lowest(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.lowest(q); });
    }
    [[nodiscard]] distribution_part highest(double q) const noexcept {
        return either([q](const auto& sketch) { return sketch.highest(q); });
    }
    [[nodiscard]] std::size_t dropped() const noexcept { return many_ ? many_->dropped() : 0; }

    /// The values are still here as they came: `values()` and `weight(i)` tell them.
    [[nodiscard]] bool keeps_values() const noexcept { return !many_; }
    /// In ascending order once settled; none if they are not kept any more.
    [[nodiscard]] const std::vector<double>& values() const noexcept { return few_.values(); }
    [[nodiscard]] double weight(std::size_t i) const noexcept { return few_.weight(i); }

    /// The sketch that all values moved into; null if they are kept.
    [[nodiscard]] const Sketch* sketch() const noexcept { return many_ ? &*many_ : nullptr; }

    void write(byte_writer& out) const {
        out.byte(many_ ? 1 : 0);
        either([&out](const auto& sketch) { sketch.write(out); });
    }

    /// Replaces the contents; false, and cleared, if the bytes make no sense.
    [[nodiscard]] bool read(byte_reader& from) {
        clear();
        const auto moved = from.byte();
        if (moved > 1 || from.failed())
            return false;
        if (moved == 1 ? read_moved(from) : few_.read(from) && few_.dropped() == 0)
            return true;
        clear();
        return false;
    }

private:
    /// Reads from the one that has the values.
    template <class F>
    decltype(auto) either(F f) const {
        return many_ ? f(*many_) : f(few_);
    }

    [[gnu::noinline]] void move() {
        Sketch& sketch = many_.background();
        sketch.clear(); // it holds something only if memory ran out here before
        merge_into(sketch);
        few_.clear();
        many_.put();
    }

    [[nodiscard]] bool read_moved(byte_reader& from) {
        Sketch& sketch = many_.background();
        many_.put();
        return sketch.read(from) && sketch.count() > 0;
    }

    basic_exact<Bound> few_{};
    detail::made_late<Sketch> many_{};
};

static_assert(quantile_sketch<adaptive<>>);

} // namespace quipu
