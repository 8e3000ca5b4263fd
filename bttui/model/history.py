"""The frames of the last minutes of one run, kept small: values side by side in arrays, keys once."""

from array import array
from bisect import bisect_left, bisect_right

from bttui.model.frame import Frame, MapSnapshot
from bttui.model.types import Average, Histogram, LinearHistogram, Stats

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.model.program import MapSpec

SECOND = 1_000_000_000
MINUTES = 5
MOST_BYTES = 64 << 20
WHOLE = 4  # frames kept as they are
REFERENCE = 8  # bytes of a list's slot
_OBJECT = 120  # bytes, about, of a value that is no number, with what it is made of


class Packer:
    """Makes frames small, one run's after another in the order of their times. Belongs to the thread that reads frames."""

    def __init__(self) -> None:
        self._columns: "dict[str, _Column]" = {}

    def pack(self, frame: Frame) -> "Packed":
        maps = {}
        for name, snapshot in frame.maps.items():
            column = self._columns.get(name)
            if column is None or column.spec != snapshot.spec or column.wasteful:
                column = self._columns[name] = _Column(snapshot.spec)
            maps[name] = column.pack(snapshot)
        return Packed(frame.replace(maps={}), maps)


class Packed:
    """A frame that is small: its time and counters (``frame``, without maps), and its maps packed. ``bytes``, about."""

    __slots__ = ("bytes", "frame", "maps")

    def __init__(self, frame: Frame, maps: "dict[str, _Rows]") -> None:
        self.frame, self.maps = frame, maps
        self.bytes = 1000 + sum(rows.bytes for rows in maps.values())

    def unpack(self) -> Frame:
        return self.frame.replace(maps={name: rows.unpack() for name, rows in self.maps.items()})


class History:
    """Frames by age, oldest first. ``seconds`` and ``most_bytes`` bound it; the two newest frames always stay."""

    def __init__(self, seconds: float = MINUTES * 60, most_bytes: int = MOST_BYTES) -> None:
        self.nanoseconds = int(seconds * SECOND)
        self.most_bytes = most_bytes
        self._kept: "list[Packed]" = []
        self._whole: "dict[int, Frame]" = {}  # the newest ones, and those asked for last, by sequence
        self._bytes = 0

    def add(self, packed: Packed, whole: "Frame | None" = None) -> None:
        """Frames come in the order of their times. ``whole`` is the same frame before it was packed, if that is at hand."""
        self._kept.append(packed)
        self._bytes += packed.bytes
        if whole is not None:
            self._remember(whole)
        drop, size = 0, self.size
        while len(self._kept) - drop > 2 and (
            packed.frame.monotonic - self._kept[drop].frame.monotonic > self.nanoseconds or size > self.most_bytes
        ):
            size -= self._kept[drop].bytes
            self._bytes -= self._kept[drop].bytes
            drop += 1
        if drop:
            self._kept = self._kept[drop:]

    def _remember(self, frame: Frame) -> None:
        while len(self._whole) >= WHOLE:
            del self._whole[next(iter(self._whole))]
        self._whole[frame.sequence] = frame

    @property
    def size(self) -> int:
        """Bytes, about, of values and of the keys of the oldest and the newest frame."""
        if not self._kept:
            return 0
        columns = {id(rows.column): rows.column for at in (0, -1) for rows in self._kept[at].maps.values()}
        return self._bytes + sum(column.bytes for column in columns.values())

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> "Iterator[Frame]":
        return (packed.unpack() for packed in self._kept)

    def __getitem__(self, at: int) -> Frame:
        """The frame at a place, 0 being the oldest, -1 the newest. Raises IndexError."""
        packed = self._kept[at]
        frame = self._whole.get(packed.frame.sequence)
        if frame is None:
            frame = packed.unpack()
            self._remember(frame)
        return frame

    def bare(self, at: int) -> Frame:
        """As [at], without its maps: time and counters at no cost."""
        return self._kept[at].frame

    def map(self, name: str, at: int) -> "MapSnapshot | None":
        """One map of the frame at a place; None where the frame has none of that name."""
        return self[at].maps.get(name)

    def past(self, name: str, first: int, last: int) -> "list[tuple[int, MapSnapshot]]":
        """(monotonic ns, map) of each frame from place ``first`` up to and with ``last`` that has the map."""
        kept = self._kept[max(0, first) : last + 1]
        return [(packed.frame.monotonic, packed.maps[name].unpack()) for packed in kept if name in packed.maps]

    def packed(self, first: int, last: int) -> "list[Packed]":
        """The frames from place ``first`` up to and with ``last``, for another thread to unpack."""
        return self._kept[max(0, first) : last + 1]

    def place(self, sequence: int) -> int:
        """Where the frame with this number is; the nearest later one where it is gone."""
        return min(bisect_left(self._kept, sequence, key=lambda kept: kept.frame.sequence), len(self._kept) - 1)

    def place_at(self, wall: int) -> int:
        """Where the last frame is that was taken at ``wall`` (ns) or before; the oldest where all are later."""
        return max(0, bisect_right(self._kept, wall, key=lambda kept: kept.frame.wall) - 1)


