"""Network probes: exact counts and arguments on a pair of interfaces between two namespaces of our own."""

import os
import socket
import struct
import sys
from contextlib import contextmanager
from itertools import count

import pytest
from support import ATTACHED, PATIENCE, Process

from bttui.host.facts import Host
from bttui.loader import bpf
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.probes import listing, registry
from bttui.probes.provider import Options

SPAN = Span(0, 4, 1, 1, 1, 5)
HERE4, THERE4, HERE6, THERE6 = "10.77.0.1", "10.77.0.2", "fd77::1", "fd77::2"
ICMP, TCP, UDP, ICMP6, SCTP, ESP = 1, 6, 17, 58, 132, 50

# Attach points


def expand(text):
    return [(target.name, target.target) for _, target in registry.expand(text.split(":"), SPAN, Host(), Options())]


def test_what_attach_points_mean():
    assert expand("xdp:lo") == [("xdp:lo", "lo")]
    assert expand("tc:lo:ingress") == [("tc:lo:ingress", "lo:ingress")]
    assert expand("TC:l[o]:*") == [("tc:lo:egress", "lo:egress"), ("tc:lo:ingress", "lo:ingress")]


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("xdp", "xdp probe type requires 1 argument, found 0", "xdp:INTERFACE"),
        ("tc:lo", "tc probe type requires 2 arguments, found 1", "tc:INTERFACE:ingress|egress"),
        ("tc:lo:ingres", "tc probes are at ingress or egress, not at 'ingres'", "did you mean tc:lo:ingress"),
        ("xdp:lo0", "No matches for xdp lo0.", "did you mean xdp:lo?"),
        ("tc:nothing_like_it:egress", "No matches for tc nothing_like_it.", "the interfaces here are "),
    ],
)
def test_refusals(text, message, hint):
    with pytest.raises(DiagnosticError) as caught:
        expand(text)
    assert caught.value.diagnostics[0].message == message
    assert hint in caught.value.diagnostics[0].hint


def test_listing_with_arguments():
    assert list(listing.lines("tc:lo:*", Host())) == ["tc:lo:egress", "tc:lo:ingress"]
    assert list(listing.lines("xdp:lo", Host(), True)) == [
        "xdp:lo",
        "    uint32 len",
        "    uint32 ifindex",
        "    uint16 ethertype",
        "    uint16 family",
        "    uint8 protocol",
        "    inet saddr",
        "    inet daddr",
        "    uint16 sport",
        "    uint16 dport",
    ]


# Two namespaces, here and there


@contextmanager
def inside(namespace):
    """What this thread starts and opens is in the namespace."""
    from pyroute2 import netns

    netns.pushns(namespace)
    try:
        yield
    finally:
        netns.popns()


_numbers = count()


@contextmanager
def namespaces(ipv6):
    """Names of two, joined by the interfaces "here" and "there", both up."""
    from pyroute2 import IPRoute, netns

    names = [f"bttui_test_{os.getpid()}_{next(_numbers)}" for _ in range(2)]
    try:
        for name in names:
            netns.create(name)
            if not ipv6:  # then the kernel sends nothing by itself
                with inside(name), open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
                    file.write("1")
        with IPRoute(netns=names[0]) as route:
            route.link("add", ifname="here", kind="veth", peer={"ifname": "there", "net_ns_fd": names[1]})
        sides = zip(names, ("here", "there"), (HERE4, THERE4), (HERE6, THERE6), strict=True)
        for name, interface, address4, address6 in sides:
            with IPRoute(netns=name) as route:
                (index,) = route.link_lookup(ifname=interface)
                if ipv6:
                    route.addr("add", index=index, address=address4, prefixlen=24)
                    route.addr("add", index=index, address=address6, prefixlen=64, flags=2)  # IFA_F_NODAD: usable at once
                route.link("set", index=index, state="up")
        yield names
    finally:
        for name in names:
            if name in netns.listnetns():
                netns.remove(name)


@pytest.fixture(scope="module")
def pair():
    with namespaces(ipv6=True) as names:
        yield names


def listening(namespace, family, port):
    with inside(namespace):
        found = socket.socket(family, socket.SOCK_DGRAM)
        found.settimeout(PATIENCE)
        found.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", port))
        return found


