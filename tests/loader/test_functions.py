"""Function probes and tracing programs on the running kernel."""

import errno
import os
import platform
import struct
import subprocess
from pathlib import Path

import pytest
from loader import ir
from loader.test_live import GETPPID, total

from bttui.host.facts import Host
from bttui.loader import bpf, links, maps
from bttui.loader.object import load as load_object
from bttui.loader.ringbuffer import RingBuffer
from bttui.model.diagnostic import DiagnosticError
from bttui.probes.kprobe import TRACE_KPROBE_MULTI

pytestmark = pytest.mark.live
uprobe_multi = pytest.mark.skipif(not Host().features.has("uprobe_multi"), reason="this kernel has no uprobe_multi links")
# Offsets of the first argument and of the return value in struct pt_regs.
FIRST, RETURNED = {"x86_64": (112, 80), "aarch64": (0, 0)}[platform.machine()]


class Calls:
    """A process that waits before it calls its functions; ``places`` are file offsets of twice, thrice, semaphore."""

    def __init__(self, path):
        self.path = str(path)
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        addresses = [int(word, 16) for word in self.process.stdout.readline().split()]
        self.places = [self._offset(address) for address in addresses]
        self.pid = self.process.pid

    def _offset(self, address):
        for line in Path(f"/proc/{self.process.pid}/maps").read_text().splitlines():
            span, _, offset, *_ = line.split()
            start, end = (int(part, 16) for part in span.split("-"))
            if start <= address < end:
                return address - start + int(offset, 16)

    def go(self):
        """Let it work to its end; returns what the semaphore was."""
        output, _ = self.process.communicate("\n")
        total, semaphore = output.split()
        assert int(total) == 2 * 5050 + 3 * 1275
        return int(semaphore)


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    path = tmp_path_factory.mktemp("calls") / "bttui_calls"
    subprocess.run(["gcc", "-O1", "-Wall", "-Werror", "-o", path, Path(__file__).parent / "calls.c"], check=True)
    return path


@pytest.fixture
def calls(binary):
    calls = Calls(binary)
    yield calls
    calls.process.kill()
    calls.process.communicate()


@pytest.fixture
def recorded():
    """(programs, ring buffer): each writes {cookie, register} of a probe: first argument or return value."""
    module = ir.Module()
    ring = module.map("ringbuf", bpf.RINGBUF, 1 << 16)
    for name, offset, attach_type in (
        ("entry", FIRST, 0),
        ("exit", RETURNED, 0),
        ("multi", FIRST, bpf.TRACE_UPROBE_MULTI),
        ("multi_exit", RETURNED, bpf.TRACE_UPROBE_MULTI),
    ):
        body = f"""
  %cookie = {ir.helper(174, "ptr %ctx")} @@
  %at = getelementptr i8, ptr %ctx, i64 {offset} @@
  %value = load i64, ptr %at @@
{ir.send(ring, ["%cookie", "%value"])}
  ret i32 0 @@"""
        module.function(name, bpf.KPROBE, "uprobe", body, attach_type=attach_type)
    with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ringbuffer:
        yield loaded.programs, ringbuffer


def records(ringbuffer):
    return [struct.unpack("=QQ", record) for record in ringbuffer.drain()]


def test_uprobe_and_uretprobe_of_one_process(calls, recorded):
    programs, ringbuffer = recorded
    place = calls.places[0]
    with (
        links.uprobe(programs["entry"], calls.path, place, 1, pid=calls.pid, name="entry"),
        links.uprobe(programs["exit"], calls.path, place, 2, returns=True, pid=calls.pid, name="exit"),
    ):
        calls.go()
    assert records(ringbuffer) == [pair for number in range(1, 101) for pair in ((1, number), (2, number * 2))]


def test_a_uprobe_of_another_process_stays_silent(calls, recorded):
    programs, ringbuffer = recorded
    with links.uprobe(programs["entry"], calls.path, calls.places[0], pid=os.getpid(), name="entry"):
        calls.go()
    assert records(ringbuffer) == []


