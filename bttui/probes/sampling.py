"""What the four providers on perf events share: rates, counts, the context of a sample, attaching to each CPU."""

from bttui.model.diagnostic import DiagnosticError, error
from bttui.probes.matching import did_you_mean, is_glob, matcher, need_parts, number, select
from bttui.probes.provider import Context, Target
from bttui.probes.registers import offsets

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

PERF_EVENT = 7  # enum bpf_prog_type, <linux/bpf.h>
PERF_TYPE_HARDWARE, PERF_TYPE_SOFTWARE = 0, 1  # enum perf_type_id, <linux/perf_event.h>
CPU_CLOCK = 0  # enum perf_sw_ids
UNITS = {"hz": 0, "ms": 1_000_000, "s": 10**9, "us": 1_000}  # nanoseconds; hz is a frequency


def sample_context(host: "Host") -> Context:
    """struct bpf_perf_event_data (<linux/bpf_perf_event.h>) begins with the registers of what was interrupted."""
    return Context(PERF_EVENT, "perf_event", registers=offsets(host.machine), capabilities=("kstack", "ustack"))


def _first(parts: "Sequence[str]", names: "Iterable[str]") -> "Iterator[str]":
    """The names that fit the first part; the number after them is not known, and fits only what fits nothing."""
    glob, *rest = parts or ("*",)
    return select(glob, names) if all(matcher(part)("") for part in rest) else iter(())


def _rate(provider: str, parts: "Sequence[str]", span: "Span | None") -> Target:
    need_parts(provider, parts, span, 1, 2, hint=f"for example {provider}:s:1, {provider}:100ms or {provider}:hz:99")
    try:
        value, timed = number(parts[-1])
    except ValueError as reason:
        if _is_negative(parts[-1]):
            raise error(f"{provider} frequency should be a positive integer", span) from None
        raise error(f"Invalid rate of {provider} probe: {reason}", span, hint=f"for example {provider}:hz:99 or {provider}:s:1") from None
    if len(parts) == 1:
        if value < 1000:
            hint = f"with its unit: {provider}:hz:{value}, {provider}:s:{value} or {provider}:ms:{value}"
            raise error(f"Invalid rate of {provider} probe. Minimum is 1000 or 1us. Found: {value} nanoseconds", span, hint=hint)
        unit, value = "us", value // 1000
    else:
        unit = parts[0]
        if unit not in UNITS:
            raise error(f"{unit} is not an accepted unit of time", span, hint="there are s, ms, us and hz")
        if timed:
            raise error(f"{parts[1]} has a unit of its own", span, hint=f"write {provider}:{parts[1]}, or a number without a unit")
    if value < 1:
        raise error(f"{provider} frequency should be a positive integer", span)
    nanoseconds = value * UNITS[unit]
    if nanoseconds >= 1 << 63 or value >= 1 << 63:
        raise error(f"Invalid rate of {provider} probe: {parts[-1]} is too large", span)
    options = {"period": nanoseconds} if nanoseconds else {"frequency": value}
    return Target(f"{provider}:{unit}:{value}", f"{unit}:{value}", options, f"{provider}:{unit}:")


def _is_negative(text: str) -> bool:
    return text[:1] == "-" and text[1:].isdigit()


def _attach(attachment: "Any", program: "Any", type: int, config: int, hint: str, **how: "Any") -> "list[Any]":
    """By loader.links; ``hint`` is for what the kernel refuses."""
    from bttui.loader import links

    where = {"cookie": attachment.cookie, "name": attachment.name, "span": attachment.span}
    try:
        return links.sampling(program, type, config, **how, **where)
    except DiagnosticError as reason:
        if not hint:
            raise
        raise DiagnosticError(reason.diagnostics[0].replace(hint=hint)) from None


class Clock:
    """A probe on the CPU clock; ``everywhere``: on every CPU, else on one."""

    listed = False

    def __init__(self, name: str, alias: str, everywhere: bool, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = (alias,)
        self.synopsis = f"{name}:UNIT:COUNT"
        self.doc = doc
        self.examples = examples
        self.everywhere = everywhere
        self.pid_filter = "attach" if everywhere else "none"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        for name in _first(parts, UNITS):
            yield f"{self.name}:{name}:"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        return [_rate(self.name, parts, span)]

    def context(self, target: Target, host: "Host") -> Context:
        return sample_context(host)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        frequency = attachment.options.get("frequency", 0)
        most = host.text("/proc/sys/kernel/perf_event_max_sample_rate").strip() if frequency else ""
        return _attach(
            attachment,
            program,
            PERF_TYPE_SOFTWARE,
            CPU_CLOCK,
            f"the kernel allows at most {most} samples a second (sysctl kernel.perf_event_max_sample_rate)"
            if most.isdigit() and frequency > int(most)
            else "",
            cpus=host.online_cpus if self.everywhere else host.online_cpus[:1],
            period=attachment.options.get("period", 0),
            frequency=frequency,
            pid=options.pid or -1 if self.everywhere else -1,
        )


class Counter:
    """A probe at every so many events of a kind. ``events``: name -> (number for perf_event_open, usual count)."""

    listed = True
    pid_filter = "attach"

    def __init__(self, name: str, alias: str, type: int, events: "Mapping[str, tuple[int, int]]", doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = (alias,)
        self.synopsis = f"{name}:EVENT:COUNT"
        self.doc = doc
        self.examples = examples
        self.type = type
        self.events = events

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        for name in _first(parts, sorted(self.events)):
            yield f"{self.name}:{name}:"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, 2, hint=f"for example {self.name}:{next(iter(self.events))}:1000")
        event = parts[0]
        if is_glob(event):
            raise error(f"wildcards are not allowed for {self.name} probe type", span, hint=f"bttui -l '{self.name}:*' lists the events")
        if event not in self.events:
            raise error(f"{event} is not a {self.name} probe", span, hint=did_you_mean(event, list(self.events), self.name + ":"))
        config, period = self.events[event]
        name = f"{self.name}:{event}"
        if len(parts) == 2:
            try:
                period = number(parts[1])[0] or period
            except ValueError as reason:
                if _is_negative(parts[1]):
                    raise error(f"{self.name} count should be a positive integer", span) from None
                raise error(f"Invalid count for {self.name} probe: {reason}", span) from None
            name += f":{number(parts[1])[0]}"
        return [Target(name, event, {"type": self.type, "config": config, "period": period}, f"{self.name}:{event}:")]

    def context(self, target: Target, host: "Host") -> Context:
        return sample_context(host)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        return _attach(
            attachment,
            program,
            attachment.options["type"],
            attachment.options["config"],
            "this processor does not count that; virtual machines often count nothing" if self.type == PERF_TYPE_HARDWARE else "",
            cpus=host.online_cpus,
            period=attachment.options["period"],
            pid=options.pid or -1,
        )
