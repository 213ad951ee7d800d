"""`quipud top` under tmux: what is on the screen is what was sent; keys, resizing, loss and return."""

import os
import shlex
import shutil
import socket
import subprocess
import sys

from harness import (
    LOOPBACK,
    Expectation,
    Failure,
    Quipud,
    expect_soon,
    explained,
    free_port,
    parse_command_line,
    run,
    scratch_folder,
)

SERIES = 40
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}


class Tmux:
    """A tmux server of its own, with one window that runs one program."""

    def __init__(self, folder, command, columns=100, rows=30):
        program = shutil.which("tmux")
        if program is None:
            raise Failure("tmux is not here: run get.sh")
        self._call = [program, "-u", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        # tmux itself does not always know with which status a program has ended.
        script = f"{shlex.join(map(str, command))}; echo ended with $?; sleep 60"
        self("new-session", "-d", "-x", str(columns), "-y", str(rows), "sh", "-c", script)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self._call, "kill-server"], capture_output=True, check=False)

    def __call__(self, *words) -> str:
        done = subprocess.run(
            [*self._call, *words], capture_output=True, env=os.environ | ENVIRONMENT, timeout=20
        )
        if done.returncode != 0:
            raise Failure(f"tmux {words}: {done.stderr.decode()}")
        return done.stdout.decode()

    def screen(self) -> list:
        return self("capture-pane", "-p").split("\n")

    def type(self, *keys) -> None:
        self("send-keys", *keys)

    def has(self, *texts) -> bool:
        """Whether each text stands in a line."""
        lines = self.screen()
        return all(any(text in line for line in lines) for text in texts)

    def names(self) -> list:
        """The first words of the lines of the table."""
        lines = self.screen()
        heads = [i for i, line in enumerate(lines) if line.startswith("NAME")]
        if not heads:
            return []
        rows = lines[heads[0] + 1 : -3]
        return [line.split()[0] for line in rows if line.strip()]


def gauges() -> list:
    """They stay: g00 is 0, g01 is 10, and so on."""
    return [f"g{i:02}:{10 * i}|g" for i in range(SERIES)] + ["evil\u009b31m\u202e:7|g"]


def send(server: Quipud, lines: list) -> None:
    with socket.create_connection((LOOPBACK, server.port)) as client:
        client.sendall("".join(line + "\n" for line in lines).encode())


def soon(what: str, read, want=True) -> int:
    return expect_soon([Expectation(what, read, want)])


def with_screen(tmux: Tmux, test) -> int:
    """Adds what is on the screen to a failure."""
    try:
        return test()
    except Failure as failure:
        raise Failure(f"{failure}\n" + "\n".join(tmux.screen())) from None


def keys(tmux: Tmux, server: Quipud) -> int:
    send(server, gauges())
    checked = soon("the head", lambda: tmux.has("quipud 0.", "profile quipu", f":{server.port}  "))
    checked += soon("how many", lambda: tmux.has(f" of {SERIES + 1}"))
    checked += soon("a name that drives terminals", lambda: tmux.has("evil?31m?"))
    checked += soon("sorted by name", lambda: tmux.names()[1:4], ["g00", "g01", "g02"])
    tmux.type("v")
    checked += soon("sorted by value", lambda: tmux.names()[:3], ["g39", "g38", "g37"])
    checked += soon("the mark of the order", lambda: tmux.has("VALUE-"))
    tmux.type("o")
    checked += soon("turned", lambda: tmux.names()[:2], ["g00", "evil?31m?"])
    tmux.type("n")
    tmux.type("Down")
    checked += soon("one further", lambda: tmux.names()[:2], ["g00", "g01"])
    tmux.type("Down")
    checked += soon("two further", lambda: tmux.names()[:2], ["g01", "g02"])
    tmux.type("NPage")
    checked += soon("a page further", lambda: tmux.names()[0] > "g10", True)
    tmux.type("End")
    checked += soon("the end", lambda: tmux.names(), ["g39"])
    tmux.type("Home")
    checked += soon("the begin", lambda: tmux.has("1-"))
    tmux.type("/", "g3")
    checked += soon("as it is typed", lambda: tmux.names(), [f"g3{i}" for i in range(10)])
    tmux.type("BSpace", "2", "5", "Enter")
    checked += soon("a search", lambda: tmux.names(), ["g25"])
    checked += soon("its words", lambda: tmux.has("/g25"))
    tmux.type("Escape")
    checked += soon("all again", lambda: tmux.has(f" of {SERIES + 1}"))
    send(server, ["wait:250|ms|#zone:b"])
    tmux.type("f", "f")
    checked += soon("timers only", lambda: tmux.names(), ["wait;zone=b"])
    tmux.type("Escape")
    return checked + soon("all again", lambda: tmux.has(f" of {SERIES + 2}"))


