"""Opening the dashboard on a scripted trace, and reading its screen."""

import os
import re
from contextlib import asynccontextmanager
from pathlib import Path

from textual.events import Key, Paste
from widgets.scripted import READS, ScriptedController, ScriptedReplay

from bttui.app import Dashboard
from bttui.session.recording import Recorder
from bttui.widgets.probes import Catalog

SIZES = ((80, 24), (120, 36), (200, 60))
SNAPSHOTS = Path(__file__).parent / "snapshots"
PROBES = [
    *(f"tracepoint:syscalls:sys_{way}_{name}" for way in ("enter", "exit") for name in ("openat", "read", "write")),
    *(f"tracepoint:tcp:{name}" for name in ("tcp_probe", "tcp_retransmit_skb")),
    "kprobe:tcp_connect",
    "kprobe:vfs_open",
    "kprobe:vfs_read",
    "fentry:vmlinux:vfs_read",
    "fentry:ext4:ext4_file_open",
    "software:cpu-clock:",
]
TYPES = [("self", "self:signal:NAME", "a signal to the tracer"), ("software", "software:EVENT:COUNT", "an event of the kernel")]
CATALOG = Catalog(lambda: PROBES, lambda name: [f"about {name}", "char * filename", "int flags"], lambda: TYPES)


@asynccontextmanager
async def dashboard(size=(120, 36), text=READS, start=True, catalog=CATALOG, name="reads.bt", replay=False, **options):
    """(app, controller, pilot) of an open dashboard; with ``start`` the program is live, with ``replay`` a recording plays."""
    controller = ScriptedReplay() if replay else ScriptedController()
    app = Dashboard(text, controller, name, catalog, start=start, new_recorder=lambda path: Recorder(path, {}), **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        await settle(pilot)
        yield app, controller, pilot
    assert app.broken is None, app.broken


async def settle(pilot):
    """Until all that was posted has been handled, workers included."""
    for _ in range(2):  # what a worker says may start another one
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


async def rested(pilot):
    """Until the editor has looked at its text as a whole, because no key came."""
    while pilot.app.workspace.editor.resting is not None:
        await pilot.pause(0.02)
    await settle(pilot)


async def press(pilot, *keys):
    await pilot.press(*keys)
    await settle(pilot)


async def press_ahead(pilot, *keys):
    """Keys that all lie there when the screen gets round to them: it was busy, or they come from a script."""
    for key in keys:
        pilot.app.post_message(Paste(key[6:]) if key.startswith("paste:") else Key(key, key if len(key) == 1 else None))
    await settle(pilot)


def lines(app):
    """The screen as text, one string a row."""
    width, height = app.size
    return [strip.text.ljust(width) for strip in app.screen._compositor.render_strips()][:height]


def text(app):
    return "\n".join(line.rstrip() for line in lines(app)) + "\n"


def region(app, selector):
    """The part of the screen that a widget (or the only one of a type or selector) covers, as text."""
    found = app.screen.query_one(selector) if isinstance(selector, (str, type)) else selector
    x, y, width, height = found.region
    return "\n".join(line[x : x + width] for line in lines(app)[y : y + height])


def normal_svg(app):
    """The screen as SVG without what differs from run to run."""
    svg = app.export_screenshot(title="bttui", simplify=True)
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)


def check_snapshot(name, content):
    """Compare with the committed file. BTTUI_UPDATE_SNAPSHOTS=1 writes it instead; look at it before you commit."""
    path = SNAPSHOTS / name
    if os.environ.get("BTTUI_UPDATE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    assert path.exists(), f"no snapshot {path}: run with BTTUI_UPDATE_SNAPSHOTS=1 and look at it"
    assert content == path.read_text()


def check_screen(app, name):
    check_snapshot(f"{name}.txt", text(app))
    if app.size.width == 120 or name.startswith("live"):
        check_snapshot(f"{name}.svg", normal_svg(app))
