"""A trace in a file: programs, frames and events as data, so that every view works on it later, on any machine.

The file only grows: a line that names the format, then records. Each is a header (``HEADER``: length of the body, CRC-32
of kind, time and body, kind, CLOCK_REALTIME in ns) and a body, zlib-compressed JSON. What was cut short or damaged by a
crash is recognised by its length or checksum, and everything before it is read. Kinds of records:

- ``H``: what is known of the machine and of the command;
- ``P``: a program that went live (a Status); frames and events up to the next one belong to it;
- ``F``: a frame. Maps hold what changed since the frame before. A whole one (``whole`` true) needs nothing before it and
  comes after ``WHOLE_EVERY`` frames; keys are numbered anew from there, so that recorder and reader hold those keys only
  that a minute had;
- ``E``: events. What they mean (Output) is written the first time and numbered, for each program;
- ``L``: the end, with totals.
"""

import io
import json
import os
import struct
import zlib
from time import time_ns

from bttui.model.data import pack, unpack
from bttui.model.diagnostic import Diagnostic, DiagnosticError, error
from bttui.model.frame import Counters, Event, Frame, MapSnapshot, Written
from bttui.model.types import Integer, String
from bttui.session.controller import Status
from bttui.session.growing import GrowingFile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, BinaryIO

    from bttui.host.facts import Host
    from bttui.model.program import MapSpec, Output
    from bttui.model.redaction import Redactor
    from bttui.session.options import Options

SCHEMA = 1
MAGIC = b"bttui recording "
HEADER = struct.Struct("<IIcQ")
WHOLE_EVERY = 60
LONGEST = 1 << 30  # bytes of one body; a longer one is damage


class Recorder(GrowingFile):
    """Writes one file, as a session.tee.Sink. What it has written before a failure (a full disk) is whole."""

    what = "recording"

    def __init__(self, path: str, header: "dict[str, Any]", redactor: "Redactor | None" = None) -> None:
        """Raises DiagnosticError. The file is for its owner only: it may hold names, paths and arguments of programs.

        ``redactor`` hides what programs tell; frames and events come redacted. ``frames`` and ``size`` (bytes) say how much
        was written.
        """
        self._redactor = redactor
        try:
            super().__init__(path, 0o600)
        except (OSError, ValueError) as reason:
            told = reason.strerror if isinstance(reason, OSError) else str(reason)
            raise error(f"cannot record to '{path}': {told}") from None
        self._first = self._last = 0  # CLOCK_REALTIME of the frames
        self.frames = self._events = 0
        self.put(MAGIC + b"%d\n" % SCHEMA)
        self._record(b"H", time_ns(), header)
        if self.failed:
            raise error(f"cannot record to '{path}': {self.failed}")
        self._begin()

    @property
    def seconds(self) -> float:
        """From the first frame to the last one."""
        return (self._last - self._first) / 1e9

    def _begin(self) -> None:
        self._outputs: "dict[int, tuple[int, Output]]" = {}  # by identity, which the second part keeps alive
        self._maps: "dict[str, _Keys]" = {}
        self._since_whole = 0

    def program(self, status: "Status") -> None:
        self._begin()
        if self._redactor:
            names = tuple([self._redactor.probe(name) for name in status.names])
            status = status.replace(text=self._redactor.program(status.text), names=names)
        self._record(b"P", time_ns(), pack(status))

    def frame(self, frame: Frame) -> None:
        if self.failed:
            return
        whole = self._since_whole == 0
        self._since_whole = (self._since_whole + 1) % WHOLE_EVERY
        maps = {}
        for name, snapshot in frame.maps.items():
            keys = self._maps.get(name)
            fresh = whole or keys is None or keys.spec != snapshot.spec
            if fresh or keys is None:
                keys = self._maps[name] = _Keys(snapshot.spec)
            maps[name] = {**({"spec": pack(snapshot.spec)} if fresh else {}), **keys.changes(snapshot)}
        body = {
            "whole": whole,
            "sequence": frame.sequence,
            "monotonic": frame.monotonic,
            "counters": pack(frame.counters),
            "maps": maps,
        }
        self.frames += 1
        self._first, self._last = self._first or frame.wall, frame.wall
        self._record(b"F", frame.wall, body)

    def events(self, events: "list[Event]") -> None:
        if self.failed or not events:
            return
        fresh: "list[Any]" = []
        rows = []
        for event in events:
            number = self._number(event.output, fresh) if event.output is not None else -1
            rows.append([event.kind, event.wall, number, [pack(value) for value in event.values], pack(event.map), event.text])
        self._put_events(events[-1].wall, fresh, rows)

    def many_events(self, written: Written) -> None:
        """Events that were printed at once."""
        if self.failed or not written.rows:
            return
        fresh: "list[Any]" = []
        output, wall = written.output, written.wall
        kind, number = output.kind, self._number(output, fresh)
        rows: "list[Any]"
        if all(isinstance(argument.type, (Integer, String)) for argument in output.arguments):  # nothing to pack
            rows = [[kind, wall, number, values, None, ""] for values in written.rows]
        else:
            rows = [[kind, wall, number, [pack(value) for value in values], None, ""] for values in written.rows]
        self._put_events(wall, fresh, rows)

    def _number(self, output: "Output", fresh: "list[Any]") -> int:
        """The output's; what it means goes to ``fresh`` the first time."""
        known = self._outputs.get(id(output))
        if known is None:
            known = self._outputs[id(output)] = (len(self._outputs), output)
            fresh.append(pack(output))
        return known[0]

    def _put_events(self, wall: int, outputs: "list[Any]", rows: "list[Any]") -> None:
        self._events += len(rows)
        self._record(b"E", wall, {"outputs": outputs, "events": rows})

    def close(self) -> None:
        """The end of the recording. Does no harm a second time."""
        if self._fd >= 0:
            self._record(b"L", time_ns(), {"frames": self.frames, "events": self._events})
            self.close_file()

    def _record(self, kind: bytes, wall: int, body: "dict[str, Any] | list[Any]") -> None:
        if not self.failed:
            data = zlib.compress(json.dumps(body, separators=(",", ":"), default=_bytes).encode(), 1)
            self.put(HEADER.pack(len(data), _checksum(kind, wall, data), kind, wall) + data)


