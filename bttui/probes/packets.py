"""What the network probes share: the interfaces, and what their programs can know of a packet."""

from bttui.model.types import UINT8, UINT16, UINT32, Field, Inet, Struct
from bttui.probes.matching import did_you_mean, is_glob, missing, select
from bttui.probes.provider import Context, Packet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span

# enum bpf_prog_type, <linux/bpf.h>
SCHED_CLS, XDP = 3, 6

# len counts from the link header on; ethertype is the one behind a VLAN tag; what a packet does not have is 0.
ARGUMENTS = Struct(
    name="struct packet",
    size=72,
    fields=(
        Field("len", UINT32, 0),
        Field("ifindex", UINT32, 4),
        Field("ethertype", UINT16, 8),
        Field("family", UINT16, 10),
        Field("protocol", UINT8, 12),
        Field("saddr", Inet(), 16),
        Field("daddr", Inet(), 40),
        Field("sport", UINT16, 64),
        Field("dport", UINT16, 66),
    ),
)
DECLARATIONS = [
    f"{'inet' if isinstance(field.type, Inet) else f'uint{8 * field.type.size}'} {field.name}" for field in ARGUMENTS.fields or ()
]


def matching(glob: str) -> "Iterator[str]":
    """Interfaces by a glob, sorted."""
    from bttui.host.interfaces import interfaces

    return select(glob, interfaces())


def chosen(provider: str, name: str, span: "Span | None") -> "list[str]":
    """The interfaces that an attach point means. Raises DiagnosticError where a name is none."""
    if is_glob(name):
        return list(matching(name))
    from bttui.host.interfaces import index, interfaces

    if not index(name):
        names = interfaces()
        hint = did_you_mean(name, names, f"{provider}:") or f"the interfaces here are {', '.join(names)}"
        raise missing(provider, name, span, hint)
    return [name]


def context(type: int, section: str, attach_type: int, passes: int, interface: str, host: "Host") -> Context:
    from bttui.host.interfaces import link_header

    load_bytes = type == SCHED_CLS or host.features.has("helper:xdp_load_bytes")
    return Context(type, section, attach_type, arguments=ARGUMENTS, packet=Packet(passes, link_header(interface), load_bytes))
