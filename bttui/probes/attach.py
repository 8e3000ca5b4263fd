"""Attaching all of a program's probes, each by its provider, many by one link where the kernel can."""

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.probes import registry
from bttui.probes.functions import alternatives

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from bttui.host.facts import Host
    from bttui.loader.links import Link
    from bttui.loader.object import LoadedProgram
    from bttui.model.program import Attachment
    from bttui.probes.provider import Options

_OURS = ("begin", "end", "self", "test", "bench")
_FUNCTIONS = {"kprobe": False, "kretprobe": True, "fentry": False, "fexit": True}  # whether it is about the return


def attach(
    attachments: "Iterable[Attachment]",
    programs: "Mapping[str, LoadedProgram]",
    host: "Host",
    options: "Options",
    warnings: "list[Diagnostic]",
) -> "Iterator[tuple[list[Link], int]]":
    """Attach one after the other; each step gives its links, and how many attach points they are.

    What the session runs itself (begin, end, self) has no link and counts. A refusal raises DiagnosticError; where
    options.missing_probes is "warn" it goes to ``warnings`` and the next comes, and "ignore" says nothing. Of a glob,
    single functions that the kernel refuses are passed over with a warning. Closing the links is the caller's.
    """
    for group in _groups(attachments):
        if group[0].provider in _OURS:
            yield [], 1
            continue
        provider: "Any" = registry.find(group[0].provider)
        program = programs[group[0].program]
        try:
            if len(group) == 1:
                yield provider.attach(group[0], program, host, options), _count(group)
            else:
                links, refusals = provider.attach_many(group, program, options)
                if options.missing_probes != "ignore":
                    warnings.extend(_refusal(group[index], number) for index, number in refusals)
                yield links, _count(group) - _count(group[index] for index, _ in refusals)
        except DiagnosticError as reason:
            may_be_missing = "glob" in group[0].options and reason.diagnostics[0].code == "place"
            if options.missing_probes == "error" and not may_be_missing:
                raise
            if options.missing_probes != "ignore":
                warnings.extend(problem.replace(severity="warning") for problem in explained(reason, group, host).diagnostics)


def explained(reason: DiagnosticError, attachments: "Iterable[Attachment]", host: "Host") -> DiagnosticError:
    """The refusal of a kernel that cannot trace functions, with what it has instead in the hint; any other as it is."""
    first = reason.diagnostics[0]
    if first.code not in ("no-kprobe", "permission"):
        return reason
    for each in attachments:
        if each.provider in _FUNCTIONS and "bpf" not in each.options and each.name in first.message:
            instead = alternatives(each.target, host, _FUNCTIONS[each.provider])
            if instead:
                hint = f"{first.hint + '. ' if first.hint else ''}This kernel has {', '.join(instead)}"
                return DiagnosticError(first.replace(hint=hint), *reason.diagnostics[1:], exit_code=reason.exit_code)
    return reason


def _count(attachments: "Iterable[Attachment]") -> int:
    """How many attach points they are: some are a second way into one."""
    return sum(each.options.get("counts", 1) for each in attachments)


def _groups(attachments: "Iterable[Attachment]") -> "Iterable[list[Attachment]]":
    """What one link can stand for: those with options["multi"] of one program and file. All else is by itself."""
    groups: "dict[object, list[Attachment]]" = {}
    for index, each in enumerate(attachments):
        kind = "session" if each.options.get("session") else each.provider
        key = (kind, each.program, each.options.get("path")) if each.options.get("multi") else index
        groups.setdefault(key, []).append(each)
    return groups.values()


def _refusal(attachment: "Attachment", number: int) -> Diagnostic:
    from bttui.loader.links import refused

    return refused(attachment.name, number, attachment.span).diagnostics[0].replace(severity="warning")
