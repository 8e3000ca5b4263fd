"""Pausing, stepping, marks, ranges: which frames are shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model.maps import runs
from widgets import scripted

from bttui.model.difference import subtract_map
from bttui.model.history import History, Packer
from bttui.model.timeline import Timeline


def timeline(frames, into=None):
    found, packer = into or Timeline(), Packer()
    for frame in frames:
        found.history.add(packer.pack(frame), frame)
    return found


@pytest.fixture
def reads():
    return timeline([scripted.reads_frame(second) for second in range(1, 11)])


def test_nothing_yet():
    empty = Timeline()
    empty.pause(), empty.step(-1), empty.go(0), empty.mark("A"), empty.select(0, 5)
    assert (empty.frame, empty.view("@us"), empty.paused, empty.compare(), empty.behind) == (None, None, False, False, 0)


def test_pausing_holds_the_frame_and_counts_the_new_ones(reads):
    reads.pause()
    timeline([scripted.reads_frame(second) for second in (11, 12, 13)], reads)
    assert (reads.frame.sequence, reads.new, reads.behind, reads.paused) == (10, 3, 3.0, True)
    reads.live()
    assert (reads.frame.sequence, reads.new, reads.paused) == (13, 0, False)


def test_steps_stay_inside(reads):
    for by, sequence in ((-1, 9), (-5, 4), (-100, 1), (3, 4), (100, 10)):
        reads.step(by)
        assert reads.frame.sequence == sequence and reads.paused


def test_going_to_a_time(reads):
    reads.go(scripted.START + 4 * scripted.SECOND + 1)
    assert reads.frame.sequence == 4


def test_a_view_has_the_frame_before_for_rates(reads):
    reads.step(-3)
    view = reads.view("@calls")
    assert (view.snapshot.rows, view.earlier.rows, view.seconds) == (scripted.calls(7).rows, scripted.calls(6).rows, 1.0)
    assert reads.view("@nothing") is None
    reads.step(-100)
    assert (reads.view("@calls").earlier, reads.view("@calls").seconds) == (None, 0.0)


def test_the_past_is_the_shown_window(reads):
    reads.widen(-1)
    reads.widen(-1)
    reads.window /= 2.5  # 4 seconds
    reads.step(-2)
    assert [moment // scripted.SECOND for moment, _ in reads.view("@calls").past()] == [4, 5, 6, 7, 8]


def test_comparing_with_a_mark(reads):
    assert not reads.compare()
    reads.step(-7)
    reads.mark("A")
    reads.live()
    assert reads.compare()
    view = reads.view("@calls")
    assert (view.snapshot.rows, view.base.rows, view.apart) == (scripted.calls(10).rows, scripted.calls(3).rows, 7.0)
    assert not reads.compare() and reads.view("@calls").base is None
    reads.step(-2)
    reads.mark("B")
    reads.live()
    assert reads.compare() and reads.frame.sequence == 8


def test_a_range_shows_what_was_added_within(reads):
    reads.select(6, 2)
    assert reads.view("@calls").snapshot.rows == subtract_map(scripted.calls(7), scripted.calls(3)).rows
    assert reads.frame.counters.probes[0].runs == 4 * 19_000
    assert (reads.view("@calls").earlier.rows, reads.view("@calls").seconds) == ([], 4.0)
    reads.live()
    assert reads.view("@calls").snapshot.rows == scripted.calls(10).rows


def test_what_is_shown_may_grow_too_old():
    short = timeline([scripted.reads_frame(second) for second in range(1, 11)], Timeline(History(seconds=5)))
    short.step(-100)
    timeline([scripted.reads_frame(second) for second in range(11, 31)], short)
    assert short.frame.sequence == 25  # the oldest one that there is


MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(-12, 12)),
        st.tuples(st.just("go"), st.integers(0, 8).map(lambda second: scripted.START + second * scripted.SECOND)),
        st.tuples(st.sampled_from(["pause", "live", "compare"])),
        st.tuples(st.just("mark"), st.sampled_from("AB")),
        st.tuples(st.just("select"), st.integers(-1, 8), st.integers(-1, 8)),
    ),
    max_size=8,
)


@given(runs(), MOVES)
def test_every_move_shows_frames_of_the_run(frames, moves):
    """Whatever the keys: what is shown is a frame, or the difference of two, and a comparison is with the marked one."""
    moved = timeline(frames)
    marked = None
    for name, *arguments in moves:
        if name == "mark" and arguments == ["A"]:
            marked = moved.history.bare(moved.place).sequence
        getattr(moved, name)(*arguments)
    view = moved.view("@")
    whole = {frame.sequence: {repr(key): value for key, value in frame.maps["@"].rows} for frame in frames}
    shown = {repr(key): value for key, value in view.snapshot.rows}
    if moved.range:
        first, last = (next(frame for frame in frames if frame.sequence == sequence) for sequence in moved.range)
        assert shown == {repr(key): value for key, value in subtract_map(last.maps["@"], first.maps["@"]).rows}
    else:
        assert shown == whole[moved.frame.sequence]
        assert (view.base is not None) == moved.comparing
        if view.base is not None:
            assert {repr(key): value for key, value in view.base.rows} == whole[marked]