def test_a_semaphore_is_up_while_the_probe_is_attached(calls, recorded):
    programs, _ = recorded
    with links.uprobe(programs["entry"], calls.path, calls.places[0], semaphore=calls.places[2], name="usdt"):
        assert calls.go() == 1


@uprobe_multi
def test_many_uprobes_in_one_link_with_their_cookies(calls, recorded):
    programs, ringbuffer = recorded
    twice, thrice, _ = calls.places
    names = ["uprobe:twice", "uprobe:thrice"]
    attached, refusals = links.uprobe_multi(programs["multi"], calls.path, [twice, thrice], [5, 1 << 33], names=names)
    assert ([link.places for link in attached], refusals) == ([2], [])
    calls.go()
    for link in attached:
        link.close()
    assert records(ringbuffer) == [(5, n) for n in range(1, 101)] + [(1 << 33, n) for n in range(1, 51)]


@uprobe_multi
def test_the_one_place_that_the_kernel_refuses_is_found(calls, recorded):
    programs, ringbuffer = recorded
    twice, thrice, _ = calls.places
    places, cookies = [twice, 1 << 40, thrice], [7, 8, 9]
    names = ["uprobe:twice", "uprobe:nowhere", "uprobe:thrice"]
    attached, refusals = links.uprobe_multi(programs["multi_exit"], calls.path, places, cookies, returns=True, names=names)
    assert sum(link.places for link in attached) == 2
    assert refusals == [(1, errno.EINVAL)]
    calls.go()
    for link in attached:
        link.close()
    assert records(ringbuffer) == [(7, 2 * n) for n in range(1, 101)] + [(9, 3 * n) for n in range(1, 51)]


@uprobe_multi
def test_where_every_place_is_refused(calls, recorded):
    programs, _ = recorded
    with pytest.raises(DiagnosticError, match="cannot attach uprobe:a: the kernel refuses the probe"):
        links.uprobe_multi(programs["multi"], calls.path, [1 << 40, 1 << 41], [0, 0], names=["uprobe:a", "uprobe:b"])


def test_a_uprobe_in_a_file_that_is_not_there(recorded):
    programs, _ = recorded
    with pytest.raises(DiagnosticError, match="cannot attach uprobe:/no/such:main: there is no such place in this kernel or file"):
        links.uprobe(programs["entry"], "/no/such", 0, name="uprobe:/no/such:main")


def test_kprobes_count_or_say_why_not(load):
    module = ir.Module()
    map = module.map("@", bpf.PERCPU_HASH, 4, 4, 8)
    with load.start("syscalls", 300) as waiting:
        module.function("probe", bpf.KPROBE, "kprobe", ir.of_process(waiting.pid, ir.add_one(map, "%key")))
        with load_object(module.program()) as loaded:
            function = "__x64_sys_getppid" if platform.machine() == "x86_64" else "__arm64_sys_getppid"
            if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
                with pytest.raises(DiagnosticError) as caught:
                    links.kprobe(loaded.programs["probe"], function, name=f"kprobe:{function}")
                assert f"cannot attach kprobe:{function}: this kernel has no kprobes" in caught.value.diagnostics[0].message
                assert "CONFIG_KPROBE_EVENTS" in caught.value.diagnostics[0].hint
                return
            with (
                links.kprobe(loaded.programs["probe"], function, name="kprobe"),
                pytest.raises(DiagnosticError, match="there is no such place"),
            ):
                links.kprobe(loaded.programs["probe"], "no_such_function", name="kprobe:no_such_function")
            with links.kprobe(loaded.programs["probe"], function, name="kprobe"):
                waiting.go()
            assert [total(value) for _, value in maps.read(loaded.maps["@"])] == [300]


