"""What every provider (one file each in this folder) says about its probes, and how programs read their context."""

import re

from bttui.model.data import Data
from bttui.model.diagnostic import Span
from bttui.model.types import Struct, Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Protocol

    from bttui.host.facts import Host


class Location(Data):
    """Where an argument (usdt, uprobe) or a piece of it is, when its probe fires: an integer of ``size`` bytes.

    Of an argument in memory, the address is base + index * scale + ``offset``; of one in a register, ``register`` holds
    it, from its bit ``shift`` on; a constant is ``offset`` itself. Registers are names of Context.registers; "" is none.
    ``problem`` says why it cannot be read, "" where it can: "is a floating point number".
    """

    size: int
    signed: bool
    memory: bool = False
    register: str = ""
    index: str = ""
    scale: int = 1
    offset: int = 0
    shift: int = 0
    problem: str = ""


class Iteration(Data):
    """Of an iterator. ``element``: the offset in ctx of a pointer that is null in the last call, which has no element.

    ``pinned``: printf writes to the iterator's file, for whoever reads it. Else the program writes a byte there for each
    element, so that the reader goes on step by step.
    ``files``: where the elements are files, the offsets of the task in ctx, and of its group_leader and files in
    task_struct: threads that share their leader's table of files are to be passed over. Else ().
    """

    element: int
    pinned: bool = False
    files: "tuple[int, ...]" = ()


class Packet(Data):
    """Of a network probe. ``passes``: what its programs return whatever the body does, so that the packet goes on.

    ``link_header``: bytes before the network header, the last two of them its type; 0 where a tunnel has none.
    ``load_bytes``: whether the kernel has the helper that copies from packets at this place.
    """

    passes: int
    link_header: int = 14
    load_bytes: bool = True


class Context(Data):
    """How a BPF program at an attach point reads its world. Attach points with equal contexts share a program.

    ``type``, ``attach_type``: numbers of <linux/bpf.h>; ``attach_to``: BTF name for tracing programs, else "".
    ``attach_program``: the number of the BPF program that ``attach_to`` is a function of; 0 for the kernel's own.
    ``section``: ELF section that libbpf accepts for the type.
    ``arguments``: fields of ``args``, offsets from the context pointer; None where the probe has no args.
    ``argument_access``: "context" (a field is read straight from ctx at its offset), "slots" (ctx is an array of
    u64 and each field is one slot: rawtracepoint, fentry), "pointer" (ctx itself points to the struct: iter ctx),
    "places" (each field is somewhere of its own: uprobe).
    ``argument_places``: with "places", for each field the pieces of its value, each of 8 bytes but the last; or one in memory.
    ``data_location_base``: what __data_loc offsets count from, in bytes from ctx.
    ``registers``: name to byte offset of an 8-byte pt_regs member in ctx ({} where there are no registers).
    ``argument_registers``: registers of arg0, arg1, ... in order; ``stack_argument_offset``: where sargN start from sp.
    ``argument_slots``: > 0 where argN is ctx[N] (raw tracepoints): how many there are.
    ``argument_locations``: where arg0, arg1, ... are, where that is known for each by itself (usdt), else None.
    ``return_value``: register name, or "slot:N" (fexit), or "asked for" (by a helper), or "" where there is no retval; ``return_type`` its type.
    ``system_call``: "enter" or "exit" where ctx is that of the raw tracepoint of all system calls, and the program asks
    a table whether it is one of its own; ``system_call_registers``: offsets in the pt_regs that ctx[0] points to, of
    the number and then of the arguments; ``compat_status``: (offset in task_struct, bit) of a 32-bit call, or ().
    ``binary``: the file whose debugging information explains names of types, "" where the body has no such names.
    ``user``: True where pointers in arguments are user addresses (uprobe).
    ``capabilities``: what the functions ask for: "ustack", "kstack", "override", "function" (func builtin)...
    ``iteration``: for iterators only; ``packet``: for network probes only, whose args are read from it beforehand.
    """

    type: int
    section: str
    attach_type: int = 0
    attach_to: str = ""
    attach_program: int = 0
    arguments: "Struct | None" = None
    argument_access: str = "context"
    data_location_base: int = 0
    registers: "dict[str, int]" = {}
    argument_registers: "tuple[str, ...]" = ()
    argument_slots: int = 0
    argument_locations: "tuple[Location, ...] | None" = None
    argument_places: "tuple[tuple[Location, ...], ...]" = ()
    binary: str = ""
    return_value: str = ""
    return_type: "Type | None" = None
    system_call: str = ""
    system_call_registers: "tuple[int, ...]" = ()
    compat_status: "tuple[int, ...]" = ()
    user: bool = False
    capabilities: "tuple[str, ...]" = ()
    iteration: "Iteration | None" = None
    packet: "Packet | None" = None

    def __hash__(self) -> int:
        return hash(
            (
                self.type,
                self.section,
                self.attach_type,
                self.attach_to,
                self.attach_program,
                self.arguments,
                self.argument_locations,
                self.binary,
            )
        )


