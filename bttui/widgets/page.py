"""Pages that only show text: help, and the whole of a diagnostic."""

from textwrap import wrap

from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen

from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.render.clean import cell_width, clean
from bttui.widgets import completion
from bttui.widgets.actions import ACTIONS, bindings, in_chain, key_name, of_scope
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.widgets.probes import Catalog

SCOPES = {
    "global": "Everywhere",
    "main": "Main screen",
    "pane": "Any pane",
    "map": "Any map",
    "editor": "Program",
    "table": "Table",
    "histogram": "Histogram",
    "series": "Time series",
    "stacks": "Stacks",
    "log": "Log",
    "probes": "Probes",
    "probe_tree": "Probe tree",
    "probe_query": "Probe search",
    "search": "Search line",
    "completion": "List of words",
    "open": "Examples and programs",
    "save": "Save",
    "page": "This page",
    "export": "Export",
    "time": "Time",
    "ask": "Questions",
    "jump": "Letters on the panes",
    "export_choice": "What to export, and how",
}


class PageRows(Rows):
    """Long last parts of a line are wrapped below themselves."""

    scope = "page"

    def __init__(self, lines: "list[list[tuple[str, str]]]") -> None:
        super().__init__()
        self.whole = lines
        self.lines = lines

    def on_resize(self) -> None:
        self.lines = [part for line in self.whole for part in wrapped(line, self.columns - 1)]
        self.resize_rows(len(self.lines))

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return self.lines[y]


def wrapped(line: "list[tuple[str, str]]", width: int) -> "list[list[tuple[str, str]]]":
    """The line in as many lines as it takes."""
    if sum(cell_width(text) for text, _ in line) <= width:
        return [line]
    *before, (text, role) = line
    margin = sum(cell_width(text) for text, _ in before) or len(text) - len(text.lstrip())
    pieces = wrap(text.strip(), max(width - margin, 20))
    first = [*before, (pieces[0] if before else " " * margin + pieces[0], role)]
    return [first, *([(" " * margin + piece, role)] for piece in pieces[1:])]


class Page(ModalScreen[None]):
    scope = "page"
    BINDINGS = bindings("page")

    def __init__(self, title: str, lines: "list[list[tuple[str, str]]]") -> None:
        super().__init__()
        self.heading, self.lines = title, lines

    def compose(self) -> ComposeResult:
        rows = PageRows(self.lines)
        rows.border_title = Content(self.heading)
        rows.border_subtitle = Content("Esc closes")
        yield rows

    def action_close(self) -> None:
        self.dismiss()


def rows_of(scope: str) -> "list[tuple[list[str], str]]":
    """(keys, help) of a scope's actions; the keys that go to a pane are one row."""
    rows: list[tuple[list[str], str]] = []
    for action in of_scope(scope):
        if action.id == "pane":
            if action.argument == "1":
                rows.append((["1–9"], "Go to a pane by its number."))
        else:
            rows.append(([key_name(key) for key in action.keys], action.help))
    return rows


def help_page(scope: str, title: str = "Help", about: "list[list[tuple[str, str]]] | None" = None) -> Page:
    """Every action: those that work at ``scope`` first. ``about`` stands above them."""
    near = list(dict.fromkeys(action.scope for action in in_chain(scope)))
    rest = [s for s in dict.fromkeys(a.scope for a in ACTIONS) if s not in near]
    lines: list[list[tuple[str, str]]] = list(about or [])
    for name in [*near, *rest]:
        if lines:
            lines.append([])
        lines.append([(f" {SCOPES[name]}", "head"), ("" if name in near else "  (elsewhere)", "dim")])
        lines += [[(f"   {'  '.join(keys):14}", "mark"), (help_, "text")] for keys, help_ in rows_of(name)]
    return Page(title, lines)


def about_word(word: str, catalog: "Catalog | None") -> "list[list[tuple[str, str]]]":
    """What is known of a word of the program: a function or builtin, a type of probe with the probe's arguments."""
    lines: list[list[tuple[str, str]]] = []
    function = completion.function(word)
    if function is not None:
        lines.append([(f" {function.signature or word}", "mark")])
        lines.append([("   " + function.doc, "text")])
        lines += [[("   " + clean(line), "note")] for line in function.example.splitlines()]
    elif catalog is not None and ":" in word:
        types = {name: (synopsis, doc) for name, synopsis, doc in catalog.types()}
        synopsis, doc = types.get(word.partition(":")[0], ("", ""))
        lines.append([(f" {clean(word)}", "mark")])
        if synopsis:
            lines.append([(f"   {synopsis}: {doc}", "text")])
        try:
            described = catalog.describe(word)
        except (OSError, DiagnosticError):
            described = []
        for line in described:
            name = completion.argument_names([line])
            lines.append([(f"   args.{name[0].text:20}" if name else "   ", "key"), (clean(line), "text")])
    return [*lines, []] if lines else []


def keys_markdown() -> str:
    """The page about keys, docs/keys.md."""
    parts = ["# Keys\n\nF1 shows those that work where you are. A key that a terminal keeps for itself has a twin, or the palette (^P).\n"]
    for scope in dict.fromkeys(action.scope for action in ACTIONS):
        parts.append(f"\n## {SCOPES[scope]}\n\n| keys | what they do |\n|---|---|\n")
        parts += [f"| {' '.join(f'`{key}`' for key in keys)} | {help_} |\n" for keys, help_ in rows_of(scope)]
    return "".join(parts)


def details_page(diagnostics: "list[Diagnostic]") -> Page:
    """Everything that is known of them, a verifier's log included."""
    lines: list[list[tuple[str, str]]] = []
    for diagnostic in diagnostics:
        place = f"{diagnostic.span.line}:{diagnostic.span.column}: " if diagnostic.span else ""
        role = "bad" if diagnostic.severity == "error" else "warning"
        lines.append([(f" {place}{diagnostic.severity}: ", role), (clean(diagnostic.message), "text")])
        trail = [f"{message} ({span.line}:{span.column})" for message, span in diagnostic.trail]
        for text, role in ((diagnostic.hint, "note"), ("\n".join(trail), "dim"), (diagnostic.detail, "dim")):
            lines += [[("   " + clean(line), role)] for line in text.splitlines()]
        lines.append([])
    return Page("Diagnostics", lines or [[(" No diagnostics.", "dim")]])