def send_udp(names, number, port, address=THERE4, size=100):
    """Datagrams from port + 1000 here to a port there; returns when all have arrived."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with listening(names[1], family, port) as receiver, listening(names[0], family, port + 1000) as sender:
        texts = [bytes([index]) * size for index in range(number)]
        for text in texts:
            sender.sendto(text, (address, port))
        assert sorted(receiver.recv(9000) for _ in texts) == texts


def refused_connections(names, number, port, address):
    """Each is one SYN there, and one RST back."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for _ in range(number):
        with inside(names[0]), socket.socket(family, socket.SOCK_STREAM) as sender, pytest.raises(ConnectionRefusedError):
            sender.connect((address, port))


def ping(names, number, address, size):
    """Echo requests, each of which is answered."""
    six = ":" in address
    family, protocol = (socket.AF_INET6, ICMP6) if six else (socket.AF_INET, ICMP)
    with inside(names[0]), socket.socket(family, socket.SOCK_DGRAM, protocol) as sender:
        sender.settimeout(PATIENCE)
        for index in range(number):
            sender.sendto(struct.pack("!BBHHH", 128 if six else 8, 0, 0, 0, index) + bytes(size), (address, 0))
            sender.recv(9000)


def allow_ping(namespace):
    with inside(namespace), open("/proc/sys/net/ipv4/ping_group_range", "w") as file:
        file.write("0 0")


def attached(namespace, interface):
    """How many programs hang on the interface: {attach type: count}; {} where the kernel cannot tell."""
    with inside(namespace):
        index = socket.if_nametoindex(interface)
        found = {}
        for kind in (bpf.XDP, bpf.TCX_INGRESS, bpf.TCX_EGRESS):
            attributes = bpf.pack("IIIIQI36x", index, kind, 0, 0, 0, 0)  # BPF_PROG_QUERY
            try:
                bpf.bpf(16, attributes)
                found[kind] = struct.unpack_from("=I", attributes, 24)[0]
            except OSError:
                continue
        return found


def left_behind(namespace, interface):
    """What still hangs on an interface, of any kind."""
    from pyroute2 import IPRoute

    with IPRoute(netns=namespace) as route:
        (index,) = route.link_lookup(ifname=interface)
        xdp = route.get_links(index)[0].get_attr("IFLA_XDP").get_attr("IFLA_XDP_ATTACHED")
        qdiscs = [qdisc.get_attr("TCA_KIND") for qdisc in route.get_qdiscs(index)]
    links = sum(attached(namespace, interface).values())
    return xdp, [kind for kind in qdiscs if kind in ("clsact", "ingress")], links


NOTHING = (None, [], 0)


def counts(text):
    """Lines "@[a, b]: 3" -> {("a", "b"): 3}."""
    lines = [line for line in text.splitlines() if line.startswith("@[")]
    return {tuple(key.split(", ")): int(number) for key, _, number in (line.removeprefix("@[").partition("]: ") for line in lines)}


def traffic(names):
    """The packets that OUT and BACK tell of."""
    allow_ping(names[0])
    send_udp(names, 5, 7001)
    send_udp(names, 7, 7002, THERE6, 300)
    refused_connections(names, 3, 7003, THERE4)
    refused_connections(names, 4, 7004, THERE6)
    ping(names, 6, THERE4, 500)
    ping(names, 2, THERE6, 600)


OUT = {
    ("2", str(UDP), HERE4, THERE4, "8001", "7001"): 5,
    ("10", str(UDP), HERE6, THERE6, "8002", "7002"): 7,
    ("2", str(TCP), HERE4, THERE4, "*", "7003"): 3,
    ("10", str(TCP), HERE6, THERE6, "*", "7004"): 4,
    ("2", str(ICMP), HERE4, THERE4, "0", "0"): 6,
    ("10", str(ICMP6), HERE6, THERE6, "0", "0"): 2,
}
BACK = {
    ("2", str(TCP), THERE4, HERE4, "7003", "*"): 3,
    ("10", str(TCP), THERE6, HERE6, "7004", "*"): 4,
    ("2", str(ICMP), THERE4, HERE4, "0", "0"): 6,
    ("10", str(ICMP6), THERE6, HERE6, "0", "0"): 2,
}
# The ports that the kernel chose are not ours to tell; of ICMPv6 only our own long packets.
WANTED = f"/args.protocol == {UDP} || args.protocol == {TCP} || (args.protocol == {ICMP} || args.protocol == {ICMP6}) && args.len > 500/"
KEYS = "args.family, args.protocol, ntop(args.saddr), args.daddr, args.sport, args.dport"


