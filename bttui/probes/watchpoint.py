"""watchpoint: memory at an address is written, read or executed."""

from bttui.model.diagnostic import error
from bttui.probes.matching import need_parts, number
from bttui.probes.provider import Context, Target
from bttui.probes.sampling import sample_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

LENGTHS = (1, 2, 4, 8)
# <linux/hw_breakpoint.h>: HW_BREAKPOINT_R, _W, _X
READ, WRITE, EXECUTE = 1, 2, 4
_BITS = {"r": READ, "w": WRITE, "x": EXECUTE}
# What the processor can do: arch_build_bp_info() in arch/*/kernel/hw_breakpoint.c
_MODES = {"x86_64": ("x", "w", "rw"), "aarch64": ("r", "w", "x", "rw")}
# An instruction's breakpoint has a length of its own: sizeof(long) on x86, 4 on arm.
_INSTRUCTION = {"x86_64": 8, "aarch64": 4}


class Watchpoint:
    name = "watchpoint"
    aliases = ("w",)
    synopsis = "watchpoint:ADDRESS:LENGTH:MODE"
    doc = "memory is written (w), read or written (rw), or executed (x); of the process of -p or -c, else of the kernel and all"
    examples = ("watchpoint:0x10000000:8:rw { @[ustack] = count(); }",)
    listed = False
    pid_filter = "attach"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        return iter(())  # there are as many as addresses

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("watchpoint", parts, span, 3, hint=f"{self.synopsis}, for example {self.examples[0].split(' ')[0]}")
        address, length = _number("function/address", parts[0], span), _number("length", parts[1], span)
        mode = "".join(sorted(parts[2]))
        if not address:
            raise error("watchpoint must be attached to a non-zero address", span)
        if length not in LENGTHS:
            raise error("watchpoint length must be one of (1,2,4,8)", span)
        if set(mode) - set(_BITS):
            raise error("watchpoint mode must be combination of (r,w,x)", span)
        if len(set(mode)) != len(mode):
            raise error("watchpoint modes may not be duplicated", span)
        supported = _MODES.get(host.machine, ("r", "w", "x", "rw"))
        if mode not in supported:
            raise error(f"invalid watchpoint mode: {mode}", span, hint=f"supported modes: {','.join(supported)}")
        if mode == "x":
            length_here = _INSTRUCTION.get(host.machine, length)
        elif address % length:
            hint = f"the processor watches aligned memory only: {address - address % length:#x} is the nearest"
            raise error(f"watchpoint address {address:#x} must be a multiple of the length, {length}", span, hint=hint)
        else:
            length_here = length
        how = {"address": address, "length": length_here, "type": sum(_BITS[letter] for letter in mode)}
        return [Target(f"watchpoint:{address}:{length}:{mode}", f"{address}:{length}:{mode}", how)]

    def context(self, target: Target, host: "Host") -> Context:
        context = sample_context(host)
        return context.replace(capabilities=(*context.capabilities, "inherited"))

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return []

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        how = attachment.options
        where = {"pid": options.pid, "cpus": host.online_cpus, "name": attachment.name, "span": attachment.span}
        return links.watchpoint(program, how["address"], how["length"], how["type"], attachment.cookie, **where)


def _number(what: str, text: str, span: "Span | None") -> int:
    try:
        return number(text)[0]
    except ValueError as reason:
        raise error(f"Invalid {what} argument: {reason}", span, hint="for example watchpoint:0x10000000:8:rw") from None


providers = (Watchpoint(),)
