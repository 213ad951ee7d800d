// JavaScript's object literals, as config files have them: read, never run.
#pragma once

#include <quipu/core/ascii.hpp>
#include <quipu/core/number_javascript.hpp>
#include <quipu/server/ini.hpp>
#include <quipu/server/literal_scanner.hpp>
#include <quipu/server/literal_values.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

struct parsed_literal {
    literal value{};
    config_error error{};
};

namespace detail {

class literal_reader : literal_scanner {
public:
    literal_reader(std::string_view text, const literal_surroundings& around) noexcept
        : literal_scanner(text), around_(around) {}

    [[nodiscard]] parsed_literal read() {
        parsed_literal made;
        if (read_statements() && !read_function(made.value))
            static_cast<void>(read_value(made.value, 0));
        while (error_.why.empty() && (skip(), take(';'))) {
        }
        if (error_.why.empty() && !rest_.empty())
            static_cast<void>(fail("there is more after the end: only one value is read"));
        made.error = std::move(error_);
        return made;
    }

private:
    static constexpr int depth_max = 32;

    /// What stands before the value: `'use strict';`, variables, `module.exports =`.
    [[nodiscard]] bool read_statements() {
        for (;;) {
            if (take_word("'use strict'") || take_word("\"use strict\"")) {
                skip();
                static_cast<void>(take(';'));
            } else if (take_word("var") || take_word("let") || take_word("const")) {
                skip();
                auto name = word();
                literal value;
                if (name.empty() || !expect('=', "a '=' is expected after a variable's name") ||
                    !read_value(value, 0))
                    return error_.why.empty() ? fail("a variable's name is expected") : false;
                variables_.emplace_back(std::move(name), std::move(value));
                skip();
                static_cast<void>(take(';'));
            } else if (take_word("module.exports") || take_word("exports")) {
                return expect('=', "a '=' is expected");
            } else {
                return true;
            }
        }
    }

    /// `(function () { return VALUE; })()`, and `(() => (VALUE))()`. False if it is none, or wrong.
    [[nodiscard]] bool read_function(literal& into) {
        const auto before = rest_;
        const auto line = line_;
        if (take_word("(") && (take_word("function") || take_word("("))) {
            const bool arrow = rest_.data()[-1] == '(';
            skip();
            static_cast<void>(word());
            if ((arrow || take_word("(")) && take_word(")") && (!arrow || take_word("=>"))) {
                const bool block = take_word("{");
                if ((!block || (read_statements() && take_word("return"))) && read_value(into, 0)) {
                    skip();
                    static_cast<void>(take(';'));
                    if ((!block || take_word("}")) && take_word(")") && take_word("(") &&
                        take_word(")"))
                        return true;
                    if (error_.why.empty())
                        return !fail("of functions only (function () { return {…}; })() is read");
                }
                return !error_.why.empty();
            }
        }
        rest_ = before;
        line_ = line;
        return false;
    }

    // Operators, the loosest first.

    [[nodiscard]] bool read_value(literal& into, int depth) {
        if (!read_either(into, depth))
            return false;
        if (!take_word("?"))
            return true;
        literal yes;
        literal no;
        if (!read_value(yes, depth + 1) || !expect(':', "a ':' is expected after '?'") ||
            !read_value(no, depth + 1))
            return false;
        into = is_truthy(into) ? std::move(yes) : std::move(no);
        return true;
    }

    /// `a || b`, `a && b`, `a ?? b`.
    [[nodiscard]] bool read_either(literal& into, int depth) {
        if (!read_equality(into, depth))
            return false;
        for (;;) {
            const bool either = take_word("||");
            const bool both = !either && take_word("&&");
            if (!either && !both && !take_word("??"))
                return true;
            literal other;
            if (!read_equality(other, depth))
                return false;
            const bool keeps = either ? is_truthy(into)
                               : both ? !is_truthy(into)
                                      : into.kind != literal_kind::nothing;
            if (!keeps)
                into = std::move(other);
        }
    }

    [[nodiscard]] bool read_equality(literal& into, int depth) {
        if (!read_sum(into, depth))
            return false;
        const bool same = take_word("===") || take_word("==");
        if (!same && !take_word("!==") && !take_word("!="))
            return true;
        literal other;
        if (!read_sum(other, depth))
            return false;
        into = literal_of(are_equal(into, other) == same);
        return true;
    }

