"""Providers of the language that are not written yet: their names are known, and say so."""

from bttui.model.diagnostic import error
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options


class Planned:
    doc = "not supported yet"
    examples = ()
    listed = False
    pid_filter = "none"

    def __init__(self, name: str, aliases: "tuple[str, ...]", synopsis: str, instead: str = ""):
        self.name = name
        self.aliases = aliases
        self.synopsis = synopsis
        self.instead = instead

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        return iter(())

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        raise error(f"not supported yet: {self.name} probes", span, hint=self.instead)

    def context(self, target: Target, host: "Host") -> Context:
        raise error(f"not supported yet: {self.name} probes")

    def describe(self, name: str, host: "Host") -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        raise error(f"not supported yet: {self.name} probes", attachment.span)


providers = (Planned("bench", (), "bench:NAME"),)
