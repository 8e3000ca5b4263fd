"""fentry and fexit: kernel functions with typed arguments, entered by a trampoline instead of a breakpoint."""

from bttui.model.diagnostic import error
from bttui.model.types import Struct, Void
from bttui.probes.functions import exists, near_functions, select_functions
from bttui.probes.matching import is_glob, missing, need_parts
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

# <linux/bpf.h>: enum bpf_prog_type, enum bpf_attach_type
TRACING = 26
TRACE_FENTRY, TRACE_FEXIT = 24, 25


class Fentry:
    cost = (0.01, 0.02)  # a program for each
    pid_filter = "predicate"

    def __init__(self, name: str, aliases: "tuple[str, ...]", returns: bool, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = aliases
        self.synopsis = f"{name}:[MODULE:]FUNCTION"
        self.doc = doc
        self.examples = examples
        self.returns = returns
        self.listed = not returns

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        module, function = ("*", *parts)[-2:] if parts else ("*", "*")
        if len(parts) <= 2:
            for home, name in select_functions(module, function, host, options):
                yield f"{self.name}:{home}:{name}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, 2, 3, hint=self.synopsis)
        if parts[0] == "bpf" and len(parts) > 1:
            raise error(f"not supported yet: {self.name} of BPF programs", span)
        if len(parts) == 3:
            raise error("Only the 'bpf' variant of this probe supports 4 arguments", span, hint=self.synopsis)
        if any(map(is_glob, parts)):
            return [Target(name, name.rpartition(":")[2]) for name in self.matches(parts, host, options)]
        function = host.btf.function(parts[-1])
        if function is None or (len(parts) == 2 and parts[0] != function.module):
            raise missing(self.name, ":".join(parts), span, self._hint(parts[-1], host, options))
        return [Target(f"{self.name}:{function.module}:{function.name}", function.name)]

    def _hint(self, function: str, host: "Host", options: "Options") -> str:
        if not host.btf.exists:
            return "this kernel has no type information (CONFIG_DEBUG_INFO_BTF): use kprobe"
        known = host.btf.function(function)
        if known:
            return f"did you mean {self.name}:{known.module}:{function}?"
        if exists(function, host):
            return f"{function} exists but has no type information: use kprobe:{function}"
        near = near_functions(function, host, options)
        return f"did you mean {' or '.join(f'{self.name}:{name}' for name in near)}?" if near else ""

    def context(self, target: Target, host: "Host") -> Context:
        function = host.btf.function(target.target)
        if function is None:
            raise missing(self.name, target.target, None)
        # A struct passed by value takes as many 8-byte slots as it needs; the result has the slot after the last.
        slots = sum(-(-max(field.type.size, 1) // 8) for field in function.parameters)
        result = self.returns and not isinstance(function.returns, Void)
        return Context(
            TRACING,
            "fexit" if self.returns else "fentry",
            TRACE_FEXIT if self.returns else TRACE_FENTRY,
            target.target,
            arguments=Struct(name=f"struct {target.name}_args", size=8 * slots, fields=function.parameters),
            argument_access="slots",
            return_value=f"slot:{slots}" if result else "",
            return_type=function.returns if result else None,
            capabilities=("kstack", "ustack", "function"),
        )

    def describe(self, name: str, host: "Host") -> "list[str]":
        from bttui.probes.declarations import function_parameters, function_result

        function = name.rpartition(":")[2]
        result = function_result(function, host) if self.returns else []
        return function_parameters(function, host) + [line for line in result if line != "void"]

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        return [links.tracing(program, name=attachment.name, span=attachment.span)]


providers = (
    Fentry(
        "fentry",
        ("f", "kfunc"),
        False,
        "a kernel function is entered; typed arguments",
        ("fentry:vfs_read { @[comm] = hist(args.count); }",),
    ),
    Fentry(
        "fexit",
        ("fr", "kretfunc"),
        True,
        "a kernel function returns; typed arguments and result",
        ("fexit:vfs_read /retval < 0/ { @[comm, retval] = count(); }",),
    ),
)
