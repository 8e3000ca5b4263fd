"""Stacks that share a slot: a second map takes them, and what finds no room there is counted and said."""

import json
import re
import signal
import sys

import pytest
from support import ATTACHED, Process

pytestmark = pytest.mark.live

PROGRAM = "tracepoint:syscalls:sys_enter_getppid /pid == PID/ { @[ustack(raw, 100)] = count(); }"
FLAGS = ("-O0", "-fno-omit-frame-pointer")


def kept_and_lost(result):
    """How many stacks have an entry of their own, and how many are told to have none; these share the empty one."""
    kept = re.findall(r"^\]: (\d+)$", result.stdout, re.M)
    lost = sum(int(number) for number in re.findall(r"(\d+) stacks? could not be kept", result.stderr))
    if lost:
        assert re.search(rf"^@\[\n\]: {lost}$", result.stdout, re.M)
        kept.remove(str(lost))
    assert set(kept) == {"1"}
    return len(kept), lost


def test_thousands_of_stacks_are_kept(bttui, load):
    path = load.build("depths", "bttui_depths", *FLAGS)
    with load.start(2000, path=path) as waiting:
        result, did = bttui.trace(PROGRAM.replace("PID", str(waiting.pid)), work=waiting.go)
    kept, lost = kept_and_lost(result)
    assert kept + lost == did["stacks"] == 2000
    # where a stack goes is the kernel's hash of addresses that differ from run to run; by one map it would be some 120
    assert lost < 10


def test_what_finds_no_room_is_said(bttui, load, tmp_path):
    """With room for 64 stacks twice, every getppid is either a stack of its own or told as one that was not kept."""
    path = load.build("depths", "bttui_depths", *FLAGS)
    runner = tmp_path / "few.py"
    runner.write_text("from bttui.compiler.lower import tables\ntables.STACK_ENTRIES = 64\nfrom bttui.cli import main\nmain()\n")
    with load.start(500, path=path) as waiting:
        program = PROGRAM.replace("PID", str(waiting.pid))
        with Process([sys.executable, str(runner), "-e", program], env=bttui.env | {ATTACHED: "1"}) as process:
            process.until(ATTACHED)
            did = waiting.go()
            result = process.stop(signal.SIGINT)
    kept, lost = kept_and_lost(result)
    assert kept + lost == did["stacks"] == 500
    assert 64 < kept <= 2 * 64


def test_stacks_that_are_deeper_than_what_is_kept_are_said(bttui, load, tmp_path):
    """Those 150 frames deep; not those of which the program asked for a few frames."""
    path = load.build("depths", "bttui_depths", *FLAGS)
    recording = tmp_path / "deep"
    with load.start(3, 70, path=path) as waiting:
        text = PROGRAM.replace("PID", str(waiting.pid)).replace("raw, 100", "raw")
        result, did = bttui.trace(text.replace("}", "@few[ustack(2)] = count(); }"), "--record", recording, work=waiting.go)
    assert did["stacks"] == 3
    told = [line for line in result.stderr.splitlines() if line.startswith("WARNING")]
    kept = result.stdout.count("\n]: ") - 1  # those that differ only in frames that are missing are one
    assert told == [f"WARNING: {kept} of {kept} stacks of @ may lack their outermost frames: they are as deep as is kept"]
    assert told[0] in bttui("dump", recording).stderr


SLOW = """\
from bttui.host.mapping_events import MappingWatcher
read = MappingWatcher.read
def slow(self):
    self.lost = 7
    return read(self)
MappingWatcher.read = slow
from bttui.cli import main
main()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_lost_names_are_said(bttui, load, tmp_path, form):
    """Records of processes that the kernel threw away because we read too slowly."""
    path = load.build("calls", "bttui_calls")
    runner = tmp_path / "slow.py"
    runner.write_text(SLOW)
    program = f"uprobe:{path}:second {{ @[ustack(1)] = count(); }}"
    with Process([sys.executable, str(runner), "-f", form, "-e", program], env=bttui.env | {ATTACHED: "1"}) as process:
        process.until(ATTACHED)
        result = process.stop(signal.SIGINT)
    said = "7 records of what processes start and map came faster than we read"
    if form == "text":
        assert result.stderr.count(said) == 1 and said not in result.stdout
    else:
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        assert [line["type"] for line in lines if said in line.get("msg", "")] == ["runtime_error"]
