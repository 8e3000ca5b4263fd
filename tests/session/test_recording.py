"""Recordings: whatever a trace told comes back from the file, whatever happened to the file."""

import os
import signal
import subprocess
import tempfile
import threading
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model.maps import VALUES, runs
from model.test_timeline import MOVES
from support import COMMAND, eventually
from widgets.scripted import SECOND, START, ScriptedController, frame, message, printed, reads_frame, snapshot

from bttui.cli import run_command
from bttui.model.diagnostic import DiagnosticError
from bttui.model.difference import subtract
from bttui.model.frame import Event, Written
from bttui.model.history import Packer
from bttui.model.program import Argument, Output
from bttui.model.timeline import Timeline
from bttui.model.types import INT64, UINT64, Buffer, Count, String
from bttui.render.export import Export, suiting
from bttui.render.text import event_text
from bttui.session import replay
from bttui.session.controller import ENDED, LIVE, REPLAY, Status
from bttui.session.recording import HEADER, WHOLE_EVERY, Recorder, Recording, demo
from bttui.session.replay import ReplayController, moment
from bttui.session.tee import Tee

STATUS = Status(LIVE, 1, True, 1, 1, ("probe",), START, "probe { }")


class Heard:
    """A Listener that keeps everything."""

    def __init__(self):
        self.statuses, self.frames, self.events, self.diagnostics = [], [], [], []

    def on_status(self, status):
        self.statuses.append(status)

    def on_frame(self, run, frame_):
        self.frames.append(frame_)

    def on_events(self, run, events):
        self.events += events

    def on_diagnostics(self, diagnostics):
        self.diagnostics += diagnostics


def same(one, other):
    """Frames are equal; rows have no order."""
    assert one.replace(maps={}) == other.replace(maps={})
    assert {name: (m.spec, dict(m.rows)) for name, m in one.maps.items()} == {
        name: (m.spec, dict(m.rows)) for name, m in other.maps.items()
    }


def record(path, *parts, ended=True):
    recorder = Recorder(str(path), {"command": ["-e", "x"]})
    recorder.program(STATUS)
    for part in parts:
        recorder.events(part) if isinstance(part, list) else recorder.frame(part)
    if ended:
        recorder.close()
    return recorder


def replayed(path):
    heard = Heard()
    controller = ReplayController(Recording(str(path)), speed=0)
    controller.listen(heard)
    controller.run("")
    controller._thread.join()
    return heard


def shown(frame_):
    """Everything that the frame can be exported as."""
    ordered = [m.replace(rows=sorted(m.rows, key=repr)) for m in frame_.maps.values()]
    return {each.name: each.write(Export(ordered)) for each in suiting(ordered)}


def timeline(frames):
    """As the dashboard keeps them."""
    found, packer = Timeline(), Packer()
    for frame_ in frames:
        found.history.add(packer.pack(frame_), frame_)
    return found


def seen(timeline_):
    """All that panes are given of the moment: its maps, those before and those to compare with, rates, and the past."""
    view = timeline_.view("@")
    maps = [view.snapshot, view.earlier, view.base, *(snapshot_ for _, snapshot_ in view.past())]
    return (
        timeline_.place,
        timeline_.range,
        timeline_.frame.counters,
        view.seconds,
        view.apart,
        [None if m is None else {repr(key): value for key, value in m.rows} for m in maps],
        shown(timeline_.frame),
        shown(frame(1, view.snapshot)),
    )


@pytest.mark.parametrize("value", sorted(VALUES))
@settings(max_examples=25)
@given(data=st.data(), moves=MOVES)
def test_live_and_from_a_file_are_the_same(value, data, moves):
    """Pause, steps, times, marks, ranges, differences and exports of every kind of map, by the same functions."""
    frames = data.draw(runs(value=value))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.bttui"
        record(path, *frames)
        again = replayed(path).frames
        assert len(again) == len(frames)
        for one, other in zip(frames, again, strict=True):
            same(one, other)
        live, file = timeline(frames), timeline(again)
        for name, *arguments in moves:
            for each in (live, file):
                getattr(each, name)(*arguments)
            assert seen(live) == seen(file)
        later, earlier = data.draw(st.integers(0, len(frames) - 1)), data.draw(st.integers(0, len(frames) - 1))
        between, as_read = subtract(frames[later], frames[earlier]), subtract(again[later], again[earlier])
        same(between, as_read)
        assert shown(between) == shown(as_read)
        _, found = Recording(str(path)).frame_at(frames[later].wall)
        same(frames[later], found)


