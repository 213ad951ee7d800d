#!/usr/bin/env bash
# Builds quipud, starts it, sends it a few seconds of demo traffic and shows what it makes of it.
#
#     bash examples/quickstart.sh            leaves the server running until Ctrl-C
#     bash examples/quickstart.sh --once     ends after the first flush; exit code 0 if the numbers are right
#     --port N                               another port than 8125
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

once=no
port=8125
while [ $# -gt 0 ]; do
    case $1 in
    --once) once=yes ;;
    --port) port=${2:?--port needs a number} && shift ;;
    *) echo "usage: quickstart.sh [--once] [--port N]" >&2 && exit 2 ;;
    esac
    shift
done

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

# What is missing is installed; what is there stays as it is.
missing=()
command -v c++ >/dev/null || command -v "${CXX:-c++}" >/dev/null || missing+=(g++)
command -v cmake >/dev/null || missing+=(cmake)
command -v make >/dev/null || command -v ninja >/dev/null || missing+=(make)
if [ ${#missing[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || fail "please install: ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "please install, as root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    echo "quickstart: installing ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >/dev/null
fi

build=build/quickstart
echo "quickstart: building quipud in $build (a minute or less)"
mkdir -p "$build"
log=$build/build.log
{
    cmake -S . -B "$build" -DCMAKE_BUILD_TYPE=Release -DQUIPU_BUILD_TESTS=OFF -DQUIPU_BUILD_BENCH=OFF
    cmake --build "$build" --target quipud 02_send_metrics --parallel 2
} >"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "the build failed; all of its output is in $log"; }

# With no argument at all quipud listens on port 8125 of this machine alone and prints each flush.
arguments=()
if [ "$port" != 8125 ]; then
    arguments=(--listen "udp://127.0.0.1:$port" --listen "tcp://127.0.0.1:$port")
fi
out=$build/quipud.out
: >"$out"
echo "\$ quipud ${arguments[*]}"
"$build/examples/quipud" "${arguments[@]}" > >(tee "$out") &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' EXIT

# Waits until a line of the server's output matches.
wait_for() {
    for _ in $(seq 300); do
        grep -qE "$1" "$out" && return 0
        kill -0 "$server" 2>/dev/null || fail "quipud has ended"
        sleep 0.1
    done
    fail "quipud did not print '$1' within 30 seconds"
}

wait_for '^server is up$'
echo "\$ 02_send_metrics 127.0.0.1:$port        (three seconds of traffic; then the first flush is due)"
"$build/examples/02_send_metrics" "127.0.0.1:$port"
wait_for '^ +demo\.deployed +42 '
sleep 0.2

if [ "$once" = yes ]; then
    kill -TERM "$server"
    wait "$server" || fail "quipud ended with status $?"
    trap - EXIT
    # 30 batches of 10 requests; latencies 1 to 100, three times; 30 sampled hits that stand for 10 each.
    for wanted in 'demo\.requests +300 +30' 'demo\.cache\.hits +300 +30' \
        'demo\.latency +300 +50\.5 +28\.866 +1 +100 +50 +90 +99' 'demo\.queue +68' 'demo\.users +25' \
        'demo\.deployed +42 '; do
        grep -qE "^ +$wanted" "$out" || fail "the first flush has no line like '$wanted'"
    done
    echo "quickstart: the numbers are right"
    exit 0
fi

cat <<TEXT
That was the first flush; another comes every 10 seconds. The server goes on until Ctrl-C. Meanwhile, elsewhere:

    echo 'hello:1|c' > /dev/udp/127.0.0.1/$port          count something (bash)
    $build/examples/02_send_metrics 127.0.0.1:$port    the demo traffic again
    $build/examples/quipud --help                        Graphite, other intervals, Etsy's names

TEXT
trap 'kill -TERM "$server" 2>/dev/null; wait "$server" || true; exit 0' INT TERM
wait "$server"
