#!/usr/bin/env python3
"""Take the pictures in screenshots/ from real runs: sudo .venv/bin/python tools/screenshots.py [NAME ...]

The dashboard runs without a terminal, at 120 columns and 36 lines, on this kernel, while a small load works. With
rsvg-convert installed the README's picture becomes a PNG too.
"""

import asyncio
import html
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support import Load  # noqa: E402

from bttui.app import Dashboard  # noqa: E402
from bttui.host.facts import Host  # noqa: E402
from bttui.probes import listing, registry  # noqa: E402
from bttui.render.text import formatted  # noqa: E402
from bttui.session.controller import ENDED  # noqa: E402
from bttui.session.live import LiveController  # noqa: E402
from bttui.session.options import Options  # noqa: E402
from bttui.session.recording import Recording, demo  # noqa: E402
from bttui.session.replay import ReplayController  # noqa: E402
from bttui.widgets.probes import Catalog  # noqa: E402

SIZE = (120, 36)
README = "latency"
CELL = 12.2  # width of a cell in the SVG that Textual writes
SHELL = """
while :; do find /usr/lib -name '*.py' | head -n 400 | xargs cat | gzip -1 | sha256sum; done >/dev/null 2>&1 &
while :; do dd if=/dev/zero bs=64k count=4000 status=none | cat; ls -lR /usr /proc; done >/dev/null 2>&1
"""
READS = [
    word
    for size in (100, 300, 700, 1000, 1500, 3000, 5000, 9000, 17000, 40000)
    for word in (str(size), str(40_000_000 // (size * size + 20000)))
]

# name: (program, seconds, keys to press then). PID is a process that reads.
PICTURES = {
    "counts": ("tracepoint:raw_syscalls:sys_enter {\n  @[comm] = count();\n}\n", 6, ["escape"]),
    "histogram": ("tracepoint:syscalls:sys_exit_read /pid == PID/ {\n  @bytes = hist(args.ret);\n}\n", 5, ["escape"]),
    "latency": (
        "tracepoint:syscalls:sys_enter_read {\n  @start[tid] = nsecs;\n}\n\n"
        "tracepoint:syscalls:sys_exit_read /@start[tid]/ {\n  @ns[comm] = hist(nsecs - @start[tid]);\n  @calls[comm] = count();\n"
        '  if (nsecs - @start[tid] > 20000000) {\n    printf("%s waited %d ms\\n", comm,\n      (nsecs - @start[tid]) / 1000000);\n  }\n'
        "  delete(@start[tid]);\n}\n",
        6,
        ["escape"],
    ),
    "heat": (
        "tracepoint:syscalls:sys_enter_read {\n  @start[tid] = nsecs;\n}\n\n"
        "tracepoint:syscalls:sys_exit_read /@start[tid]/ {\n  @ns[comm] = hist(nsecs - @start[tid]);\n  delete(@start[tid]);\n}\n",
        45,
        ["escape", "z", "v"],
    ),
    "completion": ("", 0, [*"BEGIN { pri", "ctrl+@"]),
    "export": (
        'profile:hz:99 /comm == "ls" || comm == "cat"/ {\n  @[kstack, comm] = count();\n}\n',
        8,
        ["escape", "w", "down", "right", "right"],
    ),
    "stacks": ('profile:hz:99 /comm == "ls" || comm == "cat"/ {\n  @[kstack, comm] = count();\n}\n', 12, ["escape", *["down"] * 4]),
    "probes": ("", 0, ["f2", *"vfs", "underscore", "r", "asterisk"]),
}


# Of the recording that comes with the command: keys to press when all of it has been played.
REPLAYED = {
    "demo": [],
    "difference": [*["tab"] * 4, "z", *["left_curly_bracket"] * 2, "x", "0", "X", "d"],
}


async def replayed(name: str) -> str:
    recording = Recording(demo())
    controller = ReplayController(recording, speed=0)
    app = Dashboard(recording.text, controller, "demo", start=True, read_only=True)
    try:
        async with app.run_test(size=SIZE) as pilot:
            while controller.status.state != ENDED:
                await asyncio.sleep(0.2)
            for key in REPLAYED[name]:
                await pilot.press(key)
                await app.workers.wait_for_complete()
            await pilot.pause(0.5)
            return app.export_screenshot(title=f"bttui --demo{' · ' + name if name != 'demo' else ''}")
    finally:
        controller.close()


async def picture(name: str, host: Host, reader: int) -> str:
    program, seconds, keys = PICTURES[name]
    controller = LiveController(Options(text=program), formatted, host)
    catalog = Catalog(lambda: listing.list_probes(None, host), lambda probe: registry.find(probe.partition(":")[0]).describe(probe, host))
    app = Dashboard(program.replace("PID", str(reader)), controller, f"{name}.bt", catalog, start=bool(program))
    try:
        async with app.run_test(size=SIZE) as pilot:
            while seconds and not (app.frame and app.frame.sequence > seconds):
                await asyncio.sleep(0.2)
                assert not app.workspace.diagnostics, app.workspace.diagnostics
            for key in keys:
                await pilot.press(key)
                await app.workers.wait_for_complete()
            await pilot.pause(0.5)
            return app.export_screenshot(title=f"bttui {name}.bt" if program else "bttui")
    finally:
        controller.close()


def in_words(svg: str) -> str:
    """Each word at its own place: not every program that draws SVG keeps runs of spaces as wide as they are."""

    def split(match: "re.Match[str]") -> str:
        before, x, after, body = match.groups()
        if "textLength" not in after:
            return match[0]
        text = html.unescape(body).replace("\xa0", " ")
        after = re.sub(r' textLength="[^"]*"', "", after)
        words = re.finditer("[^ ]+", text)
        return "".join(
            f'<text{before} x="{float(x) + word.start() * CELL:.1f}" textLength="{len(word[0]) * CELL:.1f}"{after}>{html.escape(word[0])}</text>'
            for word in words
        )

    return re.sub(r'<text([^>]*?) x="([\d.]+)"([^>]*)>(.*?)</text>', split, svg, flags=re.DOTALL)


def main(names: "list[str]") -> None:
    known = [*PICTURES, *REPLAYED]
    if not {*names} <= {*known}:
        sys.exit(f"tools/screenshots.py [NAME...], of {' '.join(known)}; all where none is named")
    host = Host()
    folder = ROOT / "screenshots"
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        path = Load(scratch).build("load", "reader")
        shell = subprocess.Popen(["sh", "-c", SHELL], start_new_session=True)
        try:
            for name in names or known:
                if name in REPLAYED:
                    (folder / f"{name}.svg").write_text(in_words(asyncio.run(replayed(name))))
                    print(folder / f"{name}.svg")
                    continue
                with subprocess.Popen([path, "-w", "reads", *READS * 50], stdout=subprocess.DEVNULL, start_new_session=True) as reader:
                    starter = subprocess.Popen(["sh", "-c", f"sleep 3; kill -USR1 {reader.pid}"])
                    svg = in_words(asyncio.run(picture(name, host, reader.pid)))
                    starter.wait()
                    reader.kill()
                (folder / f"{name}.svg").write_text(svg)
                if name == README and shutil.which("rsvg-convert"):
                    subprocess.run(["rsvg-convert", folder / f"{name}.svg", "-o", folder / f"{name}.png"], check=True)
                print(folder / f"{name}.svg")
        finally:
            os.killpg(shell.pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1:])
