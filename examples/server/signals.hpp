// What signals do to a server: each that would end the process ends it with a last flush, or does no
// harm.
#pragma once

#include <array>
#include <atomic>
#include <csignal>
#include <initializer_list>

namespace quipud {

/// They end the server as SIGTERM does: SIGXCPU comes before the system kills for processor time, and
/// SIGPWR when the power fails.
inline constexpr std::initializer_list<int> ending_signals {
    SIGTERM, SIGINT, SIGQUIT, SIGXCPU,
#if defined(SIGPWR)
        SIGPWR,
#endif
};

/// Sets what a signal does. SIGKILL, SIGSTOP and numbers of no signal stay as they are.
inline void on_signal(int number, void (*handler)(int)) noexcept {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    static_cast<void>(::sigaction(number, &action, nullptr));
}

/// Makes harmless all signals by which a server has nothing to do: standard output may be a pipe that
/// ends (SIGPIPE), a file may reach its limit (SIGXFSZ), and somebody may send SIGUSR1. What tells of a
/// fault of the program (SIGSEGV and its kin) stays as it is. Call it before there are threads.
inline void ignore_harmless_signals() noexcept {
    for (const int number : {
             SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXFSZ, SIGIO,
#if defined(SIGSTKFLT)
                 SIGSTKFLT,
#endif
         })
        on_signal(number, SIG_IGN);
#if defined(SIGRTMIN) && defined(SIGRTMAX)
    for (int number = SIGRTMIN; number <= SIGRTMAX; ++number)
        on_signal(number, SIG_IGN);
#endif
}

/// The server that signals are for.
template <class Server>
std::atomic<Server*> running{nullptr};

template <class Server>
void obey_signals(Server& server) noexcept {
    running<Server>.store(&server);
    for (const int number : ending_signals)
        on_signal(number, [](int) { running<Server>.load()->stop(); });
    on_signal(SIGHUP, [](int) { running<Server>.load()->interrupt(); });
}

/// From here on a signal finds no server any more, and the end is near anyway.
inline void ignore_all_signals() noexcept {
    for (const int number : ending_signals)
        on_signal(number, SIG_IGN);
    on_signal(SIGHUP, SIG_IGN);
}

} // namespace quipud
