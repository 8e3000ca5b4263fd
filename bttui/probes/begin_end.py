"""begin and end: run once by the tracer itself, before and after everything else."""

from bttui.probes.matching import need_parts
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

RAW_TRACEPOINT = 17  # enum bpf_prog_type, <linux/bpf.h>

# A raw tracepoint program that is never attached: the session runs it with BPF_PROG_RUN.
SPECIAL_CONTEXT = Context(RAW_TRACEPOINT, "raw_tracepoint", capabilities=("kstack", "ustack"))


class Special:
    """A probe that the session fires; nothing is attached."""

    aliases = ()
    listed = False
    pid_filter = "none"

    def __init__(self, name: str, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.synopsis = name
        self.doc = doc
        self.examples = examples

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        if not any(part.strip("*") for part in parts):
            yield self.name

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 0)
        return [Target(self.name, "", listing="")]

    def context(self, target: Target, host: "Host") -> Context:
        return SPECIAL_CONTEXT

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        return []


providers = (
    Special("begin", "once, before any other probe is attached", ('begin { printf("hello\\n"); }',)),
    Special("end", "once, after all other probes are detached", ('end { printf("bye\\n"); }',)),
)
