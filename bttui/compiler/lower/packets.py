"""What network probes know of a packet. It is read before the body runs, and only as far as the body asks.

Layouts: Ethernet and VLAN tags <linux/if_ether.h>, <linux/if_vlan.h>; RFC 791, RFC 8200 (extension headers), and the
ports that TCP, UDP, DCCP, SCTP and UDP-Lite all begin with.
"""

from bttui.compiler.bodies import argument_use
from bttui.compiler.emit import Helper
from bttui.compiler.infer.scope import Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from bttui.compiler import ast
    from bttui.compiler.lower.code import Code
    from bttui.probes.provider import Packet

XDP = 6  # enum bpf_prog_type, <linux/bpf.h>
# Offsets in struct __sk_buff and struct xdp_md, <linux/bpf.h>
_SKB_LENGTH, _SKB_INTERFACE = 0, 40
_XDP_DATA, _XDP_END, _XDP_INTERFACE = 0, 4, 12

IPV4, IPV6 = 0x0800, 0x86DD
VLAN = (0x8100, 0x88A8)
INET, INET6 = 2, 10
WITH_PORTS = (6, 17, 33, 132, 136)
FRAGMENT = 44
EXTENSIONS = (0, 43, FRAGMENT, 60)  # hop-by-hop, routing, fragment, destination options
MOST_EXTENSIONS = 4
_HEAD = 22  # bytes: the type at the end of the link header, and an IPv4 header without options


def read_packet(code: "Code", packet: "Packet") -> str:
    """Write what reads the packet; where its args then lie, "" where the body reads none."""
    assert isinstance(code.body, Body)
    probe: "ast.Probe" = code.body.probe  # type: ignore[assignment]
    used = argument_use(probe)
    fields = code.body.context.arguments.fields if code.body.context.arguments else None
    assert fields is not None
    wanted = {field.name for field in fields} if used is None else set(used)
    return Reader(code, packet, wanted).args if wanted else ""


