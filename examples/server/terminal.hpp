// The terminal of a program that fills the screen.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <termios.h>

namespace quipud {

/// What was typed.
enum class key { none, character, enter, escape, erase, up, down, page_up, page_down, home, end };

struct key_press {
    key what = key::none;
    char character = 0; ///< of key::character; of a longer one each byte by itself
};

/// Standard input and output while a program has the screen. At the end, also by a signal that ends the
/// program in good order, the terminal is as it was.
class terminal {
public:
    terminal();
    ~terminal();
    terminal(const terminal&) = delete;
    terminal& operator=(const terminal&) = delete;

    struct size {
        std::size_t columns;
        std::size_t rows;
    };
    [[nodiscard]] static size measure();

    /// Takes the place of what is on the screen.
    void draw(const std::vector<std::string>& lines);

    /// What was typed by now. `ended`: nobody can type any more.
    [[nodiscard]] std::vector<key_press> read(bool& ended);

private:
    termios before_{};
    bool changed_ = false;
};

} // namespace quipud
