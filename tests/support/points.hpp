// What a schema says of a snapshot, as text: `NAME VALUE`, with the time if it is another.
#pragma once

#include <quipu/core/number_text.hpp>
#include <quipu/schema/schema.hpp>

#include <array>
#include <string>
#include <vector>

template <class Layout>
std::string to_text(double value) {
    std::array<char, Layout::bytes_max> text{};
    return {text.data(), Layout::write(text.data(), value)};
}

inline std::string name_of(const quipu::point& one) {
    return std::string(one.head).append(one.name).append(one.tail).append(one.tags);
}

template <class Schema, class Traits>
std::vector<std::string> points(const Schema& schema,
                                const quipu::basic_snapshot<Traits>& from,
                                const quipu::sink_history& history = {}) {
    std::vector<std::string> all;
    schema.write(from, history, [&](const quipu::point& one) {
        auto line = name_of(one) + ' ';
        line += one.integral ? to_text<quipu::layout::shortest>(one.value)
                             : to_text<typename Schema::number_layout>(one.value);
        if (one.timestamp != from.timestamp)
            line += ' ' + std::to_string(one.timestamp);
        all.push_back(std::move(line));
    });
    return all;
}
