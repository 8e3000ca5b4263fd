"""fentry and fexit: kernel functions with typed arguments, entered by a trampoline instead of a breakpoint."""

from functools import lru_cache

from bttui.host.btf_blob import FUNC, STRUCT, UNION
from bttui.model.diagnostic import error
from bttui.model.types import Struct, Void
from bttui.probes.functions import exists, near_functions, select_functions, without_kprobes
from bttui.probes.matching import did_you_mean, is_glob, matcher, missing, need_parts
from bttui.probes.provider import Context, Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.btf_blob import Blob, Function
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

# <linux/bpf.h>: enum bpf_prog_type, enum bpf_attach_type
TRACING = 26
TRACE_FENTRY, TRACE_FEXIT = 24, 25
_MOST, _IN_REGISTERS = 12, 6  # arguments: MAX_BPF_FUNC_ARGS, and what x86 passes in registers
_LARGEST = 16  # bytes of a structure
NOT_TRACED = (TRACING, 28)  # by one another: TRACING and EXT


class Fentry:
    cost = (0.01, 0.02)  # a program for each
    pid_filter = "predicate"

    def __init__(self, name: str, aliases: "tuple[str, ...]", returns: bool, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = aliases
        self.synopsis = f"{name}:[MODULE:]FUNCTION or {name}:bpf:[ID:]FUNCTION"
        self.doc = doc
        self.examples = examples
        self.returns = returns
        self.listed = not returns

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        module, function = ("*", *parts)[-2:] if parts else ("*", "*")
        if len(parts) <= 2:
            typed = typed_functions(host)  # ftrace also knows parts of functions, which have no type
            for home, name in select_functions(module, function, host, options):
                if name in typed and home == typed[name][0].module and not obstacle(*typed[name], host):
                    yield f"{self.name}:{home}:{name}"
        if parts and parts[0] == "bpf":
            for program, name in select_programs(parts[1:], host):
                yield f"{self.name}:bpf:{program}:{name}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, 2, 3, hint=self.synopsis)
        if parts[0] == "bpf" and len(parts) > 1:
            return self._of_programs(parts[1:], span, host)
        if len(parts) == 3:
            raise error("Only the 'bpf' variant of this probe supports 4 arguments", span, hint=self.synopsis)
        if any(map(is_glob, parts)):
            return [Target(name, name.rpartition(":")[2]) for name in self.matches(parts, host, options)]
        function = host.btf.function(parts[-1])
        if function is None or (len(parts) == 2 and parts[0] != function.module):
            raise missing(self.name, ":".join(parts), span, not_typed(self.name, parts[-1], host, options))
        why = next((obstacle(blob, ident, host) for blob, ident in host.btf.find("func", function.name)), "")
        if why:
            other = "" if without_kprobes(host, options) else f": use {'kretprobe' if self.returns else 'kprobe'}:{function.name}"
            raise missing(self.name, ":".join(parts), span, f"the kernel cannot trace {function.name} so, which {why}{other}")
        return [Target(f"{self.name}:{function.module}:{function.name}", function.name)]

    def _of_programs(self, parts: "Sequence[str]", span: "Span | None", host: "Host") -> "list[Target]":
        found = list(select_programs(parts, host))
        if not found and not any(map(is_glob, parts)):
            known = [name for _, name in select_programs(["*"], host)]
            raise missing(self.name, f"bpf:{':'.join(parts)}", span, did_you_mean(parts[-1], known, f"{self.name}:bpf:"))
        return [Target(f"{self.name}:bpf:{program}:{name}", name, {"bpf": program}) for program, name in found]

    def context(self, target: Target, host: "Host") -> Context:
        if "bpf" in target.options:
            from bttui.loader.programs import find

            program = find(target.options["bpf"])
            number = program.number(target.target) if program else None
            if program is None or number is None:
                raise missing(self.name, target.name.partition(":")[2], None)
            context = function_context(program.types.function(number), self.returns)
            if context.return_value and host.features.has("helper:get_func_ret"):
                # Of a function whose type the kernel does not trust, it passes five arguments, whatever the type says.
                context = context.replace(return_value="asked for")
            return context.replace(attach_program=program.id)
        return kernel_context(target.target, self.returns, host)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        from bttui.probes.declarations import Declarations, function_parameters, function_result, prototype, result

        _, home, *of_program, function = name.split(":")
        if home == "bpf" and of_program:
            from bttui.loader.programs import find

            program = find(int(of_program[0]))
            number = program.number(function) if program else None
            if program is None or number is None:
                return []
            lines, ident = Declarations(program.types), program.types.target(number)
            parameters, results = prototype(lines, ident), result(lines, ident)
        else:
            parameters, results = function_parameters(function, host), function_result(function, host)
        return parameters + [line for line in results if self.returns and line != "void"]

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        return [links.tracing(program, name=attachment.name, span=attachment.span)]


def not_typed(probe: str, function: str, host: "Host", options: "Options") -> str:
    """A hint about a function that the kernel's types do not know."""
    if not host.btf.exists:
        return f"{host.btf.absence}: use kprobe"
    known = host.btf.function(function)
    if known:
        return f"did you mean {probe}:{known.module}:{function}?"
    if exists(function, host):
        other = "" if without_kprobes(host, options) else f": use kprobe:{function}"
        return f"{function} exists but has no type information{other}"
    near = near_functions(function, host, options)
    return f"did you mean {' or '.join(f'{probe}:{name}' for name in near)}?" if near else ""


@lru_cache(maxsize=2)
def typed_functions(host: "Host") -> "dict[str, tuple[Blob, int]]":
    """Name -> where its type is. Of functions of one name only the first can be traced: libbpf looks for the name."""
    found: "dict[str, tuple[Blob, int]]" = {}
    for blob in host.btf.blobs():
        for ident in blob.of_kind(FUNC):
            found.setdefault(blob.name(ident), (blob, ident))
    return found


def obstacle(blob: "Blob", ident: int, host: "Host") -> str:
    """Why no trampoline can be put at this function, "" where one can (btf_distill_func_proto of kernel/bpf/btf.c)."""
    prototype = blob.target(ident)
    words = blob.entries(prototype)
    slots = 0
    for name, type in zip(words[::2], words[1::2], strict=True):
        if not name and not type:
            return "takes a variable number of arguments"
        kind, size = _passed(blob, type)
        if kind == UNION or size > _LARGEST:
            return f"takes a {'union' if kind == UNION else f'structure of {size} bytes'} by value"
        slots += -(-size // 8)
    if slots > _MOST or (slots > _IN_REGISTERS and not _takes_many(host)):
        return f"takes {slots} arguments"
    return "returns a structure" if _passed(blob, blob.target(prototype))[0] in (STRUCT, UNION) else ""


def _passed(blob: "Blob", type: int) -> "tuple[int, int]":
    """How a value of this type is passed on: (STRUCT, UNION or 0, bytes)."""
    behind = blob.behind(type)
    kind = blob.kind(behind)
    return (kind, blob.target(behind)) if kind in (STRUCT, UNION) else (0, 8)


def _takes_many(host: "Host") -> bool:
    """Whether trampolines pass arguments on that are not in registers."""
    if not host.live:
        return True
    from bttui.loader.attempts import fentry

    return host.features.tried("fentry of many arguments", lambda: fentry(host, many=True))


def select_programs(parts: "Sequence[str]", host: "Host") -> "Iterator[tuple[int, str]]":
    """(number, function) of running BPF programs: ``parts`` are globs of the function, or of number and function."""
    from bttui.loader.programs import running

    if len(parts) <= 2 and host.live:
        id_fits, name_fits = matcher(parts[-2] if len(parts) == 2 else "*"), matcher(parts[-1] if parts else "*")
        for program in running():
            if program.type not in NOT_TRACED and id_fits(str(program.id)):
                yield from ((program.id, name) for name in program.names() if name_fits(name))


def kernel_context(name: str, returns: bool, host: "Host") -> Context:
    function = host.btf.function(name)
    if function is None:
        raise missing("fexit" if returns else "fentry", name, None)
    return function_context(function, returns)


def function_context(function: "Function", returns: bool) -> Context:
    """How a program at the entry (or, with ``returns``, at the end) of this function sees its world."""
    name = function.name
    # A struct passed by value takes as many 8-byte slots as it needs; the result has the slot after the last.
    slots = sum(-(-max(field.type.size, 1) // 8) for field in function.parameters)
    result = returns and not isinstance(function.returns, Void)
    return Context(
        TRACING,
        "fexit" if returns else "fentry",
        TRACE_FEXIT if returns else TRACE_FENTRY,
        name,
        arguments=Struct(name=f"struct {name}_args", size=8 * slots, fields=function.parameters),
        argument_access="slots",
        return_value=f"slot:{slots}" if result else "",
        return_type=function.returns if result else None,
        capabilities=("kstack", "ustack", "function"),
    )


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