def told(text):
    """counts() with * for ports that the kernel chose, for each probe."""
    found = {}
    for (probe, *key), number in counts(text).items():
        key = tuple("*" if place >= 4 and int(word) > 9000 else word for place, word in enumerate(key))
        per_probe = found.setdefault(probe, {})
        per_probe[key] = per_probe.get(key, 0) + number
    return found


@pytest.mark.live
def test_every_packet_is_counted_once(bttui, pair):
    program = f"xdp:here, tc:here:* {WANTED} {{ @[probe, {KEYS}] = count(); }}"
    with inside(pair[0]):
        process = bttui.start("-e", program)
    with process:
        process.until("Attached 3 probes\n", stream="stderr")
        assert set(attached(pair[0], "here").values()) <= {1}
        traffic(pair)
        result = process.stop()
    assert told(result.stdout) == {"xdp:here": BACK, "tc:here:ingress": BACK, "tc:here:egress": OUT}
    assert left_behind(pair[0], "here") == NOTHING


@pytest.mark.live
def test_the_example_of_packet_sizes(bttui, pair):
    """A datagram of 100 bytes is 142 long with its headers, one of 300 over IPv6 362."""
    with inside(pair[0]):
        process = bttui.start("-q", "-e", f"tc:here:egress /args.protocol == {UDP}/ {{ @[args.protocol] = lhist(args.len, 0, 1000, 1); }}")
    with process:
        traffic(pair)
        lines = process.stop().stdout.splitlines()
    assert [line.split("|")[0].split() for line in lines if line.startswith("[")] == [
        ["[142]", "5"],
        *([f"[{size}]", "0"] for size in range(143, 362)),
        ["[362]", "7"],
    ]


@pytest.mark.live
@pytest.mark.parametrize("point", ["xdp:there", "tc:there:ingress"])
@pytest.mark.parametrize(
    "body",
    [
        "{ return 1; }",
        "{ return 2; }",
        "{ if (args.dport == 7005) { return 0; } @ = count(); }",
        "/args.dport == 1/ { }",
        "{ for ($i : 0..5) { return 2; } }",
        "{ exit(); }",
        '{ @[args.saddr, str(0)] = hist(args.len); printf("%s", args.daddr); }',
    ],
)
def test_packets_pass_whatever_the_body_does(body, point, bttui, pair):
    """The kernel's words for 1 and 2 are drop, or hand back; send_udp() waits for each packet."""
    with inside(pair[1]):
        process = bttui.start("-e", f"{point} {body}")
    with process:
        send_udp(pair, 5, 7005)
        if "exit" in body:
            process.wait()
        else:
            process.stop()
    assert left_behind(pair[1], "there") == NOTHING


@pytest.mark.live
def test_variables_and_loops_know_the_packet(bttui, pair):
    body = "{ $from = args.saddr; for ($i : 0..3) { @[$from, args.daddr, $i, args.dport] = count(); } }"
    with inside(pair[1]):
        process = bttui.start("-e", f"xdp:there, tc:there:ingress /args.dport == 7006/ {body}")
    with process:
        send_udp(pair, 5, 7006, THERE6)
        result = process.stop()
    assert counts(result.stdout) == {(HERE6, THERE6, str(number), "7006"): 10 for number in range(3)}


@pytest.mark.live
def test_killed_it_leaves_nothing(bttui, pair):
    with inside(pair[0]):
        process = bttui.start("-e", "xdp:here, tc:here:ingress, tc:here:egress { @ = count(); }")
    with process:
        assert left_behind(pair[0], "here") != NOTHING
        process.kill()
    links = left_behind(pair[0], "here")
    assert (links[0], links[2]) == (None, 0)
    send_udp(pair, 3, 7007)


@pytest.mark.live
def test_one_xdp_program_for_an_interface(bttui, pair):
    with inside(pair[0]):
        result = bttui("-e", "xdp:here { @a = count(); } xdp:here { @b = count(); }")
    assert result.returncode != 0
    assert "cannot attach xdp:here: another XDP program is there already" in result.stderr
    assert "tc:here:ingress" in result.stderr
    assert left_behind(pair[0], "here") == NOTHING


@pytest.mark.live
def test_interfaces_are_those_of_the_namespace(bttui, pair):
    with inside(pair[0]):
        assert bttui("-l", "xdp:*").stdout.split() == ["xdp:here", "xdp:lo"]
        assert bttui("-l", "tc:here:*").stdout.split() == ["tc:here:egress", "tc:here:ingress"]
        process = bttui.start("-e", f"tc:*:egress /args.protocol == {UDP}/ {{ @[probe, args.ifindex] = count(); }}")
        index = socket.if_nametoindex("here")
    with process:
        assert "Attached 2 probes" in process.stderr
        send_udp(pair, 5, 7008)
        assert counts(process.stop().stdout) == {("tc:here:egress", str(index)): 5}


