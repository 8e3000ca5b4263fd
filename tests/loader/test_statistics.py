"""What the kernel counts for us, under loads of known size."""

import platform

import pytest
from loader import ir

from bttui.host.facts import Host
from bttui.loader import bpf, links, statistics
from bttui.loader.object import load as load_object

pytestmark = pytest.mark.live


def test_runs_are_counted_while_statistics_are_enabled():
    module = ir.Module()
    ir.raw_tracepoint(module, "self", "  ret i32 0 @@")
    with load_object(module.program()) as loaded:
        program = loaded.programs["self"]
        with statistics.RunStatistics() as enabled:
            assert enabled.enabled
            for _ in range(7):
                program.run()
            after = statistics.runs(program)
        assert (after.count, after.misses) == (7, 0)
        assert after.nanoseconds > 0


def test_a_run_within_a_run_is_a_miss():
    module = ir.Module()
    body = f"""
  %text = alloca [4 x i8], align 8
  store i32 2663, ptr %text @@
  %printed = {ir.helper(6, "ptr %text, i32 3")} @@
  ret i32 0 @@"""
    ir.raw_tracepoint(module, "printing", body)
    with load_object(module.program()) as loaded, links.raw_tracepoint(loaded.programs["printing"], "bpf_trace_printk"):
        before = statistics.runs(loaded.programs["printing"]).misses
        for _ in range(5):
            loaded.programs["printing"].run()
        # Each run prints, which fires the tracepoint, whose run prints in turn: that one is the miss.
        assert statistics.runs(loaded.programs["printing"]).misses - before == 5


def counts_missed_kprobes():
    function = Host().btf.function("bpf_get_perf_event_info")
    return function is not None and any(parameter.name == "missed" for parameter in function.parameters)


@pytest.mark.skipif(not Host().features.has("kprobe") or not counts_missed_kprobes(), reason="this kernel does not say what kprobes missed")
def test_a_kprobe_within_a_kprobe_is_missed(load):
    """The outer program calls a helper that calls the inner one's function."""
    function = "__x64_sys_getppid" if platform.machine() == "x86_64" else "__arm64_sys_getppid"
    with load.start("syscalls", 250) as waiting:
        module = ir.Module()
        read = f"""
  %read = {ir.helper(114, "ptr %wide, i32 8, i64 0")} @@"""
        module.function("outer", bpf.KPROBE, "kprobe", ir.of_process(waiting.pid, read))
        module.function("inner", bpf.KPROBE, "kprobe", "  ret i32 0 @@")
        with (
            load_object(module.program()) as loaded,
            links.kprobe(loaded.programs["inner"], "strncpy_from_user_nofault", name="inner") as inner,
            links.kprobe(loaded.programs["outer"], function, name="outer") as outer,
        ):
            before = statistics.missed(inner)
            waiting.go()
            assert (statistics.missed(inner) - before, statistics.missed(outer)) == (250, 0)


def test_links_that_are_no_kprobes_miss_nothing():
    module = ir.Module()
    ir.raw_tracepoint(module, "raw", "  ret i32 0 @@")
    with load_object(module.program()) as loaded, links.raw_tracepoint(loaded.programs["raw"], "sys_enter") as link:
        assert statistics.missed(link) == 0
        assert statistics.link_id(link) in set(bpf.ids(bpf.LINK_GET_NEXT_ID))