def test_a_frame_in_the_middle_needs_no_more_than_the_last_whole_one(tmp_path):
    frames = [frame(n, snapshot("@", UINT64, Count(), {n % 7: n, 100: n // 50})) for n in range(3 * WHOLE_EVERY)]
    record(tmp_path / "a", *frames)
    recording = Recording(str(tmp_path / "a"))
    for n in (0, 1, WHOLE_EVERY - 1, WHOLE_EVERY, 2 * WHOLE_EVERY + 7, len(frames) - 1):
        same(recording.frame_at(frames[n].wall + SECOND // 2)[1], frames[n])
    same(recording.frame_at(0)[1], frames[0])
    assert recording.span == (frames[0].wall, frames[-1].wall)


def test_events_and_programs_come_back(tmp_path):
    events = [printed("a\udcff\n", 1), message("lost", "lost 3", 2), printed("b\n", 3).replace(map=snapshot("@", None, UINT64, {None: 1}))]
    record(tmp_path / "a", events, frame(1), events)
    heard = replayed(tmp_path / "a")
    assert heard.events == events * 2
    assert [(s.state, s.text) for s in heard.statuses] == [(REPLAY, "probe { }"), (ENDED, "probe { }")]
    assert heard.diagnostics == []
    assert Recording(str(tmp_path / "a")).totals == {"frames": 1, "events": 6}


@pytest.mark.parametrize(("type_", "values"), [(String(), ["a\udcff", "b"]), (INT64, [-1, 2**62]), (Buffer(), [b"\xff", b""])], ids=repr)
def test_events_that_are_printed_at_once_are_recorded_as_the_others(tmp_path, type_, values):
    output = Output("printf", "%s", (Argument(type_, 8),))
    events = [Event("printf", START, output, (value,)) for value in values]
    recorder = Recorder(str(tmp_path / "a"), {})
    recorder.program(STATUS)
    recorder.events(events)
    recorder.many_events(Written("", output, [(value,) for value in values], START))
    recorder.close()
    assert replayed(tmp_path / "a").events == events * 2
    assert Recording(str(tmp_path / "a")).totals["events"] == 2 * len(values)


def test_bytes_are_data_too(tmp_path):
    made = frame(1, snapshot("@", Buffer(), Count(), {b"\x00\xff": 1}))
    record(tmp_path / "a", made)
    assert replayed(tmp_path / "a").frames == [made]


def test_only_its_owner_may_read_it(tmp_path):
    (tmp_path / "a").write_text("old")
    os.chmod(tmp_path / "a", 0o644)
    record(tmp_path / "a")
    assert os.stat(tmp_path / "a").st_mode & 0o777 == 0o600


@settings(max_examples=40)
@given(cut=st.integers(0, 3000), flip=st.booleans())
def test_a_torn_or_damaged_file_gives_what_is_before(cut, flip):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a"
        frames = [reads_frame(n) for n in range(1, 6)]
        record(path, *frames)
        data = path.read_bytes()
        at = cut % len(data)
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :] if flip else data[:at])
        try:
            heard = replayed(path)
        except DiagnosticError as reason:
            assert at < 200, reason  # nothing but the header
            return
        assert heard.statuses[-1].state == ENDED
        assert len(heard.frames) <= len(frames)
        for one, other in zip(frames, heard.frames, strict=False):
            same(one, other)
        assert heard.diagnostics or len(heard.frames) == len(frames)


def test_a_recording_comes_through_a_pipe(tmp_path):
    frame = reads_frame(1)
    record(tmp_path / "a", frame)
    reader, writer = os.pipe()
    os.write(writer, (tmp_path / "a").read_bytes())  # less than a pipe holds
    os.close(writer)
    (heard,) = replayed(f"/dev/fd/{reader}").frames
    os.close(reader)
    same(frame, heard)


def test_brackets_without_end_are_damage(tmp_path):
    record(tmp_path / "a", reads_frame(1))
    wall, data = 1, zlib.compress(b"[" * 100_000 + b"]" * 100_000)
    packed = HEADER.pack(len(data), zlib.crc32(data, zlib.crc32(b"F" + wall.to_bytes(8, "little"))), b"F", wall)
    with open(tmp_path / "a", "ab") as file:
        file.write(packed + data)
    recording = Recording(str(tmp_path / "a"))
    with pytest.raises(DiagnosticError, match="is damaged"):
        list(recording.play())


def test_what_is_no_recording(tmp_path):
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "newer").write_text("bttui recording 99\n")
    for name, words in (("text", "is not a recording"), ("newer", "newer bttui"), ("none", "No such file")):
        with pytest.raises(DiagnosticError, match=words):
            Recording(str(tmp_path / name))
    with pytest.raises(DiagnosticError, match="cannot record"):
        Recorder(str(tmp_path / "no" / "such"), {})


def test_eight_hours_hold_no_more_than_a_minute(tmp_path):
    """Keys that come and go are forgotten by recorder and reader alike."""
    mode = os.stat("/dev/null").st_mode
    recorder = Recorder("/dev/null", {})
    assert os.stat("/dev/null").st_mode == mode
    recorder.program(STATUS)
    most = 0
    for n in range(8 * 3600):
        recorder.frame(frame(n, snapshot("@", String(size=16), Count(), {f"key {n}": 1, "stays": n})))
        most = max(most, len(recorder._maps["@"]._numbers))
    assert most == WHOLE_EVERY + 1
    recorder.close()


def teed(*sinks):
    """A scripted trace whose reports go to the sinks and to what is Heard."""
    trace, heard = ScriptedController(), Heard()
    tee = Tee(heard)
    for sink in sinks:
        tee.add(sink)
    trace.listen(tee)
    return trace, tee, heard


@pytest.fixture
def small_disk(monkeypatch):
    """A function that lets a recorder write so many bytes more."""
    write = os.write

    def limit(recorder, room):
        def full(fd, data):
            nonlocal room
            if fd != recorder._fd:
                return write(fd, data)
            if not room:
                raise OSError(28, "No space left on device")
            done = write(fd, data[:room])
            room -= done
            return done

        monkeypatch.setattr(os, "write", full)

    return limit


def test_a_full_disk_ends_the_recording_and_not_the_trace(tmp_path, small_disk):
    recorder = Recorder(str(tmp_path / "a"), {})
    trace, tee, heard = teed(recorder)
    trace.run("probe { }")
    trace.show(reads_frame(1))
    small_disk(recorder, 100)
    for n in (2, 3, 4):
        trace.show(reads_frame(n))
    assert [f.sequence for f in heard.frames] == [1, 2, 3, 4]
    assert [event.text for event in heard.events] == [f"recording to {tmp_path}/a ended: No space left on device; the trace goes on"]
    assert trace.status.state == LIVE
    tee.close()
    assert [f.sequence for f in replayed(tmp_path / "a").frames] == [1]


def test_two_programs_in_one_recording(tmp_path):
    trace, tee, _ = teed(Recorder(str(tmp_path / "a"), {}))
    for n, text in enumerate(("one", "two"), 1):
        trace.run(text)
        trace.show(reads_frame(n))
    tee.close()
    heard = replayed(tmp_path / "a")
    assert [(s.run, s.text) for s in heard.statuses if s.state == REPLAY] == [(1, "one"), (2, "two")]
    same(heard.frames[1], reads_frame(2))
    status, _ = Recording(str(tmp_path / "a")).frame_at(START + SECOND)
    assert status.text == "one"


def test_recordings_come_and_go_while_a_trace_runs(tmp_path):
    """Each begins with what the maps held last; one that began after the end has the end."""
    trace, tee, _ = teed()
    trace.run("one")
    trace.show(reads_frame(1))
    first = Recorder(str(tmp_path / "a"), {})
    tee.add(first)
    trace.say(printed("hello\n"))
    trace.show(reads_frame(2))
    assert (first.frames, first.seconds) == (2, 1.0)
    tee.remove(first)
    assert first.size == os.path.getsize(tmp_path / "a")
    trace.show(reads_frame(3))
    trace.stop()
    second = Recorder(str(tmp_path / "b"), {})
    tee.add(second)
    tee.remove(second)
    for name, sequences, events in (("a", [1, 2], ["hello\n"]), ("b", [3], [])):
        heard = replayed(tmp_path / name)
        assert [f.sequence for f in heard.frames] == sequences and [e.values[0] for e in heard.events] == events
        assert heard.statuses[0].text == "one" and heard.diagnostics == []


def test_a_recording_of_nothing_is_one(tmp_path):
    _, tee, _ = teed(Recorder(str(tmp_path / "a"), {}))
    tee.close()
    heard = replayed(tmp_path / "a")
    assert (heard.frames, heard.diagnostics) == ([], [])


@pytest.fixture
def slow_replay(tmp_path, monkeypatch):
    """(controller, Heard) of a recording that takes hours, and has shown its first frame."""
    monkeypatch.setattr(replay, "LONGEST_GAP", 1e9)
    record(tmp_path / "a", *[reads_frame(n * 3600) for n in range(1, 4)])
    heard = Heard()
    controller = ReplayController(Recording(str(tmp_path / "a")))
    first = threading.Event()
    show, heard.on_frame = heard.on_frame, lambda *report: (show(*report), first.set())
    controller.listen(heard)
    controller.run("")
    assert first.wait(60)
    yield controller, heard
    controller.close()


@pytest.mark.parametrize("change", [{"speed": 1e9}, {"speed": 0}])
def test_the_speed_of_a_replay_changes_while_it_waits(slow_replay, change):
    controller, heard = slow_replay
    assert len(heard.frames) == 1
    for name, value in change.items():
        setattr(controller, name, value)
    controller._thread.join(60)
    assert len(heard.frames) == 3 and controller.status.state == ENDED


def test_the_rest_of_a_replay_at_once_and_again_from_the_beginning(slow_replay):
    controller, heard = slow_replay
    controller.end()
    controller._thread.join(60)
    assert len(heard.frames) == 3
    controller.run("")  # once more, as slow as before
    eventually(lambda: len(heard.frames) >= 4)
    assert controller.status.state == REPLAY and len(heard.frames) == 4


def test_a_replay_takes_as_long_as_its_speed_says(monkeypatch):
    """On a clock that goes on by what is waited for; a pause takes LONGEST_GAP at most."""

    class Clock:
        now = 0.0

        def wait(self, seconds):
            Clock.now += min(seconds, 0.3)  # woken now and then

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    monkeypatch.setattr(replay.time, "monotonic", lambda: Clock.now)
    controller = ReplayController(Recording(demo()), speed=2)
    controller._changed = Clock()
    for seconds, waited in ((3, 1.5), (100, replay.LONGEST_GAP), (-1, 0), (0, 0)):
        Clock.now = 0.0
        controller._wait(seconds, threading.Event())
        assert Clock.now == pytest.approx(waited)


@pytest.mark.parametrize(
    ("text", "seconds"), [("+30s", 30), ("+1.5", 1.5), ("-10s", 290), ("22:14", 40), ("22:14:05", 45), ("22:13:20", 0)]
)
def test_times_in_words(text, seconds, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert moment(text, START, START + 300 * SECOND) == START + int(seconds * SECOND)


@pytest.mark.parametrize("text", ["", "12", "noon", "+", "1:2:3:4", "-x"])
def test_no_times(text):
    with pytest.raises(ValueError):
        moment(text, START, START)


@pytest.mark.live
def test_a_trace_in_a_pipe_is_recorded_and_dumped(bttui, load, tmp_path):
    path = str(tmp_path / "a.bttui")
    with load.start("syscalls", "1000") as waiting:
        program = f'tracepoint:raw_syscalls:sys_enter /pid == {waiting.pid}/ {{ @ = count(); @by[args.id] = count(); }} END {{ printf("bye\\n"); }}'
        result, did = bttui.trace(program, "--record", path, work=waiting.go)
    assert f"@: {did['total']}\n" in result.stdout
    assert sorted(bttui("dump", path).stdout.split()) == sorted(result.stdout.partition("bye\n")[2].split())
    assert bttui("dump", path, "--map", "@").stdout == f"@: {did['total']}\n"
    first = dict(replayed(path).frames[0].maps["@"].rows)  # how much was done by then is the scheduler's business
    assert bttui("dump", path, "--map", "@", "--at", "+0").stdout == f"@: {first.get(None, 0)}\n"
    assert bttui("dump", path, "--map", "@", "-f", "json").stdout == f'{{"type": "map", "data": {{"@": {did["total"]}}}}}\n'
    assert [e.values for e in replayed(path).events if e.kind == "printf"] == [()]


@pytest.mark.live
def test_what_a_pipe_got_is_in_the_recording_in_its_order(bttui, tmp_path):
    path = str(tmp_path / "a.bttui")
    program = 'BEGIN { for ($i : 0..3) { printf("%d\\n", $i); } time("now\\n"); printf("%s\\n", "x"); print((7, "y")); exit(); }'
    result = bttui("-B", "full", "--record", path, "-e", program)
    heard = replayed(path)
    assert result.stdout.rstrip("\n") + "\n" == "".join(event_text(event) for event in heard.events) == "0\n1\n2\nnow\nx\n(7, y)\n"


@pytest.mark.live
def test_entries_of_maps_that_are_printed_mean_the_same_each_time(bttui, tmp_path):
    """A recording holds what they mean once, however many there are."""
    path = str(tmp_path / "a.bttui")
    program = "BEGIN { @x[1] = count(); for ($i : 0..20) { print(@x[1]); } exit(); }"
    assert bttui("--record", path, "-e", program).stdout.count("1\n") >= 20
    events = replayed(path).events
    assert len(events) == 20 and len({id(event.output) for event in events}) == 1


@pytest.mark.live
def test_a_killed_trace_leaves_a_recording(tmp_path):
    path = tmp_path / "a.bttui"
    program = "interval:ms:10 { @ = count(); }"
    with subprocess.Popen([COMMAND, "--record", str(path), "--interval", "0.1", "-e", program], stdout=subprocess.DEVNULL) as process:
        eventually(lambda: path.exists() and path.stat().st_size >= 1500)
        process.send_signal(signal.SIGKILL)
    heard = replayed(path)
    counts = [dict(f.maps["@"].rows)[None] for f in heard.frames[1:]]
    assert counts == sorted(counts) and counts[-1] > 0  # how many fit before the kill is the scheduler's business
    assert [d.message for d in heard.diagnostics] == ["the recording has no proper end: its tracer was killed, or the disk was full"]


def test_what_a_dump_lacks_is_said(tmp_path, capsys):
    path = str(tmp_path / "a")
    record(path, reads_frame(1), reads_frame(2, lost=12, missed=3, full={"@us": 40, "@calls": 0}), ended=False)
    told = (
        "WARNING: the recording has no proper end: its tracer was killed, or the disk was full\n"
        "WARNING: 40 new keys were left out of @us, which was full\nWARNING: lost: 12\nWARNING: missed: 3\n"
    )
    for arguments in ([], ["--every"], ["-f", "json"]):
        assert run_command(["dump", path, *arguments]) == 0
        assert capsys.readouterr().err == told
    assert run_command(["dump", path, "--no-warnings"]) == 0
    assert capsys.readouterr().err == ""
    record(path, reads_frame(1))
    assert run_command(["dump", path]) == 0
    assert capsys.readouterr().err == ""


def test_what_checksums_do_not_tell_is_a_line(tmp_path, capsys):
    """A recording that somebody made, with a value that its type does not have."""
    path = str(tmp_path / "a")
    forged = reads_frame(1)
    record(path, forged.replace(maps={name: m.replace(rows=[(key, "x") for key, _ in m.rows]) for name, m in forged.maps.items()}))
    assert run_command(["dump", path, "--every"]) == 1
    assert f"ERROR: '{path}' cannot be shown: " in capsys.readouterr().err
    controller = ReplayController(Recording(path), speed=0)
    controller.listen(heard := Heard())
    heard.on_frame = lambda _run, frame_: Packer().pack(frame_)
    controller.run("")
    controller._thread.join()
    assert "cannot be shown" in heard.diagnostics[0].message and heard.statuses[-1].state == ENDED
