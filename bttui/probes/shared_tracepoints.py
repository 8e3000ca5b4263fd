"""Many tracepoints reached by few links: plain ones are slow to let go of (around 0.1 s each, one after another).

- All system calls pass two raw tracepoints, sys_enter and sys_exit. One program there serves any number of
  tracepoint:syscalls:* probes: a table says which calls it is about, and arguments come from the saved registers.
- A body that reads no arguments of other tracepoints can sit on the raw tracepoint of the same name.

Both see what the plain form sees, but for the kernel stack, which has frames of the BPF machinery on top: a body that
takes kstack keeps the plain form.
"""

from bttui.probes.provider import Context
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bttui.host.facts import Host
    from bttui.probes.provider import Target

RAW_TRACEPOINT = 17  # enum bpf_prog_type, <linux/bpf.h>
MANY_CALLS = 8  # below, a program that runs at every system call costs more than it saves
FEW_NAMES = 16  # to look so many up takes as long as to list all
TS_COMPAT = 2  # a 32-bit system call, <asm/thread_info.h> of x86
TABLE = 512  # more than any machine's number of system calls


def system_call_context(kind: str, plain: Context, host: "Host") -> "Context | None":
    """How a program at the raw tracepoint of all system calls reads its world; None where we cannot tell."""
    found = registers(host.machine)
    if not found.system_call or not host.btf.exists:
        return None
    task = host.btf.struct("struct task_struct")
    fields = {f.name: f for f in (task.fields if task else None) or ()}
    info = host.btf.struct("struct thread_info")
    status = next((f for f in (info.fields if info else None) or () if f.name == "status"), None)
    if "thread_info" not in fields or status is None:
        return None
    return Context(
        RAW_TRACEPOINT,
        "raw_tracepoint",
        arguments=plain.arguments,
        argument_access="system call",
        system_call=kind,
        system_call_registers=tuple(found.offsets[name] for name in found.system_call),
        compat_status=(fields["thread_info"].offset + status.offset, TS_COMPAT),
        capabilities=("ustack",),
    )


def together(
    targets: "Sequence[Target]", reads: "tuple[str, ...] | None", plain: Context, host: "Host"
) -> "list[tuple[Context, list[tuple[int, dict[str, object]]]]]":
    """Another way to attach: for each context that takes the place of the plain one, which targets it serves.

    ``reads`` are the fields of args that the body reads, None where it takes args as a whole. The options of a served
    target say how: {"raw": tracepoint name} or {"raw": ..., "call": number}.
    """
    from bttui.host.syscalls import event_numbers

    groups = []
    numbers = event_numbers(host.machine)
    if reads is None:
        return []
    for kind in ("enter", "exit"):
        prefix = f"syscalls:sys_{kind}_"
        served: "list[tuple[int, dict[str, object]]]" = [
            (index, {"raw": f"sys_{kind}", "call": numbers[target.target.removeprefix(prefix)]})
            for index, target in enumerate(targets)
            if target.target.startswith(prefix) and target.target.removeprefix(prefix) in numbers
        ]
        context = system_call_context(kind, plain, host) if len(served) >= MANY_CALLS else None
        if context:
            groups.append((context, served))
    if not reads and host.btf.exists:
        has = raw_form(len(targets), host)
        raw: "list[tuple[int, dict[str, object]]]" = [
            (index, {"raw": event})
            for index, (subsystem, _, event) in enumerate(t.target.partition(":") for t in targets)
            if subsystem != "syscalls" and has(event)
        ]
        if raw:
            context = Context(RAW_TRACEPOINT, "raw_tracepoint", capabilities=("ustack",))
            groups.append((context, raw))
    return groups


def raw_form(count: int, host: "Host") -> "Callable[[str], bool]":
    """A function that says whether a tracepoint can be attached to raw; it will be called ``count`` times."""
    if count > FEW_NAMES:
        return {event for _, event in host.btf.raw_tracepoints()}.__contains__
    return lambda event: host.btf.module_of("typedef", "btf_trace_" + event) is not None
