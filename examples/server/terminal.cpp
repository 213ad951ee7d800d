#include "terminal.hpp"

#include <quipu/net/file.hpp>

#include <array>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace quipud {

namespace {

void put(std::string_view text) {
    static_cast<void>(quipu::file_writer(STDOUT_FILENO).send(text));
}

constexpr std::pair<std::string_view, key> sequences[] = {
    {"\x1b[A", key::up},
    {"\x1bOA", key::up},
    {"\x1b[B", key::down},
    {"\x1bOB", key::down},
    {"\x1b[5~", key::page_up},
    {"\x1b[6~", key::page_down},
    {"\x1b[H", key::home},
    {"\x1bOH", key::home},
    {"\x1b[1~", key::home},
    {"\x1b[F", key::end},
    {"\x1bOF", key::end},
    {"\x1b[4~", key::end},
};

/// Takes the key that the bytes begin with.
key_press take(std::string_view& bytes) {
    for (const auto& [sequence, what] : sequences) {
        if (bytes.starts_with(sequence)) {
            bytes.remove_prefix(sequence.size());
            return {what};
        }
    }
    const char first = bytes.front();
    bytes.remove_prefix(1);
    if (first == '\x1b') {
        if (!bytes.starts_with('[') && !bytes.starts_with('O'))
            return {key::escape};
        // Of a key that is not known here nothing is taken for typed.
        bytes.remove_prefix(1);
        while (!bytes.empty() && (bytes.front() < '@' || bytes.front() > '~'))
            bytes.remove_prefix(1);
        bytes.remove_prefix(bytes.empty() ? 0 : 1);
        return {};
    }
    if (first == '\r' || first == '\n')
        return {key::enter};
    if (first == '\x7f' || first == '\b')
        return {key::erase};
    return {key::character, first};
}

} // namespace

terminal::terminal() {
    if (::tcgetattr(STDIN_FILENO, &before_) == 0) {
        termios raw = before_;
        raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG | IEXTEN);
        raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
        raw.c_cc[VMIN] = 0;
        raw.c_cc[VTIME] = 0;
        changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0;
    }
    put("\x1b[?1049h\x1b[?25l\x1b[2J"); // another screen, and no cursor
}

terminal::~terminal() {
    put("\x1b[?25h\x1b[?1049l");
    if (changed_)
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
}

terminal::size terminal::measure() {
    winsize told{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &told) != 0 || told.ws_col == 0 || told.ws_row == 0)
        return {80, 24};
    return {told.ws_col, told.ws_row};
}

void terminal::draw(const std::vector<std::string>& lines) {
    const auto rows = measure().rows;
    std::string all = "\x1b[H";
    for (std::size_t i = 0; i < lines.size() && i < rows; ++i)
        all += (i == 0 ? "" : "\r\n") + lines[i] + "\x1b[K";
    put(all + "\x1b[J");
}

std::vector<key_press> terminal::read(bool& ended) {
    std::array<char, 256> bytes{};
    const auto count = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    ended = count < 0; // with VMIN 0 nothing is no end
    std::vector<key_press> keys;
    std::string_view left(bytes.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    while (!left.empty())
        keys.push_back(take(left));
    return keys;
}

} // namespace quipud
