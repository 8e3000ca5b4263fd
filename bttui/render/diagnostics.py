"""Diagnostics as lines for a terminal or a pipe: place and message, the source line, a marker, hints.

stdin:1:9-26: ERROR: print() takes up to 3 arguments (4 provided)
BEGIN { print(1, 2, 3, 4); }
        ~~~~~~~~~~~~~~~~~
HINT: ...
FIX: the line as it should be, where that is certain
"""

import os
import sys

from bttui.model.diagnostic import Diagnostic
from bttui.render.clean import cell_width, clean, clean_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bttui.model.diagnostic import Fix, Span
    from bttui.model.frame import Frame

_COLOURS = {"error": "\x1b[31m", "warning": "\x1b[33m"}
_PLAIN = "\x1b[0m"
_TAB = "    "
_LONGEST = 500  # characters of a line that are shown, around the place; bpftrace shows all
_BEFORE = 100  # of them before the place
_MOST_LINES = 40


def complain(diagnostics: "Iterable[Diagnostic]", source: "str | Mapping[str, str]" = "", *, detail: bool = False) -> None:
    """Write them to stderr, in colour where that is wanted."""
    colour = use_colour(os.environ, sys.stderr.isatty())
    text = "".join([format_diagnostic(diagnostic, source, colour, detail) for diagnostic in diagnostics])
    sys.stderr.write(text.encode(errors="surrogateescape").decode(errors="replace"))
    sys.stderr.flush()


def losses(frame: "Frame") -> "list[Diagnostic]":
    """Warnings of what the maps and the output of a trace lack."""
    from bttui.render.stacks import cut_stacks

    counters = frame.counters
    told = [f"{times} new keys were left out of {name}, which was full" for name, times in counters.full.items() if times]
    told += [f"{name}: {times}" for name, times in counters.losses.items() if times and name != "full"]
    return [*(Diagnostic(text, severity="warning") for text in told), *cut_stacks(frame.maps.values())]


def use_colour(environment: "Mapping[str, str]", terminal: bool) -> bool:
    """Whether to colour, by BPFTRACE_COLOR (auto, always or never; anything else counts as auto) and NO_COLOR.

    ``terminal`` says whether the lines go to one.
    """
    choice = environment.get("BPFTRACE_COLOR", "auto")
    if choice in ("always", "never"):
        return choice == "always"
    return terminal and not environment.get("NO_COLOR")


def format_diagnostic(diagnostic: "Diagnostic", source: "str | Mapping[str, str]" = "", colour: bool = False, detail: bool = False) -> str:
    """The diagnostic with the lines that it is about, line end included.

    ``source`` is the program's text, or texts by file name where there are several. Columns in front of the message
    count bytes, as compilers do; the marker stands below what it means also where characters are wide. Control
    characters of the program are shown as escapes. ``detail`` adds the long part (a verifier's log).
    """
    lines = _block(diagnostic.severity, diagnostic.message, diagnostic.span, source, colour)
    for message, span in diagnostic.trail:
        lines += _block(diagnostic.severity, message, span, source, colour)
    if diagnostic.hint:
        lines += [f"HINT: {line}" for line in map(clean, diagnostic.hint.splitlines())]
    if diagnostic.fix and diagnostic.severity != "hint":
        lines += [f"FIX: {line}" for line in _repaired(diagnostic.fix, source)]
    if detail and diagnostic.detail:
        lines.append(clean_lines(diagnostic.detail.rstrip("\n")))
    return "".join([line + "\n" for line in lines])


def message_line(
    severity: str, message: str, span: "Span | None" = None, source: "str | Mapping[str, str]" = "", colour: bool = False
) -> str:
    """Place and message alone, as errorf() and warnf() print them; their message comes as it is, clean it for a terminal.

    One line end at the end of the message is dropped."""
    text = f"{_place(span, source)}{severity.upper()}: {message.removesuffix(chr(10))}"
    return _painted(text, severity, colour) + "\n"


def _block(severity: str, message: str, span: "Span | None", source: "str | Mapping[str, str]", colour: bool) -> "list[str]":
    text = "\n".join([clean(line) for line in message.split("\n")])
    header = _painted(f"{_place(span, source)}{severity.upper()}: {text}", severity, colour)
    return [header, *(_excerpt(span, source) if span else ())]


def _painted(text: str, severity: str, colour: bool) -> str:
    return f"{_COLOURS.get(severity, '')}{text}{_PLAIN}" if colour and severity in _COLOURS else text


def _place(span: "Span | None", source: "str | Mapping[str, str]") -> str:
    if span is None:
        return ""
    if span.line != span.end_line:
        return f"{span.file}:{span.line}-{span.end_line}: "
    lines = _lines(span, source)
    line = lines[0] if lines else ""
    return f"{span.file}:{span.line}:{_byte_column(line, span.column)}-{_byte_column(line, span.end_column)}: "


def _byte_column(line: str, column: int) -> int:
    before = line[: column - 1]
    return column + len(before.encode("utf-8", "surrogateescape")) - len(before)


def _excerpt(span: "Span", source: "str | Mapping[str, str]") -> "list[str]":
    lines = _lines(span, source)
    if len(lines) != 1 or span.line != span.end_line:
        left = [f"… {len(lines) - _MOST_LINES} lines more"] if len(lines) > _MOST_LINES else []
        return [_cut(line.rstrip("\r"), 0) for line in lines[:_MOST_LINES]] + left
    line = lines[0].rstrip("\r")
    first = max(0, span.column - 1 - _BEFORE) if len(line) > _LONGEST else 0
    start = cell_width(("…" if first else "") + _shown(line[first : span.column - 1]))
    marked = cell_width(_shown(line[span.column - 1 : min(span.end_column - 1, first + _LONGEST)]))
    return [_cut(line, first), " " * start + "~" * marked]


def _cut(line: str, first: int) -> str:
    """The line as it is shown, from its character ``first`` on where it is very long."""
    return ("…" if first else "") + _shown(line[first : first + _LONGEST]) + ("…" if len(line) > first + _LONGEST else "")


def _repaired(fix: "Fix", source: "str | Mapping[str, str]") -> "list[str]":
    """The line as it should be."""
    lines = _lines(fix.span, source)
    if len(lines) != 1:
        return []
    line = lines[0][: fix.span.column - 1] + fix.text + lines[0][fix.span.end_column - 1 :].rstrip("\r")
    return [_cut(line, max(0, fix.span.column - 1 - _BEFORE) if len(line) > _LONGEST else 0)]


def _shown(text: str) -> str:
    return clean(text.replace("\t", _TAB))


def _lines(span: "Span", source: "str | Mapping[str, str]") -> "list[str]":
    text = span.source or (source if isinstance(source, str) else source.get(span.file, ""))
    return text.split("\n")[span.line - 1 : span.end_line] if text else []
