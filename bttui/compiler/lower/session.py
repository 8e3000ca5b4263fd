"""One BPF program for both ends of functions (kprobe session): it calls the body of the entry or that of the return."""

from bttui.compiler.emit import STACK_LIMIT
from bttui.model import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.infer.scope import Body
    from bttui.compiler.lower.tables import Tables

SIDE = "bpf_session_is_return"  # a kfunc, kernel/trace/bpf_trace.c
SHARED_STACK = STACK_LIMIT - 32  # the least that the verifier counts for a function, the calling one


def function_name(body: "Body") -> str:
    """Of the function that a body becomes; the program has the body's own name."""
    return f"{body.name}_body" if body.returns else body.name


def choose_side(tables: "Tables", entry: "Body", returns: "Body") -> None:
    """The program."""
    f = tables.module.function(entry.name, entry.context.section, entry.probe.span)
    asked = tables.typer.host.btf.function(SIDE)
    contexts = [types.Pointer()] if asked and asked.parameters else []  # newer kernels want to be told
    is_return = f.value(f"{tables.module.kernel_function(SIDE, types.BOOL, *contexts)}({'ptr %ctx' if contexts else ''})")
    there, here = f.block("returns"), f.block("enters")
    f.branch(is_return, there, here)
    for label, body in ((there, returns), (here, entry)):
        f.label(label)
        f.call_function(function_name(body), ["ptr %ctx"])
        f.ret()
