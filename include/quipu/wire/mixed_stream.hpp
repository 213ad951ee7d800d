// A stream of lines and binary records, cut anywhere, into texts of whole lines and samples.
#pragma once

#include <quipu/core/config.hpp>
#include <quipu/core/result.hpp>
#include <quipu/wire/binary.hpp>
#include <quipu/wire/dialect.hpp>
#include <quipu/wire/parse.hpp>
#include <quipu/wire/stream.hpp>

#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// Joins what a connection delivers in pieces, as line_stream does, where records may stand between
/// lines: a byte 0xaa at the start of a line begins one, newlines behind it do not count. A record
/// that is longer than `bytes_max` is thrown away and counted, a longer line as line_stream says,
/// so memory stays bounded whatever the sender does.
///
/// Threads  distinct objects safe, shared objects unsafe.
class mixed_stream {
public:
    /// The bound counts all of a record, and all of a line but its newline. It is no less than the
    /// head of a record.
    explicit mixed_stream(std::size_t bytes_max) : lines_(bytes_max), bytes_max_(bytes_max) {
        QUIPU_ASSERT(bytes_max >= detail::binary_scalar_head_bytes);
    }

    /// Takes the next piece of the stream and calls, in the order of the stream,
    /// `on_text(std::string_view)` with whole lines that are now complete,
    /// `on_sample(const sample&)` with the sample of each record, and
    /// `on_refusal(refusal, std::string_view record)` for each one that cannot be accepted. Views
    /// point into `bytes` or into this object, until the next call; behind a text there are
    /// read_padding_bytes if they are behind `bytes`.
    /// Returns  ok. Where the stream is cut changes nothing but how lines are grouped into texts,
    ///          and whether one that is beyond the bound is handed out, for the parser to refuse.
    /// Errors   unknown_type, bad_terminator: a record is broken and nothing tells where the next
    ///          begins. The stream has ended; what is fed from then on is not read.
    /// Cost     O(bytes.size()); copies only unfinished lines and records; allocates only when one
    ///          is longer than all before.
    template <wire_dialect Dialect = dialect::quipu, class OnText, class OnSample, class OnRefusal>
    [[nodiscard]] errc
    feed(std::string_view bytes, OnText&& on_text, OnSample&& on_sample, OnRefusal&& on_refusal) {
        while (!bytes.empty() && error_ == errc::ok) {
            if (skipped_bytes_ > 0) {
                skip(bytes);
            } else if (in_line_ || (held_bytes_ == 0 && bytes.front() != binary_magic)) {
                const auto text = take_text(bytes);
                in_line_ = !text.empty() && text.back() != '\n';
                if (!text.empty())
                    lines_.feed(text, on_text);
            } else if (const auto record = take_record(bytes); !record.empty()) {
                error_ = read_record<Dialect>(record, on_sample, on_refusal);
            }
        }
        return error_;
    }

    /// The unfinished line at the end of a stream; empty if there is none.
    [[nodiscard]] std::string_view rest() const noexcept { return lines_.rest(); }

    /// Whether the stream has come to its end within a record.
    [[nodiscard]] bool in_record() const noexcept { return held_bytes_ > 0 || skipped_bytes_ > 0; }

    /// How many lines and records were thrown away for their length.
    [[nodiscard]] std::size_t overlong() const noexcept {
        return lines_.overlong() + overlong_records_;
    }

private:
    /// Passes by bytes of a record that is too long.
    void skip(std::string_view& bytes) noexcept {
        const auto passed = bytes.substr(0, skipped_bytes_).size();
        bytes.remove_prefix(passed);
        skipped_bytes_ -= passed;
    }

    /// Takes the lines up to the next record, the unfinished one at the end too; not the newlines
    /// they begin with, unless they end a line.
    [[nodiscard]] std::string_view take_text(std::string_view& bytes) const noexcept {
        while (!in_line_ && !bytes.empty() && bytes.front() == '\n')
            bytes.remove_prefix(1);
        auto mark = in_line_ ? bytes.find(binary_magic, 1) : bytes.find(binary_magic);
        while (mark != bytes.npos && mark > 0 && bytes[mark - 1] != '\n')
            mark = bytes.find(binary_magic, mark + 1); // part of a character of UTF-8
        const auto text = bytes.substr(0, mark);
        bytes.remove_prefix(text.size());
        return text;
    }

    /// Takes the record that `bytes` begin with or continue. Returns nothing if it has not all
    /// come, and then no bytes are left; or if it is too long or broken.
    [[nodiscard]] std::string_view take_record(std::string_view& bytes) {
        for (;;) {
            const bool fresh = held_bytes_ == 0;
            const auto known = fresh ? bytes : std::string_view(held_.data(), held_bytes_);
            const auto size = binary_record_size(known);
            if (!size) {
                error_ = size.error();
                held_bytes_ = 0;
                return {};
            }
            if (*size > bytes_max_) {
                ++overlong_records_;
                skipped_bytes_ = *size - std::exchange(held_bytes_, 0);
                return {};
            }
            if (known.size() >= *size) {
                bytes.remove_prefix(fresh ? *size : 0);
                held_bytes_ = 0;
                return known.substr(0, *size);
            }
            if (bytes.empty())
                return {};
            const auto piece = bytes.substr(0, *size - held_bytes_);
            hold(piece);
            bytes.remove_prefix(piece.size());
        }
    }

    /// Parses a record that is whole.
    template <wire_dialect Dialect, class OnSample, class OnRefusal>
    [[nodiscard]] static errc
    read_record(std::string_view bytes, OnSample& on_sample, OnRefusal& on_refusal) {
        const auto record = parse_binary<Dialect>(bytes);
        if (!record)
            return record.error();
        if (record->refused.error == errc::ok) {
            on_sample(record->sample);
        } else {
            on_refusal(record->refused, bytes);
        }
        return errc::ok;
    }

    void hold(std::string_view piece) {
        if (held_.size() < held_bytes_ + piece.size())
            held_.resize(held_bytes_ + piece.size());
        std::memcpy(held_.data() + held_bytes_, piece.data(), piece.size());
        held_bytes_ += piece.size();
    }

    line_stream lines_;
    std::size_t bytes_max_;
    std::size_t held_bytes_ = 0;    // of an unfinished record
    std::size_t skipped_bytes_ = 0; // that have to be passed by yet
    std::size_t overlong_records_ = 0;
    errc error_ = errc::ok;
    bool in_line_ = false;
    std::vector<char> held_{};
};

} // namespace quipu
