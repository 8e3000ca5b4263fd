"""The program: highlighted by our own lexer, with diagnostics standing below the text they speak of.

Private methods of Textual's TextArea are overridden for the highlighting, for the extra rows and for the speed of keys
(textual is pinned in pyproject.toml; tests/widgets/test_editor.py fails when they change): there is no public way for
any of them without a tree-sitter grammar.
"""

import os
import re
import shlex
import subprocess
import tempfile
from textwrap import wrap
from time import monotonic

from rich.segment import Segment
from rich.style import Style
from textual.app import SuspendNotSupported
from textual.binding import Binding
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import TextArea
from textual.widgets.text_area import Selection, TextAreaTheme

from bttui.model.diagnostic import Diagnostic, in_program
from bttui.render.clean import clean
from bttui.widgets import completion
from bttui.widgets.actions import bindings
from bttui.widgets.completing import Completing
from bttui.widgets.highlight import Highlights, across
from bttui.widgets.keys import KeyBar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from textual.document._document import Location
    from textual.events import MouseEvent
    from textual.timer import Timer

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
REST = 0.25  # seconds without a key after which the text is looked at as a whole
MARKS = {"error": "✗", "warning": "!", "hint": "·"}


class Editor(Completing, TextArea, inherit_bindings=False):
    """A TextArea that knows the language."""

    scope = "editor"
    BINDINGS = [
        *(b for b in TextArea.BINDINGS if isinstance(b, Binding) and not TAKEN & set(b.key.split(","))),
        *bindings("editor"),
        *bindings("completion"),
    ]
    COMPONENT_CLASSES = {f"editor--{severity}" for severity in MARKS}

    class Rested(Message):
        """No key has changed the text for a while."""

    def __init__(self, text: str, **options: "Any") -> None:
        self.highlights = Highlights(set(COLOURS))
        self.diagnostics: list[Diagnostic] = []
        self.noted: set[str] = set()  # messages that stand below their lines; the others are only underlined
        self._marked: dict[int, str] = {}  # row -> its text when it was marked
        self.changed_at = 0.0
        self.resting: Timer | None = None
        self.notes: list[tuple[int, list[tuple[str, str]]]] = []  # (view row it follows, lines of (text, severity))
        super().__init__(text, show_line_numbers=True, tab_behavior="focus", soft_wrap=True, **options)
        self.cursor_blink = False  # a steady cursor wakes nobody
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.follow_theme)
        self.catalog = getattr(self.app, "catalog", None)
        self.changed_at = monotonic() + REST  # the screen first
        self.resting = self.set_timer(2 * REST, self.rest)

    def follow_theme(self) -> None:
        self.theme = THEMES[not self.app.current_theme.dark].name

    # Highlighting

    def _build_highlight_map(self) -> None:
        """TextArea asks for this after every change, and draws what it finds in ``_highlights``."""
        self._highlights = self.highlights  # type: ignore[assignment]
        self.highlights.update(self.document.lines)

    def mark_diagnostics(self) -> None:
        lines = self.document.lines
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        marks = self.highlights.marks
        marks.clear()
        for diagnostic in self.diagnostics:
            if diagnostic.span:
                span = diagnostic.span
                end = max(span.end, span.start + 1)
                for row, piece in across(self.text, starts, span.line - 1, span.start, end, f"diagnostic.{diagnostic.severity}"):
                    marks.setdefault(row, []).append(piece)

    def _text_row(self, y: int) -> Strip:
        """A row of the text. TextArea forgets all of them at every key: here they are known by what they show."""
        scroll_y = self.scroll_offset.y
        places = self.wrapped_document._offset_to_line_info
        if y + scroll_y >= len(places):
            return Strip.blank(self.size.width, self._theme.base_style if self._theme else None)
        row, section = places[y + scroll_y]
        selection, bracket = self.selection, self._matching_bracket_location
        here = selection.end[0] == row
        key = (
            self.document.get_line(row),
            row,
            section,
            tuple(self.highlights[row]),
            self.size.width,
            self.gutter_width,
            selection if selection.start != selection.end and selection.contains_line(row) else None,
            (selection.end[1], self.suggestion, self._draw_cursor, self._has_cursor) if here else None,
            bracket if bracket and (here or bracket[0] == row) else None,
            self.theme,
            self.has_focus,
        )
        strip = self._line_cache.get(key)
        if strip is None:
            strip = self._line_cache[key] = self._render_line(y)
        return strip

    # Diagnostics

    def show_diagnostics(self, diagnostics: "tuple[Diagnostic, ...]", quietly: bool = False) -> None:
        """Put them below their lines, or, ``quietly``, only underline what is new. An edit of a line removes what was said about it."""
        lines = self.document.lines
        told = {d.message for d in diagnostics}
        self.noted = self.noted & told if quietly else told
        diagnostics = tuple(in_program(d) for d in diagnostics)
        self.diagnostics = [d if d.span and d.span.line <= len(lines) else d.replace(span=None) for d in diagnostics]
        self._marked = {d.span.line - 1: lines[d.span.line - 1] for d in self.diagnostics if d.span}
        self._lay_out_notes()
        first = next((d for d in self.diagnostics if d.span and d.severity == "error"), None)
        if first and not quietly:
            self.go_to(first)

    def go_to(self, diagnostic: Diagnostic) -> None:
        """The cursor to its place, with what is said about it in view."""
        if diagnostic.span:
            if diagnostic.message not in self.noted:
                self.noted.add(diagnostic.message)
                self._lay_out_notes()
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

    @property
    def fixable(self) -> "list[Diagnostic]":
        """Those that are mended by an edit of their own line, from the cursor's row on and then from the top."""
        own = [
            d
            for d in self.diagnostics
            if d.span and d.fix and not d.fix.span.source and d.fix.span.line == d.fix.span.end_line == d.span.line
        ]
        return sorted(own, key=lambda d: (d.span.line - 1 < self.cursor_location[0], d.span.start) if d.span else (True, 0))

    def check_action(self, action: str, parameters: "tuple[object, ...]") -> "bool | None":
        return bool(self.fixable) and not self.read_only if action == "fix" else super().check_action(action, parameters)

    def action_fix(self) -> None:
        fix = self.fixable[0].fix
        assert fix is not None
        row = fix.span.line - 1
        self.replace(fix.text, (row, fix.span.column - 1), (row, fix.span.end_column - 1), maintain_selection_offset=False)
        self.move_cursor((row, fix.span.column - 1 + len(fix.text)))

    def mending(self, diagnostic: Diagnostic) -> str:
        """What the key that fixes it would do."""
        fix = diagnostic.fix
        if fix is None or self.read_only or diagnostic not in self.fixable:
            return ""
        old = self.document.get_line(fix.span.line - 1)[fix.span.column - 1 : fix.span.end_column - 1]
        if not fix.text:
            return f"^G takes {clean(old)} away"
        return f"^G writes {clean(fix.text)}{f' instead of {clean(old)}' if old else ''}"

    def on_text_area_changed(self) -> None:
        self.changed_at = monotonic()
        if self.choosing:
            self.follow()
        if self.resting is None:
            self.resting = self.set_timer(REST, self.rest)
        lines = self.document.lines
        kept = [d for d in self.diagnostics if d.span and self._marked.get(d.span.line - 1) in lines[d.span.line - 1 : d.span.line]]
        if kept != self.diagnostics:
            self.diagnostics = kept
            self._lay_out_notes()

    def rest(self) -> None:
        """Called a while after a key; where more keys have come since, wait for as long after the last one."""
        left = self.changed_at + REST - monotonic()
        self.resting = self.set_timer(left, self.rest) if left > 0.001 else None
        if self.resting is None:
            if not self.highlights.exact:
                self.highlights.make(self.document.lines)
                self.refresh()
            self.learn()
            self.post_message(self.Rested())

    def _lay_out_notes(self) -> None:
        width = max(self.wrap_width - 2, 16)
        notes: dict[int, list[tuple[str, str]]] = {}
        for diagnostic in self.diagnostics:
            if diagnostic.message not in self.noted:
                continue
            row = diagnostic.span.line - 1 if diagnostic.span else 0
            above = self.wrapped_document.location_to_offset((row, len(self.document.lines[row]))).y
            mark = MARKS.get(diagnostic.severity, "·")
            lines = notes.setdefault(above, [])
            for number, line in enumerate(wrap(clean(diagnostic.message), width) or [""]):
                lines.append((f"{mark if number == 0 else ' '} {line}", diagnostic.severity))
            lines += [(f"  {line}", "hint") for line in wrap(clean(diagnostic.hint), width)]
            lines += [(f"  {line}", "hint") for line in wrap(self.mending(diagnostic), width)]
            if diagnostic.detail:
                lines.append(("  F4 shows the whole message", "hint"))
        self.screen.query_one(KeyBar).refresh()  # a fix is a key more
        before, self.notes = self.notes, sorted(notes.items())
        self.mark_diagnostics()
        if not before and not self.notes:
            self.refresh()
            return
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
            return self._text_row(y)
        top = self.scroll_offset.y
        row, note = self._row_in_text(top + y)
        if note is None:
            return self._text_row(row - top)
        text, severity = note
        segment = Segment(" " * self.gutter_width + text, self.get_component_rich_style(f"editor--{severity}"))
        return Strip([segment]).adjust_cell_length(self.size.width, self.rich_style).apply_style(self.rich_style)

    def _on_resize(self) -> None:
        super()._on_resize()
        if self.diagnostics:
            self._lay_out_notes()

    # Lines

    def selected_rows(self) -> "tuple[int, int]":
        """The first and the last row of the selection, or the cursor's row twice."""
        (first, _), (last, column) = sorted(self.selection)
        return first, last - (column == 0 and last > first)

    def replace_rows(self, first: int, last: int, lines: "list[str]") -> None:
        end = (last, len(self.document.lines[last]))
        self.replace("\n".join(lines), (first, 0), end, maintain_selection_offset=False)

    def action_comment(self) -> None:
        first, last = self.selected_rows()
        lines = self.document.lines[first : last + 1]
        filled = [line for line in lines if line.strip()]
        selection = self.selection
        if filled and all(line.lstrip().startswith("//") for line in filled):
            changed = [re.sub(r"^(\s*)// ?", r"\1", line) for line in lines]
        else:
            indent = min((len(line) - len(line.lstrip()) for line in filled), default=0)
            changed = [f"{line[:indent]}// {line[indent:]}" if line.strip() or len(lines) == 1 else line for line in lines]
        self.replace_rows(first, last, changed)
        grown = [len(new) - len(old) for new, old in zip(changed, lines, strict=True)]
        start, end = ((row, max(0, column + (grown[row - first] if first <= row <= last else 0))) for row, column in selection)
        self.selection = Selection(start, end)

    def action_move_lines(self, by: str) -> None:
        first, last = self.selected_rows()
        lines, step, selection = self.document.lines, int(by), self.selection
        if first + step < 0 or last + step >= len(lines):
            return
        moved = lines[first : last + 1]
        if step < 0:
            self.replace_rows(first - 1, last, [*moved, lines[first - 1]])
        else:
            self.replace_rows(first, last + 1, [lines[last + 1], *moved])
        self.selection = Selection(*((row + step, column) for row, column in selection))
        self.scroll_cursor_visible()

    def action_external(self) -> None:
        """Hand the text to the person's own editor; what it saved is one change, that undo takes back."""
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        with tempfile.NamedTemporaryFile("w", suffix=".bt", errors="surrogateescape") as file:
            file.write(self.text)
            file.flush()
            try:
                with self.app.suspend():
                    status = subprocess.run([*command, file.name], check=False).returncode
                with open(file.name, errors="surrogateescape") as edited:
                    text = edited.read()
            except (OSError, SuspendNotSupported) as problem:
                self.notify(f"{command[0]}: {problem}", severity="error", markup=False)
                return
        if status:
            self.notify(f"{command[0]} ended with status {status}: nothing was changed", severity="warning", markup=False)
        elif text != self.text:
            self.replace_text(text)

    def replace_text(self, text: str) -> None:
        """Another text as one change that can be undone; the cursor stays in its row."""
        row, _ = self.cursor_location
        self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
        self.move_cursor((min(row, self.document.line_count - 1), 0))

    def insert_probe(self, text: str) -> None:
        """At the cursor where an attach point may stand there, what is typed of it replaced. Elsewhere as a probe with a body.

        That gets lines of its own, behind the probe or comment that the cursor is in, and the cursor goes into it.
        """
        body = text.endswith("}\n")
        if not body:
            row, column = self.cursor_location
            typed = completion.place(self.text, self.offset_of_cursor)
            behind = self.document.get_line(row)[column:].strip()
            if typed.kind == "probe" and typed.typed in text and (behind[:1] in ("", "{", ",", "/") and behind[:2] != "//"):
                self.replace(text, (row, column - len(typed.typed)), (row, column), maintain_selection_offset=False)
                return
            text += " {\n  \n}\n"
        row = self.row_for_probe()
        line = self.document.lines[row]
        if line.strip():
            text = ("\n\n" if line.lstrip().startswith("//") else "\n") + text.removesuffix("\n")
        self.move_cursor((row, len(line)))
        self.insert(text)
        inside = row + text.count("\n") - (1 if line.strip() else 2)
        self.move_cursor((inside, len(self.document.lines[inside])))

    def row_for_probe(self) -> int:
        """The first row from the cursor on behind which a probe can begin: not in another one, nor in the comment of one."""
        self.highlights.make(self.document.lines)
        lines, begins = self.highlights.lines, [*self.highlights.places[1:], 0]  # as each next row does
        rows = range(self.cursor_location[0], len(lines) - 1)
        comment = {row for row in rows if lines[row].lstrip().startswith("//")}
        return next((row for row in rows if not begins[row] and not (row in comment and lines[row + 1].strip())), len(lines) - 1)

    def action_leave_editor(self) -> None:
        self.screen.go_to_pane(2)  # type: ignore[attr-defined]
