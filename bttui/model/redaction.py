"""Names and texts of the traced machine as pseudonyms: what is shown, written and recorded may then be given away.

A pseudonym is the same for the same text as long as a Redactor lives, and tells nothing else of it: it is a keyed hash whose key
is never written. Numbers, kernel functions, what the program prints itself and its own text stay; of the program's text,
strings that are no formats, and the targets of probes in user programs, become pseudonyms too.
"""

import os
import re

from bttui.model.frame import Event, Frame, MapSnapshot, Symbol
from bttui.model.types import (
    Array,
    Buffer,
    CgroupPath,
    Inet,
    KernelSymbol,
    MacAddress,
    ProbeName,
    Record,
    Stack,
    String,
    Struct,
    Tuple,
    Username,
    UserSymbol,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.model.frame import Counters
    from bttui.model.types import Type

    Hide = Callable[[Any], Any]

MOST = 100_000  # pseudonyms and types remembered, for speed only
KINDS = {String: "text", Username: "user", CgroupPath: "cgroup", Inet: "address", MacAddress: "address"}
OF_PROGRAMS = ("cat", "system", "join", "child")  # events whose text comes from files and programs
# Probes in user programs: their targets are paths and functions.
_USER_PROBE = re.compile(r"\b(uprobe|uretprobe|usdt|ur|u|U):([^\s,{]+)")
_STRING = re.compile(r'"((?:[^"\\\n%]|\\.)+)"')  # formats have a %
_QUOTED = re.compile(r"'([^']*)'")


class Redactor:
    def __init__(self, key: "bytes | None" = None) -> None:
        """``key``: 16 bytes; without one nobody can make the same pseudonyms again."""
        self._key = key or os.urandom(16)
        self._words: "dict[tuple[str, str], str]" = {}
        self._hides: "dict[int, tuple[Type, Hide | None]]" = {}  # by identity, which the type here keeps alive

    def word(self, text: str, kind: str = "text") -> str:
        """The pseudonym of a text, which begins with ``kind``. No text has none."""
        found = self._words.get((text, kind))
        if found is None:
            from hashlib import blake2b

            if len(self._words) > MOST:
                self._words.clear()
            digest = blake2b(text.encode(errors="surrogateescape"), digest_size=6, key=self._key).hexdigest()
            found = self._words[text, kind] = f"{kind}-{digest}" if text else ""
        return found

    def frame(self, frame: Frame) -> Frame:
        maps = {name: self.snapshot(snapshot) for name, snapshot in frame.maps.items()}
        return frame.replace(maps=maps, counters=self._counters(frame.counters))

    def snapshot(self, snapshot: MapSnapshot) -> MapSnapshot:
        key, value = (self._hide(type_) if type_ is not None else None for type_ in (snapshot.spec.key, snapshot.spec.value))
        if key is None and value is None:
            return snapshot
        rows = [(key(one) if key else one, value(other) if value else other) for one, other in snapshot.rows]
        return snapshot.replace(rows=rows)

    def events(self, events: "list[Any]") -> "list[Any]":
        return [self.event(event) if isinstance(event, Event) else event for event in events]

    def event(self, event: Event) -> Event:
        if event.kind in OF_PROGRAMS:
            return event.replace(text=self.word(event.text.rstrip("\n")) + "\n", values=())
        if event.kind in ("error", "warning"):
            return event.replace(text=_QUOTED.sub(lambda found: f"'{self.word(found[1])}'", event.text))
        values = event.values
        if event.output is not None and values:
            hides = [self._hide(argument.type) for argument in event.output.arguments]
            if len(hides) == len(values):
                values = tuple([hide(value) if hide else value for hide, value in zip(hides, values, strict=True)])
        return event.replace(values=values, map=self.snapshot(event.map) if event.map is not None else None)

    def probe(self, name: str) -> str:
        """An attach point; kernel ones stay."""
        return _USER_PROBE.sub(self._target, name)

    def program(self, text: str) -> str:
        """The text of a program."""
        return _STRING.sub(lambda found: f'"{self.word(found[1])}"', self.probe(text))

    def _target(self, found: "re.Match[str]") -> str:
        file, *rest = found[2].replace('"', "").split(":")
        return ":".join([found[1], self.word(file, "file"), *(self.word(part, "function") for part in rest)])

    def _counters(self, counters: "Counters") -> "Counters":
        return counters.replace(probes=tuple([probe.replace(attached=self.probe(probe.attached)) for probe in counters.probes]))

    def _hide(self, type_: "Type") -> "Hide | None":
        """What makes pseudonyms in values of the type; None where there is nothing to hide."""
        known = self._hides.get(id(type_))
        if known is None:
            if len(self._hides) > MOST:
                self._hides.clear()
            known = self._hides[id(type_)] = type_, self._make(type_)
        return known[1]

    def _make(self, type_: "Type") -> "Hide | None":
        for kind, name in KINDS.items():
            if isinstance(type_, kind):
                return lambda text: self.word(text, name)
        if isinstance(type_, Buffer):
            return lambda content: self.word(content.decode("latin-1")).encode() if content else content
        if isinstance(type_, ProbeName):
            return self.probe
        if isinstance(type_, Stack):
            return (lambda frames: tuple([self._symbol(frame) for frame in frames])) if type_.space != "kernel" else None
        if isinstance(type_, UserSymbol):
            return self._symbol
        if isinstance(type_, KernelSymbol):
            return None
        if isinstance(type_, Array):
            if type_.element.size == 1 and getattr(type_.element, "name", "") == "char":
                return self._characters
            element = self._hide(type_.element)
            return (lambda values: tuple([element(value) for value in values])) if element else None
        if isinstance(type_, Tuple):
            return self._members([self._hide(element) for element in type_.elements])
        if isinstance(type_, (Record, Struct)) and type_.fields:
            return self._members([self._hide(field.type) for field in type_.fields])
        return None

    def _members(self, hides: "list[Hide | None]") -> "Hide | None":
        if not any(hides):
            return None
        return lambda values: tuple([hide(value) if hide else value for hide, value in zip(hides, values, strict=True)])

    def _symbol(self, symbol: Symbol) -> Symbol:
        return symbol.replace(name=self.word(symbol.name, "function"), module=self.word(symbol.module, "file"), source="")

    def _characters(self, value: "Any") -> "Any":
        """An array of char: a text, or numbers as many as before."""
        if isinstance(value, str):
            return self.word(value)
        text = bytes(byte & 0xFF for byte in value).split(b"\0")[0].decode("latin-1")
        return tuple([*self.word(text).encode()[: len(value)], *[0] * len(value)][: len(value)])
