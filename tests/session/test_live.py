"""The controller on the running kernel: what a front end is told, in which order."""

import threading

import pytest

from bttui.render.text import event_text, formatted
from bttui.session import live, session
from bttui.session.live import LiveController
from bttui.session.options import Options

pytestmark = pytest.mark.live


class Listener:
    """Remembers all reports; ``until`` waits for one."""

    def __init__(self):
        self.reports = []
        self._news = threading.Condition()

    def _add(self, *report):
        with self._news:
            self.reports.append(report)
            self._news.notify_all()

    def on_status(self, status):
        self._add("status", status)

    def on_frame(self, run, frame):
        self._add("frame", run, frame)

    def on_events(self, run, events):
        self._add("events", run, events)

    def on_diagnostics(self, diagnostics):
        self._add("diagnostics", diagnostics)

    def until(self, fits):
        """The first report that fits, as soon as there is one."""
        found = []

        def there():
            found[:] = [report for report in self.reports if fits(*report)]
            return bool(found)

        with self._news:
            assert self._news.wait_for(there, 60), self.reports
        return found[0]

    def state(self, state, run=None):
        return self.until(lambda kind, *rest: kind == "status" and rest[0].state == state and run in (None, rest[0].run))[1]

    def text(self, run):
        return "".join(event_text(event) for kind, *rest in list(self.reports) if kind == "events" and rest[0] == run for event in rest[1])

    def frames(self, run):
        return [rest[1] for kind, *rest in list(self.reports) if kind == "frame" and rest[0] == run]


@pytest.fixture
def started(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    controllers = []

    def start(**options):
        controller, listener = LiveController(Options(interval=0.05, **options), formatted), Listener()
        controller.listen(listener)
        controllers.append(controller)
        return controller, listener

    yield start
    for controller in controllers:
        controller.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith(("control", "reader"))] == []


def test_a_signal_runs_its_probe(started):
    controller, listener = started()
    controller.signal()  # nobody is there to hear it
    controller.run('self:signal:SIGUSR1 { @n++; printf("heard %d\\n", @n); if (@n == 2) { exit(); } } interval:s:100 { }')
    run = listener.state("live").run
    controller.signal()
    listener.until(lambda *_: "heard 1\n" in listener.text(run))
    controller.signal()
    listener.state("ended", run)
    controller.signal()
    assert listener.text(run).endswith("heard 1\nheard 2\n")


def test_a_trace_from_its_start_to_its_end(started, load):
    controller, listener = started()
    with load.start("syscalls", 500) as waiting:
        program = f'tracepoint:syscalls:sys_enter_getppid /pid == {waiting.pid}/ {{ @ = count(); }} END {{ printf("bye\\n"); }}'
        controller.run(program)
        live = listener.state("live")
        assert (live.run, live.live, live.attached, live.total, live.text) == (1, True, 2, 2, program)
        assert live.names == ("tracepoint:syscalls:sys_enter_getppid", "end")
        waiting.go()
        listener.until(lambda kind, *rest: kind == "frame" and rest[1].maps["@"].rows == [(None, 500)])
    controller.stop()
    ended = listener.state("ended")
    assert (ended.run, ended.live) == (1, False)
    states = [rest[0].state for kind, *rest in listener.reports if kind == "status"]
    assert [state for state, before in zip(states, [None, *states], strict=False) if state != before] == [
        *("checking", "attaching", "live", "stopping", "ended")
    ]
    assert listener.text(1).endswith("bye\n")
    assert controller.close().maps["@"].rows == [(None, 500)]


def test_a_text_with_an_error_leaves_the_trace_alone(started):
    controller, listener = started()
    controller.run('BEGIN { @ = 1; } interval:ms:10 { printf("tick\\n"); }')
    listener.state("live")
    controller.run("BEGIN { nonsense(); }")
    _, diagnostics = listener.until(lambda kind, *rest: kind == "diagnostics" and rest[0])
    assert "nonsense" in diagnostics[0].message and diagnostics[0].span.start == 8
    listener.until(lambda kind, *rest: controller.status.state == "live")
    assert (controller.status.run, controller.status.live, controller.status.state) == (1, True, "live")
    seen = len(listener.frames(1))
    listener.until(lambda kind, *rest: len(listener.frames(1)) > seen + 2)


def test_a_new_trace_takes_over_when_it_is_attached(started):
    controller, listener = started()
    controller.run('interval:ms:10 { @old = count(); } END { printf("old is over\\n"); }')
    listener.state("live", 1)
    controller.run("interval:ms:10 { @new = count(); }")
    listener.state("live", 2)
    listener.until(lambda kind, *rest: kind == "frame" and rest[0] == 2)
    assert listener.text(1).endswith("old is over\n")
    runs = [rest[0] for kind, *rest in listener.reports if kind == "frame"]
    assert runs == sorted(runs) and set(listener.frames(2)[0].maps) == {"@new"}


