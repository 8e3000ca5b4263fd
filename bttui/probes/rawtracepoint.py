"""rawtracepoint: a tracepoint with the arguments that the kernel passes to it."""

from bttui.model.types import Struct
from bttui.probes.matching import did_you_mean, is_glob, matcher, missing, need_parts
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

RAW_TRACEPOINT = 17  # enum bpf_prog_type, <linux/bpf.h>
MOST_ARGUMENTS = 12  # MAX_BPF_FUNC_ARGS, <linux/bpf.h>


class RawTracepoint:
    name = "rawtracepoint"
    aliases = ("rt",)
    synopsis = "rawtracepoint:[MODULE:]EVENT"
    doc = "a tracepoint with the arguments that the kernel passes to it"
    examples = ("rawtracepoint:sched_switch { @[args.next.comm] = count(); }", "rawtracepoint:sys_enter { @[arg1] = count(); }")
    listed = True
    pid_filter = "predicate"
    cost = (0.0002, 0.0)

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        module, event = ("*", *parts)[-2:] if parts else ("*", "*")
        if len(parts) > 2:
            return
        module_fits, event_fits = matcher(module), matcher(event)
        for home, name in sorted(host.btf.raw_tracepoints()):
            if event_fits(name) and module_fits(home):
                yield f"rawtracepoint:{home}:{name}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("rawtracepoint", parts, span, 1, 2, hint=self.synopsis)
        if any(map(is_glob, parts)):
            return [Target(name, name.rpartition(":")[2]) for name in self.matches(parts, host)]
        event = parts[-1]
        home = host.btf.module_of("typedef", "btf_trace_" + event)
        if home is None or (len(parts) == 2 and parts[0] != home):
            raise missing("rawtracepoint", ":".join(parts), span, self._hint(event, home, host))
        return [Target(f"rawtracepoint:{home}:{event}", event)]

    def _hint(self, event: str, home: "str | None", host: "Host") -> str:
        if home:
            return f"did you mean rawtracepoint:{home}:{event}?"
        if not host.btf.exists:
            return host.btf.absence
        if event.startswith(("sys_enter_", "sys_exit_")):
            return f"system calls share rawtracepoint:{'_'.join(event.split('_')[:2])}; tracepoint:syscalls:{event} is about one"
        return did_you_mean(event, [name for _, name in host.btf.raw_tracepoints()], "rawtracepoint:")

    def context(self, target: Target, host: "Host") -> Context:
        fields = host.btf.raw_tracepoint(target.target)
        return Context(
            RAW_TRACEPOINT,
            "raw_tracepoint",
            arguments=None if fields is None else Struct(name=f"struct {target.name}_args", size=8 * len(fields), fields=fields),
            argument_access="slots",
            argument_slots=MOST_ARGUMENTS if fields is None else len(fields),
            capabilities=("kstack", "ustack"),
        )

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        from bttui.probes.declarations import raw_tracepoint_parameters

        return raw_tracepoint_parameters(name.rpartition(":")[2], host)

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        cookie = attachment.cookie if host.features.has("raw_tp_cookie") else 0
        return [links.raw_tracepoint(program, attachment.target, cookie, name=attachment.name, span=attachment.span)]


providers = (RawTracepoint(),)