class _Keys:
    """What the newest frame had of one map: a number and the value of each key."""

    def __init__(self, spec: "MapSpec") -> None:
        self.spec = spec
        self._numbers: "dict[Any, int]" = {}
        self._values: "dict[Any, Any]" = {}

    def changes(self, snapshot: MapSnapshot) -> "dict[str, Any]":
        """New keys in the order of their numbers, [number, value] of what is new or changed, and numbers of what is gone."""
        numbers, before = self._numbers, self._values
        fresh, changed = [], []
        missing = object()
        for key, value in snapshot.rows:
            old = before.get(key, missing)
            if old is not missing and old == value:
                continue
            number = numbers.get(key)
            if number is None:
                number = numbers[key] = len(numbers)
                fresh.append(pack(key))
            changed.append([number, pack(value)])
        self._values = dict(snapshot.rows)
        gone = [numbers[key] for key in before if key not in self._values]
        return {"keys": fresh, "rows": changed, "gone": gone}


NO_END = Diagnostic("the recording has no proper end: its tracer was killed, or the disk was full", severity="warning")


class Shown:
    """A context in which a recording is shown. Its checksums tell of accidents; what was made to mislead may show only there.

    Raises DiagnosticError for it. Such an exception may also be given to ``refusal``.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, reason: "BaseException | None", trace: object) -> None:
        if isinstance(reason, (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)):
            raise self.refusal(reason) from None

    def refusal(self, reason: BaseException) -> DiagnosticError:
        return error(
            f"'{self.path}' cannot be shown: {reason!r}", hint="it is damaged; if not, this is a mistake of ours: please report it"
        )


class Recording:
    """A recording opened for reading. ``header`` is its first record; ``damaged`` says that its end is missing or broken."""

    def __init__(self, path: str) -> None:
        """Raises DiagnosticError."""
        self.path = path
        self.damaged = False
        self._index: "list[tuple[bytes, int, int, int]]" = []  # kind, wall, offset and length of the body
        try:
            self._file: "BinaryIO" = open(path, "rb")  # noqa: SIM115 - closed by close()
            magic = self._file.readline(64)
            if magic.startswith(MAGIC) and not self._file.seekable():  # a pipe
                self._file = io.BytesIO(magic + self._file.read())
                self._file.seek(len(magic))
        except OSError as reason:
            raise error(f"failed to open file '{path}': {reason.strerror}") from None
        if not magic.startswith(MAGIC) or not magic[len(MAGIC) :].strip().isdigit():
            raise error(f"'{path}' is not a recording", hint="recordings are made with bttui --record FILE")
        if int(magic[len(MAGIC) :]) > SCHEMA:
            raise error(f"'{path}' was recorded by a newer bttui", hint=f"this one reads recordings up to version {SCHEMA}")
        self._read_index()
        if not self._index or self._index[0][0] != b"H":
            raise error(f"'{path}' holds nothing", hint="it was cut off before anything was recorded")
        self.header: "dict[str, Any]" = self._body(0)

    def close(self) -> None:
        self._file.close()

    def _read_index(self) -> None:
        begin = self._file.tell()
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(begin)
        while True:
            header = self._file.read(HEADER.size)
            if len(header) < HEADER.size:
                self.damaged = bool(header) or not self._index or self._index[-1][0] != b"L"
                return
            length, checksum, kind, wall = HEADER.unpack(header)
            at = self._file.tell()
            if length > LONGEST or at + length > size or _checksum(kind, wall, self._file.read(length)) != checksum:
                self.damaged = True
                return
            self._index.append((kind, wall, at, length))

    def _body(self, record: int) -> "Any":
        _, _, at, length = self._index[record]
        self._file.seek(at)
        try:
            return json.loads(zlib.decompress(self._file.read(length)))
        except (ValueError, RecursionError, zlib.error) as reason:
            raise error(f"'{self.path}' is damaged: {reason}") from None

    @property
    def text(self) -> str:
        """The first program, "" where there is none."""
        first = next((at for at, entry in enumerate(self._index) if entry[0] == b"P"), None)
        return unpack(self._body(first)).text if first is not None else ""

    @property
    def totals(self) -> "dict[str, int]":
        """Numbers of frames and events."""
        if not self.damaged:
            last: "dict[str, int]" = self._body(len(self._index) - 1)
            return last
        events = sum(len(self._body(at)["events"]) for at, entry in enumerate(self._index) if entry[0] == b"E")
        return {"frames": sum(entry[0] == b"F" for entry in self._index), "events": events}

    def play(self) -> "Iterator[Status | Frame | list[Event]]":
        """Everything in its order. Raises DiagnosticError for what does not make sense."""
        yield from self._play(range(1, len(self._index)))

    def frame_at(self, wall: int) -> "tuple[Status, Frame] | None":
        """The last frame at ``wall`` (ns) or before, the first one where all are later; with its program. None where there is none."""
        frames = [at for at, entry in enumerate(self._index) if entry[0] == b"F"]
        if not frames:
            return None
        wanted = max((at for at in frames if self._index[at][1] <= wall), default=frames[0])
        program = max((at for at in range(wanted) if self._index[at][0] == b"P"), default=-1)
        first = wanted
        while first > program + 1 and not (self._index[first][0] == b"F" and self._body(first)["whole"]):
            first -= 1
        records = [program, *(at for at in range(first, wanted + 1) if self._index[at][0] == b"F")]
        status, *_, frame = self._play(records)
        return status, frame  # type: ignore[return-value]

    @property
    def span(self) -> "tuple[int, int]":
        """(ns, ns) of the first and the last frame, (0, 0) where there is none."""
        walls = [wall for kind, wall, _, _ in self._index if kind == b"F"]
        return (walls[0], walls[-1]) if walls else (0, 0)

    def _play(self, records: "Any") -> "Iterator[Status | Frame | list[Event]]":
        outputs: "list[Output]" = []
        maps: "dict[str, _Rows]" = {}
        for record in records:
            kind, wall = self._index[record][:2]
            if kind not in (b"P", b"F", b"E"):
                continue
            body = self._body(record)
            try:
                if kind == b"P":
                    outputs, maps = [], {}
                    status = unpack(body)
                    if not isinstance(status, Status):
                        raise TypeError(f"a program that is {status!r}")
                    yield status
                elif kind == b"F":
                    yield _frame(body, wall, maps)
                else:
                    outputs += [unpack(output) for output in body["outputs"]]
                    yield [_event(row, outputs) for row in body["events"]]
            except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as reason:
                raise error(f"'{self.path}' is damaged: {reason!r}") from None


class _Rows:
    """What a reader keeps of one map: its keys by number, its rows in the order of the keys."""

    def __init__(self, spec: "MapSpec") -> None:
        self.spec = spec
        self.keys: "list[Any]" = []
        self.values: "dict[int, Any]" = {}

    def change(self, body: "dict[str, Any]") -> MapSnapshot:
        self.keys += [unpack(key) for key in body["keys"]]
        for number in body["gone"]:
            del self.values[number]
        self.values.update((number, unpack(value)) for number, value in body["rows"])
        return MapSnapshot(self.spec, [(self.keys[number], value) for number, value in self.values.items()])


def _frame(body: "dict[str, Any]", wall: int, maps: "dict[str, _Rows]") -> Frame:
    snapshots = {}
    for name, changes in body["maps"].items():
        if "spec" in changes:
            maps[name] = _Rows(unpack(changes["spec"]))
        snapshots[name] = maps[name].change(changes)
    counters: Counters = unpack(body["counters"])
    return Frame(body["sequence"], body["monotonic"], wall, snapshots, counters)


def _event(row: "list[Any]", outputs: "list[Output]") -> Event:
    kind, wall, number, values, map_, text = row
    return Event(kind, wall, outputs[number] if number >= 0 else None, tuple(unpack(value) for value in values), unpack(map_), text)


def _checksum(kind: bytes, wall: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(kind + wall.to_bytes(8, "little")))


def _bytes(value: object) -> "list[str]":
    if isinstance(value, (bytes, bytearray)):
        return ["b", value.hex()]
    raise TypeError(f"a recording cannot hold {value!r}")


def demo() -> str:
    """The path of the recording that comes along; tools/demo makes it."""
    return os.path.join(os.path.dirname(os.path.dirname(__file__)), "demo.bttui")


def hidden(header: "dict[str, Any]", redactor: "Redactor | None") -> "dict[str, Any]":
    """The header without what it tells of the machine and of the command."""
    if redactor is None:
        return header
    return {**header, "command": ["--redact"], "host": redactor.word(header.get("host", ""), "host"), "redacted": True}


def header(options: "Options", host: "Host", version: str) -> "dict[str, Any]":
    """What a recording says of where it comes from."""
    system = os.uname()
    return {
        "version": version,
        "command": options.arguments,
        "kernel": system.release,
        "machine": host.machine,
        "host": system.nodename,
        "cpus": len(host.online_cpus),
        "interval": options.interval,
        "timezone": os.environ.get("TZ", ""),
    }
