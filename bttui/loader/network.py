"""Programs on network interfaces. Links by bpf(2) where the kernel has them, else filters by netlink."""

import errno
import os
import socket

from bttui.loader import bpf
from bttui.loader.links import Link, refused
from bttui.loader.statistics import program_id
from bttui.model.diagnostic import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.loader.object import LoadedProgram
    from bttui.model.diagnostic import Span

# <linux/if_link.h>
_XDP_FLAGS_SKB_MODE = 1 << 1
_DRIVER_REFUSES = frozenset((errno.EOPNOTSUPP, errno.EINVAL, errno.ERANGE, errno.ENOMEM, errno.ENOSPC))
_BPF_F_BEFORE = 1 << 3  # <linux/bpf.h>: ahead of all others, who may drop the packet


def _index(interface: str, name: str, span: "Span | None") -> int:
    try:
        return socket.if_nametoindex(interface)
    except OSError:
        raise error(f"cannot attach {name}: the interface {interface} is gone", span, code="attach") from None


def xdp(program: "LoadedProgram", interface: str, *, name: str, span: "Span | None" = None) -> Link:
    """In the driver, or (slower, but everywhere) right behind it where the driver refuses. Since 5.9."""
    index = _index(interface, name, span)
    for flags in (0, _XDP_FLAGS_SKB_MODE):
        try:
            return Link(name, bpf.link_create(program.fd, index, bpf.XDP, flags=flags))
        except OSError as reason:
            number = reason.errno or 0
        if number not in _DRIVER_REFUSES:
            break
    if number in (errno.EBUSY, errno.EEXIST):
        hint = f"an interface has room for one XDP program; tc:{interface}:ingress sees the packets a little later, beside others"
        raise error(f"cannot attach {name}: another XDP program is there already", span, hint=hint, code="attach")
    raise refused(name, number, span)


def tc(program: "LoadedProgram", interface: str, direction: str, *, name: str, span: "Span | None" = None) -> Link:
    """``direction`` is "ingress" or "egress". Before 6.6 there are no such links: then a filter of a clsact qdisc."""
    index = _index(interface, name, span)
    try:
        kind = bpf.TCX_INGRESS if direction == "ingress" else bpf.TCX_EGRESS
        return Link(name, bpf.link_create(program.fd, index, kind, flags=_BPF_F_BEFORE))
    except OSError as reason:
        if reason.errno != errno.EINVAL:
            raise refused(name, reason.errno or 0, span) from None
    return Filter(program, index, direction, name, span)


# <linux/pkt_sched.h>: where the filters of a clsact qdisc hang
_PARENTS = {"ingress": 0xFFFFFFF2, "egress": 0xFFFFFFF3}


class Filter(Link):
    """A filter of the interface's clsact qdisc, ahead of all others there.

    The qdisc is made where there is none, and goes with the last filter. Unlike other links, the kernel keeps a filter
    when this process is killed: tc qdisc del dev INTERFACE clsact.
    """

    _made: "set[int]" = set()  # indices of the interfaces that have their qdisc from us

    def __init__(self, program: "LoadedProgram", index: int, direction: str, name: str, span: "Span | None"):
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError

        super().__init__(name, -1)
        self._index, self._parent = index, _PARENTS[direction]
        self._label = f"bttui:{program_id(program)}"  # what tc filter show calls it
        with IPRoute() as route:
            try:
                self._make_qdisc(route)
                where = {"index": index, "parent": self._parent, "direct_action": True}
                route.tc("add-filter", "bpf", fd=program.fd, name=self._label, **where)
            except NetlinkError as reason:
                self._index = 0
                if reason.code == errno.EEXIST:
                    hint = "tc qdisc show tells which one; tc qdisc del removes it"
                    raise error(f"cannot attach {name}: another qdisc is in the place of clsact", span, hint=hint, code="attach") from None
                raise refused(name, reason.code, span) from None

    def _make_qdisc(self, route: "Any") -> None:
        if any(qdisc.get("kind") == "clsact" for qdisc in route.get_qdiscs(self._index)):
            return
        route.tc("add", "clsact", index=self._index)
        self._made.add(self._index)

    def close(self) -> None:
        """Remove the filter. Safe to call twice, and when the interface is gone."""
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError

        index, self._index = self._index, 0
        if not index:
            return
        with IPRoute() as route:
            try:
                for filter in route.get_filters(index=index, parent=self._parent):
                    options = filter.get_attr("TCA_OPTIONS")
                    if options and options.get_attr("TCA_BPF_NAME") == self._label:
                        where = {"index": index, "parent": self._parent, "handle": filter["handle"], "info": filter["info"]}
                        route.tc("del-filter", "bpf", **where)
                left = (filter for parent in _PARENTS.values() for filter in route.get_filters(index=index, parent=parent))
                if index in self._made and not any(left):
                    self._made.remove(index)
                    route.tc("del", "clsact", index=index)
            except NetlinkError as reason:
                if reason.code not in (errno.ENODEV, errno.ENOENT):
                    raise error(f"cannot detach {self.name}: {os.strerror(reason.code)}") from None
