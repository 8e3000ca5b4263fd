"""After closing, nothing of ours is left in the kernel, and nobody waits for it."""

import os
import struct
from pathlib import Path

import pytest
from loader import ir
from loader.test_live import GETPPID, event_id, total, u32
from support import eventually

from bttui.loader import bpf, links, maps, statistics
from bttui.loader.closing import REAPER, close_all
from bttui.loader.object import load as load_object

pytestmark = pytest.mark.live
EVENTS = ["raw_syscalls/sys_enter", "raw_syscalls/sys_exit"]
EVENTS += [f"sched/sched_{name}" for name in ("switch", "waking", "wakeup", "process_fork", "process_exec", "process_exit")]


def ended(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def map_id(map):
    return struct.unpack_from("=I", bpf.info(map.fd), 4)[0]


@pytest.fixture
def counting(load):
    """(a load that waits, a loaded object whose programs count its system calls in @)."""
    with load.start("syscalls", 400) as waiting:
        module = ir.Module()
        count = ir.of_process(waiting.pid, ir.syscall_is(GETPPID, ir.ID, ir.add_one(module.map("@", bpf.PERCPU_HASH, 4, 4, 8), "%key")))
        ir.tracepoint(module, "trace", count)
        ir.raw_tracepoint(module, "raw", count)
        with load_object(module.program()) as loaded:
            yield waiting, loaded


def attach_some(loaded):
    """Eight tracepoints that fire all the time (two of which the program counts), and a raw one."""
    attached = [links.tracepoint(loaded.programs["trace"], event_id(event), name=event) for event in EVENTS]
    return [*attached, links.raw_tracepoint(loaded.programs["raw"], "sys_enter")]


@pytest.mark.parametrize("leave", [True, False])
def test_closed_programs_count_no_more(counting, leave):
    waiting, loaded = counting
    pid = close_all(attach_some(loaded), leave=leave)
    assert bool(pid) == leave
    assert waiting.go()["syscalls"] == 400
    assert maps.read(loaded.maps["@"]) == []
    if pid:
        eventually(lambda: ended(pid))


def test_open_ones_count_each_once(counting):
    waiting, loaded = counting
    attached = attach_some(loaded)
    waiting.go()
    close_all(attached, leave=False)
    assert [(key, total(value)) for key, value in maps.read(loaded.maps["@"])] == [(u32(waiting.pid), 1200)]


def test_the_reaper_holds_events_only_and_belongs_to_nobody(counting):
    _, loaded = counting
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    attached = attach_some(loaded)
    kept = os.dup(attached[0].event_fd)
    pid = close_all(attached)
    os.close(writer)
    # It ends only after it has closed all else: a pipe that it inherited reads as ended.
    assert os.read(reader, 1) == b""
    os.close(reader)
    if not ended(pid):
        assert Path(f"/proc/{pid}/comm").read_text() == REAPER + "\n"
        assert Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0") == REAPER.encode()
        assert Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1] != str(os.getpid())
    os.close(kept)
    eventually(lambda: ended(pid))


def test_others_attach_while_the_reaper_is_at_work():
    """Each event that it closes keeps everybody waiting, for as long as the kernel has readers to wait for."""
    module = ir.Module()
    ir.tracepoint(module, "trace", "  ret i32 0 @@")
    names = [f"syscalls/{path.name}" for path in sorted(Path("/sys/kernel/tracing/events/syscalls").glob("sys_enter_*"))]
    with load_object(module.program()) as loaded:
        pid = close_all([links.tracepoint(loaded.programs["trace"], event_id(name), name=name) for name in names[:30]])
        others = [links.tracepoint(loaded.programs["trace"], event_id(name), name=name) for name in names[30:90]]
        assert not ended(pid)
        close_all(others, leave=False)
    eventually(lambda: ended(pid))


def test_nothing_remains_in_the_kernel(counting):
    _, loaded = counting
    attached = attach_some(loaded)
    ours = {statistics.program_id(program) for program in loaded.programs.values()}
    our_maps = {map_id(map) for map in loaded.maps.values()}
    our_links = {statistics.link_id(link) for link in attached}
    assert ours <= set(bpf.ids(bpf.PROG_GET_NEXT_ID))
    assert our_maps <= set(bpf.ids(bpf.MAP_GET_NEXT_ID))
    assert our_links <= set(bpf.ids(bpf.LINK_GET_NEXT_ID))
    close_all(attached)
    assert not our_links & set(bpf.ids(bpf.LINK_GET_NEXT_ID))
    loaded.close()
    eventually(lambda: not ours & set(bpf.ids(bpf.PROG_GET_NEXT_ID)))
    eventually(lambda: not our_maps & set(bpf.ids(bpf.MAP_GET_NEXT_ID)))


def kernel_objects():
    """What our descriptors of programs, maps, links and events are."""
    with os.scandir("/proc/self/fd") as entries:
        found = [os.readlink(entry.path) for entry in entries if os.path.lexists(entry.path)]
    return sorted(name for name in found if name.startswith("anon_inode:"))


def test_no_descriptor_is_left():
    before = kernel_objects()
    for _ in range(3):
        module = ir.Module()
        module.map("@", bpf.HASH, 4, 4, 8)
        ir.tracepoint(module, "trace", "  ret i32 0 @@")
        with load_object(module.program()) as loaded:
            assert "anon_inode:bpf-prog" in kernel_objects()
            program = loaded.programs["trace"]
            close_all(links.tracepoint(program, event_id(event), name=event) for event in ("sched/sched_switch", "sched/sched_waking"))
    assert kernel_objects() == before


def test_closing_nothing():
    assert close_all([]) == 0
