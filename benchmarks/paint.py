#!/usr/bin/env python3
"""From the command to the editor on the screen, and to the first live pane (needs root and a kernel with tracepoints).

Budget: 0.30 s to the editor, 0.7 s to the pane. Each is the fastest and the middle of several runs; the pane also cold,
with no compiled program at hand.
"""

import shutil
import sys
import tempfile

from terminal import PYTHON, Terminal

RUNS = 9
PROGRAM = "tracepoint:raw_syscalls:sys_enter { @calls[comm] = count(); }"


def measure(arguments: "list[str]", word: str, cache: str, cold: bool = False) -> "tuple[list[float], list[float]]":
    walls, cpus = [], []
    for _ in range(RUNS):
        if cold:
            shutil.rmtree(cache, ignore_errors=True)
        with Terminal([PYTHON, "-m", "bttui", *arguments], XDG_CACHE_HOME=cache) as screen:
            walls.append(screen.until(word))
            cpus.append(screen.cpu())
    return sorted(walls), sorted(cpus)


def main() -> None:
    cache = tempfile.mkdtemp()
    try:
        measure(["-e", PROGRAM], "comm", cache)  # bytecode, page cache, program cache
        for name, arguments, word, cold in (
            ("editor", [], "raw_syscalls", False),
            ("first live pane", ["-e", PROGRAM], "▾", False),
            ("first live pane, cold", ["-e", PROGRAM], "▾", True),
        ):
            walls, cpus = measure(arguments, word, cache, cold)
            print(f"{name:24} wall {walls[0]:.3f} s fastest, {walls[RUNS // 2]:.3f} s median; CPU {cpus[0]:.3f} s, {cpus[RUNS // 2]:.3f} s")
    finally:
        shutil.rmtree(cache)


if __name__ == "__main__":
    sys.exit(main())
