"""kprobe and kretprobe: any instruction of the kernel, and the return of its functions."""

from bttui.model.diagnostic import error
from bttui.probes.functions import exists, module_loaded, near_functions, select_functions, traceable
from bttui.probes.matching import MISSING, is_glob, missing, need_parts, number
from bttui.probes.provider import Context, Target
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

# <linux/bpf.h>: enum bpf_prog_type, enum bpf_attach_type
KPROBE = 2
TRACE_KPROBE_MULTI = 42


class Kprobe:
    cost = (0.001, 0.0)
    pid_filter = "predicate"

    def __init__(self, name: str, alias: str, returns: bool, synopsis: str, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = (alias,)
        self.synopsis = synopsis
        self.doc = doc
        self.examples = examples
        self.returns = returns
        self.listed = not returns

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        module, function = ("*", *parts)[-2:] if parts else ("*", "*")
        if len(parts) <= 2:
            for home, name in select_functions(module, function, host, options):
                yield f"{self.name}:{home}:{name}" if len(parts) == 2 else f"{self.name}:{name}"

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, 2, hint=self.synopsis)
        if any(map(is_glob, parts)):
            found = list(self.matches(parts, host, options))
            multi = {"multi": True} if self._multi(len(found), host, options) else {}
            return [Target(name, name.rpartition(":")[2], dict(multi)) for name in found]
        place = parts[-1]
        module = parts[0] if len(parts) == 2 else ""
        if place[:1].isdigit():
            return [self._address(place, span, options)]
        function, _, offset_text = place.partition("+")
        try:
            offset = number(offset_text)[0] if "+" in place else 0
        except ValueError as reason:
            raise error(f"Invalid offset: {reason}", span, hint="for example kprobe:vfs_read+4") from None
        if "+" in place and self.returns:
            raise error("Offset not allowed", span, hint=f"a {self.name} fires where the function returns: write {self.name}:{function}")
        if module and not module_loaded(module, host):
            raise error(f"specified module {module} in probe {self.name}:{':'.join(parts)} is not loaded.", span, code=MISSING)
        listed = not options.traceable_functions or function in traceable(host, options.traceable_functions)
        if not exists(function, host) or not (listed or options.unsafe):
            near = near_functions(function, host, options)
            hint = f"did you mean {' or '.join(f'{self.name}:{name}' for name in near)}?" if near else ""
            raise missing(self.name, ":".join(parts), span, hint)
        name = f"{self.name}:{module + ':' if module else ''}{function}{f'+{offset}' if offset else ''}"
        inside = function if module in ("", "vmlinux") else f"{module}:{function}"
        warning = "" if listed else f"{function} is not traceable as {options.traceable_functions} has it; attaching may fail"
        return [Target(name, inside, {"offset": offset} if offset else {}, warning=warning)]

    def _address(self, text: str, span: "Span | None", options: "Options") -> Target:
        try:
            address = number(text)[0]
        except ValueError as reason:
            raise error(f"Invalid address: {reason}", span) from None
        if self.returns:
            raise error(f"{self.name} needs a function, not an address", span)
        if not options.unsafe:
            raise error("Probing by address requires --unsafe", span, hint="an address inside an instruction crashes the kernel")
        return Target(f"{self.name}:{address}", str(address), {"address": address})

    def _multi(self, count: int, host: "Host", options: "Options") -> bool:
        """Whether one link for all is possible, and worth it."""
        return count > 1 and "kprobe_multi" not in options.no_features and host.features.has("kprobe_multi")

    def context(self, target: Target, host: "Host") -> Context:
        machine = registers(host.machine)
        multi = target.options.get("multi", False)
        return Context(
            KPROBE,
            "kprobe.multi" if multi else "kprobe",
            TRACE_KPROBE_MULTI if multi else 0,
            registers=machine.offsets,
            argument_registers=() if self.returns else machine.arguments,
            return_value=machine.result if self.returns else "",
            capabilities=("kstack", "ustack", "function", *(() if self.returns else ("override",))),
        )

    def describe(self, name: str, host: "Host") -> "list[str]":
        from bttui.probes.declarations import function_parameters, function_result

        function = name.rpartition(":")[2]
        return function_result(function, host) if self.returns else function_parameters(function, host, numbered=True)

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        if attachment.options.get("multi"):
            return self.attach_many([attachment], program, options)[0]
        place = attachment.options.get("address", attachment.target)
        offset = attachment.options.get("offset", 0)
        where = {"name": attachment.name, "span": attachment.span, "returns": self.returns}
        return [links.kprobe(program, place, offset, attachment.cookie, **where)]

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """Attach points with options["multi"], of one program, by one link: (links, refusals) of loader.links."""
        from bttui.loader import links

        return links.kprobe_multi(
            program,
            [attachment.target for attachment in attachments],
            [attachment.cookie for attachment in attachments],
            returns=self.returns,
            names=[attachment.name for attachment in attachments],
            span=attachments[0].span,
        )


providers = (
    Kprobe(
        "kprobe",
        "k",
        False,
        "kprobe:[MODULE:]FUNCTION[+OFFSET]",
        "a kernel function is entered (or an instruction of it reached)",
        ("kprobe:vfs_read { @[comm] = count(); }", 'kprobe:do_nanosleep+4 { print(reg("ip")); }'),
    ),
    Kprobe(
        "kretprobe",
        "kr",
        True,
        "kretprobe:[MODULE:]FUNCTION",
        "a kernel function returns; its result in retval",
        ("kretprobe:vfs_read { @bytes = lhist(retval, 0, 2000, 200); }",),
    ),
)
