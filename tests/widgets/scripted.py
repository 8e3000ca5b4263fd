"""A trace that never was: Frames and Events by script, for the tests of the dashboard."""

from bttui.model.diagnostic import Diagnostic
from bttui.model.frame import Counters, Event, Frame, MapSnapshot, ProbeCounters, Symbol
from bttui.model.program import Argument, MapSpec, Output
from bttui.model.types import (
    UINT64,
    Average,
    Count,
    Histogram,
    LinearHistogram,
    Stack,
    Stats,
    String,
    Sum,
    Type,
    make_tuple,
)
from bttui.session.controller import ATTACHING, CHECKING, ENDED, IDLE, LIVE, REPLAY, Listener, Status

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND  # 2023-11-14 22:13:20 UTC


def spec(name: str, key: "Type | None", value: Type, entries: int = 4096) -> MapSpec:
    return MapSpec(name, name.replace("@", "AT_"), 1, key.size if key else 4, value.size, entries if key else 1, key, value)


def snapshot(name: str, key: "Type | None", value: Type, rows: "dict | list") -> MapSnapshot:
    return MapSnapshot(spec(name, key, value), list(rows.items()) if isinstance(rows, dict) else rows)


def frame(second: int, *maps: MapSnapshot, runs: int = 0, **counters) -> Frame:
    probes = (ProbeCounters("probe", runs),) if runs else ()
    return Frame(second, second * SECOND, START + second * SECOND, {m.spec.name: m for m in maps}, Counters(probes=probes, **counters))


def printed(text: str, second: float = 0) -> Event:
    return Event("printf", START + int(second * SECOND), Output("printf", "%s", (Argument(String(), 8),)), (text,))


def message(kind: str, text: str, second: float = 0) -> Event:
    return Event(kind, START + int(second * SECOND), text=text)


def stack(*names: str) -> "tuple[Symbol, ...]":
    """Innermost first, as a decoded stack is."""
    return tuple(Symbol(0xFFFF0000 + at, name, 4) for at, name in enumerate(names))


class ScriptedController:
    """Satisfies session.controller.Controller. Nothing happens but what a test says; ``calls`` tells what was asked."""

    def __init__(self, interval: float = 1.0) -> None:
        self.interval = interval
        self.status = Status()
        self.calls: list[tuple] = []
        self.listener: Listener | None = None
        self.last: Frame | None = None
        self.auto = True  # run() goes live at once

    def listen(self, listener: Listener) -> None:
        self.listener = listener

    def run(self, text: str) -> None:
        self.calls.append(("run", text))
        if self.auto:
            self.go_live(text)

    def stop(self) -> None:
        self.calls.append(("stop",))
        self.change(state=ENDED, live=False)

    def clear(self, name: str) -> None:
        self.calls.append(("clear", name))

    def signal(self) -> None:
        self.calls.append(("signal",))

    def close(self) -> "Frame | None":
        self.calls.append(("close",))
        return self.last

    # What a test says

    def change(self, **fields) -> None:
        self.status = self.status.replace(**fields)
        assert self.listener
        self.listener.on_status(self.status)

    def go_live(self, text: str, attached: int = 1) -> None:
        self.change(state=CHECKING)
        self.diagnose()
        self.change(state=ATTACHING, total=attached)
        self.change(state=LIVE, run=self.status.run + 1, live=True, attached=attached, total=attached, started=START, text=text)

    def diagnose(self, *diagnostics: Diagnostic) -> None:
        assert self.listener
        self.listener.on_diagnostics(diagnostics)

    def fail(self, *diagnostics: Diagnostic) -> None:
        """The newest text has errors; a trace before it goes on."""
        self.change(state=CHECKING)
        self.diagnose(*diagnostics)
        self.change(state=LIVE if self.status.live else IDLE)

    def show(self, frame_: Frame) -> None:
        self.last = frame_
        assert self.listener
        self.listener.on_frame(self.status.run, frame_)

    def say(self, *events: Event) -> None:
        assert self.listener
        self.listener.on_events(self.status.run, list(events))


class ScriptedReplay(ScriptedController):
    """What a test says is a recording of a minute."""

    replaying = True
    speed = 1.0
    span = (START, START + 60 * SECOND)

    def change(self, **fields) -> None:
        super().change(**{**fields, "state": REPLAY if fields.get("state") == LIVE else fields.get("state", self.status.state)})

    def end(self) -> None:
        self.calls.append(("end",))


