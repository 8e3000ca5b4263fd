"""Where registers lie in the context of a program that sees struct pt_regs.

Offsets in bytes: x86_64 struct pt_regs of <asm/ptrace.h>; aarch64 struct user_pt_regs of <asm/ptrace.h>, which begins
struct pt_regs. bpf_perf_event_data (<linux/bpf_perf_event.h>) begins with the same. Calling conventions: System V
AMD64 ABI 3.2.3, and AAPCS64 6.8.2.
"""

from bttui.model.data import Data
from bttui.model.diagnostic import error
from bttui.probes.provider import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KPROBE = 2  # BPF_PROG_TYPE_KPROBE of <linux/bpf.h>, of kprobes and uprobes


class Registers(Data):
    """``offsets`` by name; ``arguments`` and ``result`` name registers of a C call.

    ``stack_arguments``: bytes from the stack pointer at a function's first instruction to the first argument on the
    stack. ``instruction`` is the program counter.
    """

    offsets: "dict[str, int]"
    arguments: "tuple[str, ...]"
    result: str
    stack_pointer: str
    stack_arguments: int
    instruction: str
    numbered: "tuple[str, ...]"  # by their numbers in debugging information
    system_call: "tuple[str, ...]" = ()  # of the number, then of the arguments, as the raw tracepoints find them


# fmt: off
_x86_64 = ("r15", "r14", "r13", "r12", "bp", "bx", "r11", "r10", "r9", "r8", "ax", "cx", "dx", "si", "di",
           "orig_ax", "ip", "cs", "flags", "sp", "ss")
# fmt: on

_machines = {
    "x86_64": Registers(
        offsets={name: 8 * i for i, name in enumerate(_x86_64)},
        arguments=("di", "si", "dx", "cx", "r8", "r9"),
        result="ax",
        stack_pointer="sp",
        stack_arguments=8,  # above the return address
        instruction="ip",
        numbered=("ax", "dx", "cx", "bx", "si", "di", "bp", "sp", *(f"r{i}" for i in range(8, 16))),
        system_call=("orig_ax", "di", "si", "dx", "r10", "r8", "r9"),
    ),
    "aarch64": Registers(
        offsets={**{f"r{i}": 8 * i for i in range(31)}, "sp": 248, "pc": 256, "pstate": 264},
        arguments=tuple(f"r{i}" for i in range(8)),
        result="r0",
        stack_pointer="sp",
        stack_arguments=0,
        instruction="pc",
        numbered=(*(f"r{i}" for i in range(31)), "sp"),
    ),
}


def offsets(machine: str) -> "dict[str, int]":
    """Where the registers lie, for contexts that can do without them: nothing of a machine that we do not know."""
    return _machines[machine].offsets if machine in _machines else {}


def registers(machine: str) -> Registers:
    """The registers of an architecture as uname(2) spells it. Raises DiagnosticError for one we do not know."""
    try:
        return _machines[machine]
    except KeyError:
        raise error(f"not supported yet: registers of {machine}", hint="x86_64 and aarch64 are") from None


def function_context(machine: str, section: str, attach_type: int, returns: bool, **more: "Any") -> Context:
    """Where a function is entered, with its arguments in registers; ``returns``: where it is left, with its result in one.

    ``section`` is "kprobe" or "uprobe"; ``attach_type`` is that of links to many places, 0 for one.
    """
    known = registers(machine)
    return Context(
        KPROBE,
        f"{section}.multi" if attach_type else section,
        attach_type,
        registers=known.offsets,
        argument_registers=() if returns else known.arguments,
        return_value=known.result if returns else "",
        **more,
    )
