#!/usr/bin/env python3
"""A keystroke in a program of 500 lines beside six live panes: CPU, and the time until the screen shows it.

Budget: 8 ms of CPU; 99 of 100 within 35 ms.
"""

import time

from terminal import PYTHON, STANDIN, Terminal

KEYS = 400
TEXT = b"  $x = @calls[comm] + 17; // so many\r"


def main() -> None:
    with Terminal([PYTHON, STANDIN, "--lines", "500", "--interval", "1"]) as screen:
        screen.until("LIVE", "@on")
        screen.quiet(0.3)
        screen.type(b"\x1b[1;5H" + b"\x1b[B" * 250)  # into the middle of the program
        screen.quiet(0.3)
        idle_from, idle = time.monotonic(), screen.cpu()
        while time.monotonic() < idle_from + 5:
            screen.read(0.1)
        idle = (screen.cpu() - idle) / (time.monotonic() - idle_from)
        walls = []
        began, before = time.monotonic(), screen.cpu()
        for n in range(KEYS):
            walls.append(screen.type(TEXT[n % len(TEXT) : n % len(TEXT) + 1]))
            screen.quiet(0.04)
        spent = screen.cpu() - before - idle * (time.monotonic() - began)
    walls.sort()
    print(f"CPU a key: {spent / KEYS * 1000:.1f} ms; idle with six panes at one frame a second: {idle:.1%} of a core")
    print(f"key to screen: median {walls[KEYS // 2] * 1000:.1f} ms, p99 {walls[KEYS * 99 // 100] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
