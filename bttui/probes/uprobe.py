"""uprobe and uretprobe: functions and instructions of programs and libraries."""

import os
import re
from functools import lru_cache

from bttui.model.diagnostic import DiagnosticError, error
from bttui.model.types import Bool, Enum, Field, Integer, Pointer, Struct, Void, align_up
from bttui.probes.calling_convention import places as argument_places
from bttui.probes.calling_convention import places_inside
from bttui.probes.files import container, executable, find_files, process_root, reachable, split_source
from bttui.probes.matching import MISSING, did_you_mean, is_glob, need_parts
from bttui.probes.places import LANGUAGES, Place, Source, Words, check, find, find_source, list_functions, list_source, read, read_source
from bttui.probes.provider import Context, Options, Target
from bttui.probes.registers import function_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.debug_types import DebugTypes, Function
    from bttui.host.elf import Elf
    from bttui.host.facts import Host
    from bttui.model.diagnostic import Span
    from bttui.probes.provider import Location

# enum bpf_attach_type of <linux/bpf.h>
TRACE_UPROBE_MULTI = 48
_CHANGED = re.compile(r"\.(isra|constprop|part|cold)\b")  # gcc's copies of functions, for fewer arguments or a part of their work


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
        options = options or Options()
        target, *rest = self._words(parts, options) or ["*"]
        binary, at, source = split_source(target, options.pid)
        if at:
            yield from self._lines(binary, source or "*", *rest, host=host, pid=options.pid)
            return
        language = rest[0] if len(rest) == 2 else ""
        if len(rest) > 2 or (language and language not in LANGUAGES):
            return
        words = Words(rest[-1] if rest else "*", language=language)
        target = target or "*"
        for path in find_files(target, options.pid):
            try:
                with host.elf(reachable(path, options.pid)) as elf:
                    listings = list_functions(words, path, elf)
            except DiagnosticError:
                continue
            shown = self._shown(path, target, options.pid)
            yield from [f"{self.name}:{shown}{each}" for each in listings]

    def _lines(self, target: str, source: str, line: str = "*", *_: str, host: "Host", pid: int) -> "Iterator[str]":
        """For -l: the lines that have code."""
        for path in find_files(target or executable(pid), pid) if not self.returns else ():
            try:
                with host.elf(reachable(path, pid)) as elf:
                    yield from [f"{self.name}:{self._shown(path, target, pid)}{each}" for each in list_source(source, line, elf)]
            except DiagnosticError:
                continue

    def _words(self, parts: "Sequence[str]", options: "Options") -> "list[str]":
        """The parts; where there is a process, the file may be left out, and is "" then."""
        omitted = options.pid and ((len(parts) == 1 and "@" not in parts[0]) or (len(parts) == 2 and parts[0] in LANGUAGES))
        words = ["", *parts] if omitted else list(parts)
        if len(words) > 3 and words[1] in LANGUAGES and "" in words:  # ns::function without quotes
            words[2:] = [":".join(words[2:])]
        return words

    def _everywhere(self, words: Words, target: str, host: "Host", pid: int) -> "Iterator[tuple[str, str, list[Place]]]":
        """(path to show, path to open, places) of all files that a target means; those that are no programs are passed over."""
        for path in find_files(target, pid):
            try:
                with host.elf(reachable(path, pid)) as elf:
                    found = find(words, path, elf, self.returns)
            except DiagnosticError as reason:
                if reason.diagnostics[0].code == MISSING:
                    raise
                continue
            if found:
                yield self._shown(path, target, pid), reachable(path, pid), found

    def _shown(self, path: str, target: str, pid: int) -> str:
        """Of what was found in a process, the path by which others reach it."""
        if pid and path.startswith("/") and (target in ("", "*") or process_root(pid)):
            return f"/proc/{pid}/root{path}"
        return path

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        target, *rest = self._words(parts, options) or [""]
        binary, at, source = split_source(target, options.pid)
        words: "Words | Source"
        if at:
            target, words = binary, read_source(source, rest, self.returns, span)
            if not target and not options.pid:
                hint = "write the program before the @"
                raise error("Unspecified target binary, cannot attach by source code location.", span, hint=hint)
        else:
            need_parts(self.name, [target, *rest], span, 2, 3, hint=self.synopsis)
            words = read(rest[-1], rest[0] if len(rest) == 2 else "", self.returns, span, self.synopsis)
        if is_glob(target) and (isinstance(words, Source) or words.address):
            what = "source code location" if isinstance(words, Source) else "absolute address"
            raise error(f"Cannot use wildcards with {what}", span, hint="it differs from file to file: name one")
        if not target and not options.pid:
            raise error(f"{self.name} should have a target", span, hint=self.synopsis)
        if target == "*" and not options.pid:
            hint = "* means all files that a process has mapped: give its number with -p"
            raise error("No process to look for files in.", span, hint=hint, code=MISSING)
        try:
            found = self._found(words, target, span, host, options)
        except DiagnosticError as reason:
            raise DiagnosticError(*(each.replace(span=span) for each in reason.diagnostics)) from None
        count = sum(len(places) for *_, places in found)
        several = count > 1 and "uprobe_multi" not in options.no_features and host.features.has("uprobe_multi")
        return [self._target(path, file, place, several, options) for path, file, places in found for place in places]

    def _found(
        self, words: "Words | Source", target: str, span: "Span | None", host: "Host", options: "Options"
    ) -> "list[tuple[str, str, list[Place]]]":
        if isinstance(words, Words) and is_glob(target):
            return list(self._everywhere(words, target, host, options.pid))
        paths = find_files(target or executable(options.pid), options.pid)
        if not paths:
            hint = self._no_file(target)
            raise error(f"{self.name} target file '{target}' does not exist or is not executable", span, hint=hint, code=MISSING)
        file = reachable(paths[0], options.pid)
        with host.elf(file) as elf:
            if isinstance(words, Source):
                places = find_source(words, paths[0], elf, span)
            else:
                places = find(words, paths[0], elf, self.returns)
                if not is_glob(words.function):
                    check(words, places, self.name, paths[0], elf, span)
            if elf.start % host.page_size:
                warning = f"{paths[0]} does not begin at a page of the archive (zipalign -p), so no process can run it from there"
                places = [place.replace(warning=warning) for place in places]
        return [(self._shown(paths[0], target, options.pid), file, places)] if places else []

    def _no_file(self, target: str) -> str:
        folder = os.path.dirname(target)
        try:
            nearest = did_you_mean(os.path.basename(target), os.listdir(folder or "."), f"{folder}/" if folder else "")
        except OSError:
            nearest = ""
        return nearest or "give a path, the name of a program in PATH, or of a library (libc)"

    def _target(self, path: str, file: str, place: Place, several: bool, options: "Options") -> Target:
        how: "dict[str, Any]" = {"path": file, "offset": place.offset}
        warning = place.warning
        if place.refusal or (place.doubt and not options.unsafe):
            how["refused"] = place.refusal or place.doubt
        elif several:
            how["multi"] = True
        if place.again:
            how["counts"] = 0
        if place.doubt and options.unsafe:
            warning = f"{place.doubt} Misplaced probes make programs crash."
        listing = place.listing and f"{self.name}:{path}{place.listing}"
        return Target(f"{self.name}:{path}:{place.name}", f"{path}:{place.name}", how, listing, warning)

    def context(self, target: Target, host: "Host") -> Context:
        capabilities = ("kstack", "ustack", "function", "uaddr")
        attach_type = TRACE_UPROBE_MULTI if target.options.get("multi") else 0
        return function_context(host.machine, "uprobe", attach_type, self.returns, user=True, capabilities=capabilities)

    def typed(self, context: Context, target: Target, host: "Host", needs: "frozenset[str]") -> Context:
        """With what the debugging information of the file says: its args, or what it returns, and the types it knows."""
        path = target.options["path"]
        if "types" in needs:
            context = context.replace(binary=path)
        if self.returns:
            return self._with_result(context, target, host, needs)
        if "args" not in needs:
            return context
        shown = target.target.rpartition(":")[0]
        types = host.debug_types(path)
        if types is None:
            raise error(f"There is no debugging information about {shown}, and so no args", hint=how_to_get(path, host))
        if types.info.program.word_size != host.pointer_size:
            raise error(f"not supported yet: args of 32-bit programs ({shown})", hint="arguments are on the stack: sarg0, sarg1, ...")
        function, found = self._arguments(types, target, host)
        if function is None:
            what = f"The debugging information of {shown} does not know {target.target.rpartition(':')[2]}"
            if types.info.missing:
                hint = f"the files with it were not found: {', '.join(types.info.missing[:3])}; --debuginfo names their folder"
            else:
                hint = "its source was compiled without -g; arg0, arg1, ... are there all the same"
            raise error(what, hint=hint)
        fields, at = [], 0
        for parameter, pieces in zip(function.parameters, found, strict=True):
            # What cannot be read is shown as such, and is an error where the program computes with it.
            type_ = Void(size=parameter.type.size) if pieces[0].problem else parameter.type
            at = align_up(at, type_.align)
            fields.append(Field(parameter.name, type_, at))
            at += type_.size
        if not fields:
            raise error(f"{function.name}() has no arguments")
        return context.replace(
            arguments=Struct(name=f"struct {function.name}_args", size=align_up(at, 8), fields=tuple(fields)),
            argument_access="places",
            argument_places=found,
        )

    def _function(self, types: "DebugTypes", target: Target) -> "Function | None":
        """The function that the place is in."""
        elf = types.info.program
        address = elf.virtual(target.options["offset"])
        if address is None:
            return None
        found = elf.symbols.at(address)
        return types.function(found[1] if found else address)

    def _arguments(self, types: "DebugTypes", target: Target, host: "Host") -> "tuple[Function | None, tuple[tuple[Location, ...], ...]]":
        """The function at the place, and where its arguments are there: at its first instruction as callers pass them."""
        elf = types.info.program
        address = elf.virtual(target.options["offset"])
        symbol, start = (address is not None and elf.symbols.at(address)) or ("", address)
        if address is None:
            return None, ()
        function = types.function(address) if address == start else None
        if function is not None and not function.changed and not _CHANGED.search(symbol):
            return function, argument_places(function, host.machine)
        known = types.inside(address)
        return (known[0], places_inside(*known, host.machine)) if known else (None, ())

    def _with_result(self, context: Context, target: Target, host: "Host", needs: "frozenset[str]") -> Context:
        """Numbers get their sign and their names. A pointer stays a number, as it is in other probes' argN, until it is looked into."""
        types = host.debug_types(target.options["path"]) if needs & {"retval", "result"} else None
        function = self._function(types, target) if types else None
        found = function.result.type if function else None
        if isinstance(found, Integer | Enum | Bool) and "retval" in needs:
            return context.replace(return_type=found)
        if isinstance(found, Pointer) and "result" in needs:
            return context.replace(return_type=found)
        if isinstance(found, Struct) and "result" in needs and found.size > 16 and host.machine == "x86_64":
            return context.replace(return_type=Pointer(target=found, space="user"))  # the register has its address
        return context

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        """Its parameters, one on each line; of a uretprobe what it returns."""
        _, path, place = name.split(":", 2)
        try:
            types = host.debug_types(reachable(path, pid))
            address = _listed_at(place, types.info.program) if types else None
            function = types.function(address) if types and address is not None else None
        except DiagnosticError:
            return []
        if function is None:
            return []
        if self.returns:
            return [function.result.declaration] if function.result.declaration != "void" else []
        return [parameter.declaration for parameter in function.parameters]

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        if attachment.options.get("multi"):
            return self.attach_many([attachment], program, options)[0]
        from bttui.loader import links

        if problem := attachment.options.get("refused"):
            hint = "" if self.returns else "--unsafe attaches all the same; inside an instruction it makes the program crash"
            raise error(problem, attachment.span, hint=hint, code="misplaced")
        path, offset = container(attachment.options["path"]), attachment.options["offset"]
        where = {"name": attachment.name, "span": attachment.span, "returns": self.returns, "pid": options.pid}
        return [links.uprobe(program, path, offset, attachment.cookie, **where)]

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """Attach points with options["multi"], of one program and file, by one link: (links, refusals) of loader.links."""
        from bttui.loader import links

        return links.uprobe_multi(
            program,
            container(attachments[0].options["path"]),
            [attachment.options["offset"] for attachment in attachments],
            [attachment.cookie for attachment in attachments],
            returns=self.returns,
            pid=options.pid,
            names=[attachment.name for attachment in attachments],
            span=attachments[0].span,
        )


