#!/usr/bin/env python3
"""A live map of 100,000 keys: CPU a frame beside the thread that draws and in it, and how fast keys are answered meanwhile.

Needs root. Budget: 150 ms beside that thread; a key within 50 ms.
"""

import tempfile
import time

from terminal import PYTHON, Terminal

KEYS = 100_000
SECONDS = 15
PROGRAM = f"""
config = {{ max_map_keys = {KEYS * 2} }}
BEGIN {{ for ($i : 0..{KEYS}) {{ @many[$i] = count(); }} }}
tracepoint:raw_syscalls:sys_enter {{ @calls[comm] = count(); }}
"""


def main() -> None:
    with (
        tempfile.NamedTemporaryFile("w", suffix=".bt") as file,
        Terminal([PYTHON, "-m", "bttui", file.name]) as screen,
    ):
        file.write(PROGRAM)
        file.flush()
        screen.until(f"{KEYS:,} keys")
        screen.quiet(0.3)
        before, drawn_before, began = screen.cpu(), screen.screen_cpu(), time.monotonic()
        walls = []
        while time.monotonic() < began + SECONDS:
            walls.append(screen.type(b"x"))
            due = time.monotonic() + 0.2
            while (left := due - time.monotonic()) > 0:
                screen.read(left)
        seconds = time.monotonic() - began
        drawn = screen.screen_cpu() - drawn_before
        beside = screen.cpu() - before - drawn
    walls.sort()
    print(
        f"a second, at one frame a second: {beside / seconds * 1000:.0f} ms CPU beside the drawing thread, {drawn / seconds * 1000:.0f} ms in it"
    )
    print(
        f"key to screen: median {walls[len(walls) // 2] * 1000:.0f} ms, p95 {walls[len(walls) * 95 // 100] * 1000:.0f} ms, slowest {walls[-1] * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
