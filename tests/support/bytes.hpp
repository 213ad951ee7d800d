// Sketches and cells to bytes and back.
#pragma once

#include <quipu/core/byte_codec.hpp>

#include <string>
#include <string_view>

/// What it writes.
template <class T>
std::string bytes_of(const T& one) {
    std::string bytes;
    quipu::byte_writer out(bytes);
    one.write(out);
    return bytes;
}

/// Whether it is read from these bytes, and from all of them.
template <class T>
bool read_whole(T& into, std::string_view bytes) {
    quipu::byte_reader from(bytes);
    return into.read(from) && from.left() == 0;
}
