"""What it costs to include each public header, and what one call adds to a program.

    python3 bench/compile_cost.py [FOLDER-OR-HEADER...]     of include/quipu: client, wire/parse.hpp

The first table has milliseconds of processor time to look at a file with nothing but the include (-fsyntax-only,
the best of several rounds, taken in turns), by g++ and by clang++ if they are there. The second has bytes of
machine code that one more call of a function adds at -O2.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INCLUDE = ROOT / "include"
ROUNDS = 5
STANDARD = ["string_view", "span", "charconv", "atomic", "functional", "memory", "thread", "chrono"]

CLIENT = """
#include <quipu/client/client.hpp>
#include <quipu/net/udp.hpp>
struct adding_up : quipu::client_traits { using aggregation = quipu::aggregation::by_series<>; };
using client = quipu::basic_client<quipu::udp_sender>;
using adding_client = quipu::basic_client<quipu::udp_sender, adding_up>;
"""
REGISTRY = """
#include <quipu/registry/registry.hpp>
using counter = quipu::registry::counter_handle;
"""
# What is called: the text before, the parameter, and the call.
CALLS = {
    "client.increment(literal)": (CLIENT, "client& it", 'it.increment("api.hits");'),
    "client.timing(literal)": (CLIENT, "client& it", 'it.timing("api.latency", 2.5);'),
    "client.increment, aggregated": (CLIENT, "adding_client& it", 'it.increment("api.hits");'),
    "handle.add()": (REGISTRY, "counter& it", "it.add();"),
}


def processor_ms(command: list) -> float:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed")
    return 1000 * (used.ru_utime + used.ru_stime)


def headers(wanted: list) -> list:
    every = sorted(str(path.relative_to(INCLUDE / "quipu")) for path in INCLUDE.rglob("*.hpp"))
    if not wanted:
        return every
    return [one for one in every if any(one == name or one.startswith(name + "/") for name in wanted)]


def compile_costs(compilers: list, wanted: list, folder: Path) -> None:
    files = {"(empty)": ""}
    for name in STANDARD:
        files[f"<{name}>"] = f"#include <{name}>\n"
    for name in headers(wanted):
        files[name] = f"#include <quipu/{name}>\n"
    if not wanted:
        files["single_include"] = f'#include "{ROOT}/single_include/quipu/quipu.hpp"\n'
    best: dict = {}
    for _ in range(ROUNDS):
        for name, text in files.items():
            source = folder / "one.cpp"
            source.write_text(text)
            for compiler in compilers:
                cost = processor_ms(
                    [compiler, "-std=c++20", "-fsyntax-only", f"-I{INCLUDE}", str(source)]
                )
                key = (name, compiler)
                best[key] = min(best.get(key, cost), cost)
    print(f"{'ms to include':44}" + "".join(f"{one:>10}" for one in compilers))
    for name in files:
        print(f"{name:44}" + "".join(f"{best[name, one]:10.0f}" for one in compilers))


def code_bytes(compiler: str, call: tuple, times: int, folder: Path) -> int:
    before, parameter, statement = call
    source = folder / "call.cpp"
    source.write_text(f"{before}void the_calls({parameter}) {{ {statement * times} }}\n")
    made = folder / "call.o"
    subprocess.run(
        [compiler, "-std=c++20", "-O2", "-ffunction-sections", "-c", f"-I{INCLUDE}", str(source),
         "-o", str(made)],
        check=True,
    )
    sizes = subprocess.run(["size", "-A", str(made)], check=True, capture_output=True, text=True)
    found = re.search(r"^\.text\S*the_calls\S*\s+(\d+)", sizes.stdout, re.MULTILINE)
    if not found:
        sys.exit(f"{compiler}: no section of the calls")
    return int(found[1])


def call_costs(compilers: list, folder: Path) -> None:
    print(f"\n{'bytes of code a call':44}" + "".join(f"{one:>10}" for one in compilers))
    for name, call in CALLS.items():
        line = f"{name:44}"
        for compiler in compilers:
            more = code_bytes(compiler, call, 9, folder) - code_bytes(compiler, call, 1, folder)
            line += f"{more / 8:10.0f}"
        print(line)


def main() -> int:
    compilers = [one for one in ("g++", "clang++") if shutil.which(one)]
    if not compilers:
        sys.exit("there is neither g++ nor clang++")
    with tempfile.TemporaryDirectory(prefix="quipu-") as name:
        compile_costs(compilers, sys.argv[1:], Path(name))
        call_costs(compilers, Path(name))
    return 0


if __name__ == "__main__":
    sys.exit(main())
