#!/usr/bin/env python3
"""Runs the lines of docs/tutorial.md and puts what they print below them: sudo .venv/bin/python tools/tutorial.py [NUMBER ...]

A block of "console 6.12" runs under that kernel (tools/vm), the others here. What does not end by itself is interrupted
after SECONDS. Meanwhile a small load reads, writes and opens files.
"""

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "tutorial.md"
COMMAND = str(ROOT / ".venv" / "bin" / "bttui")
BLOCK = re.compile(r"^```console ?([\d.]*)\n(# ([^\n]*)\n)(?:.*?)^```", re.M | re.S)
SECONDS = 3
MOST = 16  # lines shown
WIDEST = 130
LOAD = "while :; do head -c 300 /etc/services >/dev/null; dd if=/dev/zero of=/tmp/.tutorial bs=16k count=8 oflag=dsync 2>/dev/null; done"
WORK = ["sh", "-c", LOAD]


def run(line: str, kernel: str) -> str:
    arguments = [COMMAND, *shlex.split(line)[1:]]
    if kernel:
        script = f"{shlex.join(WORK)} & timeout -s INT {SECONDS * 5} {shlex.join(arguments)}; kill $! 2>/dev/null; rm -f /tmp/.tutorial"
        return subprocess.run([ROOT / "tools" / "vm", kernel, "--", "sh", "-c", script], capture_output=True, text=True).stdout
    with subprocess.Popen(WORK, start_new_session=True) as load:
        try:
            with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, errors="replace") as trace:
                try:
                    return trace.communicate(timeout=SECONDS)[0]
                except subprocess.TimeoutExpired:
                    trace.send_signal(signal.SIGINT)
                    return trace.communicate(timeout=60)[0]
        finally:
            load.send_signal(signal.SIGTERM)
            Path("/tmp/.tutorial").unlink(missing_ok=True)


def shortened(text: str) -> str:
    """The last lines, where the largest values are, for a map; else the first ones."""
    lines = [line if len(line) <= WIDEST else line[: WIDEST - 3] + "..." for line in text.strip("\n").split("\n")]
    if len(lines) <= MOST:
        return "\n".join(lines) + "\n"
    if any(line.startswith("@") for line in lines):
        return "\n".join(["...", *lines[1 - MOST :]]) + "\n"
    return "\n".join([*lines[: MOST - 1], "..."]) + "\n"


def main(chosen: "list[str]") -> int:
    number = 0

    def filled(match: "re.Match[str]") -> str:
        nonlocal number
        number += 1
        if chosen and str(number) not in chosen:
            return match.group()
        kernel, prompt, line = match.groups()
        printed = run(line, kernel)
        if not printed.strip():
            raise SystemExit(f"nothing from: {line}")
        return f"```console{' ' * bool(kernel)}{kernel}\n{prompt}{shortened(printed)}```"

    PAGE.write_text(BLOCK.sub(filled, PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