@pytest.mark.live
@pytest.mark.parametrize("name", ["kstack", "ustack", "func", "arg0", "retval"])
def test_what_packets_do_not_have(name, bttui):
    for point in ("xdp:lo", "tc:lo:ingress"):
        result = bttui("-e", f"{point} {{ print({name}); }}")
        assert result.returncode != 0 and f"The {name} builtin can" in result.stderr and "ERROR" in result.stderr


@pytest.mark.live
@pytest.mark.parametrize("name", ["comm", "pid", "uid", "cgroup"])
def test_what_was_running_is_told_or_refused_in_words(name, bttui):
    """Kernels of the time of 6.1 have no such helper for packets."""
    for point in ("xdp:lo", "tc:lo:ingress"):
        result = bttui("-e", f"{point} {{ print({name}); }} interval:ms:1 {{ exit(); }}")
        if result.returncode:
            assert f"the kernel refuses {point}: this kind of probe knows of no process on this kernel" in result.stderr
            assert "args.saddr" in result.stderr


# Ways of older kernels

OLDER = """
import errno, sys
from bttui.host.features import Features
from bttui.loader import bpf
create, has = bpf.link_create, Features.has

def link_create(program, target, kind, rest=b"", flags=0):
    if kind in (bpf.TCX_INGRESS, bpf.TCX_EGRESS):
        raise OSError(errno.EINVAL, "as before 6.6")
    return create(program, target, kind, rest, flags)

bpf.link_create = link_create
Features.has = lambda self, name: name != "helper:xdp_load_bytes" and has(self, name)
from bttui.cli import main
sys.exit(main())
"""


def start_older(bttui, tmp_path, *arguments):
    script = tmp_path / "older.py"
    script.write_text(OLDER)
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    process = Process([sys.executable, script, *arguments], env=bttui.env | {ATTACHED: "1"} | cache)
    process.until(ATTACHED)
    return process


@pytest.mark.live
def test_without_tcx_and_without_the_helper_of_xdp(bttui, pair, tmp_path):
    """Filters of a clsact qdisc, beside one that is there: that one stays, and so does its qdisc."""
    program = f"xdp:here, tc:here:* {WANTED} {{ @[probe, {KEYS}] = count(); }}"
    with inside(pair[0]):
        process = start_older(bttui, tmp_path, "-e", program)
    with process:
        assert left_behind(pair[0], "here")[1] == ["clsact"]
        traffic(pair)
        result = process.stop()
    assert told(result.stdout) == {"xdp:here": BACK, "tc:here:ingress": BACK, "tc:here:egress": OUT}
    assert left_behind(pair[0], "here") == NOTHING


@pytest.mark.live
def test_a_qdisc_of_somebody_else_stays(bttui, pair, tmp_path):
    from pyroute2 import IPRoute

    with IPRoute(netns=pair[0]) as route:
        (index,) = route.link_lookup(ifname="here")
        route.tc("add", "clsact", index=index)
        with inside(pair[0]):
            process = start_older(bttui, tmp_path, "-e", "tc:here:egress /args.dport == 7009/ { @[1] = count(); }")
        try:
            with process:
                send_udp(pair, 5, 7009)
                assert counts(process.stop().stdout) == {("1",): 5}
            assert left_behind(pair[0], "here")[1] == ["clsact"]
            assert list(route.get_filters(index=index, parent=0xFFFFFFF3)) == []
        finally:
            route.tc("del", "clsact", index=index)


@pytest.mark.live
def test_a_driver_that_refuses(bttui):
    """veth takes no program into the driver where its packets may be longer than a page."""
    from pyroute2 import IPRoute

    with namespaces(ipv6=True) as names:
        for name, interface in zip(names, ("here", "there"), strict=True):
            with IPRoute(netns=name) as route:
                route.link("set", index=route.link_lookup(ifname=interface)[0], mtu=9000)
        with inside(names[1]):
            process = bttui.start("-e", f"xdp:there /args.protocol == {UDP}/ {{ @[args.len] = count(); }}")
        with process:
            assert left_behind(names[1], "there")[0] == "xdpgeneric"
            send_udp(names, 5, 7010, size=8000)
            assert counts(process.stop().stdout) == {("8042",): 5}


# Frames, byte by byte


