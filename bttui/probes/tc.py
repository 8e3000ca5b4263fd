"""tc: packets at the kernel's traffic control, on their way in or out."""

from bttui.model.diagnostic import error
from bttui.probes import packets
from bttui.probes.matching import did_you_mean, is_glob, need_parts, select
from bttui.probes.provider import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Context, Options

DIRECTIONS = ("egress", "ingress")
TC_ACT_UNSPEC = -1  # <linux/pkt_cls.h>; TCX_NEXT of <linux/bpf.h> is the same: the next program decides


class Tc:
    name = "tc"
    aliases = ()
    synopsis = "tc:INTERFACE:ingress|egress"
    doc = "a packet enters or leaves by a network interface; it always passes"
    examples = (
        "tc:lo:ingress { @[args.protocol] = hist(args.len); }",
        'tc:*:egress /args.family == 10/ { printf("%s -> %s:%d\\n", ntop(args.saddr), ntop(args.daddr), args.dport); }',
    )
    listed = False  # as xdp
    pid_filter = "none"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        if len(parts) > 2:
            return
        interface, direction = (*parts, "*", "*")[:2]
        for found in packets.matching(interface):
            for way in select(direction, DIRECTIONS):
                yield f"tc:{found}:{way}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("tc", parts, span, 2, hint=self.synopsis)
        interface, direction = parts
        if not is_glob(direction) and direction not in DIRECTIONS:
            hint = did_you_mean(direction, DIRECTIONS, f"tc:{interface}:") or self.synopsis
            raise error(f"tc probes are at ingress or egress, not at {direction!r}", span, hint=hint)
        found = packets.chosen("tc", interface, span)
        return [Target(f"tc:{name}:{way}", f"{name}:{way}") for name in found for way in select(direction, DIRECTIONS)]

    def context(self, target: Target, host: "Host") -> "Context":
        interface = target.target.rpartition(":")[0]
        # no attach type: one program may serve both ways, and older kernels know none
        return packets.context(packets.SCHED_CLS, "tc", 0, TC_ACT_UNSPEC, interface, host)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return packets.DECLARATIONS

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import network

        interface, _, direction = attachment.target.rpartition(":")
        return [network.tc(program, interface, direction, name=attachment.name, span=attachment.span)]


providers = (Tc(),)
