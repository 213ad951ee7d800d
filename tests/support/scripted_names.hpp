// Names that mean what a test says.
#pragma once

#include <quipu/net/resolve.hpp>

#include <initializer_list>
#include <memory>
#include <mutex>
#include <utility>

namespace quipu::test {

/// The answers of a name server. Copies share them.
class scripted_names {
public:
    explicit scripted_names(result<address_list> first)
        : shared_(std::make_shared<answers>(std::move(first))) {}

    void say(result<address_list> next) {
        const std::lock_guard hold(shared_->mutex);
        shared_->now = std::move(next);
    }
    [[nodiscard]] int asked() const {
        const std::lock_guard hold(shared_->mutex);
        return shared_->asked;
    }

    result<address_list> operator()(const host_port& /*of*/) {
        const std::lock_guard hold(shared_->mutex);
        ++shared_->asked;
        return shared_->now;
    }

private:
    struct answers {
        explicit answers(result<address_list> first) : now(std::move(first)) {}
        std::mutex mutex{};
        result<address_list> now;
        int asked = 0;
    };
    std::shared_ptr<answers> shared_;
};

[[nodiscard]] inline address_list list_of(std::initializer_list<address> all) {
    address_list list;
    for (const auto& one : all)
        list.push(one);
    return list;
}

} // namespace quipu::test