def ethernet(kind, payload, *tags):
    header = bytes.fromhex("020000000001 020000000002")
    return header + b"".join(struct.pack("!HH", tag, 7) for tag in tags) + struct.pack("!H", kind) + payload


def ipv4(protocol, payload, options=b"", fragment=0, version=4):
    words = 5 + len(options) // 4
    length = 4 * words + len(payload)
    head = struct.pack("!BBHHHBBH", version << 4 | words, 0, length, 1, fragment, 64, protocol, 0)
    return head + socket.inet_aton("192.0.2.1") + socket.inet_aton("192.0.2.2") + options + payload


def ipv6(following, payload):
    head = struct.pack("!IHBB", 6 << 28, len(payload), following, 64)
    return head + socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2") + payload


def extension(following, words=0):
    return struct.pack("!BB", following, words) + bytes(6 + 8 * words)


def fragment6(following, offset):
    return struct.pack("!BBHI", following, 0, offset << 3 | 1, 99)


PORTS = struct.pack("!HH", 0x1234, 0xFEDC) + bytes(16)
FOUR, SIX = ("2", "192.0.2.1", "192.0.2.2"), ("10", "2001:db8::1", "2001:db8::2")
PORT_NUMBERS = ("4660", "65244")
NONE = ("0", "0")


def ip(kind, who, protocol, ports=PORT_NUMBERS):
    family, source, destination = who
    return (str(kind), family, str(protocol), source, destination, *ports)


def other(kind):
    return (str(kind), "0", "0", "", "", *NONE)


FRAMES = [
    (ethernet(0x0800, ipv4(UDP, PORTS)), ip(0x0800, FOUR, UDP)),
    (ethernet(0x0800, ipv4(TCP, PORTS, bytes(40))), ip(0x0800, FOUR, TCP)),
    (ethernet(0x0800, ipv4(SCTP, PORTS, bytes(4))), ip(0x0800, FOUR, SCTP)),
    (ethernet(0x0800, ipv4(ESP, PORTS)), ip(0x0800, FOUR, ESP, NONE)),
    (ethernet(0x0800, ipv4(UDP, PORTS, fragment=0x2000)), ip(0x0800, FOUR, UDP)),  # the first of several
    (ethernet(0x0800, ipv4(UDP, PORTS, fragment=0x4000)), ip(0x0800, FOUR, UDP)),  # not to be fragmented
    (ethernet(0x0800, ipv4(UDP, PORTS, fragment=0x2001)), ip(0x0800, FOUR, UDP, NONE)),
    (ethernet(0x0800, ipv4(UDP, PORTS, version=5)), other(0x0800)),
    (ethernet(0x0800, ipv4(UDP, PORTS), 0x8100), ip(0x0800, FOUR, UDP)),
    (ethernet(0x86DD, ipv6(UDP, PORTS), 0x8100), ip(0x86DD, SIX, UDP)),
    (ethernet(0x86DD, ipv6(UDP, PORTS)), ip(0x86DD, SIX, UDP)),
    (ethernet(0x86DD, ipv6(0, extension(60, 1) + extension(43, 2) + extension(TCP) + PORTS)), ip(0x86DD, SIX, TCP)),
    (ethernet(0x86DD, ipv6(44, fragment6(UDP, 0) + PORTS)), ip(0x86DD, SIX, UDP)),
    (ethernet(0x86DD, ipv6(44, fragment6(UDP, 100) + PORTS)), ip(0x86DD, SIX, UDP, NONE)),
    (ethernet(0x86DD, ipv6(44, fragment6(60, 100) + PORTS)), ip(0x86DD, SIX, 60, NONE)),
    (ethernet(0x86DD, ipv6(59, b"")), ip(0x86DD, SIX, 59, NONE)),
    (ethernet(0x0806, bytes(28)), other(0x0806)),
    (ethernet(0x88CC, b"x"), other(0x88CC)),
]
# Cut off: what is there is told.
SHORT = [
    (ethernet(0x0800, ipv4(UDP, PORTS))[:30], other(0x0800)),
    (ethernet(0x0800, ipv4(UDP, PORTS))[:35], ip(0x0800, FOUR, UDP, NONE)),
    (ethernet(0x0800, ipv4(UDP, PORTS))[:38], ip(0x0800, FOUR, UDP)),
    (ethernet(0x86DD, ipv6(UDP, PORTS))[:58], ip(0x86DD, SIX, UDP)),
]
SHOWN = (
    'printf("%d %d %d %d %s %s %d %d;\\n", args.len, args.ethertype, args.family, args.protocol, '
    "args.saddr, args.daddr, args.sport, args.dport)"
)


