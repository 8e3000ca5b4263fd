"""Watchpoints: a load that writes, reads and executes a known number of times (tests/load/watch.c)."""

import os
import platform
import re

import pytest

from bttui.host.facts import Host
from bttui.loader import bpf
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.probes import registry
from bttui.probes.provider import Options

SPAN = Span(0, 4, 1, 1, 1, 5)


def expand(text, host):
    ((_, target),) = registry.expand(text.split(":"), SPAN, host, Options())
    return target


def test_names_are_decimal_and_modes_sorted(new):
    target = expand("watchpoint:0x1000:8:wr", new)
    assert (target.name, target.options) == ("watchpoint:4096:8:rw", {"address": 4096, "length": 8, "type": 3})
    assert expand("w:4097:1:w", new).options == {"address": 4097, "length": 1, "type": 2}


def test_an_instruction_has_the_length_that_the_machine_wants(new):
    target = expand("w:0x1003:1:x", new)
    assert (target.name, target.options) == ("watchpoint:4099:1:x", {"address": 4099, "length": 8, "type": 4})


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("watchpoint:0x1000:4", "watchpoint probe type requires 3 arguments, found 2", "watchpoint:ADDRESS:LENGTH:MODE"),
        ("watchpoint:0x1000:3:rw", "watchpoint length must be one of (1,2,4,8)", ""),
        ("watchpoint:0x1000:8:rq", "watchpoint mode must be combination of (r,w,x)", ""),
        ("watchpoint:0x1000:8:rr", "watchpoint modes may not be duplicated", ""),
        ("watchpoint:0x1000:8:r", "invalid watchpoint mode: r", "supported modes: x,w,rw"),
        ("watchpoint:0x1000:8:xw", "invalid watchpoint mode: wx", "supported modes: x,w,rw"),
        ("watchpoint:0:4:w", "watchpoint must be attached to a non-zero address", ""),
        ("watchpoint:main:4:w", "Invalid function/address argument: invalid integer: main", "watchpoint:0x10000000:8:rw"),
        ("watchpoint:0x1000:x:w", "Invalid length argument: invalid integer: x", ""),
        ("watchpoint:0x1001:8:w", "watchpoint address 0x1001 must be a multiple of the length, 8", "0x1000 is the nearest"),
    ],
)
def test_refusals(text, message, hint, new):
    with pytest.raises(DiagnosticError) as caught:
        expand(text, new)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.message, diagnostic.span) == (message, SPAN)
    assert hint in diagnostic.hint


# This machine


@pytest.fixture(scope="module")
def watched(load):
    """(path, address of the cell, address of the function)."""
    try:
        os.close(bpf.perf_event_open(bpf.PERF_TYPE_BREAKPOINT, 0, period=1, breakpoint_type=2, config1=0x1000, config2=8, pid=0))
    except OSError as reason:
        pytest.skip(f"no breakpoints here: {reason.strerror}")
    path = load.build("watch", "bttui_watch", "-no-pie", "-pthread")
    with Host().elf(str(path)) as elf:
        yield path, elf.symbol("cell")[0], elf.symbol("touched")[0]


def counts(text):
    return {key or "": int(value) for key, value in re.findall(r"^@(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


@pytest.mark.live
def test_writes_of_one_process(bttui, load, watched):
    """Its thread, and the child that it forks, whose memory is another but at the same address."""
    path, cell, _ = watched
    with load.start(1000, 300, 5, 0, 0, path=path) as waiting, load.start(70, 0, 0, 0, 0, path=path) as other:
        pid = waiting.pid

        def work():
            return other.go(), waiting.go()

        with bttui.start("-p", pid, "-e", f"watchpoint:{cell}:8:w {{ @[pid == {pid}] = count(); }}") as process:
            work()
            result = process.wait()
    assert counts(result.stdout) == {"true": 1000, "false": 1000}
    assert "Attached 1 probe\n" in result.stderr


@pytest.mark.live
def test_threads_that_are_there_and_threads_to_come(bttui, load, watched):
    path, cell, touched = watched
    with load.start(100, 50, 7, 2, 3, path=path) as waiting:
        pid = waiting.pid
        program = f"watchpoint:{cell:#x}:8:w, w:{touched:#x}:8:x /pid == {pid}/ {{ @[probe, tid] = count(); }}"
        with bttui.start("-p", pid, "-e", program) as process:
            waiting.go()
            found = counts(process.wait().stdout)
    writes = [number for key, number in found.items() if key.startswith(f"watchpoint:{cell}:8:w, ")]
    calls = [number for key, number in found.items() if key.startswith(f"watchpoint:{touched}:8:x, ")]
    assert (writes, calls, len(found)) == ([100] * 6, [7] * 6, 12)


@pytest.mark.live
@pytest.mark.skipif(platform.machine() != "x86_64", reason="modes of x86_64")
@pytest.mark.parametrize(("offset", "length", "mode", "times"), [(0, 8, "rw", 100), (0, 4, "w", 40), (4, 4, "w", 40), (7, 1, "wr", 100)])
def test_reads_and_writes(offset, length, mode, times, bttui, load, watched):
    """Each access is to all eight bytes."""
    path, cell, _ = watched
    with load.start(40, 60, 0, 0, 0, path=path) as waiting:
        pid = waiting.pid
        with bttui.start("-p", pid, "-e", f"w:{cell + offset}:{length}:{mode} /pid == {pid}/ {{ @[probe] = count(); }}") as process:
            waiting.go()
            found = counts(process.wait().stdout)
    assert found == {f"watchpoint:{cell + offset}:{length}:{''.join(sorted(mode))}": times}


@pytest.mark.live
def test_of_everything(bttui, load, watched):
    """Without a process, each CPU watches its own: whoever writes there counts."""
    path, cell, _ = watched
    with load.start(500, 0, 0, 0, 0, path=path) as waiting:
        pid = waiting.pid
        result, _ = bttui.trace(f"watchpoint:{cell}:8:w /pid == {pid}/ {{ @[probe] = count(); }}", work=waiting.go)
    assert counts(result.stdout) == {f"watchpoint:{cell}:8:w": 500}


@pytest.mark.live
def test_of_a_command(bttui, watched):
    """From its first instruction on."""
    path, _, touched = watched
    result = bttui("-e", f"watchpoint:{touched}:8:x {{ @[comm] = count(); }}", "-c", f"{path} 0 0 250 0 0")
    assert counts(result.stdout) == {"bttui_watch": 500}  # and its child


@pytest.mark.live
@pytest.mark.skipif(platform.machine() != "x86_64", reason="four debug registers")
def test_more_than_the_processor_has(bttui, watched):
    program = ", ".join(f"watchpoint:{0x1000 * number}:8:w" for number in range(1, 9)) + " { }"
    result = bttui("-e", program)
    assert result.returncode != 0
    assert re.search(r"cannot attach watchpoint:\d+:8:w: all of the processor's counters or breakpoints are taken", result.stderr)
    assert "attach fewer probes" in result.stderr
