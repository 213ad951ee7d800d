#!/usr/bin/env bash
# Builds and runs every test: bash tests/run.sh [--quick]
#
#   --quick   only what needs a compiler, CMake and Catch2: no benchmarks, and none of the real
#             servers and clients that the server is tested with
#
# What is missing is installed from Debian's packages, as root or through sudo. CC, CXX and CXXFLAGS
# are respected; QUIPU_BUILD_DIR is the build folder (build/tests), QUIPU_JOBS how much runs at once.
# ctest's summary comes last, and its exit code is ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quick=no
for word in "$@"; do
    case $word in
    --quick) quick=yes ;;
    *)
        echo "usage: bash tests/run.sh [--quick]" >&2
        exit 2
        ;;
    esac
done

build=${QUIPU_BUILD_DIR:-build/tests}
jobs=${QUIPU_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

have() { command -v "$1" >/dev/null 2>&1; }

fail() {
    echo "tests/run.sh: $1" >&2
    exit 1
}

# Installs the Debian packages it is given, or says what to install.
install_packages() {
    local root=()
    if ! have apt-get; then
        fail "please install what these Debian packages contain: $*"
    elif [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || fail "please install as root: apt-get install $*"
        root=(sudo -n)
    fi
    echo "tests/run.sh: installing $*"
    local apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive
        apt-get -qq -o DPkg::Lock::Timeout=120)
    local install=("${apt[@]}" install -y --no-install-recommends "$@")
    # The package lists may be absent or old; they are fetched when they do not serve.
    "${install[@]}" >/dev/null 2>&1 || { "${apt[@]}" update && "${install[@]}" >/dev/null; }
}

missing=()
read -r compiler _ <<<"${CXX:-}"
if [ -n "$compiler" ]; then
    have "$compiler" || fail "there is no compiler $compiler"
else
    have c++ || have g++ || have clang++ || missing+=(g++)
fi
have cmake || missing+=(cmake)
have ninja || have make || missing+=(ninja-build)
if [ ${#missing[@]} -gt 0 ]; then
    # Without these nothing can be looked for: whoever installs them is told of the rest, too.
    missing+=(catch2)
    [ $quick = yes ] || missing+=(libbenchmark-dev)
    install_packages "${missing[@]}"
fi

# For a new build folder; there may be no make at all.
! have ninja || export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}"

# A build folder stays as it was configured, unless another compiler is asked for.
cache=$build/CMakeCache.txt
cached() { sed -n "s/^$1:[A-Z]*=//p" "$cache" 2>/dev/null; }
new=no
if [ ! -f "$cache" ] ||
    { [ -n "$compiler" ] && [ "$(cached CMAKE_CXX_COMPILER)" != "$(command -v "$compiler")" ]; }; then
    new=yes
fi

# Whether the build finds a package; it is looked for as the build will look for it.
finds() {
    [ $new = yes ] || [[ $(cached "$1_DIR") != /* ]] || return 0
    local folder status=0
    folder=$(mktemp -d)
    printf '%s\n' 'cmake_minimum_required(VERSION 3.25)' 'project(probe LANGUAGES CXX)' \
        "find_package($1 REQUIRED)" >"$folder/CMakeLists.txt"
    cmake -S "$folder" -B "$folder/build" >/dev/null 2>&1 || status=$?
    rm -rf "$folder"
    return $status
}

missing=()
finds Catch2 || missing+=(catch2)
[ $quick = yes ] || finds benchmark || missing+=(libbenchmark-dev)
[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"

options=(-DCMAKE_BUILD_TYPE=Debug -DQUIPU_BUILD_TESTS=ON -DQUIPU_BUILD_EXAMPLES=ON)
if [ $quick = yes ]; then
    options+=(-DQUIPU_BUILD_BENCH=OFF -DQUIPU_COUNTERPARTS=)
else
    mkdir -p "$build"
    counterparts=$(cd "$build" && pwd)/counterparts
    bash tests/counterparts/get.sh "$counterparts"
    options+=(-DQUIPU_BUILD_BENCH=ON "-DQUIPU_COUNTERPARTS=$counterparts")
fi
[ $new = no ] || options+=(--fresh)

cmake -S . -B "$build" "${options[@]}"
cmake --build "$build" --parallel "$jobs"
exec ctest --test-dir "$build" --output-on-failure --no-tests=error --parallel "$jobs"
