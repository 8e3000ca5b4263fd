"""What went wrong, where, and what to do next: one object for the command line, the editor and JSON."""

from bttui.model.data import Data


class Span(Data):
    """A piece of program text: ``start`` and ``end`` are character offsets, lines and columns count from 1.

    ``end_column`` is the column after the last character. ``file`` is the name to show ("stdin" for -e).
    ``source`` is the text of that file where it is not the program itself but imported or included.
    """

    start: int
    end: int
    line: int
    column: int
    end_line: int
    end_column: int
    file: str = "stdin"
    source: str = ""

    def to(self, other: "Span") -> "Span":
        """From the start of this one to the end of ``other``."""
        return self.replace(end=other.end, end_line=other.end_line, end_column=other.end_column)


class Fix(Data):
    """Put ``text`` in the place of ``span``: what was meant beyond doubt."""

    span: Span
    text: str


class Diagnostic(Data):
    """``severity`` is "error", "warning" or "hint". ``hint`` says what to do. ``detail`` is long (a verifier log).

    ``trail`` holds (message, span) pairs that say how we got here (macro or import expansions).
    ``code`` is stable for people who search for it. ``fix`` is there where a repair is certain.
    """

    message: str
    span: "Span | None" = None
    severity: str = "error"
    hint: str = ""
    detail: str = ""
    code: str = ""
    fix: "Fix | None" = None
    trail: "tuple[tuple[str, Span], ...]" = ()


SURE = 0.79  # how alike two names are, of 1, for one to be a slip of the other


class DiagnosticError(Exception):
    """Carries one or more Diagnostics to the front end; never shown as a traceback."""

    def __init__(self, *diagnostics: Diagnostic, exit_code: int = 1):
        super().__init__("; ".join(d.message for d in diagnostics))
        self.diagnostics = diagnostics
        self.exit_code = exit_code


def error(message: str, span: "Span | None" = None, hint: str = "", **more: object) -> DiagnosticError:
    """A DiagnosticError with one error, ready to be raised."""
    return DiagnosticError(Diagnostic(message, span, hint=hint, **more))  # type: ignore[arg-type]


def in_program(diagnostic: Diagnostic) -> Diagnostic:
    """The same one, placed where the program's own text leads to it: an error in an import stands at the import."""
    if diagnostic.span is None or not diagnostic.span.source:
        return diagnostic
    place = next((span for _message, span in diagnostic.trail if not span.source), None)
    return diagnostic.replace(message=f"{diagnostic.span.file}:{diagnostic.span.line}: {diagnostic.message}", span=place)


def renamed(span: Span, old: str, names: "list[str]", at_end: bool = False) -> "Fix | None":
    """The only name that is very like ``old``, which stands at the start of the span, or ``at_end``; None where there is a doubt."""
    close = near(old, names, 2)
    if not close or span.source or span.line != span.end_line or (len(close) > 1 and _likeness(old, close[1]) > SURE):
        return None
    if _likeness(old, close[0]) <= SURE:
        return None
    size = len(old)
    if at_end:
        return Fix(span.replace(start=span.end - size, column=span.end_column - size), close[0])
    return Fix(span.replace(end=span.start + size, end_column=span.column + size), close[0])


def _likeness(word: str, other: str) -> float:
    import difflib

    return difflib.SequenceMatcher(None, word, other).ratio()


def near(word: str, names: "list[str]", most: int = 3) -> "list[str]":
    """The names that look like the word, best first: for "did you mean"."""
    import difflib

    return difflib.get_close_matches(word, names, most, 0.6)
