"""xdp: packets as the driver hands them over, before the network stack sees them."""

from bttui.probes import packets
from bttui.probes.matching import need_parts
from bttui.probes.provider import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Context, Options

# <linux/bpf.h>: enum bpf_attach_type, enum xdp_action
ATTACH_TYPE = 37
XDP_PASS = 2


class Xdp:
    name = "xdp"
    aliases = ()
    synopsis = "xdp:INTERFACE"
    doc = "a packet arrives at a network interface, before the kernel does anything with it; it always passes"
    examples = (
        "xdp:eth0 { @[args.protocol] = hist(args.len); }",
        "xdp:lo /args.dport == 53/ { @[args.saddr] = count(); }",
    )
    listed = False  # asking for the interfaces takes longer than all other probes together
    pid_filter = "none"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        if len(parts) <= 1:
            for interface in packets.matching(parts[0] if parts else "*"):
                yield f"xdp:{interface}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("xdp", parts, span, 1, hint=self.synopsis)
        return [Target(f"xdp:{interface}", interface) for interface in packets.chosen("xdp", parts[0], span)]

    def context(self, target: Target, host: "Host") -> "Context":
        return packets.context(packets.XDP, "xdp", ATTACH_TYPE, XDP_PASS, target.target, host)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        return packets.DECLARATIONS

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import network

        return [network.xdp(program, attachment.target, name=attachment.name, span=attachment.span)]


providers = (Xdp(),)
