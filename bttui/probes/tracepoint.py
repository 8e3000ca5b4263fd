"""tracepoint: places that the kernel's authors marked, with named fields."""

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.types import Struct
from bttui.probes.matching import MISSING, did_you_mean, is_glob, matcher, missing, need_parts
from bttui.probes.provider import Context, Target
from bttui.probes.shared_tracepoints import together

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

TRACEPOINT = 5  # enum bpf_prog_type, <linux/bpf.h>


class Tracepoint:
    name = "tracepoint"
    aliases = ("t",)
    synopsis = "tracepoint:SUBSYSTEM:EVENT"
    doc = "a place marked in the kernel's source, with named fields"
    examples = (
        "tracepoint:syscalls:sys_enter_openat { print(str(args.filename)); }",
        "tracepoint:sched:sched_* { @[probe] = count(); }",
    )
    listed = True
    pid_filter = "predicate"
    cost = (0.0005, 0.08)  # at most: bodies without arguments are let go of at once
    uniform = True  # contexts differ in their arguments only

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        subsystem, event = (*parts, "*", "*")[:2] if len(parts) != 1 else ("*", parts[0])
        if len(parts) > 2:
            return
        subsystem_fits, event_fits = matcher(subsystem), matcher(event)
        for found, name in host.tracefs.events():
            if subsystem_fits(found) and event_fits(name):
                yield f"tracepoint:{found}:{name}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("tracepoint", parts, span, 2, hint="tracepoint:SUBSYSTEM:EVENT; bttui -l WORD finds the subsystem")
        subsystem, event = parts
        if hidden := self.hidden(host):
            raise DiagnosticError(hidden.replace(severity="error", span=span, code=MISSING))
        if is_glob(subsystem) or is_glob(event):
            return [Target(name, name.partition(":")[2]) for name in self.matches(parts, host)]
        if host.tracefs.id(subsystem, event) is None:
            raise missing("tracepoint", f"{subsystem}:{event}", span, self._hint(subsystem, event, host))
        return [Target(f"tracepoint:{subsystem}:{event}", f"{subsystem}:{event}")]

    def hidden(self, host: "Host") -> "Diagnostic | None":
        """Why none can be seen, None where they can."""
        if host.tracefs.exists:
            return None
        if host.tracefs.forbidden:
            return Diagnostic(f"Tracepoints are for root to see, in {host.tracefs.path}.", severity="warning", hint="run it as root")
        how = f"mount -t tracefs tracefs {host.tracefs.path}"
        return Diagnostic("Tracepoints cannot be seen: tracefs is not mounted.", severity="warning", hint=how)

    def _hint(self, subsystem: str, event: str, host: "Host") -> str:
        events = host.tracefs.events()
        elsewhere = [f"{s}:{e}" for s, e in events if e == event]
        if elsewhere:
            return f"did you mean tracepoint:{elsewhere[0]}?"
        hint = did_you_mean(event, [e for s, e in events if s == subsystem], f"tracepoint:{subsystem}:")
        return hint or did_you_mean(f"{subsystem}:{event}", [f"{s}:{e}" for s, e in events], "tracepoint:")

    def context(self, target: Target, host: "Host") -> Context:
        subsystem, _, event = target.target.partition(":")
        format = host.tracefs.format(subsystem, event)
        size, fields = (format.size, format.fields) if format else (0, ())
        return Context(
            TRACEPOINT,
            "tracepoint",
            arguments=Struct(name=f"struct {target.name}_args", size=size, fields=fields),
            capabilities=("kstack", "ustack"),
        )

    together = staticmethod(together)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        _, subsystem, event = name.split(":")
        format = host.tracefs.format(subsystem, event)
        return list(format.declarations) if format else []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        if "raw" in attachment.options:
            return self.attach_many([attachment], program, options)[0]
        subsystem, _, event = attachment.target.partition(":")
        number = host.tracefs.id(subsystem, event)
        if number is None:
            raise missing("tracepoint", attachment.target, attachment.span)
        return [links.tracepoint(program, number, attachment.cookie, name=attachment.name, span=attachment.span)]

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """All system calls of a body: one link."""
        from bttui.loader import links

        first = attachments[0]
        cookie = first.options.get("cookie", 0)
        return [links.raw_tracepoint(program, first.options["raw"], cookie, name=first.name, span=first.span)], []


providers = (Tracepoint(),)
