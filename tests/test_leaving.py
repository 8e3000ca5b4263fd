"""Whatever ends a trace, at whatever moment: within two seconds nothing of it remains in the kernel or as a process."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import ROOT

from bttui.host.facts import Host

pytestmark = pytest.mark.live

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL]
PROGRAM = "tracepoint:raw_syscalls:sys_enter /pid == 1/ { @[comm] = count(); } profile:hz:9 { @ticks = count(); } END { @end = count(); }"
MANY = "tracepoint:sched:* { @[probe] = count(); }"


def processes_of(session):
    """Live processes of a session (setsid), without zombies."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text(errors="replace").rsplit(")", 1)[1].split() if entry.name.isdigit() else []
        except OSError:
            continue
        if fields and int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


def held_by(pids):
    """Numbers of the BPF programs and links that these processes have open, from their descriptors."""
    held = set()
    for pid in pids:
        try:
            for info in Path(f"/proc/{pid}/fdinfo").iterdir():
                words = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
                if "prog_id" in words:
                    held.add(("link" if "link_id" in words else "prog", int(words.get("link_id", words["prog_id"]))))
        except OSError:
            pass
    return held


def in_kernel():
    """Numbers of all BPF programs and links there are."""
    there = set()
    for kind in ("prog", "link"):
        listed = subprocess.run(["bpftool", "-j", kind, "show"], capture_output=True, text=True, check=True)
        there |= {(kind, item["id"]) for item in json.loads(listed.stdout)}
    return there


def assert_gone(process, held):
    deadline = time.monotonic() + 2
    while (left := (held & in_kernel(), processes_of(process.pid))) != (set(), []) and time.monotonic() < deadline:
        time.sleep(0.05)  # the kernel tells nobody when it frees a program
    assert left == (set(), [])


@pytest.mark.parametrize("number", SIGNALS)
def test_a_live_trace_leaves_nothing(bttui, number):
    with bttui.start("-e", PROGRAM) as process:
        held = held_by(processes_of(process.pid))
        assert {kind for kind, _ in held} >= {"prog"}
        result = process.stop(number)
        assert_gone(process, held)
    expected = -number if number == signal.SIGKILL else 0
    if number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        assert result.returncode == expected, result
    if number in (signal.SIGINT, signal.SIGTERM):
        assert "@end: 1\n" in result.stdout


@pytest.mark.parametrize("number", SIGNALS)
def test_a_traced_command_ends_with_its_trace(bttui, number, tmp_path):
    ready = tmp_path / "ready"
    os.mkfifo(ready)
    script = tmp_path / "command"
    script.write_text(f"#!/bin/sh\necho up > {ready}\nexec sleep 1000\n")
    script.chmod(0o755)
    with bttui.start("-e", PROGRAM, "-c", script) as process:
        assert ready.read_text() == "up\n"
        held = held_by(processes_of(process.pid))
        assert len(processes_of(process.pid)) >= 2
        process.stop(number)
        assert_gone(process, held)


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("program", [PROGRAM, MANY])
@pytest.mark.parametrize("moment", [0.02, 0.08, 0.15, 0.3])
def test_a_trace_that_is_about_to_start_leaves_nothing(bttui, number, program, moment):
    """Compiling, loading or attaching: which of them it hits depends on the machine, so there are many moments."""
    with bttui.start("-e", program, attached=False) as process:
        time.sleep(moment)
        held = held_by(processes_of(process.pid))
        result = process.stop(number)
        assert_gone(process, held)
    assert str(ROOT / "bttui") not in result.stderr  # before the package is reached, Python answers an interrupt in its own way


@pytest.mark.parametrize("number", SIGNALS)
def test_a_trace_that_is_stopping_leaves_nothing(bttui, number):
    with bttui.start("-e", MANY) as process:
        held = held_by(processes_of(process.pid))
        os.kill(process.pid, signal.SIGINT)
        result = process.stop(number)
        assert_gone(process, held)
    assert "Traceback" not in result.stderr


def links_of(pid):
    """What bpftool says of the links that a process holds."""
    held = {number for kind, number in held_by([pid]) if kind == "link"}
    listed = subprocess.run(["bpftool", "-j", "link", "show"], capture_output=True, text=True, check=True)
    return [link for link in json.loads(listed.stdout) if link["id"] in held]


def test_every_tracepoint_attaches_and_is_let_go_of(bttui):
    """All of this kernel, each under its name."""
    names = bttui("-l", "tracepoint:*").stdout.split()
    with bttui.start("--max-probes", str(len(names)), "-e", "tracepoint:*:* { @[probe] = count(); }") as process:
        process.until(f"Attached {len(names)} probes\n", stream="stderr")
        held = held_by([process.pid])
        links = links_of(process.pid)
        result = process.stop()
        assert_gone(process, held)
    others = [name.rpartition(":")[2] for name in names if not name.startswith("tracepoint:syscalls:")]
    raw = [link["tp_name"] for link in links if link["type"] == "raw_tracepoint"]
    # Those of system calls pass sys_enter and sys_exit, which tracepoint:raw_syscalls is about too.
    assert len(raw) == len(links) and sorted(raw) == sorted([*others, "sys_enter", "sys_exit"])
    counted = re.findall(r"^@\[(.*)\]: ", result.stdout, re.M)
    assert "tracepoint:raw_syscalls:sys_enter" in counted and set(counted) <= set(names)


def test_links_account_for_the_probes(bttui, load):
    """What bpftool lists, and how many probes each link stands for."""
    stack = load.build("stack", "bttui_stack")
    functions = bttui("-l", f"uprobe:{stack}:*").stdout.split()
    calls = bttui("-l", "tracepoint:syscalls:sys_enter_*").stdout.split()
    program = (
        "tracepoint:syscalls:sys_enter_* { @[probe] = count(); } "
        "tracepoint:sched:sched_switch, tracepoint:sched:sched_waking { @switches = count(); } "
        "tracepoint:sched:sched_switch { @pids[args.prev_pid] = count(); } "
        f"uprobe:{stack}:* {{ @called[func] = count(); }} begin {{ }} end {{ }}"
    )
    with bttui.start("-e", program) as process:
        process.until(f"Attached {len(calls) + 2 + 1 + len(functions) + 2} probes\n", stream="stderr")
        links = links_of(process.pid)
    raw = sorted(link["tp_name"] for link in links if link["type"] == "raw_tracepoint")
    assert raw == ["sched_switch", "sched_waking", "sys_enter"]
    multi = Host().features.has("uprobe_multi")  # one link for all functions of a file
    assert len(links) - len(raw) == 1 + (1 if multi else len(functions))
