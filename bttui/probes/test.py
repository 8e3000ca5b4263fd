"""test and bench: blocks that --test and --bench run; a test passes when it returns 0."""

from bttui.model.diagnostic import error
from bttui.probes.begin_end import SPECIAL_CONTEXT
from bttui.probes.matching import need_parts
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options


class Test:
    name = "test"
    aliases = ()
    synopsis = "test:NAME"
    doc = "a check, run by --test: it passes when it returns 0"
    examples = ("test:one { if (1 + 1 != 2) { return 1; } }",)
    listed = False
    pid_filter = "none"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        return iter(())

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, hint=self.synopsis)
        if not parts[0]:
            raise error(f"{self.name} probes must have a name", span, hint=self.synopsis)
        return [Target(f"{self.name}:{parts[0]}", parts[0], listing="")]

    def context(self, target: Target, host: "Host") -> Context:
        return SPECIAL_CONTEXT

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        return []


class Bench(Test):
    name = "bench"
    synopsis = "bench:NAME"
    doc = "a block whose cost --bench measures"
    examples = ("bench:count { @[pid] = count(); }",)


providers = (Test(), Bench())
