"""The program: highlighted by our own lexer, with diagnostics standing below the text they speak of.

Two private methods of Textual's TextArea are overridden for the highlighting and for the extra rows (textual is
pinned in pyproject.toml; tests/widgets/test_editor.py fails when they change): there is no public way for either
without a tree-sitter grammar.
"""

from textwrap import wrap

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import TextAreaTheme

from bttui.compiler import lexer
from bttui.model.diagnostic import Diagnostic
from bttui.render.clean import clean
from bttui.widgets.actions import bindings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from textual.document._document import Location
    from textual.events import MouseEvent

TAKEN = {"f6", "f7", "escape"}  # keys of TextArea that we use for something else

# kind of token: (on dark, on light, style). What is not here has the colour of text.
COLOURS = {
    "comment": ("#7f8796", "#6b7280", "italic"),
    "string": ("#a3be8c", "#3f6f2a", ""),
    "number": ("#d7a65f", "#8a5a00", ""),
    "keyword": ("#c792ea", "#7a3e9d", ""),
    "type": ("#c792ea", "#7a3e9d", ""),
    "map": ("#ffcb6b", "#8a4b00", "bold"),
    "variable": ("#89ddff", "#006a85", ""),
    "builtin": ("#82aaff", "#2a52b0", ""),
    "function": ("#82aaff", "#2a52b0", ""),
    "probe": ("#4fd6be", "#00705f", "bold"),
    "error": ("#ff757f", "#b3202c", "underline"),
    "diagnostic.error": ("#ff757f", "#b3202c", "underline bold"),
    "diagnostic.warning": ("#ffc777", "#8a5a00", "underline"),
    "diagnostic.hint": ("#86e1fc", "#006a85", "underline"),
}
THEMES = tuple(
    TextAreaTheme(name, syntax_styles={kind: Style.parse(f"{look[at]} {look[2]}") for kind, look in COLOURS.items()})
    for at, name in enumerate(("on dark", "on light"))
)
MARKS = {"error": "✗", "warning": "!", "hint": "·"}