    [[nodiscard]] bool read_sum(literal& into, int depth) {
        return read_operators<'+', '-'>(into, [&](literal& one) {
            return read_operators<'*', '/', '%'>(
                one, [&](literal& factor) { return read_single(factor, depth); });
        });
    }

    template <char... Operators, class Read>
    [[nodiscard]] bool read_operators(literal& into, Read read) {
        if (!read(into))
            return false;
        for (;;) {
            skip();
            const char what = peek();
            if (((what != Operators) && ...) || rest_.empty())
                return true;
            advance();
            literal other;
            if (!read(other))
                return false;
            if (into.kind >= literal_kind::list || other.kind >= literal_kind::list)
                return fail("lists and objects are not computed with");
            const auto line = into.line;
            into = compute(what, into, other);
            into.line = line;
        }
    }

    [[nodiscard]] bool read_single(literal& into, int depth) {
        if (depth > depth_max)
            return fail("it is nested too deeply");
        skip();
        into.line = line_;
        const auto line = line_;
        const char first = peek();
        bool done = false;
        if (first == '{')
            return read_object(into, depth);
        if (first == '[')
            return read_list(into, depth);
        if (first == '!') {
            advance();
            done = read_single(into, depth + 1);
            if (done)
                into = literal_of(!is_truthy(into));
        } else if (first == '(') {
            advance();
            done = read_value(into, depth + 1) && expect(')', "a ')' is missing");
        } else if (first == '"' || first == '\'' || first == '`') {
            done = read_text(into);
        } else {
            done = read_word(into, depth);
        }
        if (done && into.kind == literal_kind::text)
            done = read_split(into);
        into.line = line;
        return done;
    }

    /// `TEXT.split('.')[0]` and its like.
    [[nodiscard]] bool read_split(literal& into) {
        if (!take_word(".split"))
            return true;
        literal separator;
        literal place;
        if (!expect('(', "a '(' is expected") || !read_value(separator, depth_max) ||
            !expect(')', "a ')' is missing") || !expect('[', "only split(…)[NUMBER] is read") ||
            !read_value(place, depth_max) || !expect(']', "a ']' is missing"))
            return false;
        std::string_view text = into.text;
        for (double at = 0; at < place.number && !separator.text.empty(); ++at) {
            const auto end = text.find(separator.text);
            if (end == text.npos)
                return into = literal(), true;
            text.remove_prefix(end + separator.text.size());
        }
        into = literal_of(std::string(text.substr(0, text.find(separator.text))));
        return true;
    }

    /// What is known by a name: `process.env.X`, `require('os').hostname()`, `parseInt(…)`, a variable.
    [[nodiscard]] bool read_known(literal& into, const std::string& name, int depth) {
        if (name.starts_with("process.env")) {
            auto key = name.substr(std::string_view("process.env").size());
            if (key.empty()) {
                literal quoted;
                if (!expect('[', "a name is expected after process.env") ||
                    !read_value(quoted, depth + 1) || !expect(']', "a ']' is missing"))
                    return false;
                key = '.' + quoted.text;
            }
            const auto value = around_.environment
                                   ? around_.environment(std::string_view(key).substr(1))
                                   : std::nullopt;
            into = value ? literal_of(*value) : literal();
            return true;
        }
        const bool is_hostname = name == "os.hostname" || name.ends_with(".hostname");
        if (name == "require" || is_hostname) {
            literal module;
            if (!expect('(', "a '(' is expected"))
                return false;
            if (name == "require" && (!read_value(module, depth + 1) ||
                                      (module.text != "os" && module.text != "node:os")))
                return error_.why.empty() ? fail("of modules only 'os' is known: nothing is run")
                                          : false;
            if (!expect(')', "a ')' is missing"))
                return false;
            if (name == "require") {
                if (!take_word(".hostname"))
                    return into = literal(), true; // a variable stands for the module
                if (!expect('(', "a '(' is expected") || !expect(')', "a ')' is missing"))
                    return false;
            }
            into = literal_of(around_.hostname);
            return true;
        }
        if (name == "parseInt" || name == "parseFloat" || name == "Number" || name == "String")
            return read_conversion(into, name, depth);
        for (auto one = variables_.rbegin(); one != variables_.rend(); ++one) {
            if (one->first == name)
                return into = one->second, true;
        }
        return fail("'" + name + "' is no plain value: nothing is run");
    }