def _listed_at(listing: str, elf: "Elf") -> "int | None":
    """The virtual address of a place as -l shows it."""
    language, colon, _ = listing.partition(":")
    if colon and language in LANGUAGES:
        return _source_names(language, elf).get(listing)
    symbol = elf.symbol(listing)
    return symbol[0] if symbol else None


@lru_cache(maxsize=4)
def _source_names(language: str, elf: "Elf") -> "dict[str, int | None]":
    return {place.listing.removeprefix(":"): elf.virtual(place.offset) for place in find(Words("*", language=language), elf.path, elf)}


def how_to_get(path: str, host: "Host") -> str:
    """What to do where a file has no debugging information."""
    with host.elf(path) as elf:
        identity = elf.build_id
        where = f", or name the folder that has it with --debuginfo{f' (build id {identity})' if identity else ''}"
    return f"compile it with -g, install the debugging symbols of its package{where}; arg0, arg1, ... are there without it"


providers = (
    Uprobe(
        "uprobe",
        "u",
        False,
        "uprobe:FILE:[cpp:]FUNCTION[+OFFSET]",
        "a function of a program or library is entered (or an instruction of it reached)",
        (
            'uprobe:/bin/bash:readline { printf("%d\\n", pid); }',
            "uprobe:libc:malloc { @[comm] = hist(arg0); }",
            "uprobe:./program@file.c:42 { @ = count(); }",
        ),
    ),
    Uprobe(
        "uretprobe",
        "ur",
        True,
        "uretprobe:FILE:[cpp:]FUNCTION",
        "a function of a program or library returns; its result in retval",
        ('uretprobe:/bin/bash:readline { printf("%s\\n", str(retval)); }',),
    ),
)
