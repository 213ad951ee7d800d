#!/usr/bin/env bash
# Brings the real programs that quipud must work with into a folder; none of them but the browser and
# tmux is installed, none enabled or started.
#
# Usage     tests/counterparts/get.sh DIR
# Result    DIR/debian    graphite-carbon, python3-statsd, python3-aiodogstatsd, libnet-statsd-perl,
#                         ruby-statsd, influxdb, victoria-metrics and prometheus, with what they need
#           DIR/npm       hot-shots, node-statsd, playwright-core and statsd, at the versions of package-lock.json
#           chromium, tmux    of Debian, installed: the live page, and quipud top, are looked at in them
#           DIR/complete  what both were made from; a call that finds it unchanged does nothing
# Needs     apt-get, and /usr/bin/python3, ruby, node 18 or later and npm. What is missing of the last
#           four is installed from Debian, and only that (or a missing or outdated package list)
#           asks for root or a sudo without a password.
# Errors    one line on stderr; status 1, or 2 for a wrong command line. Nothing half-made is
#           taken for complete: an interrupted call is simply repeated.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly programs=(graphite-carbon libnet-statsd-perl ruby-statsd influxdb victoria-metrics prometheus)
readonly wanted=("${programs[@]}" python3-statsd python3-aiodogstatsd)
readonly node_major_min=18

fail() {
    printf 'get.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

# quietly WHAT COMMAND...: runs the command without a word; of a failure it tells WHAT and the
# command's own reason: the first line that apt or npm marks as an error, else the last one.
quietly() {
    local what=$1 output reason
    shift
    output=$("$@" 2>&1 </dev/null) && return
    reason=$(grep -E '^(E:|npm (error|ERR!)) ' <<<"$output" |
        grep -m 1 -vE '^npm (error|ERR!) (code|errno|syscall) ') ||
        reason=$(tail -n 1 <<<"$output")
    fail "$what: $reason"
}

as_root() {
    if [[ $(id -u) -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -n "$@"
    else
        printf 'it needs root, and there is no sudo\n' >&2
        return 1
    fi
}

update_package_lists() {
    quietly 'cannot update the package lists' \
        as_root apt-get -q -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 update
}

# knows PACKAGE: whether the package lists offer it.
knows() {
    apt-cache show "$1" >/dev/null 2>&1
}

install_from_debian() {
    knows "$1" || update_package_lists
    quietly "cannot install $1" as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -q -y -o Acquire::Retries=3 -o DPkg::Lock::Timeout=120 \
        install --no-install-recommends "$1"
}

need_interpreters() {
    [[ -x /usr/bin/python3 ]] || install_from_debian python3
    command -v ruby >/dev/null || install_from_debian ruby
    command -v node >/dev/null || install_from_debian nodejs
    command -v npm >/dev/null || install_from_debian npm
    local major
    major=$(node -p 'process.versions.node.split(".")[0]') || fail 'node does not run'
    [[ $major -ge $node_major_min ]] ||
        fail "node $major is too old: hot-shots needs $node_major_min or later"
}

# The wanted packages and every Python package below them; the interpreter and the C libraries
# that it uses itself are the system's.
closure() {
    apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
        --no-replaces --no-enhances "${wanted[@]}" |
        grep -E "^($(IFS="|" && echo "${programs[*]}")|python3-[a-z0-9.+-]+)$" |
        grep -vx python3-minimal | sort -u
}

# Packages are fetched one list at a time: a list older than the archive names versions that are
# gone, so a failure is tried once more with a new list.
download_packages() {
    local packages
    mapfile -t packages < <(closure)
    local download=(apt-get -q -o Acquire::Retries=3 -o APT::Sandbox::User=root download)
    (cd "$1" && "${download[@]}" "${packages[@]}" >/dev/null 2>&1) && return
    update_package_lists
    mapfile -t packages < <(closure)
    cd "$1"
    quietly 'cannot download from Debian' "${download[@]}" "${packages[@]}"
    cd - >/dev/null
}

get_debian() {
    local name package made=$dir/debian.partial
    for name in "${wanted[@]}"; do
        knows "$name" || update_package_lists
        knows "$name" || fail "no package list offers $name"
    done
    rm -rf "$made" "$dir/debian"
    mkdir -p "$made/packages"
    download_packages "$made/packages"
    for package in "$made"/packages/*.deb; do
        quietly "cannot unpack ${package##*/}" dpkg-deb -x "$package" "$made"
    done
    rm -r "$made/packages"
    # Also writes the byte code and Twisted's list of plugins, so that no test has to.
    quietly 'the unpacked packages do not work' \
        env PYTHONPATH="$made/usr/lib/python3/dist-packages" /usr/bin/python3 -P -c '
import aiodogstatsd, carbon.service, statsd, twisted.plugin, twisted.plugins, whisper
from twisted.application.service import IServiceMaker
names = [plugin.tapname for plugin in twisted.plugin.getPlugins(IServiceMaker, twisted.plugins)]
assert "carbon-cache" in names, "Twisted does not find the plugin carbon-cache"'
    for name in influxd victoria-metrics prometheus promtool; do
        [[ -x $made/usr/bin/$name ]] || fail "the packages have no program $name"
    done
    mv "$made" "$dir/debian"
}

# Without the optional dependency of hot-shots, which is compiled: Unix datagrams need no npm.
get_npm() {
    local made=$dir/npm.partial
    rm -rf "$made" "$dir/npm"
    mkdir -p "$made"
    cp "$here/package.json" "$here/package-lock.json" "$made"
    quietly 'cannot get the npm packages' npm --prefix "$made" --no-update-notifier \
        ci --ignore-scripts --omit=optional --no-audit --no-fund
    mv "$made" "$dir/npm"
}

main() {
    [[ $# -eq 1 && $1 != -* ]] || fail 'usage: tests/counterparts/get.sh DIR' 2
    command -v apt-get >/dev/null || fail 'apt-get is not here: the programs come from Debian'
    mkdir -p "$1" 2>/dev/null || fail "cannot make the folder $1"
    dir=$(cd "$1" && pwd)
    exec 9>"$dir/lock" || fail "cannot write to the folder $dir"
    flock 9
    need_interpreters
    local made_from
    made_from=$(cd "$here" && sha256sum get.sh package.json package-lock.json)
    [[ $(cat "$dir/complete" 2>/dev/null) != "$made_from" ]] || return 0
    rm -f "$dir/complete"
    [[ -x /usr/bin/chromium ]] || install_from_debian chromium
    command -v tmux >/dev/null || install_from_debian tmux
    get_debian
    get_npm
    printf '%s\n' "$made_from" >"$dir/complete"
}

main "$@"
