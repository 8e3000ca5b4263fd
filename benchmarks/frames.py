#!/usr/bin/env python3
"""Six live panes: CPU from a frame to its picture, and the share of a core that one frame a second takes.

Budget: 15 ms; 3 %.
"""

import time

from terminal import PYTHON, STANDIN, Terminal

SECONDS = 10
OFTEN = 0.1  # seconds between two frames


def spent(interval: float) -> float:
    """CPU seconds a second, of the thread that draws."""
    with Terminal([PYTHON, STANDIN, "--interval", str(interval), "--ahead", "400"]) as screen:
        screen.until("LIVE")
        warm = time.monotonic() + 2
        while time.monotonic() < warm:
            screen.read(0.1)
        began, before = time.monotonic(), screen.screen_cpu()
        while time.monotonic() < began + SECONDS:
            screen.read(0.1)
        return (screen.screen_cpu() - before) / (time.monotonic() - began)


def main() -> None:
    still, often, slow = spent(1000), spent(OFTEN), spent(1)
    print(f"a frame: {(often - still) * OFTEN * 1000:.1f} ms CPU; at one frame a second {slow:.1%} of a core, without frames {still:.1%}")


if __name__ == "__main__":
    main()
