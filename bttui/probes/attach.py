"""Attaching all of a program's probes, each by its provider, many by one link where the kernel can."""

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.probes import registry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from bttui.host.facts import Host
    from bttui.loader.links import Link
    from bttui.loader.object import LoadedProgram
    from bttui.model.program import Attachment
    from bttui.probes.provider import Options


def attach(
    attachments: "Iterable[Attachment]",
    programs: "Mapping[str, LoadedProgram]",
    host: "Host",
    options: "Options",
    warnings: "list[Diagnostic] | None" = None,
) -> "tuple[list[Link], list[Attachment]]":
    """Attach; returns the links to close, and the attachments that are in place ("Attached N probes").

    What a probe needs that the session does itself (begin, end, self) counts as in place, with no link. A refusal
    raises DiagnosticError with nothing left attached, unless options.missing_probes or a pattern in the program allow
    a probe to be absent; then it is put in ``warnings`` (not for "ignore").
    """
    warnings = warnings if warnings is not None else []
    links: "list[Link]" = []
    attached: "list[Attachment]" = []
    try:
        for group in _groups(attachments):
            provider: "Any" = registry.find(group[0].provider)
            program = programs[group[0].program]
            try:
                if len(group) > 1 or group[0].options.get("multi"):
                    found, refusals = provider.attach_many(group, program)
                    refused = dict(refusals)
                    for index, number in refused.items():
                        _pass_over(_refusal(group[index], number), options, warnings)
                    links += found
                    attached += [each for index, each in enumerate(group) if index not in refused]
                else:
                    links += provider.attach(group[0], program, host, options)
                    attached += group
            except DiagnosticError as reason:
                if options.missing_probes == "error":
                    raise
                _pass_over(reason.diagnostics[0], options, warnings)
    except BaseException:
        for link in links:
            link.close()
        raise
    return links, attached


def _groups(attachments: "Iterable[Attachment]") -> "Iterator[list[Attachment]]":
    """What one link can stand for: the attachments with options["multi"] of one program and file; all else by itself."""
    groups: "dict[object, list[Attachment]]" = {}
    for index, each in enumerate(attachments):
        several = each.options.get("multi")
        key = (each.provider, each.program, each.options.get("path")) if several else index
        groups.setdefault(key, []).append(each)
    yield from groups.values()


def _refusal(attachment: "Attachment", number: int) -> Diagnostic:
    from bttui.loader.links import refused

    return refused(attachment.name, number, attachment.span).diagnostics[0]


def _pass_over(problem: Diagnostic, options: "Options", warnings: "list[Diagnostic]") -> None:
    if options.missing_probes != "ignore":
        warnings.append(problem.replace(severity="warning"))