class Target(Data):
    """One place to attach to. ``name`` is the full probe name, as the builtin ``probe`` prints it.

    ``target`` and ``options`` go into Attachment as they are. ``listing`` is what -l shows for it where that is not
    the name; "" for nothing. ``warning`` is what to say to who attaches there all the same.
    """

    name: str
    target: str
    options: "dict[str, Any]" = {}
    listing: "str | None" = None
    warning: str = ""


BLOCKS = ("test", "bench")  # providers whose probes are run by the mode of the same name


class Options(Data):
    """What of the command line matters to probes."""

    pid: int = 0
    unsafe: bool = False
    no_features: "frozenset[str]" = frozenset()
    missing_probes: str = "error"
    max_probes: int = 1024
    traceable_functions: str = ""
    mode: str = ""  # "test" or "bench": only such probes, begin and end are meant; else all but such probes
    probe_filter: str = ""  # a regular expression: only probes whose name it finds, begin and end are meant

    def means(self, provider: str, name: str) -> bool:
        """Whether a place that an attach point names takes part in this run."""
        if provider in ("begin", "end"):
            return True
        if (provider in BLOCKS or self.mode in BLOCKS) and provider != self.mode:
            return False
        return not self.probe_filter or re.search(self.probe_filter, name) is not None


if TYPE_CHECKING:

    class Provider(Protocol):
        """What the objects offer that a provider file lists in ``providers`` (kprobe.py has kprobe and kretprobe).

        These files import neither lark, llvmlite nor the loader at their top.
        """

        name: str  # "tracepoint"
        aliases: Sequence[str]  # ("t",)
        synopsis: str  # "tracepoint:SUBSYSTEM:EVENT"
        doc: str  # one line for the probe table
        examples: Sequence[str]
        listed: bool  # whether -l shows its probes without being asked for them
        pid_filter: str  # what -p PID does: "attach" (the kernel filters), "predicate" (the program must), or "none"

        def matches(self, parts: Sequence[str], host: Host, options: Options | None = None) -> Iterator[str]:
            """Names of the probes that match the attach point's parts after the provider (globs), as -l shows them."""

        def expand(self, parts: Sequence[str], span: Span | None, host: Host, options: Options) -> list[Target]:
            """The places that an attach point of a program means. Raises DiagnosticError where there are none."""

        def context(self, target: Target, host: Host) -> Context:
            """How a program reads its context there."""

        # Optional: def typed(context, target, host, needs) -> Context: what takes long to find out, for a body that needs
        # some of "args", "retval" (which it takes as a number), "result" (it looks into what retval points to), and "types"
        # (it names some). See uprobe.py. Raises DiagnosticError where there are no args.
        # Optional: uniform = True where contexts differ in their arguments only, so that one serves a body without them.
        # Optional: cost = (seconds to attach to one of many places, seconds that the kernel lets go of it after the end):
        # for an estimate before too many are attached.
        # Optional: def session(context, entries, returns, host, options) -> Context | None: one program for the attachments
        # of two probes, see kprobe.py.
        # Optional: def hidden(host) -> Diagnostic | None: a warning where probes of this kind cannot be seen, see tracepoint.py.
        # Optional: def together(targets, reads, context, host) -> list[tuple[Context, list[tuple[int, dict]]]]: another
        # way to attach many places that run the same instructions, see tracepoint.py.

        def describe(self, name: str, host: Host, pid: int = 0) -> list[str]:
            """The lines that -lv prints under the name, indented by four spaces ("int fd"); [] where none.

            A file in the name is as the process sees it.
            """

        def attach(self, attachment: Any, program: Any, host: Host, options: Options) -> list[Any]:
            """Attach; ``program`` is a loader.object.LoadedProgram. Returns loader.links.Link objects."""
