"""kprobe and kretprobe: any instruction of the kernel, and the return of its functions."""

from bttui.model.diagnostic import error
from bttui.probes.functions import (
    exists,
    fentry_works,
    forbidden,
    module_loaded,
    near_functions,
    select_functions,
    traceable,
    without_kprobes,
)
from bttui.probes.matching import MISSING, is_glob, missing, need_parts, number
from bttui.probes.provider import Context, Target
from bttui.probes.registers import function_context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from bttui.host.facts import Host
    from bttui.model.diagnostic import DiagnosticError, Span
    from bttui.probes.provider import Options

# enum bpf_attach_type of <linux/bpf.h>
TRACE_KPROBE_MULTI = 42
TRACE_KPROBE_SESSION = 56


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
            refused = forbidden(host)
            found = ((home, name) for home, name in select_functions(module, function, host, options) if name not in refused)
            if len(parts) == 2:
                yield from (f"{self.name}:{home}:{name}" for home, name in found)
            else:
                yield from dict.fromkeys(f"{self.name}:{name}" for _, name in found)

    def expand(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        need_parts(self.name, parts, span, 1, 2, hint=self.synopsis)
        if without_kprobes(host, options) and fentry_works(host, options):
            return self._through_fentry(parts, span, host, options)
        if any(map(is_glob, parts)):
            found = list(self.matches(parts, host, options))
            how = "multi" if self._multi(len(found), host, options) else "glob"
            return [self._one_of_many(name, how, host, options) for name in found]
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
            raise self._not_loaded(parts, span)
        if function in forbidden(host) and not options.unsafe:
            raise missing(self.name, ":".join(parts), span, self._forbidden(function, host, options))
        listed = not options.traceable_functions or function in traceable(host, options.traceable_functions)
        if not exists(function, host) or not (listed or options.unsafe):
            near = near_functions(function, host, options)
            hint = f"did you mean {' or '.join(f'{self.name}:{name}' for name in near)}?" if near else ""
            raise missing(self.name, ":".join(parts), span, hint)
        name = f"{self.name}:{module + ':' if module else ''}{function}{f'+{offset}' if offset else ''}"
        inside = function if module in ("", "vmlinux") else f"{module}:{function}"
        warning = "" if listed else f"{function} is not traceable as {options.traceable_functions} has it; attaching may fail"
        return [Target(name, inside, {"offset": offset} if offset else {}, warning=warning)]

    def _through_fentry(self, parts: "Sequence[str]", span: "Span | None", host: "Host", options: "Options") -> "list[Target]":
        """The functions that have types; what else kprobes can do, trampolines cannot."""
        from bttui.probes.fentry import not_typed

        through = "fexit" if self.returns else "fentry"
        why = "kprobes are turned off" if "kprobe" in options.no_features else "this kernel has no kprobes"
        if any(map(is_glob, parts)):
            names = [name for name in self.matches(parts, host, options) if host.btf.function(name.rpartition(":")[2])]
        else:
            function = parts[-1]
            if "+" in function or function[:1].isdigit():
                message = f"{self.name}:{':'.join(parts)} needs kprobes, and {why}"
                raise error(message, span, hint=f"a whole function can be traced through {through}", code="no-kprobe")
            if len(parts) == 2 and not module_loaded(parts[0], host):
                raise self._not_loaded(parts, span)
            if host.btf.function(function) is None:
                raise missing(self.name, ":".join(parts), span, not_typed(self.name, function, host, options))
            names = [f"{self.name}:{':'.join(parts)}"]
        warning = f"{why}: {self.name} probes run as {through} (without reg(), offsets and addresses)"
        return [Target(name, name.rpartition(":")[2], {"through": through}, warning=warning) for name in names]

    def _one_of_many(self, name: str, how: str, host: "Host", options: "Options") -> Target:
        """``name`` is one that a glob means. A link for many knows functions by their names only."""
        *_, module, function = name.split(":")
        if name.count(":") == 2 and module != traceable(host, options.traceable_functions)[function][0]:
            return Target(name, f"{module}:{function}", {"glob": True})
        return Target(name, function, {how: True})

    def _forbidden(self, function: str, host: "Host", options: "Options") -> str:
        through = "fexit" if self.returns else "fentry"
        other = function in traceable(host, options.traceable_functions) and fentry_works(host, options) and host.btf.function(function)
        instead = f": use {through}:{function}" if other else ""
        return f"the kernel forbids kprobes in {function} (/sys/kernel/debug/kprobes/blacklist){instead}"

    def _not_loaded(self, parts: "Sequence[str]", span: "Span | None") -> "DiagnosticError":
        return error(f"specified module {parts[0]} in probe {self.name}:{':'.join(parts)} is not loaded.", span, code=MISSING)

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
        if "through" in target.options:
            from bttui.probes.fentry import kernel_context

            typed = kernel_context(target.target, self.returns, host)
            slots = 0 if self.returns or typed.arguments is None else typed.arguments.size // 8
            return typed.replace(arguments=None, argument_access="context", argument_slots=slots, return_type=None)
        capabilities = ("kstack", "ustack", "function", *(() if self.returns else ("override",)))
        attach_type = TRACE_KPROBE_MULTI if target.options.get("multi") else 0
        return function_context(host.machine, "kprobe", attach_type, self.returns, capabilities=capabilities)

    def session(
        self, context: Context, entries: "Sequence[Any]", returns: "Sequence[Any]", host: "Host", options: "Options"
    ) -> "Context | None":
        """How one program would run at the entries and the returns of the same functions; None where it cannot."""
        if self.returns or not self._multi(2, host, options):
            return None
        if "kprobe_session" in options.no_features or not host.features.has("kprobe_session"):
            return None
        if any(each.provider != "kretprobe" for each in returns) or [a.target for a in entries] != [a.target for a in returns]:
            return None
        if len({back.cookie - there.cookie for there, back in zip(entries, returns, strict=True)}) != 1:
            return None  # a function is named twice: its cookies are not in order
        if any(each.options.keys() - {"multi"} for each in entries):
            return None
        if not context.attach_type and not all(each.target in traceable(host, options.traceable_functions) for each in entries):
            return None  # plain kprobes go where ftrace, and with it multi links, does not
        return context.replace(section="kprobe.session", attach_type=TRACE_KPROBE_SESSION)

    def describe(self, name: str, host: "Host", pid: int = 0) -> "list[str]":
        from bttui.probes.declarations import function_parameters, function_result

        function = name.rpartition(":")[2]
        return function_result(function, host) if self.returns else function_parameters(function, host, numbered=True)

    def attach(self, attachment: "Any", program: "Any", host: "Host", options: "Options") -> "list[Any]":
        from bttui.loader import links

        if attachment.options.get("multi"):
            return self.attach_many([attachment], program, options)[0]
        if "through" in attachment.options:
            return [links.tracing(program, name=attachment.name, span=attachment.span)]
        if "kprobe" in options.no_features:
            raise error(f"cannot attach {attachment.name}: kprobes are turned off", attachment.span, code="no-kprobe")
        place = attachment.options.get("address", attachment.target)
        offset = attachment.options.get("offset", 0)
        where = {"name": attachment.name, "span": attachment.span, "returns": self.returns}
        return [links.kprobe(program, place, offset, attachment.cookie, **where)]

    def attach_many(self, attachments: "Sequence[Any]", program: "Any", options: "Options") -> "tuple[list[Any], list[tuple[int, int]]]":
        """Attach points with options["multi"], of one program, by one link: (links, refusals) of loader.links.

        Those with options["session"] are entries and returns: the link is made for the entries.
        """
        from bttui.loader import links

        session = "session" in attachments[0].options
        places = [attachment for attachment in attachments if not session or attachment.provider == "kprobe"]
        made, refusals = links.kprobe_multi(
            program,
            [place.target for place in places],
            [place.cookie for place in places],
            returns=self.returns and not session,
            names=[place.name for place in places],
            span=places[0].span,
        )
        if session:
            numbers = {places[index].target: number for index, number in refusals}
            refusals = [(index, numbers[each.target]) for index, each in enumerate(attachments) if each.target in numbers]
        return made, refusals


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