def test_only_the_newest_of_many_requests_counts(started):
    controller, listener = started()
    for number in range(5):
        controller.run(f"interval:s:100 {{ }} BEGIN {{ @ = {number}; }}")
    listener.until(lambda kind, *rest: kind == "frame" and rest[1].maps["@"].rows == [(None, 4)])
    assert controller.status.state == "live"


def test_a_map_that_is_cleared_is_empty_at_once_and_counts_on(started, load):
    controller, listener = started()
    controller.clear("@")  # nothing is live: nothing happens
    with load.start("syscalls", "1000") as first, load.start("syscalls", "7") as second:
        controller.run(f"tracepoint:raw_syscalls:sys_enter /pid == {first.pid} || pid == {second.pid}/ {{ @ = count(); @kept = count(); }}")
        listener.state("live")
        before = first.go()["total"]
        _, _, full = listener.until(lambda kind, *rest: kind == "frame" and rest[1].maps["@"].rows == [(None, before)])
        controller.clear("@")
        listener.until(lambda kind, *rest: kind == "frame" and rest[1].sequence > full.sequence and not rest[1].maps["@"].rows)
        after = second.go()["total"]
    controller.stop()
    listener.state("ended")
    last = listener.frames(1)[-1].maps
    assert (last["@"].rows, last["@kept"].rows) == ([(None, after)], [(None, before + after)])


def test_stopping_what_is_being_checked(started):
    controller, listener = started()
    controller.run("tracepoint:syscalls:sys_enter_* { @[probe] = count(); }")
    controller.stop()
    listener.state("idle", 0)
    listener.until(lambda kind, *rest: controller.status.state == "idle")
    assert not any(kind == "status" and rest[0].live for kind, *rest in listener.reports)


def test_a_program_that_ends_itself(started):
    controller, listener = started()
    controller.run('BEGIN { printf("%d\\n", 6 * 7); @ = 3; }')
    assert listener.state("ended").live is False
    assert listener.text(1).endswith("42\n")
    assert listener.frames(1)[-1].maps["@"].rows == [(None, 3)]


def test_the_output_of_a_command_is_told_and_it_reads_nothing(started):
    controller, listener = started(command="cat /proc/self/comm -")
    controller.run("interval:s:100 { }")
    listener.state("ended")
    assert "cat\n" in listener.text(1)


def test_a_command_that_never_stops_writing_does_not_hold_up_the_end(started):
    controller, listener = started(command="yes")
    controller.run("interval:s:100 { }")
    run = listener.state("live").run
    listener.until(lambda *_: "y\n" in listener.text(run))
    controller.stop()
    listener.state("ended", run)
    *_, last = (rest[1] for kind, *rest in listener.reports if kind == "events")
    assert sum(len(event.text) for event in last if event.kind == "child") <= session.PIPE


def test_a_command_that_closes_its_output_before_it_ends(started, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo last\nexec >&- 2>&-\nsleep 0.3\n")
    controller, listener = started(command=f"sh {script}")
    controller.run("interval:s:100 { }")
    listener.state("ended")
    assert "last\n" in listener.text(1)
    assert [report for report in listener.reports if report[0] == "diagnostics" and report[1]] == []


def test_what_cannot_be_attached_is_told(started):
    controller, listener = started(pid=1 << 22)
    controller.run("BEGIN { }")
    _, diagnostics = listener.until(lambda kind, *rest: kind == "diagnostics" and rest[0])
    assert diagnostics[0].message == "Failed to attach to pid: Unable to open pidfd (No such process)"
    listener.state("idle")


def test_nothing_is_live_before_anything_ran(started):
    controller, _ = started()
    controller.stop()
    assert controller.close() is None


class Clocks:
    """In the place of the module ``time``: ``wall`` and ``own`` are seconds, of everybody and of the thread."""

    def __init__(self):
        self.wall = self.own = 0.0

    def monotonic(self):
        return self.wall

    def thread_time(self):
        return self.own

    def time_ns(self):
        return int(self.wall * 1e9)


@pytest.mark.parametrize(("own", "times"), [(0.01, [0, 2, 4, 6]), (2.0, [0, 10, 20, 30])])
def test_frames_wait_for_what_they_cost_and_not_for_what_others_take(monkeypatch, own, times):
    """Each takes 2 s to read, of which the thread itself works for ``own``; the interval is 1 s."""
    clocks, frames = Clocks(), []
    monkeypatch.setattr(live, "time", clocks)

    class Scripted:
        attached, over = 1, False

        def frame(self):
            frames.append(clocks.wall)
            clocks.wall, clocks.own = clocks.wall + 2, clocks.own + own
            self.over = len(frames) == len(times)

        def poll(self, seconds):
            clocks.wall += seconds
            return []

    controller = live.LiveController(Options(interval=1.0), formatted)
    live.Reader(controller, 1, Scripted(), None, None)._read()
    controller.close()
    assert frames == pytest.approx(times)