class _Rows:
    """A map's rows: which entries of the column (None: the first ones, in order), and their values part by part."""

    __slots__ = ("bytes", "column", "count", "slots", "values")

    def __init__(self, column: "_Column", count: int, slots: "array | None", values: "tuple[Any, ...]") -> None:
        self.column, self.count, self.slots, self.values = column, count, slots, values
        self.bytes = sum(part.itemsize * len(part) if isinstance(part, array) else column.object_bytes(part) for part in values)
        self.bytes += slots.itemsize * len(slots) if slots is not None else 0

    def unpack(self) -> MapSnapshot:
        return self.column.unpack(self)


class _Column:
    """The keys that a map has had, and how its values are taken apart and put together. Keys are only added, so that rows

    can be unpacked by one thread while another packs.
    """

    def __init__(self, spec: "MapSpec") -> None:
        self.spec = spec
        self.keys: "list[Any]" = []
        self._slot: "dict[Any, int]" = {}
        self._last: "list[int]" = []  # slots of the newest frame, in the order of its rows
        self._newest: "list[Any]" = []  # its values, where they are no numbers
        self._fresh = 0  # objects that the newest frame does not share with the one before
        self._pairs = isinstance(spec.value, (Average, Stats))
        self._buckets = isinstance(spec.value, (Histogram, LinearHistogram))

    @property
    def bytes(self) -> int:
        return len(self.keys) * (REFERENCE + _OBJECT)

    @property
    def wasteful(self) -> bool:
        """Most of the keys are gone: a new column holds only what there is. The old one lives as long as its frames."""
        return len(self.keys) > 4096 and len(self.keys) > 4 * len(self._last)

    def object_bytes(self, part: "list[Any]") -> int:
        return REFERENCE * len(part) + _OBJECT * self._fresh

    def pack(self, snapshot: MapSnapshot) -> _Rows:
        rows = snapshot.rows
        if self._buckets:
            cells: "list[Any]" = []
            for key, counts in rows:
                cells += [((key, bucket), count) for bucket, count in counts.items()] or [((key, None), 0)]
            rows = cells
        slots = self._slots([key for key, _ in rows])
        values = [value for _, value in rows]
        in_order = slots == list(range(len(slots)))
        parts: "tuple[Any, ...]"
        if self._pairs:
            parts = (numbers([value[0] for value in values]), numbers([value[1] for value in values]))
        else:
            packed = numbers(values)
            parts = (self._shared(packed, slots) if isinstance(packed, list) else packed,)
        return _Rows(self, len(slots), None if in_order else array("I", slots), parts)

    def _slots(self, keys: "list[Any]") -> "list[int]":
        """Rows mostly keep their order from frame to frame, and parts of keys their identity: looking at the same place is cheap."""
        known, last, slot = self.keys, self._last, self._slot
        slots = []
        for at, key in enumerate(keys):
            if at < len(last) and known[last[at]] == key:
                slots.append(last[at])
                continue
            found = slot.get(key)
            if found is None:
                found = slot[key] = len(known)
                known.append(key)
            slots.append(found)
        self._last = slots
        return slots

    def _shared(self, values: "list[Any]", slots: "list[int]") -> "list[Any]":
        """The values with objects of the frame before where they are equal."""
        newest = self._newest
        newest += [None] * (len(self.keys) - len(newest))
        self._fresh = 0
        for at, slot in enumerate(slots):
            if newest[slot] == values[at]:
                values[at] = newest[slot]
            else:
                newest[slot] = values[at]
                self._fresh += 1
        return values

    def unpack(self, rows: _Rows) -> MapSnapshot:
        keys = self.keys[: rows.count] if rows.slots is None else [self.keys[slot] for slot in rows.slots]
        values = rows.values[0]
        if self._pairs:
            return MapSnapshot(self.spec, list(zip(keys, zip(*rows.values, strict=True), strict=True)))
        if not self._buckets:
            return MapSnapshot(self.spec, list(zip(keys, values, strict=True)))
        counts: "dict[Any, dict[int, int]]" = {}
        for (key, bucket), count in zip(keys, values, strict=True):
            of_key = counts.setdefault(key, {})
            if bucket is not None:
                of_key[bucket] = count
        return MapSnapshot(self.spec, list(counts.items()))


def numbers(values: "list[Any]") -> "array | list[Any]":
    """The values as an array of 64-bit integers where they are that, else as they are."""
    if values and all([type(value) is int for value in values]):
        for code in ("q", "Q"):
            try:
                return array(code, values)
            except OverflowError:
                continue
    return values
