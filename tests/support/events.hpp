// Events and service checks in a form for tables and for generators.
#pragma once

#include <quipu/wire/event.hpp>

#include "support/generator.hpp"

#include <string>
#include <string_view>

namespace events {

/// An event written as in a sentence: `titled("a", "b").at(5).tagged("c")`.
struct made_event : quipu::event {
    template <class Member, class Value>
    [[nodiscard]] constexpr made_event with(Member member, Value value) const {
        made_event other = *this;
        other.*member = value;
        return other;
    }
    template <class Member, class Value>
    [[nodiscard]] constexpr made_event from(Member member, Value value) const {
        made_event other = *this;
        other.origin.*member = value;
        return other;
    }
};

constexpr made_event titled(std::string_view title, std::string_view text) {
    made_event one;
    one.title = title;
    one.text = text;
    return one;
}

/// A service check written as in a sentence.
struct made_check : quipu::service_check {
    template <class Member, class Value>
    [[nodiscard]] constexpr made_check from(Member member, Value value) const {
        made_check other = *this;
        other.origin.*member = value;
        return other;
    }
    [[nodiscard]] constexpr made_check saying(std::string_view words) const {
        made_check other = *this;
        other.message = words;
        return other;
    }
};

constexpr made_check check(std::string_view name, quipu::service_status status) {
    made_check one;
    one.name = name;
    one.status = status;
    return one;
}

/// The texts of a generated event or service check, which has views into them.
struct texts {
    std::string all[8];
};

/// Bytes of which many are special, none of `without`.
inline std::string
generated_text(generator& random, std::size_t size_max, std::string_view without) {
    static constexpr std::string_view often = "|:,{}\\n#@_e\n\r0123d:h:m:";
    std::string text;
    for (auto left = random.below(size_max + 1); left > 0; --left) {
        const char c = random.one_in(2) ? often[random.below(often.size())]
                                        : static_cast<char>(random.below(256));
        const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        const bool refused =
            without.find(c) != without.npos || (without.find('\n') != without.npos && control);
        text += refused ? 'x' : c;
    }
    return text;
}

inline quipu::event_origin generated_origin(generator& random, texts& owner) {
    quipu::event_origin origin;
    for (std::size_t i = 0; i < 5; ++i) {
        owner.all[i] = random.one_in(2) ? generated_text(random, 12, "|\n") : std::string();
    }
    if (random.one_in(2)) {
        origin.timestamp = static_cast<std::int64_t>(random.next() >> (1 + random.below(63)));
    }
    origin.host = owner.all[0];
    origin.tags = owner.all[1];
    origin.container = owner.all[2];
    origin.external_data = owner.all[3];
    origin.cardinality = owner.all[4];
    return origin;
}

} // namespace events
