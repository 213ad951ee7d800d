// quipud as a process that is up, and that ends with the test.
#pragma once

#include <quipu/net/address.hpp>
#include <quipu/net/udp.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/process.hpp"
#include "support/quipud.hpp"

#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace quipu::test {

class running_quipud {
public:
    explicit running_quipud(words options) : running_quipud(quipud(std::move(options))) {}

    explicit running_quipud(std::unique_ptr<process> program) : program_(std::move(program)) {
        INFO(program_->err());
        REQUIRE(program_->prints("server is up\n"));
    }

    /// Started by a shell behind some commands of it, such as `ulimit -n 64;`.
    static std::unique_ptr<process> behind(const std::string& commands, const words& options) {
        words arguments{"/bin/sh", "-c", commands + " exec \"$0\" \"$@\"", QUIPU_QUIPUD};
        arguments.insert(arguments.end(), options.begin(), options.end());
        return std::make_unique<process>(arguments);
    }

    /// The port in the log behind some words.
    [[nodiscard]] std::uint16_t port(std::string_view behind, std::size_t which = 0) const {
        std::size_t at = 0;
        const auto found = [&] {
            const auto err = program_->err();
            at = 0;
            for (std::size_t i = 0; i <= which; ++i) {
                at = err.find(behind, at);
                if (at == err.npos)
                    return false;
                at += behind.size();
            }
            return err.find('\n', at) != err.npos;
        };
        REQUIRE(eventually(found));
        const auto line = program_->err().substr(at, program_->err().find('\n', at) - at);
        return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
    }

    void send(std::string_view text) const {
        auto sender = udp_sender::connect(address::loopback_v4(port("listening on udp://")));
        REQUIRE(sender);
        REQUIRE(sender->send(text) == errc::ok);
    }

    bool ends_well(int signal = SIGTERM) {
        program_->signal(signal);
        return program_->exit_code() == 0;
    }

    process& program() { return *program_; }

private:
    std::unique_ptr<process> program_;
};

} // namespace quipu::test
