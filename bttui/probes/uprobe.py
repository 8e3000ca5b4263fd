"""uprobe and uretprobe: functions and instructions of programs and libraries."""

from bttui.model.diagnostic import DiagnosticError, error
from bttui.probes.files import find_files, process_root
from bttui.probes.matching import MISSING, did_you_mean, is_glob, matcher, missing, need_parts, number
from bttui.probes.provider import Context, Target
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.elf import Elf
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Options

# <linux/bpf.h>: enum bpf_prog_type, enum bpf_attach_type
KPROBE = 2
TRACE_UPROBE_MULTI = 48


class Uprobe:
    listed = False
    pid_filter = "attach"
    cost = (0.0002, 0.0)

    def __init__(self, name: str, alias: str, returns: bool, synopsis: str, doc: str, examples: "tuple[str, ...]"):
        self.name = name
        self.aliases = (alias,)
        self.synopsis = synopsis
        self.doc = doc
        self.examples = examples
        self.returns = returns

    def matches(self, parts: "Sequence[str]", host: "Host", options: "Options | None" = None) -> "Iterator[str]":
        target, function = (*parts, "*", "*")[:2]
        if len(parts) <= 2:
            for path, name, _ in self._functions(target, function, host, options.pid if options else 0):
                yield f"{self.name}:{path}:{name}"

    def _functions(self, target: str, function: str, host: "Host", pid: int) -> "Iterator[tuple[str, str, int]]":
        """(path, function, offset in the file) of what two globs mean; files that are no programs are passed over."""
        fits, root = matcher(function), process_root(pid)
        for path in find_files(target, pid):
            try:
                with host.elf(root + path) as elf:
                    found = {name: address for address, _, name in elf.functions() if fits(name)}
                    places = [(name, elf.offset(address)) for name, address in sorted(found.items())]
            except DiagnosticError:
                continue
            for name, offset in places:
                if offset is not None:
                    yield path, name, offset

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 2, 3, hint=self.synopsis)
        if len(parts) == 3:
            raise error(f"not supported yet: {self.name} by the name in the source language ({parts[1]})", span)
        target, place = parts
        paths = find_files(target, options.pid)
        if not paths and not is_glob(target):
            hint = "give a path, the name of a program in PATH, or of a library (libc)"
            raise error(f"{self.name} target file '{target}' does not exist or is not executable", span, hint=hint, code=MISSING)
        root = process_root(options.pid)
        if is_glob(place) or is_glob(target):
            found = list(self._functions(target, place, host, options.pid))
            several = len(found) > 1 and "uprobe_multi" not in options.no_features and host.features.has("uprobe_multi")
            multi = {"multi": True} if several else {}
            return [
                Target(f"{self.name}:{path}:{name}", f"{path}:{name}", {"path": root + path, "offset": offset, **multi})
                for path, name, offset in found
            ]
        try:
            with host.elf(root + paths[0]) as elf:
                name, offset = self._place(place, paths[0], elf, span, options)
        except DiagnosticError as reason:
            raise DiagnosticError(*(each.replace(span=span) for each in reason.diagnostics)) from None
        listing = f"{self.name}:{paths[0]}:{place.partition('+')[0]}"
        return [Target(f"{self.name}:{paths[0]}:{name}", f"{paths[0]}:{name}", {"path": root + paths[0], "offset": offset}, listing)]

    def _place(self, place: str, path: str, elf: "Elf", span: "Span | None", options: "Options") -> "tuple[str, int]":
        """(name to show, offset in the file) of FUNCTION, FUNCTION+OFFSET or ADDRESS."""
        function, plus, more = place.partition("+")
        try:
            distance = number(more)[0] if plus else 0
            address = number(place)[0] if place[:1].isdigit() else None
        except ValueError as reason:
            raise error(f"Invalid {'offset' if plus else 'address'}: {reason}", span, hint=self.synopsis) from None
        if plus and self.returns:
            raise error("Offset not allowed", span, hint=f"a {self.name} fires where the function returns: write {function}")
        if address is None:
            symbol = elf.symbol(function)
            if symbol is None:
                hint = did_you_mean(function, [name for _, _, name in elf.functions()]) or "bttui -l lists the functions of a file"
                raise missing(self.name, f"{path}:{function}", span, hint)
            address, size = symbol
            if distance and size and distance >= size:
                raise error(f"Offset outside the function bounds ('{function}' size is {size} bytes)", span)
            name = f"{function}+{distance}" if distance else function
        else:
            name = str(address)
            self._check_address(address, path, elf, span, options)
        offset = elf.offset(address + distance)
        if offset is None:
            raise error(f"{hex(address + distance)} is not in {path}", span, hint="addresses are those that nm(1) shows")
        return name, offset

    def _check_address(self, address: int, path: str, elf: "Elf", span: "Span | None", options: "Options") -> None:
        """Only the start of a function is surely the start of an instruction."""
        if not address:
            raise error(f"{self.name} should be attached to a function and/or address", span, hint=self.synopsis)
        if not options.unsafe and all(start != address for start, _, _ in elf.functions()):
            hint = "--unsafe attaches all the same; inside an instruction it makes the program crash"
            raise error(f"No function of {path} starts at {hex(address)}", span, hint=hint)

    def context(self, target: Target, host: "Host") -> Context:
        machine = registers(host.machine)
        multi = target.options.get("multi", False)
        return Context(
            KPROBE,
            "uprobe.multi" if multi else "uprobe",
            TRACE_UPROBE_MULTI if multi else 0,
            registers=machine.offsets,
            argument_registers=() if self.returns else machine.arguments,
            return_value=machine.result if self.returns else "",
            user=True,
            capabilities=("kstack", "ustack", "function", "uaddr"),
        )

    def describe(self, name: str, host: "Host") -> "list[str]":
        return []  # the arguments are in the debug information, which is not read yet

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        if attachment.options.get("multi"):
            return self.attach_many([attachment], program, options)[0]
        from bttui.loader import links

        path, offset = attachment.options["path"], attachment.options["offset"]
        where = {"name": attachment.name, "span": attachment.span, "returns": self.returns, "pid": options.pid}
        return [links.uprobe(program, path, offset, attachment.cookie, **where)]

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """Attach points with options["multi"], of one program and file, by one link: (links, refusals) of loader.links."""
        from bttui.loader import links

        return links.uprobe_multi(
            program,
            attachments[0].options["path"],
            [attachment.options["offset"] for attachment in attachments],
            [attachment.cookie for attachment in attachments],
            returns=self.returns,
            pid=options.pid,
            names=[attachment.name for attachment in attachments],
            span=attachments[0].span,
        )


providers = (
    Uprobe(
        "uprobe",
        "u",
        False,
        "uprobe:FILE:FUNCTION[+OFFSET]",
        "a function of a program or library is entered (or an instruction of it reached)",
        ('uprobe:/bin/bash:readline { printf("%d\\n", pid); }', "uprobe:libc:malloc { @[comm] = hist(arg0); }"),
    ),
    Uprobe(
        "uretprobe",
        "ur",
        True,
        "uretprobe:FILE:FUNCTION",
        "a function of a program or library returns; its result in retval",
        ('uretprobe:/bin/bash:readline { printf("%s\\n", str(retval)); }',),
    ),
)
