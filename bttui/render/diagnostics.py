"""A Diagnostic as text: FILE:LINE:COL-COL: ERROR: what, the source line, a marker under it, and the hint."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from bttui.model.diagnostic import Diagnostic, Span

# The program's text, file names and paths may hold what a terminal would obey.
_UNSAFE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}
_COLORS = {"error": "31", "warning": "33", "hint": "36"}  # SGR: red, yellow, cyan


def diagnostic_text(diagnostic: "Diagnostic", source: str = "", *, color: bool = False, detail: bool = False) -> str:
    """Ends in a newline. ``source`` is the program's text; ``detail`` adds the long part (a verifier's log)."""
    severity = diagnostic.severity
    text = _headed(severity, diagnostic.message, diagnostic.span, color) + _excerpt(diagnostic.span, source)
    for message, span in diagnostic.trail:
        text += _headed(severity, message, span, color) + _excerpt(span, source)
    if diagnostic.hint:
        text += _painted("HINT: " + diagnostic.hint.translate(_UNSAFE), "hint", color)
    if detail and diagnostic.detail:
        text += diagnostic.detail.translate(_UNSAFE).rstrip("\n") + "\n"
    return text


def place(span: "Span") -> str:
    """FILE:LINE:COL-COL, or FILE:LINE-LINE where it takes several lines."""
    if span.line != span.end_line:
        return f"{span.file}:{span.line}-{span.end_line}"
    return f"{span.file}:{span.line}:{span.column}-{span.end_column}"


def _headed(severity: str, message: str, span: "Span | None", color: bool) -> str:
    where = f"{place(span)}: " if span else ""
    return _painted(f"{where}{severity.upper()}: {message.translate(_UNSAFE)}", severity, color)


def _painted(text: str, severity: str, color: bool) -> str:
    return f"\x1b[{_COLORS[severity]}m{text}\x1b[0m\n" if color else text + "\n"


def _excerpt(span: "Span | None", source: str) -> str:
    lines = source.split("\n")
    if span is None or not source or span.line > len(lines):
        return ""
    shown = [line.replace("\t", " ").translate(_UNSAFE) for line in lines[span.line - 1 : span.end_line]]
    if span.line == span.end_line:
        shown.append(" " * (span.column - 1) + "~" * max(span.end_column - span.column, 0))
    return "\n".join(shown) + "\n"


def complain(diagnostics: "Iterable[Diagnostic]", source: str = "", *, detail: bool = False) -> None:
    """Write them to stderr. BPFTRACE_COLOR is "always", "never" or "auto": in colour on a terminal."""
    wish = os.environ.get("BPFTRACE_COLOR", "auto")
    color = wish == "always" or (wish != "never" and "NO_COLOR" not in os.environ and sys.stderr.isatty())
    text = "".join([diagnostic_text(diagnostic, source, color=color, detail=detail) for diagnostic in diagnostics])
    sys.stderr.write(text.encode(errors="surrogateescape").decode(errors="replace"))
    sys.stderr.flush()