class Editor(TextArea, inherit_bindings=False):
    """A TextArea that knows the language."""

    scope = "editor"
    BINDINGS = [*(b for b in TextArea.BINDINGS if isinstance(b, Binding) and not TAKEN & set(b.key.split(","))), *bindings("editor")]
    COMPONENT_CLASSES = {f"editor--{severity}" for severity in MARKS}

    class RunAsked(Message):
        """Bubbles up like a key."""

    def __init__(self, text: str, **options) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._marked: dict[int, str] = {}  # row -> its text when it was marked
        self.notes: list[tuple[int, list[tuple[str, str]]]] = []  # (view row it follows, lines of (text, severity))
        super().__init__(text, show_line_numbers=True, tab_behavior="focus", soft_wrap=True, **options)
        self.cursor_blink = False  # a steady cursor wakes nobody
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.follow_theme)

    def follow_theme(self) -> None:
        self.theme = THEMES[not self.app.current_theme.dark].name

    # Highlighting

    def _build_highlight_map(self) -> None:
        """Fill the map that TextArea draws from: row -> [(first byte, last byte or None, name)]."""
        self._line_cache.clear()
        highlights = self._highlights
        highlights.clear()
        text = self.document.text
        starts = [0]
        for line in text.split("\n"):
            starts.append(starts[-1] + len(line) + 1)
        plain = text.isascii()
        row = 0
        for kind, start, end in lexer.tokens(text):
            if kind not in COLOURS:
                continue
            while starts[row + 1] <= start:
                row += 1
            if plain and end < starts[row + 1]:  # nearly all of them: one line, where bytes and characters are the same
                highlights[row].append((start - starts[row], end - starts[row], kind))
            else:
                self._highlight(text, starts, row, start, end, kind)
        for diagnostic in self.diagnostics:
            if diagnostic.span:
                span = diagnostic.span
                end = max(span.end, span.start + 1)
                self._highlight(text, starts, span.line - 1, span.start, end, f"diagnostic.{diagnostic.severity}")

    def _highlight(self, text: str, starts: "list[int]", row: int, start: int, end: int, name: str) -> None:
        """Mark characters start to end, which may span lines; TextArea counts bytes within each line."""
        while row + 1 < len(starts) and start < end:
            first, last = starts[row], starts[row + 1] - 1
            left = len(text[first:start].encode(errors="surrogatepass"))
            right = None if end >= last else len(text[first:end].encode(errors="surrogatepass"))
            if end < last or last > start:
                self._highlights[row].append((left, right, name))
            row, start = row + 1, last + 1

    # Diagnostics

    def show_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]") -> None:
        """Put them below their lines. An edit of a line removes what was said about it."""
        lines = self.document.lines
        self.diagnostics = [d if d.span and d.span.line <= len(lines) else d.replace(span=None) for d in diagnostics]
        self._marked = {d.span.line - 1: lines[d.span.line - 1] for d in self.diagnostics if d.span}
        self._lay_out_notes()
        first = next((d for d in self.diagnostics if d.span and d.severity == "error"), None)
        if first:
            self.go_to(first)

    def go_to(self, diagnostic: Diagnostic) -> None:
        """The cursor to its place, with what is said about it in view."""
        if diagnostic.span:
            self.move_cursor((diagnostic.span.line - 1, diagnostic.span.column - 1))
            row = self._cursor_offset[1]
            below = next((len(lines) for above, lines in self.notes if self._row_in_view(above) == row), 0)
            self.scroll_to_region(Region(0, row, 1, 1 + below), animate=False, force=True)

    def next_diagnostic(self) -> None:
        """To the next one below the cursor, or to the first."""
        row, column = self.cursor_location
        placed = sorted((d for d in self.diagnostics if d.span), key=lambda d: d.span.start if d.span else 0)
        after = [d for d in placed if d.span and (d.span.line - 1, d.span.column - 1) > (row, column)]
        if placed:
            self.go_to((after or placed)[0])

    def on_text_area_changed(self) -> None:
        lines = self.document.lines
        kept = [d for d in self.diagnostics if d.span and self._marked.get(d.span.line - 1) in lines[d.span.line - 1 : d.span.line]]
        if kept != self.diagnostics:
            self.diagnostics = kept
            self._lay_out_notes()

    def _lay_out_notes(self) -> None:
        width = max(self.wrap_width - 2, 16)
        notes: dict[int, list[tuple[str, str]]] = {}
        for diagnostic in self.diagnostics:
            row = diagnostic.span.line - 1 if diagnostic.span else 0
            above = self.wrapped_document.location_to_offset((row, len(self.document.lines[row]))).y
            mark = MARKS.get(diagnostic.severity, "·")
            lines = notes.setdefault(above, [])
            for number, line in enumerate(wrap(clean(diagnostic.message), width) or [""]):
                lines.append((f"{mark if number == 0 else ' '} {line}", diagnostic.severity))
            lines += [(f"  {line}", "hint") for line in wrap(clean(diagnostic.hint), width)]
            if diagnostic.detail:
                lines.append(("  F4 shows the whole message", "hint"))
        self.notes = sorted(notes.items())
        self._build_highlight_map()
        self._refresh_size()
        self._recompute_cursor_offset()
        self.refresh(layout=True)

    # The rows of the notes lie between the rows of the text: the methods below translate.

    def _row_in_view(self, row: int) -> int:
        return row + sum(len(lines) for above, lines in self.notes if above < row)

    def _row_in_text(self, y: int) -> "tuple[int, tuple[str, str] | None]":
        """The row of the text at view row ``y``, and the note that stands there instead, if one does."""
        for above, lines in self.notes:
            if y <= above:
                break
            if y <= above + len(lines):
                return above, lines[y - above - 1]
            y -= len(lines)
        return y, None

    def _refresh_size(self) -> None:
        super()._refresh_size()
        if self.notes:
            width, height = self.virtual_size
            self.virtual_size = Size(width, height + sum(len(lines) for _, lines in self.notes))

    def _recompute_cursor_offset(self) -> None:
        super()._recompute_cursor_offset()
        if self.notes:
            x, y = self._cursor_offset
            self._cursor_offset = Offset(x, self._row_in_view(y))

    def get_target_document_location(self, event: "MouseEvent") -> "Location":
        x = event.x - self.gutter_width + self.scroll_offset.x - self.gutter.left
        row, _ = self._row_in_text(event.y + self.scroll_offset.y - self.gutter.top)
        return self.wrapped_document.offset_to_location(Offset(x, row))

    def render_line(self, y: int) -> Strip:
        if not self.notes:
            return super().render_line(y)
        top = self.scroll_offset.y
        row, note = self._row_in_text(top + y)
        if note is None:
            return super().render_line(row - top)
        text, severity = note
        segment = Segment(" " * self.gutter_width + text, self.get_component_rich_style(f"editor--{severity}"))
        return Strip([segment]).adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)

    def _on_resize(self) -> None:
        super()._on_resize()
        if self.diagnostics:
            self._lay_out_notes()

    def action_leave_editor(self) -> None:
        self.screen.go_to_pane(2)  # type: ignore[attr-defined]
