"""What was seen stays as it was seen, in little room."""

import tracemalloc

import pytest
from hypothesis import given
from model.maps import runs
from widgets import scripted

from bttui.model.history import History, Packer
from bttui.model.types import UINT64, Count, Histogram, String, make_tuple

PAIR = make_tuple((UINT64, String(size=16)))


def history(frames, **bounds):
    packer, kept = Packer(), History(**bounds)
    for frame in frames:
        kept.add(packer.pack(frame), frame)
    return kept


def sorted_rows(frame):
    return {name: sorted(map(repr, snapshot.rows)) for name, snapshot in frame.maps.items()}


@given(runs())
def test_every_frame_comes_back_as_it_was(frames):
    kept = history(frames)
    assert [sorted_rows(frame) for frame in kept] == [sorted_rows(frame) for frame in frames]
    assert [frame.counters for frame in kept] == [frame.counters for frame in frames]
    assert [kept[at].maps["@"].spec for at in range(len(kept))] == [frame.maps["@"].spec for frame in frames]


def test_a_histogram_that_was_set_to_nothing_keeps_its_keys():
    frame = scripted.frame(1, scripted.snapshot("@", UINT64, Histogram(), {1: {}, 2: {3: 4}}))
    assert dict(history([frame])[0].maps["@"].rows) == {1: {}, 2: {3: 4}}


def test_old_frames_go_by_age():
    kept = history([scripted.frame(second) for second in range(1, 601)], seconds=300)
    assert [kept.bare(0).sequence, kept.bare(-1).sequence, len(kept)] == [300, 600, 301]
    assert kept.place(450) == 150 and kept.place(5) == 0
    assert kept.bare(kept.place_at(scripted.START + 350 * scripted.SECOND + 7)).sequence == 350
    assert kept.place_at(0) == 0


def counts(second, keys=10_000):
    rows = [((key, f"name {key % 50}"), key * second) for key in range(keys)]
    return scripted.frame(second, scripted.snapshot("@", PAIR, Count(), rows))


def test_five_minutes_of_ten_thousand_keys_that_all_change_fit():
    """Looked at for 40 seconds: all of it takes half a minute to make, and each second costs the same."""
    tracemalloc.start()
    packer, kept, used, told = Packer(), History(), {}, {}
    for second in range(1, 41):
        frame = counts(second)
        kept.add(packer.pack(frame), frame)
        used[second], told[second] = tracemalloc.get_traced_memory()[0], kept.size
    tracemalloc.stop()
    assert len(kept) == 40
    assert used[40] + 260 * (used[40] - used[10]) / 30 <= 64 << 20
    assert told[40] - told[10] == pytest.approx(used[40] - used[10], rel=0.2)
    assert dict(kept[7].maps["@"].rows) == {(key, f"name {key % 50}"): key * 8 for key in range(10_000)}


def test_old_frames_go_by_size():
    kept = history((counts(second, 1000) for second in range(1, 100)), most_bytes=500_000)
    assert 2 < len(kept) < 60 and kept.size <= 500_000
    assert kept.bare(-1).sequence == 99
    assert len(history([counts(1), counts(2), counts(3)], most_bytes=1)) == 2


def test_eight_hours_are_flat():
    """A frame a second, with keys that come and go; what is held after one hour is what is held after eight."""
    packer, kept, sizes = Packer(), History(), []
    for second in range(1, 8 * 3600 + 1):
        rows = [(second // 10 * 10 + key, second) for key in range(20)]
        frame = scripted.frame(second, scripted.snapshot("@", UINT64, Count(), rows))
        kept.add(packer.pack(frame), frame)
        if second % 3600 == 0:
            sizes.append((len(kept), kept.size))
    assert {count for count, _ in sizes} == {301}
    assert max(size for _, size in sizes) < 2_000_000
