// A vector that grows without moving what it holds.
#pragma once

#include <quipu/core/config.hpp>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace quipu::detail {

/// Elements in segments of a fixed size: to grow costs one allocation of a segment, never a copy of
/// them all. Only while the first segment is not full may a new element move the others. What throws
/// leaves it as it was. Moving takes the allocator along.
///
/// Threads  distinct objects safe, shared objects unsafe.
template <class T, template <class> class Allocator>
class segmented_vector {
public:
    static constexpr std::size_t segment_size = 2048;

    explicit segmented_vector(const Allocator<char>& allocator = {})
        : segments_(Allocator<segment>(allocator)), allocator_(allocator) {}

    segmented_vector(segmented_vector&& other) noexcept
        : segments_(std::move(other.segments_)), size_(std::exchange(other.size_, 0)),
          allocator_(other.allocator_) {
        other.segments_.clear();
    }
    /// Takes the memory of the other, and its allocator with it, whatever the two are.
    segmented_vector& operator=(segmented_vector&& other) noexcept {
        if (this != &other) {
            this->~segmented_vector();
            ::new (static_cast<void*>(this)) segmented_vector(std::move(other));
        }
        return *this;
    }
    ~segmented_vector() = default;
    segmented_vector(const segmented_vector&) = delete;
    segmented_vector& operator=(const segmented_vector&) = delete;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

    [[nodiscard]] T& operator[](std::size_t i) noexcept {
        return segments_.data()[i / segment_size].data()[i % segment_size];
    }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept {
        return segments_.data()[i / segment_size].data()[i % segment_size];
    }

    template <class... Args>
    T& emplace_back(Args&&... args) {
        const std::size_t place = size_ / segment_size;
        if (place == segments_.size())
            segments_.emplace_back(Allocator<T>(allocator_));
        // Also if the reservation failed the last time.
        if (place > 0 && segments_[place].capacity() == 0)
            segments_[place].reserve(segment_size);
        T& added = segments_[place].emplace_back(std::forward<Args>(args)...);
        ++size_;
        return added;
    }

    /// Removes the last elements; keeps their storage.
    void shrink(std::size_t size) noexcept {
        QUIPU_ASSERT(size <= size_);
        for (; size_ > size; --size_)
            segments_[(size_ - 1) / segment_size].pop_back();
    }

    void clear() noexcept { shrink(0); }

    template <bool Const>
    class basic_iterator {
    public:
        using owner = std::conditional_t<Const, const segmented_vector, segmented_vector>;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = std::conditional_t<Const, const T&, T&>;

        basic_iterator() = default;
        basic_iterator(owner& of, std::size_t place) noexcept : of_(&of), place_(place) {}

        [[nodiscard]] reference operator*() const noexcept { return (*of_)[place_]; }
        [[nodiscard]] auto* operator->() const noexcept { return &(*of_)[place_]; }
        basic_iterator& operator++() noexcept {
            ++place_;
            return *this;
        }
        basic_iterator operator++(int) noexcept {
            auto before = *this;
            ++place_;
            return before;
        }
        friend bool operator==(const basic_iterator&, const basic_iterator&) = default;

    private:
        owner* of_ = nullptr;
        std::size_t place_ = 0;
    };

    [[nodiscard]] auto begin() noexcept { return basic_iterator<false>(*this, 0); }
    [[nodiscard]] auto end() noexcept { return basic_iterator<false>(*this, size_); }
    [[nodiscard]] auto begin() const noexcept { return basic_iterator<true>(*this, 0); }
    [[nodiscard]] auto end() const noexcept { return basic_iterator<true>(*this, size_); }

private:
    using segment = std::vector<T, Allocator<T>>;

    std::vector<segment, Allocator<segment>> segments_;
    std::size_t size_ = 0;
    Allocator<char> allocator_;
};

} // namespace quipu::detail