def resizing(tmux: Tmux) -> int:
    """Each size has its columns, and its rows."""
    checked = soon("the columns", lambda: tmux.has("P99", "LAST", "KIND"))
    tmux("resize-window", "-x", "48", "-y", "16")
    checked += soon("fewer columns", lambda: tmux.has("NAME+") and not tmux.has("KIND"))
    checked += soon("the foot", lambda: tmux.screen()[14].startswith(" ") or "of" in tmux.screen()[14])
    tmux("resize-window", "-x", "140", "-y", "50")
    return checked + soon("more rows", lambda: len(tmux.names()), SERIES + 2)


def plain(program, port: int) -> int:
    """Where there is no terminal it is text; errors are one line."""

    def of(*words):
        done = subprocess.run(
            [program, "top", *words], capture_output=True, timeout=20, stdin=subprocess.DEVNULL
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    status, text, errors = of(f"{LOOPBACK}:{port}", "--sort=value-", "--kind", "gauge")
    if status != 0 or errors or "\x1b" in text or "g39" not in text:
        raise Failure(f"plain output: {status} {text!r} {errors!r}")
    if text.index("g39") > text.index("g00"):
        raise Failure(f"it is not sorted: {text}")
    nobody = free_port()
    wrong = [
        (1, of(f"{LOOPBACK}:{nobody}"), "connection refused"),
        (2, of("--sort", "size"), "choose name, kind, value or rate"),
        (2, of("--kind", "x"), "choose counter"),
        (2, of("--search"), "needs a value"),
        (2, of("--odd"), "unknown option '--odd'"),
        (2, of("a:1", "b:2"), "use one HOST:PORT"),
    ]
    for code, (status, text, errors), word in wrong:
        if status != code or text or word not in errors or errors.count("\n") != 1:
            raise Failure(f"{word}: {status} {text!r} {errors!r}")
    return 2 + len(wrong)


def test(arguments) -> int:
    admin = free_port()

    def server(folder):
        options = [f"--admin={LOOPBACK}:{admin}"]
        return Quipud(arguments.quipud, folder, "quipu", "none:", options=options)

    with scratch_folder() as scratch:
        with server(scratch / "quipud") as first:
            address = f"{LOOPBACK}:{admin}"
            with Tmux(scratch, [arguments.quipud, "top", address]) as tmux:
                checked = explained(lambda: with_screen(tmux, lambda: keys(tmux, first)), first)
                checked += with_screen(tmux, lambda: resizing(tmux))
                checked += plain(arguments.quipud, admin)
                first.stop()

                def ends() -> int:
                    facts = soon("the loss", lambda: tmux.has("! ", "tries again each second"))
                    with server(scratch / "again"):
                        facts += soon(
                            "the return", lambda: tmux.has("NAME") and not tmux.has("tries again")
                        )
                        tmux.type("q")
                        return facts + soon("the end", lambda: tmux.has("ended with 0"))

                return checked + with_screen(tmux, ends)


if __name__ == "__main__":
    options = parse_command_line(__doc__)
    sys.exit(run(lambda: test(options)))
