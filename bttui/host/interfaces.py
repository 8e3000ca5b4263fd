"""The network interfaces of the namespace that we are in."""

import fcntl
import socket
import struct

_SIOCGIFHWADDR = 0x8927  # <linux/sockios.h>
# <linux/if_arp.h>: ARPHRD_ETHER, ARPHRD_LOOPBACK (its packets have an Ethernet header of zeros)
_ETHERNET = (1, 772)
ETHERNET_HEADER = 14  # bytes, ETH_HLEN


def interfaces() -> "list[str]":
    """Their names, sorted."""
    from pyroute2 import IPRoute  # takes a while to import: only those who list interfaces wait for it

    with IPRoute() as route:
        return sorted(link.get("ifname") for link in route.get_links())


def index(name: str) -> int:
    """The number of an interface; 0 where there is none of that name."""
    try:
        return socket.if_nametoindex(name)
    except OSError:
        return 0


def link_header(name: str) -> int:
    """How many bytes its packets have before the network header: 0 for tunnels, which carry bare IP."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        # struct ifreq: the name, then struct sockaddr, whose family is the kind of hardware
        answer = fcntl.ioctl(any_socket, _SIOCGIFHWADDR, struct.pack("16s24x", name.encode()))
    return ETHERNET_HEADER if struct.unpack_from("=H", answer, 16)[0] in _ETHERNET else 0