def test_kprobe_multi_counts_or_says_why_not(load):
    module = ir.Module()
    map = module.map("@", bpf.PERCPU_HASH, 4, 8, 8)
    with load.start("syscalls", 300) as waiting:
        body = f"  %cookie = {ir.helper(174, 'ptr %ctx')} @@\n  store i64 %cookie, ptr %wide @@" + ir.add_one(map, "%wide")
        module.function("probe", bpf.KPROBE, "kprobe", ir.of_process(waiting.pid, body), attach_type=TRACE_KPROBE_MULTI)
        with load_object(module.program()) as loaded:
            functions = ["no_such_function", "__x64_sys_getppid" if platform.machine() == "x86_64" else "__arm64_sys_getppid"]
            names = [f"kprobe:{function}" for function in functions]
            try:
                attached, refusals = links.kprobe_multi(loaded.programs["probe"], functions, [3, 4], names=names)
            except DiagnosticError as refusal:
                assert refusal.diagnostics[0].message.startswith("cannot attach kprobe:no_such_function: ")
                assert not Host().features.has("kprobe_multi")
                return
            waiting.go()
            for link in attached:
                link.close()
            assert [index for index, _ in refusals] == [0]
            assert {struct.unpack("=Q", k)[0]: total(v) for k, v in maps.read(loaded.maps["@"])} == {4: 300}


def test_a_btf_tracepoint_counts(load):
    module = ir.Module()
    map = module.map("@", bpf.PERCPU_HASH, 4, 4, 8)
    with load.start("syscalls", 300) as waiting:
        body = ir.of_process(waiting.pid, ir.syscall_is(GETPPID, ir.ID, ir.add_one(map, "%key")))
        module.function("probe", bpf.TRACING, "tp_btf", body, attach_type=bpf.TRACE_RAW_TP, attach_to="sys_enter")
        with load_object(module.program()) as loaded:
            with links.tracing(loaded.programs["probe"], name="tp_btf:sys_enter"):
                waiting.go()
            assert [total(value) for _, value in maps.read(loaded.maps["@"])] == [300]


def test_fentry_counts_or_says_why_not(load):
    module = ir.Module()
    map = module.map("@", bpf.PERCPU_HASH, 4, 4, 8)
    with load.start("reads", 64, 300) as waiting:
        body = ir.of_process(waiting.pid, ir.add_one(map, "%key"))
        module.function("probe", bpf.TRACING, "fentry", body, attach_type=bpf.TRACE_FENTRY, attach_to="vfs_read")
        try:
            loaded = load_object(module.program())
        except DiagnosticError as refusal:
            # Some machines forbid it by policy, root or not, before the verifier looks.
            (diagnostic,) = refusal.diagnostics
            assert (diagnostic.code, diagnostic.span.line) == ("permission", 1)
            assert diagnostic.message == "the kernel does not permit probe to be loaded"
            assert "policy" in diagnostic.hint
            return
        with loaded:
            with links.tracing(loaded.programs["probe"], name="fentry:vfs_read"):
                waiting.go()
            assert [total(value) for _, value in maps.read(loaded.maps["@"])] == [300]


def test_an_iterator_sees_this_process_once():
    module = ir.Module()
    ring = module.map("ringbuf", bpf.RINGBUF, 1 << 20)
    task = Host().btf.struct("struct task_struct")
    pid = next(field.offset for field in task.fields if field.name == "pid")
    body = f"""
  %at = getelementptr i8, ptr %ctx, i64 8 @@
  %task = load ptr, ptr %at @@
  %end = icmp eq ptr %task, null @@
  br i1 %end, label %out, label %body @@
body:
  %pid.at = getelementptr i8, ptr %task, i64 {pid} @@
  %pid = load i32, ptr %pid.at @@
  %wide = zext i32 %pid to i64 @@
{ir.send(ring, ["%wide"])}
  br label %out @@
out:
  ret i32 0 @@"""
    module.function("probe", bpf.TRACING, "iter", body, attach_type=bpf.TRACE_ITER, attach_to="task")
    with load_object(module.program()) as loaded, RingBuffer(loaded.maps["ringbuf"]) as ringbuffer:
        for _ in range(2):
            with links.iterator(loaded.programs["probe"], name="iter:task") as link:
                assert not link.step()  # it writes nothing to its file: one step is all
            seen = [struct.unpack("=Q", record)[0] for record in ringbuffer.drain()]
            assert seen.count(os.getpid()) == 1