READS = """\
tracepoint:syscalls:sys_enter_read {
  @start[tid] = nsecs;
}
tracepoint:syscalls:sys_exit_read /@start[tid]/ {
  @us[comm] = hist((nsecs - @start[tid]) / 1000);
  @calls[comm] = count();
  @size = lhist(args.ret, 0, 8192, 1024);
  if (args.ret > 60000) {
    printf("big %s %d\\n", comm, args.ret);
  }
  delete(@start[tid]);
}
profile:hz:99 { @on[kstack, comm] = count(); }
"""


def hist_us(scale: int) -> MapSnapshot:
    bell = {4: 11, 5: 120, 6: 2210, 7: 9120, 8: 20411, 9: 12087, 10: 6120, 11: 1404, 12: 611, 13: 2980, 14: 3502, 15: 214}
    names = {"postgres": 1, "nginx": 3, "sshd": 20, "cron": 200}
    rows = {
        name: {bucket: count * scale // part for bucket, count in bell.items() if count * scale // part} for name, part in names.items()
    }
    return snapshot("@us", String(size=16), Histogram(), rows)


def calls(scale: int) -> MapSnapshot:
    counts = {"postgres": 88460, "nginx": 31007, "sshd": 4410, "systemd-journal": 1204, "node_exporter": 998, "cron": 17, "bash": 3}
    return snapshot("@calls", String(size=16), Count(), {name: count * scale // 10 for name, count in counts.items()})


def size(scale: int) -> MapSnapshot:
    counts = {0: 7, 1: 6120, 2: 1404, 3: 611, 5: 2980, 7: 88, 9: 3502}
    return snapshot("@size", None, LinearHistogram(minimum=0, maximum=8192, step=1024), {None: {k: v * scale for k, v in counts.items()}})


def stacks(scale: int) -> MapSnapshot:
    syscall = ("do_syscall_64", "entry_SYSCALL_64_after_hwframe")
    idle = ("do_idle", "cpu_startup_entry", "start_secondary")
    rows = {
        (stack("copyout", "filemap_read", "ext4_file_read_iter", "vfs_read", "ksys_read", *syscall), "postgres"): 1580,
        (stack("filemap_get_pages", "filemap_read", "ext4_file_read_iter", "vfs_read", "ksys_read", *syscall), "postgres"): 412,
        (stack("sock_recvmsg", "sock_read_iter", "vfs_read", "ksys_read", *syscall), "nginx"): 375,
        (stack("schedule", "futex_wait_queue", "futex_wait", "do_futex", "__x64_sys_futex", *syscall), "postgres"): 831,
        (stack("tcp_sendmsg", "sock_write_iter", "vfs_write", "ksys_write", *syscall), "nginx"): 240,
        (stack("intel_idle", "cpuidle_enter_state", "cpuidle_enter", *idle), "swapper/0"): 707,
    }
    key = make_tuple((Stack(space="kernel"), String(size=16)))
    return snapshot("@on", key, Count(), {k: v * scale // 10 for k, v in rows.items()})


def start_map(scale: int) -> MapSnapshot:
    return snapshot("@start", UINT64, UINT64, {4000 + n: 81_000_000_000 * n + scale for n in range(scale % 3)})


def reads_frame(second: int, **counters) -> Frame:
    """What READS would show after so many seconds."""
    maps = (start_map(second), hist_us(second), calls(second), size(second), stacks(second))
    return frame(second, *maps, runs=second * 19_000, **counters)


HOSTILE = (
    "\x1b]0;evil\x07",
    "\x1b[31mred",
    "[bold]markup[/]",
    "日本語",
    "e\u0301te\u0301",
    "\u202ereversed",
    "\udcff\udcfe",
    "long" * 1000,
)


def hostile_frame(second: int) -> Frame:
    """Keys that want to be more than text."""
    names = {name: second * (9 - at) for at, name in enumerate(HOSTILE)}
    stacked = {(stack(name, "entry"), name): 1 for name in HOSTILE}
    key = make_tuple((Stack(space="kernel"), String(size=16)))
    return frame(second, snapshot("@calls", String(size=64), Count(), names), snapshot("@on", key, Count(), stacked), runs=second)


def averages() -> "list[MapSnapshot]":
    """A map of each kind that becomes a table."""
    name = String(size=16)
    return [
        snapshot("@average", name, Average(), {"cat": (1000, 3), "dd": (90, 90)}),
        snapshot("@stats", name, Stats(), {"cat": (1000, 3), "dd": (90, 90)}),
        snapshot("@sum", make_tuple((UINT64, name)), Sum(), {(7, "cat"): -12, (3, "dd"): 1_234_567}),
        snapshot("@last", None, UINT64, {None: 42}),
    ]