    [[nodiscard]] bool read_conversion(literal& into, const std::string& name, int depth) {
        literal of;
        literal radix;
        if (!expect('(', "a '(' is expected") || !read_value(of, depth + 1))
            return false;
        skip();
        if (take(',') && !read_value(radix, depth + 1))
            return false;
        if (!expect(')', "a ')' is missing"))
            return false;
        into = convert(name, of, radix);
        return true;
    }

    [[nodiscard]] bool read_object(literal& into, int depth) {
        into.kind = literal_kind::object;
        advance();
        for (;;) {
            skip();
            if (take('}'))
                return true;
            std::string name;
            if (peek() == '"' || peek() == '\'') {
                literal quoted;
                if (!read_text(quoted))
                    return false;
                name = std::move(quoted.text);
            } else {
                name = word();
                if (name.empty())
                    return fail(rest_.empty() ? "a '}' is missing" : "here a name is expected");
            }
            literal value;
            if (!expect(':', "a ':' is expected after the name") || !read_value(value, depth + 1))
                return false;
            into.names.push_back(std::move(name));
            into.items.push_back(std::move(value));
            skip();
            if (!take(',') && peek() != '}')
                return fail("a ',' or a '}' is expected after a value");
        }
    }

    [[nodiscard]] bool read_list(literal& into, int depth) {
        into.kind = literal_kind::list;
        advance();
        for (;;) {
            skip();
            if (take(']'))
                return true;
            into.items.emplace_back();
            if (!read_value(into.items.back(), depth + 1))
                return false;
            skip();
            if (!take(',') && peek() != ']')
                return fail("a ',' or a ']' is expected after a value");
        }
    }

    [[nodiscard]] bool read_text(literal& into) {
        into.kind = literal_kind::text;
        const char quote = peek();
        advance();
        while (!rest_.empty() && rest_.front() != quote) {
            if (rest_.front() == '\n' && quote != '`')
                return fail("the text does not end in its line");
            if (quote == '`' && rest_.starts_with("${")) {
                literal inner;
                advance();
                advance();
                if (!read_value(inner, depth_max - 1) || !expect('}', "a '}' is missing"))
                    return false;
                into.text += inner.kind == literal_kind::nothing ? "undefined" : inner.text;
                continue;
            }
            if (rest_.front() != '\\') {
                into.text += rest_.front();
                advance();
            } else if (!read_escape(into.text)) {
                return false;
            }
        }
        return take(quote) || fail("the text does not end");
    }

    [[nodiscard]] bool read_word(literal& into, int depth) {
        into.text = word();
        if (into.text == "true" || into.text == "false") {
            into.kind = literal_kind::boolean;
            into.truth = into.text == "true";
            return true;
        }
        if (into.text == "null" || into.text == "undefined")
            return true;
        if (into.text.empty())
            return fail(rest_.empty() ? "a value is missing at the end"
                                      : "here a value is expected");
        const auto number = parse_javascript_number(into.text);
        if (!number) {
            const auto name = std::exchange(into.text, std::string());
            return read_known(into, name, depth);
        }
        into.kind = literal_kind::number;
        into.number = *number;
        return true;
    }

    const literal_surroundings& around_;
    std::vector<std::pair<std::string, literal>> variables_{};
};

} // namespace detail

/// Reads one object, list or plain value: names with and without quotes, texts in any kind of quotes,
/// numbers as JavaScript writes them, comments, a comma behind the last; parentheses around it all and
/// semicolons behind.
///
/// Beside plain values it reads what config files compute: `process.env.X || 8125`, `&&`, `??`, `?:`,
/// `===`, sums and products, `parseInt(…)`, `Number(…)`, `require('os').hostname()`, `.split('.')[0]`,
/// variables, `module.exports = …` and `(function () { return {…}; })()`. Nothing is run: what goes
/// beyond is an error that tells it.
///
/// Cost     O(size), allocates; nesting beyond 32 is refused.
/// Threads  pure, as far as the surroundings are.
/// Source   the config files of Etsy's statsd, which are given to eval() there; ECMAScript.
[[nodiscard]] inline parsed_literal parse_object_literal(std::string_view text,
                                                         const literal_surroundings& around = {}) {
    return detail::literal_reader(text, around).read();
}

} // namespace quipu
