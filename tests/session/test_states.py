"""The states of the controllers: whatever is asked in whatever order, what is said and what is held fits together."""

import threading
import time
from contextlib import nullcontext
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from support import eventually
from widgets.scripted import reads_frame

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.session import live
from bttui.session.controller import ATTACHING, CHECKING, ENDED, IDLE, LIVE, REPLAY, STOPPING, Status
from bttui.session.options import Options
from bttui.session.replay import ReplayController

# What may be said after what, about the newest request.
FOLLOWS = {
    IDLE: {IDLE, CHECKING},
    CHECKING: {CHECKING, ATTACHING, LIVE, ENDED, IDLE},
    ATTACHING: {ATTACHING, LIVE, CHECKING, ENDED, IDLE},
    LIVE: {LIVE, CHECKING, STOPPING, ENDED},
    STOPPING: {STOPPING, ENDED, CHECKING},
    ENDED: {ENDED, CHECKING},
}


class FakeSession:
    """Attaches at once, and runs until it is asked to stop or ends by itself."""

    made: "list[FakeSession]" = []

    def __init__(self, program, host, options, *rest):
        self.program, self.over, self.closed, self.attached = program, False, False, len(program.attachments)
        FakeSession.made.append(self)

    def start(self):
        if self.over:
            raise live.Stopped
        if "refused" in self.program.source:
            raise DiagnosticError(Diagnostic("refused by the kernel"))

    def request_stop(self):
        self.over = True

    def frame(self):
        return reads_frame(1)

    def poll(self, timeout):
        time.sleep(min(timeout, 0.001))
        return []

    def stop(self):
        return []

    def close(self):
        self.closed = True


def fake_compile(options, host, stop=-1):
    if "wrong" in options.text:
        raise DiagnosticError(Diagnostic("wrong"))
    return SimpleNamespace(source=options.text, warnings=(), attachments=[SimpleNamespace(name="probe")])


class Heard:
    def __init__(self):
        self.statuses = [Status()]
        self.runs = []

    def on_status(self, status):
        self.statuses.append(status)

    def on_frame(self, run, frame):
        self.runs.append(run)

    def on_events(self, run, events):
        self.runs.append(run)

    def on_diagnostics(self, diagnostics):
        pass


class LiveStates(RuleBasedStateMachine):
    """``runs`` programs went live; ``living`` says that one is."""

    def __init__(self):
        super().__init__()
        FakeSession.made = []
        self.heard = Heard()
        self.controller = live.LiveController(Options(interval=0.01), lambda *_: "")
        self.controller.listen(self.heard)
        self.runs, self.living, self.expected = 0, False, IDLE

    def settled(self):
        eventually(lambda: (self.controller.status.state, self.controller.status.run) == (self.expected, self.runs))

    def resting(self):
        return LIVE if self.living else ENDED if self.runs else IDLE

    @rule()
    def run(self):
        self.controller.run("good")
        self.runs, self.living, self.expected = self.runs + 1, True, LIVE
        self.settled()

    @rule(text=st.sampled_from(["wrong", "refused"]))
    def fail(self, text):
        before = len(self.heard.statuses)
        self.controller.run(text)
        self.expected = self.resting()
        eventually(lambda: len(self.heard.statuses) > before + 1)
        self.settled()

    @rule(count=st.integers(2, 4))
    def hurry(self, count):
        """Several wishes at once: the last one counts, and those before leave nothing behind."""
        for number in range(count):
            self.controller.run(f"good {self.runs} {number}")
        eventually(lambda: self.controller.status.state == LIVE and self.controller.status.text == f"good {self.runs} {count - 1}")
        self.runs, self.living, self.expected = self.controller.status.run, True, LIVE
        assert sum(not session.closed for session in FakeSession.made) == 1

    @rule()
    def stop(self):
        self.controller.stop()
        self.living, self.expected = False, ENDED if self.runs else IDLE
        self.settled()

    @precondition(lambda self: self.living)
    @rule()
    def end(self):
        next(session for session in reversed(FakeSession.made) if not session.closed).over = True
        self.living, self.expected = False, ENDED
        self.settled()

    @invariant()
    def what_was_said_fits(self):
        statuses = list(self.heard.statuses)
        for one, next_ in pairwise(statuses):
            assert next_.state in FOLLOWS[one.state], (one, next_)
            assert next_.run - one.run in (0, 1)
            assert next_.live or next_.state not in (LIVE, STOPPING)
        assert self.controller.status.live == self.living

    def teardown(self):
        last = self.controller.close()
        assert (last is not None) == bool(self.runs)
        assert all(session.closed for session in FakeSession.made)
        assert not [t for t in threading.enumerate() if t.name.startswith(("control", "reader"))]
        assert self.heard.runs == sorted(self.heard.runs)  # nothing of an older run after a newer one


@pytest.fixture(autouse=True)
def fakes(monkeypatch):
    monkeypatch.setattr(live, "Session", FakeSession)
    monkeypatch.setattr(live, "RunStatistics", nullcontext)
    monkeypatch.setattr(live, "compile_text", fake_compile)


def test_live_states():
    run_state_machine_as_test(LiveStates, settings=settings(max_examples=40, stateful_step_count=12, phases=[Phase.generate]))


class Endless:
    """A recording that never ends by itself."""

    header = {"interval": 1.0}
    path = "a.bttui"
    damaged = False
    span = (1, 1_000_000)

    def play(self):
        yield Status(LIVE, 1, True, 1, 1, ("probe",), 1, "text")
        for second in range(1, 1_000_000):
            yield reads_frame(1).replace(sequence=second, wall=second)


class ReplayStates(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.heard = Heard()
        self.controller = ReplayController(Endless(), speed=1.0)
        self.controller.listen(self.heard)
        self.runs, self.expected = 0, IDLE

    @rule()
    def run(self):
        self.controller.run("whatever")
        self.runs, self.expected = self.runs + 1, REPLAY
        eventually(lambda: self.controller.status.state == REPLAY and self.controller.status.run == self.runs)

    @rule()
    def stop(self):
        self.controller.stop()
        self.expected = ENDED if self.runs else IDLE

    @invariant()
    def fits(self):
        assert self.controller.status.state == self.expected
        assert self.controller.status.live == (self.expected == REPLAY)

    def teardown(self):
        self.controller.close()
        assert not [t for t in threading.enumerate() if t.name == "replay"]


def test_replay_states():
    run_state_machine_as_test(ReplayStates, settings=settings(max_examples=20, stateful_step_count=8))