def sent(frames, untagged=False):
    """(frame, the line that shows it): each frame has a length of its own. ``untagged``: the kernel has taken the tag off."""
    for number, (frame, arguments) in enumerate(frames):
        if frames is FRAMES:
            frame = frame.ljust(150 + number * 10, b"\0")
        length = len(frame) - (4 if untagged and frame[12:14] == b"\x81\x00" else 0)
        yield frame, " ".join((str(length), *arguments)) + ";"


@pytest.fixture(scope="module")
def silent():
    with namespaces(ipv6=False) as names:
        yield names


@pytest.mark.live
@pytest.mark.parametrize("frames", [FRAMES, SHORT], ids=["whole", "short"])
@pytest.mark.parametrize(
    ("side", "point", "older"),
    [(1, "xdp:there", False), (1, "tc:there:ingress", False), (0, "tc:here:egress", False), (1, "xdp:there", True)],
    ids=["xdp", "ingress", "egress", "older xdp"],
)
def test_arguments_are_those_of_the_frame(side, point, older, frames, bttui, silent, tmp_path):
    with inside(silent[side]):
        program = f"{point} {{ {SHOWN}; }}"
        process = start_older(bttui, tmp_path, "-q", "-e", program) if older else bttui.start("-q", "-e", program)
    expected = list(sent(frames, untagged=point.endswith("ingress")))
    with process:
        with inside(silent[0]), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("here", 0))
            for frame, _ in expected:
                assert sender.send(frame) == len(frame)
        for _, line in expected:
            process.until(line + "\n")
        result = process.stop()
    assert sorted(result.stdout.strip().splitlines()) == sorted(line for _, line in expected)


@pytest.mark.live
@pytest.mark.parametrize("read", ["args.len", "args.ethertype", "args.protocol", "args.sport", "args.daddr", "args.family", "args.ifindex"])
def test_each_argument_by_itself(read, bttui, silent):
    """Only what a body asks for is read from the packet."""
    position = {"args.len": 0, "args.ethertype": 1, "args.family": 2, "args.protocol": 3, "args.daddr": 5, "args.sport": 6}
    with inside(silent[1]):
        process = bttui.start(
            "-q", "-e", f'xdp:there, tc:there:ingress {{ @[{read}] = count(); if (args.len == 777) {{ printf("last\\n"); }} }}'
        )
        index = socket.if_nametoindex("there")
    with process:
        wanted = {}
        untagged = [(frame, line) for frame, line in sent(FRAMES) if frame[12:14] != b"\x81\x00"]
        untagged.append((bytes(12) + b"\x12\x34" + bytes(763), "777 4660 0 0   0 0;"))
        with inside(silent[0]), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
            sender.bind(("here", 0))
            for frame, line in untagged:
                word = str(index) if read == "args.ifindex" else line.strip(";").split(" ")[position[read]]
                wanted[(word,)] = wanted.get((word,), 0) + 2
                sender.send(frame)
        process.until("last\n")
        process.until("last\n")
        result = process.stop()
    assert counts(result.stdout) == wanted


@pytest.mark.live
def test_a_tunnel_has_no_link_header(bttui, silent):
    import fcntl

    if not os.path.exists("/dev/net/tun"):
        pytest.skip("this kernel has no /dev/net/tun")
    from pyroute2 import IPRoute

    with inside(silent[0]):
        tunnel = os.open("/dev/net/tun", os.O_RDWR)
        try:
            fcntl.ioctl(tunnel, 0x400454CA, struct.pack("16sH22x", b"tunnel", 0x1001))  # TUNSETIFF, IFF_TUN | IFF_NO_PI
            with IPRoute() as route:
                route.link("set", index=route.link_lookup(ifname="tunnel")[0], state="up")
            with bttui.start("-q", "-e", f"tc:tunnel:ingress {{ {SHOWN}; }}") as process:
                expected = []
                for packet, arguments in ((ipv4(UDP, PORTS), ip(0x0800, FOUR, UDP)), (ipv6(TCP, PORTS), ip(0x86DD, SIX, TCP))):
                    os.write(tunnel, packet)
                    expected.append(" ".join((str(len(packet)), *arguments)) + ";")
                for line in expected:
                    process.until(line + "\n")
                assert process.stop().stdout.strip().splitlines() == expected
        finally:
            os.close(tunnel)