class Reader:
    """``args`` is the memory of the struct that probes/packets.py describes."""

    def __init__(self, code: "Code", packet: "Packet", wanted: "set[str]"):
        self.code, self.f, self.packet, self.wanted = code, code.f, packet, wanted
        struct = code.body.context.arguments
        assert struct is not None
        self.fields = {field.name: field for field in struct.fields or ()}
        self.xdp = code.body.context.type == XDP
        self.args = self.f.stack(struct.size)
        self.f.zero(self.args, struct.size)
        if "len" in wanted:
            self.set("len", self.length())
        if "ifindex" in wanted:
            self.set("ifindex", self.context(_XDP_INTERFACE if self.xdp else _SKB_INTERFACE))
        if wanted - {"len", "ifindex"}:
            self.head = self.f.stack(24)
            self.network = self.f.stack(8)  # where the network header begins, an i32
            self.read_link()

    # What is read, and from where

    def context(self, offset: int) -> str:
        return self.f.load(32, self.f.offset("%ctx", offset), volatile=True)

    def length(self) -> str:
        if not self.xdp:
            return self.context(_SKB_LENGTH)
        start = self.f.resize(self.context(_XDP_DATA), 32, 64, False)
        end = self.f.resize(self.context(_XDP_END), 32, 64, False)
        length = self.f.resize(self.f.binary("sub", 64, end, start), 64, 32, False)
        # by way of memory: else LLVM may keep halves of the two pointers instead, which the verifier refuses
        place = self.f.stack(8)
        self.f.store(32, length, place, volatile=True)
        return self.f.load(32, place, volatile=True)

    def load(self, offset: str, memory: str, size: int) -> str:
        """Copy ``size`` bytes from an i32 offset of the packet. An i1: whether it is so long."""
        if self.packet.load_bytes:
            helper = Helper.xdp_load_bytes if self.xdp else Helper.skb_load_bytes
            failed = self.f.call(helper, "ptr %ctx", f"i32 {offset}", f"ptr {memory}", f"i32 {size}")
            return self.f.compare("eq", 64, failed, "0")
        # XDP before 5.18: as any other memory of the kernel
        f = self.f
        end = f.binary("add", 32, offset, str(size))
        fits = f.compare("ule", 32, end, self.length())
        done = f.stack(8)
        f.store(64, "1", done)

        def copy() -> None:
            start = f.resize(self.context(_XDP_DATA), 32, 64, False)
            # the mask says to the verifier that the sum stays near the packet
            place = f.binary("add", 64, start, f.binary("and", 64, f.resize(offset, 32, 64, False), "4095"))
            f.store(64, f.call(Helper.probe_read_kernel, f"ptr {memory}", f"i32 {size}", f"i64 {place}"), done)

        self.code.when(fits, copy)
        return f.compare("eq", 64, f.load(64, done), "0")

    def byte(self, memory: str, offset: int) -> str:
        """As an i32."""
        return self.f.resize(self.f.load(8, self.f.offset(memory, offset)), 8, 32, False)

    def short(self, memory: str, offset: int) -> str:
        """An i16 in the host's order."""
        self.f.module.declare("declare i16 @llvm.bswap.i16(i16)")
        return self.f.value(f"call i16 @llvm.bswap.i16(i16 {self.f.load(16, self.f.offset(memory, offset), 1)})")

    def any_of(self, bits: int, number: str, values: "Iterable[int]") -> str:
        result = "false"
        for value in values:
            result = self.f.binary("or", 1, result, self.f.compare("eq", bits, number, str(value)))
        return result

    # What is told

    def at(self, name: str) -> str:
        return self.f.offset(self.args, self.fields[name].offset)

    def set(self, name: str, operand: str) -> None:
        self.f.store(self.fields[name].type.size * 8, operand, self.at(name), 1)

    def set_address(self, name: str, family: int, source: str, size: int) -> None:
        """As model.types.Inet lies in memory."""
        self.f.store(64, str(family), self.at(name), 1)
        self.f.copy(self.f.offset(self.at(name), 8), source, size)

    # From layer to layer

    def read_link(self) -> None:
        f = self.f
        f.zero(self.head, 24)
        if not self.packet.link_header:
            f.store(32, "0", self.network)
            self.load("0", f.offset(self.head, 2), _HEAD - 2)
            version = f.binary("lshr", 32, self.byte(self.head, 2), "4")
            kind = f.select(f.compare("eq", 32, version, "4"), 16, str(IPV4), "0")
            kind = f.select(f.compare("eq", 32, version, "6"), 16, str(IPV6 - (1 << 16)), kind)
        else:
            self.read_type(self.packet.link_header)
            tagged = self.any_of(16, self.short(self.head, 0), (tag - (tag >> 15 << 16) for tag in VLAN))
            self.code.when(tagged, lambda: self.read_type(self.packet.link_header + 4))
            kind = self.short(self.head, 0)
        self.set("ethertype", kind)
        if self.wanted - {"len", "ifindex", "ethertype"}:
            version = f.binary("lshr", 32, self.byte(self.head, 2), "4")
            for type, number, read in ((IPV4, 4, self.read_ipv4), (IPV6 - (1 << 16), 6, self.read_ipv6)):
                same = f.binary("and", 1, f.compare("eq", 16, kind, str(type)), f.compare("eq", 32, version, str(number)))
                self.code.when(same, read)

    def read_type(self, end: int) -> None:
        """The head, where the link header ends at ``end``; its type alone where the packet is no longer than that."""
        self.f.store(32, str(end), self.network)
        missing = self.f.binary("xor", 1, self.load(str(end - 2), self.head, _HEAD), "true")

        def type_alone() -> None:
            self.f.zero(self.head, 24)
            self.load(str(end - 2), self.head, 2)

        self.code.when(missing, type_alone)

    def read_ipv4(self) -> None:
        f, header = self.f, self.f.offset(self.head, 2)
        self.set("family", str(INET))
        self.set("protocol", f.load(8, f.offset(header, 9)))
        self.set_address("saddr", INET, f.offset(header, 12), 4)
        self.set_address("daddr", INET, f.offset(header, 16), 4)
        words = f.binary("and", 32, self.byte(header, 0), "15")
        transport = f.binary("add", 32, f.load(32, self.network), f.binary("shl", 32, words, "2"))
        first = f.compare("eq", 16, f.binary("and", 16, self.short(header, 6), str(0x1FFF)), "0")
        self.read_ports(first, self.byte(header, 9), transport)

    def read_ipv6(self) -> None:
        f = self.f
        self.set("family", str(INET6))
        network = f.load(32, self.network)
        if self.wanted & {"saddr", "daddr"}:
            both = f.stack(32)
            f.zero(both, 32)
            self.load(f.binary("add", 32, network, "8"), both, 32)
            self.set_address("saddr", INET6, both, 16)
            self.set_address("daddr", INET6, f.offset(both, 16), 16)
        if not self.wanted & {"protocol", "sport", "dport"}:
            return
        protocol, transport, later = f.stack(8), f.stack(8), f.stack(8)
        f.store(32, self.byte(self.head, 8), protocol)
        f.store(32, f.binary("add", 32, network, "40"), transport)
        f.store(16, "0", later)  # not 0 in all fragments but the first
        for _ in range(MOST_EXTENSIONS):
            extends = self.any_of(32, f.load(32, protocol), EXTENSIONS)
            first = f.compare("eq", 16, f.load(16, later), "0")
            self.code.when(f.binary("and", 1, extends, first), lambda: self.pass_extension(protocol, transport, later))
        number = f.load(32, protocol)
        self.set("protocol", f.resize(number, 32, 8, False))
        self.read_ports(f.compare("eq", 16, f.load(16, later), "0"), number, f.load(32, transport))

    def pass_extension(self, protocol: str, transport: str, later: str) -> None:
        f, memory, start = self.f, self.f.stack(8), self.f.load(32, transport)

        def follow() -> None:
            fragment = f.compare("eq", 32, f.load(32, protocol), str(FRAGMENT))
            length = f.binary("shl", 32, f.binary("add", 32, self.byte(memory, 1), "1"), "3")
            offset = f.binary("and", 16, self.short(memory, 2), str(0xFFF8 - (1 << 16)))
            f.store(16, f.select(fragment, 16, offset, "0"), later)
            f.store(32, f.binary("add", 32, start, f.select(fragment, 32, "8", length)), transport)
            f.store(32, self.byte(memory, 0), protocol)

        self.code.when(self.load(start, memory, 4), follow)

    def read_ports(self, first: str, protocol: str, transport: str) -> None:
        if not self.wanted & {"sport", "dport"}:
            return
        memory = self.f.stack(8)

        def read() -> None:
            def told() -> None:
                self.set("sport", self.short(memory, 0))
                self.set("dport", self.short(memory, 2))

            self.code.when(self.load(transport, memory, 4), told)

        self.code.when(self.f.binary("and", 1, first, self.any_of(32, protocol, WITH_PORTS)), read)
