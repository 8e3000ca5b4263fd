"""iter: every object of a kind that the kernel has, one after the other, once."""

import os
import struct

from bttui.model.diagnostic import error
from bttui.model.types import Pointer
from bttui.probes.matching import did_you_mean, is_glob, need_parts, select
from bttui.probes.provider import Context, Iteration, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.model.types import Field, Struct
    from bttui.probes.provider import Options

# <linux/bpf.h>: enum bpf_prog_type, enum bpf_attach_type
TRACING = 26
TRACE_ITER = 28
BTF_FUNC = 12
_FUNCTION, _STRUCT = "bpf_iter_", "bpf_iter__"  # DEFINE_BPF_ITER_FUNC, <linux/bpf.h>
_OF_A_TASK = ("task", "task_file", "task_vma")
_OF_A_MAP = ("bpf_map_elem", "bpf_sk_storage_map", "sockmap")  # bpf_iter_reg.attach_target of these wants a map's descriptor
_PARENTS_FIRST = 2  # BPF_CGROUP_ITER_DESCENDANTS_PRE
_PINS = "/sys/fs/bpf"


def iterators(host: "Host") -> "list[str]":
    """Those that this kernel has, sorted."""
    names = {blob.name(ident) for blob in host.btf.blobs() for ident in blob.of_kind(BTF_FUNC)}
    found = (name.removeprefix(_FUNCTION) for name in names if name.startswith(_FUNCTION))
    return sorted(name for name in found if host.btf.id("struct", _STRUCT + name) is not None)


def _fields(struct: "Struct") -> "Iterator[Field]":
    """Its fields; the pointers among them are each in a union of its own (__bpf_md_ptr, <linux/bpf.h>)."""
    for field in struct.fields or ():
        inner = getattr(field.type, "fields", None)
        yield inner[0].replace(offset=field.offset) if inner and not field.name else field


class Iter:
    name = "iter"
    aliases = ("it",)
    synopsis = "iter:KIND[:PIN]"
    doc = "every task, open file, memory area, socket... that there is, once; its fields in ctx"
    examples = (
        'iter:task { printf("%d %s\\n", ctx.task.pid, ctx.task.comm); }',
        "iter:task_file { @[ctx.task.comm] = count(); }",
    )
    listed = True
    pid_filter = "attach"

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        if len(parts) <= 1:
            for kind in select(parts[0] if parts else "*", iterators(host)):
                yield f"iter:{kind}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts("iter", parts, span, 1, 2, hint=self.synopsis)
        kind = parts[0]
        if is_glob(kind):
            raise error("iter probe type does not support wildcards", span, hint="a program has one iterator; bttui -l 'iter:*' lists them")
        if host.btf.struct(f"struct {_STRUCT}{kind}") is None or host.btf.function(_FUNCTION + kind) is None:
            hint = host.btf.absence or did_you_mean(kind, iterators(host), "iter:") or "bttui -l 'iter:*' lists what there is"
            raise error(f"iter {kind} not available for your kernel version.", span, hint=hint)
        if kind in _OF_A_MAP:
            raise error(f"not supported: iter:{kind} goes over one map of another program, which has no name here", span)
        pin = {"pin": os.path.join(_PINS, parts[1])} if len(parts) == 2 else {}
        return [Target(f"iter:{kind}", kind, pin)]

    def context(self, target: Target, host: "Host") -> Context:
        found = host.btf.struct(f"struct {_STRUCT}{target.target}")
        assert found is not None
        pointers = [field for field in _fields(found) if isinstance(field.type, Pointer)]
        return Context(
            TRACING,
            "iter",
            TRACE_ITER,
            target.target,  # libbpf puts bpf_iter_ before it
            arguments=found,
            argument_access="pointer",
            capabilities=("kstack", "ustack"),
            iteration=Iteration(pointers[-1].offset, "pin" in target.options, self._files(target.target, pointers, host)),
        )

    @staticmethod
    def _files(kind: str, pointers: "list[Field]", host: "Host") -> "tuple[int, ...]":
        """The kernel does it, but some get it wrong for the threads of one process (kernel/bpf/task_iter.c before 6.7)."""
        task = host.btf.struct("struct task_struct")
        if kind != "task_file" or task is None:
            return ()
        members = {field.name: field.offset for field in (*(task.fields or ()), *pointers)}
        return tuple(members[name] for name in ("task", "group_leader", "files") if name in members)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        from bttui.probes.declarations import iterator_fields

        return iterator_fields(_STRUCT + name.partition(":")[2], host)

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        where = {"name": attachment.name, "span": attachment.span}
        # union bpf_iter_link_info, <linux/bpf.h>: (tid, pid, pid_fd), or (order, cgroup_fd, cgroup_id)
        info = b""
        if options.pid and attachment.target in _OF_A_TASK:
            info = struct.pack("=III", 0, options.pid, 0)
        elif attachment.target == "cgroup":
            info = struct.pack("=IIQ", _PARENTS_FIRST, 0, 0)
        link = links.iterator(program, info, **where)
        if "pin" in attachment.options:
            links.pin(link, attachment.options["pin"], **where)
        return [link]


providers = (Iter(),)
