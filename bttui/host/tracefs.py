"""Static tracepoints, as /sys/kernel/tracing (or /sys/kernel/debug/tracing) describes them.

Format files are described in Documentation/trace/events.rst: one line for each field of the event's record,
"field:const char * filename; offset:24; size:8; signed:0;", and the tracepoint's number, "ID: 782".
"""

import os
import re

from bttui.model.data import Data
from bttui.model.types import BOOL, CHAR, UINT8, VOID, Array, Enum, Field, Integer, Pointer, Struct, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.host.btf import Btf

_ID = re.compile(r"^ID:\s*(\d+)", re.M)
_FIELD = re.compile(r"^\tfield:([^;]*);\toffset:(\d+);\tsize:(\d+);(?:\tsigned:(\d);)?", re.M)
# "const char * filename", "u8 addr[6]", "__data_loc char[] name"
_DECLARATION = re.compile(r"(?P<type>.*?)(?P<name>\w+)(?P<array>(?:\[[^]]*\])?)$", re.S)
_QUALIFIER = re.compile(r"\b(?:const|volatile|restrict|__user|__iomem|__rcu|__percpu|__force|__seg_gs|__seg_fs)\b")
# Names that are integers everywhere, so that most formats need no look-up: all that matters is said by size and sign.
_INTEGER = re.compile(
    r"(?:(?:signed|unsigned|char|short|int|long) ?)+|(?:__)?[us](?:8|16|32|64)|u?int(?:8|16|32|64)_t"
    r"|(?:dev|ino|pid|tid|uid|gid|loff|off|size|ssize|sector|gfp|umode|mode|dma_addr|clockid)_t"
)


class EventFormat(Data):
    """One tracepoint. ``size`` is that of its fixed part in bytes; offsets count from the start of the record.

    ``fields`` leave out those named common_*, which programs cannot read. A field whose place in the record varies
    (__data_loc) has the type Array(element, 0), or what else it is declared as. ``declarations`` are the fields in C.
    """

    id: int
    size: int
    fields: "tuple[Field, ...]"
    declarations: "tuple[str, ...]"


class TraceFs:
    """``path`` is where tracefs is mounted (or a recording of it); ``btf`` knows the types that formats only name."""

    def __init__(self, path: str, btf: "Btf") -> None:
        self.path = path
        self._btf = btf
        self._formats: dict[tuple[str, str], EventFormat | None] = {}

    @property
    def exists(self) -> bool:
        """For us: who is not root does not see it, as a rule."""
        return os.path.isdir(self.path + "/events")

    @property
    def forbidden(self) -> bool:
        """It may be there, for others."""
        return os.path.isdir(self.path) and not os.access(self.path, os.R_OK | os.X_OK)

    def events(self) -> "list[tuple[str, str]]":
        """(subsystem, event) of every tracepoint that can be traced, sorted."""
        try:
            with open(self.path + "/available_events", encoding="utf-8", errors="replace") as file:
                lines = file.read().split("\n")
        except OSError:
            return []
        return sorted((subsystem, event) for subsystem, colon, event in (line.partition(":") for line in lines) if colon)

    def format(self, subsystem: str, event: str) -> "EventFormat | None":
        """What the event records, None where there is no such tracepoint."""
        key = (subsystem, event)
        if key not in self._formats:
            self._formats[key] = self._read(subsystem, event)
        return self._formats[key]

    def id(self, subsystem: str, event: str) -> "int | None":
        """The number that perf_event_open(2) knows the tracepoint by."""
        try:
            with open(f"{self.path}/events/{subsystem}/{event}/id", "rb", buffering=0) as file:
                return int(file.read())
        except (OSError, ValueError):
            found = self.format(subsystem, event)
            return found.id if found else None

    def _read(self, subsystem: str, event: str) -> "EventFormat | None":
        if not subsystem or not event or "/" in subsystem + event:
            return None
        try:
            with open(f"{self.path}/events/{subsystem}/{event}/format", encoding="utf-8", errors="replace") as file:
                text = file.read().partition("\nprint fmt:")[0]
        except (OSError, ValueError):
            return None
        # What a program hands to a system call points to its own memory.
        space = "user" if subsystem == "syscalls" else ""
        fields, declarations, end = [], [], 0
        for declaration, offset, size, signed in _FIELD.findall(text):
            end = max(end, int(offset) + int(size))
            parts = _DECLARATION.match(declaration)
            if parts and not parts["name"].startswith("common_"):
                declarations.append(declaration)
                spelling, location = re.subn(r"__data_loc\b", "", parts["type"])
                type_ = self._type(spelling, parts["array"], int(size), signed == "1", bool(location), space)
                fields.append(Field(parts["name"], type_, int(offset), data_location=bool(location)))
        number = _ID.search(text)
        return EventFormat(int(number[1]) if number else 0, end, tuple(fields), tuple(declarations))

    def _type(self, spelling: str, array: str, size: int, signed: bool, location: bool, space: str) -> Type:
        name = " ".join(_QUALIFIER.sub(" ", spelling).split())
        if location:
            front, bracket, _ = name.rpartition("[")
            name = (front if bracket else name).strip()
            element = CHAR if name == "char" else self._named(name, space)
            return Array(element=element or UINT8, count=0) if bracket or element is None else element
        if not array:
            return self._value(name, size, signed, space)
        known = self._named(name, space)
        if known is None or not known.size:
            count = int(array[1:-1]) if array[1:-1].isdigit() else 0
            known = self._value(name, size // count if count else 1, signed, space)
        elif isinstance(known, Integer):
            # A char array is text whatever the sign of char; else the format knows better than the name.
            known = CHAR if name == "char" else Integer(size=known.size, signed=signed, name=name)
        return Array(element=known, count=size // known.size)

    def _value(self, name: str, size: int, signed: bool, space: str) -> Type:
        """The type of a field that is no array. System call arguments are 8 bytes, however their type is called."""
        if name in ("bool", "_Bool") and size == 1:
            return BOOL
        if not _INTEGER.fullmatch(name):
            known = self._named(name, space)
            if isinstance(known, Pointer | Enum) or (known and known.size == size and not isinstance(known, Integer)):
                return known
        if size in (1, 2, 4, 8):
            return Integer(size=size, signed=signed, name=name)
        return Array(element=UINT8, count=size)

    def _named(self, name: str, space: str) -> "Type | None":
        if name.endswith("*"):
            target = name[:-1].strip()
            return Pointer(target=self._named(target, space) or (Struct(name=target) if " " in target else VOID), space=space)
        known = self._btf.type(name)
        if known is None:
            size = _SIZES.get(name)
            return Integer(size=size, name=name) if size else VOID if name == "void" else None
        return known.replace(space=space) if isinstance(known, Pointer) else known


# For kernels without type information. "long" is a pointer's size on Linux.
_SIZES = {"char": 1, "unsigned char": 1, "u8": 1, "__u8": 1, "s8": 1, "bool": 1, "short": 2, "unsigned short": 2, "u16": 2, "__u16": 2}
_SIZES |= {"int": 4, "unsigned int": 4, "unsigned": 4, "u32": 4, "__u32": 4, "s32": 4, "__s32": 4}
_SIZES |= {"long": 8, "unsigned long": 8, "long long": 8, "unsigned long long": 8, "u64": 8, "__u64": 8, "s64": 8, "size_t": 8}
