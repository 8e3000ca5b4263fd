"""self:signal:SIGUSR1: the tracer itself got the signal."""

from bttui.model.diagnostic import error
from bttui.probes.begin_end import SPECIAL_CONTEXT
from bttui.probes.matching import need_parts, select
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

TRIGGERS = {"signal": ("SIGUSR1",)}


class SelfSignal:
    name = "self"
    aliases = ()
    listed = False
    pid_filter = "none"
    synopsis = "self:signal:SIGUSR1"
    doc = "the tracer was sent the signal"
    examples = ("self:signal:SIGUSR1 { print(@); }",)

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        trigger, signal = (*parts, "*", "*")[:2] if len(parts) != 1 else ("*", parts[0])
        for name in select(trigger, TRIGGERS):
            for each in select(signal, TRIGGERS[name]):
                yield f"self:{name}:{each}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("self", parts, span, 2)
        trigger, signal = parts
        if trigger not in TRIGGERS:
            raise error(f"{trigger} is not a supported trigger", span, hint="there is self:signal:SIGUSR1")
        if signal not in TRIGGERS[trigger]:
            raise error(f"{signal} is not a supported signal", span, hint="there is self:signal:SIGUSR1")
        return [Target(f"self:{trigger}:{signal}", f"{trigger}:{signal}", {"signal": signal}, "")]

    def context(self, target: Target, host: "Host") -> Context:
        return SPECIAL_CONTEXT

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        return []  # the session runs it


providers = (SelfSignal(),)
