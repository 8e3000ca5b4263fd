"""Programs, links and maps on the running kernel, under loads of known size."""

import os
import platform
import struct

import pytest
from loader import ir

from bttui.loader import bpf, links, maps
from bttui.loader.object import load as load_object
from bttui.loader.ringbuffer import RingBuffer
from bttui.model.diagnostic import DiagnosticError

pytestmark = pytest.mark.live
GETPPID = 110 if platform.machine() == "x86_64" else 173


def u32(number):
    return struct.pack("=I", number)


def total(value):
    return sum(struct.unpack(f"={len(value) // 8}Q", value))


def event_id(event):
    with open(f"/sys/kernel/tracing/events/{event}/id") as file:
        return int(file.read())


def test_raw_tracepoint_and_tracepoint_count_the_same_known_load(load):
    with load.start("syscalls", 5000) as waiting:
        module = ir.Module()
        by_pid = module.map("@raw", bpf.PERCPU_HASH, 64, 4, 8)
        by_trace = module.map("@trace", bpf.HASH, 64, 4, 8)
        ring = module.map("ringbuf", bpf.RINGBUF, 1 << 20)
        count = ir.syscall_is(GETPPID, ir.ID, ir.add_one(by_pid, "%key") + ir.send(ring, ["%high", "%id"]))
        ir.raw_tracepoint(module, "raw", ir.of_process(waiting.pid, count))
        ir.tracepoint(module, "trace", ir.of_process(waiting.pid, ir.syscall_is(GETPPID, ir.ID, ir.add_one(by_trace, "%key"))))
        with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ringbuffer:
            with (
                links.raw_tracepoint(loaded.programs["raw"], "sys_enter"),
                links.tracepoint(loaded.programs["trace"], event_id("raw_syscalls/sys_enter"), name="tracepoint:raw_syscalls:sys_enter"),
            ):
                assert waiting.go()["syscalls"] == 5000
            rows = maps.read(loaded.maps["@raw"])
            assert [(key, total(value)) for key, value in rows] == [(u32(waiting.pid), 5000)]
            assert [(k, bytes(v)) for k, v in maps.read(loaded.maps["@trace"])] == [(u32(waiting.pid), struct.pack("=Q", 5000))]
            assert ringbuffer.pending == 5000 * 24
            assert ringbuffer.drain() == [struct.pack("=QQ", waiting.pid, GETPPID)] * 5000
            assert (ringbuffer.pending, ringbuffer.drain()) == (0, [])


def test_a_full_ring_drops_the_newest_and_keeps_the_oldest(load):
    with load.start("syscalls", 1000) as waiting:
        module = ir.Module()
        ring = module.map("ringbuf", bpf.RINGBUF, 4096)
        body = ir.add_one(module.map("@n", bpf.HASH, 1, 4, 8), "%key")
        ir.raw_tracepoint(module, "raw", ir.of_process(waiting.pid, ir.syscall_is(GETPPID, ir.ID, body + ir.send(ring, ["%id"] * 7))))
        with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ringbuffer:
            with links.raw_tracepoint(loaded.programs["raw"], "sys_enter"):
                waiting.go()
            assert total(maps.lookup(loaded.maps["@n"], u32(waiting.pid))) == 1000
            # 64 bytes each; the ring is full when the next one would bring the producer past the size less one byte.
            assert len(ringbuffer.drain()) == 63


def test_a_cookie_tells_attach_points_of_one_program_apart(load):
    with load.start("syscalls", 300) as waiting:
        module = ir.Module()
        body = f"  %cookie = {ir.helper(174, 'ptr %ctx')} @@\n  store i64 %cookie, ptr %wide @@"
        body += ir.add_one(module.map("@", bpf.PERCPU_HASH, 16, 8, 8), "%wide")
        ir.tracepoint(module, "trace", ir.of_process(waiting.pid, ir.syscall_is(GETPPID, ir.ID, body)))
        with load_object(module.program()) as loaded:
            program = loaded.programs["trace"]
            with (
                links.tracepoint(program, event_id("raw_syscalls/sys_enter"), 7, name="a"),
                links.tracepoint(program, event_id("raw_syscalls/sys_exit"), 1 << 40, name="b"),
            ):
                waiting.go()
            counts = {struct.unpack("=Q", key)[0]: total(value) for key, value in maps.read(loaded.maps["@"])}
            assert counts == {7: 300, 1 << 40: 300}


def test_running_a_program_here_and_now():
    module = ir.Module()
    map = module.map("@", bpf.PERCPU_HASH, 16, 8, 8)
    body = "  %first = load i64, ptr %ctx @@\n  store i64 %first, ptr %wide @@" + ir.add_one(map, "%wide")
    ir.raw_tracepoint(module, "self", ir.of_process(os.getpid(), body))
    with load_object(module.program()) as loaded:
        for argument in (5, 5, 9):
            assert loaded.programs["self"].run((argument,)) == 0
        assert {struct.unpack("=Q", k)[0]: total(v) for k, v in maps.read(loaded.maps["@"])} == {5: 2, 9: 1}


def test_a_clock_fires_on_every_online_cpu():
    module = ir.Module()
    ring = module.map("ringbuf", bpf.RINGBUF, 1 << 16)
    body = f"  %cpu = {ir.helper(8)} @@\n{ir.send(ring, ['%cpu'])}\n  ret i32 0 @@"
    module.function("tick", bpf.PERF_EVENT, "perf_event", body)
    online = sorted(os.sched_getaffinity(0))
    with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ringbuffer:
        attached = links.sampling(
            loaded.programs["tick"],
            bpf.PERF_TYPE_SOFTWARE,
            bpf.PERF_COUNT_SW_CPU_CLOCK,
            cpus=online,
            period=1_000_000,
            name="profile:ms:1",
        )
        assert len(attached) == len(online)
        seen = set()
        while seen != set(online):
            seen |= {struct.unpack("=Q", record)[0] for record in ringbuffer.drain()}
        for link in attached:
            link.close()
        ringbuffer.drain()
        sum(range(1_000_000))
        assert ringbuffer.drain() == []


def test_attaching_the_same_program_twice_to_a_tracepoint_names_the_probe():
    module = ir.Module()
    ir.tracepoint(module, "trace", "  ret i32 0 @@")
    with load_object(module.program()) as loaded:
        program, number = loaded.programs["trace"], event_id("raw_syscalls/sys_enter")
        with links.tracepoint(program, number, name="tracepoint:raw_syscalls:sys_enter"), pytest.raises(DiagnosticError) as caught:
            links.tracepoint(program, number, name="tracepoint:raw_syscalls:sys_enter")
    assert caught.value.diagnostics[0].message == (
        "cannot attach tracepoint:raw_syscalls:sys_enter: the same program is already attached there (EEXIST)"
    )
    assert caught.value.diagnostics[0].hint


def test_an_unknown_raw_tracepoint():
    module = ir.Module()
    ir.raw_tracepoint(module, "raw", "  ret i32 0 @@")
    with (
        load_object(module.program()) as loaded,
        pytest.raises(DiagnosticError, match="cannot attach rawtracepoint:no_such: there is no such place"),
    ):
        links.raw_tracepoint(loaded.programs["raw"], "no_such")
