"""w: write what a pane shows to a file or the clipboard, in any of the formats of render/export.py."""

import os
import re
import time

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import get_current_worker

from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError
from bttui.model.frame import MapSnapshot
from bttui.render.clean import clean
from bttui.render.export import Export, Format, suiting
from bttui.render.figures import short
from bttui.widgets.actions import bindings
from bttui.widgets.clipboard import to_clipboard
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from bttui.session.intervals import IntervalFile

PREVIEW = 8  # lines
SCREEN = Format("screen", "the screen as it is, SVG", ".svg", "")
LINES = Format("lines", "the lines that are kept", ".txt", "")
RECORDING = Format("recording", "the frames that are kept, for bttui replay", ".bttui", "")
NOW, EVERY = "now", "every interval"


class Subject(Data):
    """Something that can be written: ``maps``, or else the text that ``draw`` makes, in the one format ``format``.

    ``command`` gives the same from a shell, for a format's name and whether it is for every interval; "" where nothing does.
    ``follow`` writes the maps at every interval from now on; None where nothing runs. ``save`` writes the file itself, and
    ``draw`` only tells of it. Both take a path, and raise OSError, ValueError or DiagnosticError.
    """

    title: str
    stem: str
    maps: "tuple[MapSnapshot, ...]" = ()
    names: "dict[str, tuple[str, ...]]" = {}
    draw: "Callable[[], str] | None" = None
    format: Format = SCREEN
    command: "Callable[[str, bool], str]" = lambda name, every: ""
    follow: "Callable[[str, Format], None] | None" = None
    save: "Callable[[str], None] | None" = None

    @property
    def formats(self) -> "list[Format]":
        return [self.format] if self.draw else suiting(self.maps)

    def write(self, format_: Format) -> str:
        return self.draw() if self.draw else format_.write(Export(self.maps, self.names))


class Choices(Rows):
    """What, how and when: a line each, the picked choice marked. ``running`` are the files of every interval: each can be ended."""

    scope = "export_choice"
    BINDINGS = bindings("export_choice")

    class Changed(Message):
        pass

    def __init__(self, subjects: "list[Subject]", running: "Sequence[IntervalFile]" = (), **options: "Any") -> None:
        super().__init__(**options)
        self.subjects, self.running = subjects, running
        self.at = 0  # the line
        self.what, self.how, self.when = 0, 0, 0

    def on_mount(self) -> None:
        self.resize_rows(3)

    @property
    def subject(self) -> Subject:
        return self.subjects[self.what]

    @property
    def format(self) -> Format:
        return self.subject.formats[self.how]

    @property
    def times(self) -> "list[str]":
        """When it can be written."""
        every = [EVERY] if self.subject.follow and self.format.every else []
        return [NOW, *every, *(f"end {os.path.basename(file.path)}" for file in self.running)]

    @property
    def every(self) -> bool:
        return self.times[self.when] == EVERY

    @property
    def ending(self) -> "IntervalFile | None":
        """The file to which nothing more is to be written."""
        at = self.when - len(self.times) + len(self.running)
        return self.running[at] if at >= 0 else None

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        titles = ([subject.title for subject in self.subjects], [each.name for each in self.subject.formats], self.times)[y]
        picked = (self.what, self.how, self.when)[y]
        parts = [(f" {('what', 'how ', 'when')[y]}  ", "label")]
        for number, title in enumerate(titles):
            chosen = number == picked
            role = "cursor" if chosen and y == self.at and self.has_focus else "mark" if chosen else "dim"
            parts.append((f"({'•' if chosen else ' '}) {clean(title)}", role))
            parts.append(("  ", "text"))
        return parts

    def action_line(self, by: str) -> None:
        self.at = (self.at + int(by)) % 3
        self.refresh()

    def action_choose(self, by: str) -> None:
        if self.at == 0:
            name = self.format.name
            self.what = (self.what + int(by)) % len(self.subjects)
            self.how = next((n for n, each in enumerate(self.subject.formats) if each.name == name), 0)
        elif self.at == 1:
            self.how = (self.how + int(by)) % len(self.subject.formats)
        self.when = (self.when + int(by)) % len(self.times) if self.at == 2 else 0
        self.refresh()
        self.post_message(self.Changed())

    def action_copy(self) -> None:
        self.screen.copy()  # type: ignore[attr-defined]

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()


class Preview(Rows):
    """The first lines, what it will be called from a shell, and how it went."""

    can_focus = False

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.lines: list[tuple[str, str]] = []

    def show(self, lines: "list[tuple[str, str]]") -> None:
        self.lines = lines
        self.resize_rows(len(lines))

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return [(" " + self.lines[y][0], self.lines[y][1])]


class ExportPage(ModalScreen[str]):
    """Dismissed with a message that says what was written; None when nothing was."""

    scope = "export"
    BINDINGS = bindings("export")

    def __init__(
        self, subjects: "list[Subject]", running: "Sequence[IntervalFile]" = (), end: "Callable[[IntervalFile], object] | None" = None
    ) -> None:
        """``running`` are the files to which every interval goes, and ``end`` ends one."""
        super().__init__()
        self.subjects, self.running, self.end = subjects, running, end
        self.text: str | None = None  # None while it is being made
        self.wanted = ""  # "write" or "copy" as soon as it is there
        self.offered = ""  # the name that stands there unasked
        self.agreed = ""  # the file that may be overwritten
        self.told = ("", "note")

    def compose(self) -> ComposeResult:
        with Vertical(id="export"):
            yield Choices(self.subjects, self.running, id="choices")
            yield Input(id="file")
            yield Preview(id="preview")

    def on_mount(self) -> None:
        self.choices, self.file, self.preview = self.query_one(Choices), self.query_one(Input), self.query_one(Preview)
        self.query_one("#export").border_title = Content("Export")
        self.query_one("#export").border_subtitle = Content("Tab next · Enter writes · y to the clipboard · Esc cancels")
        self.file.border_title = Content("file")
        self.choices.focus()
        self.on_choices_changed()

    def on_choices_changed(self) -> None:
        subject, format_ = self.choices.subject, self.choices.format
        if self.file.value == self.offered:  # nobody has chosen another one
            self.file.value = self.offered = file_name(subject.stem, format_.suffix)
        self.text, self.wanted, self.told = None, "", ("", "note")
        self.show()
        self.make(subject, format_)

    def on_input_changed(self) -> None:
        self.agreed = ""
        if self.text is not None:
            self.told = ("", "note")
            self.show()

    @work(thread=True, exclusive=True, group="export")
    def make(self, subject: Subject, format_: Format) -> None:
        text = self.app.call_from_thread(subject.write, format_) if subject.draw else subject.write(format_)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self.made, text)

    def made(self, text: str) -> None:
        self.text = text
        self.show()
        if self.wanted:
            (self.write if self.wanted == "write" else self.copy)()

    def show(self) -> None:
        path = self.file.value
        there = "exists" if path and os.path.lexists(path) else "new file"
        size = "…" if self.text is None else f"{short(len(self.text.encode(errors='replace')))}B"
        self.file.border_subtitle = Content(f"{there} · {size}")
        lines = [] if self.text is None else [line[:2000].removesuffix("\r") for line in self.text[:20_000].split("\n")[:PREVIEW]]
        shown = [(clean(line), "text") for line in lines] + [("", "text")] * (PREVIEW - len(lines))
        command = self.choices.subject.command(self.choices.format.name, self.choices.every)
        shown += [("", "text"), (f"same from a shell:  {command}" if command else "", "dim"), self.told]
        self.preview.show(shown)

    def say(self, text: str, role: str = "bad") -> None:
        self.told = (clean(text), role)
        self.show()

    def action_write(self) -> None:
        if self.text is None:
            self.wanted = "write"
        else:
            self.write()

    def write(self) -> None:
        assert self.text is not None
        self.wanted = ""
        if self.choices.ending is not None and self.end is not None:
            self.end(self.choices.ending)
            self.dismiss(None)
            return
        path = self.file.value.strip()
        if not path:
            self.say("a file needs a name")
            return
        if os.path.lexists(path) and self.agreed != path:
            self.agreed = path
            self.say(f"{path} exists: Enter once more overwrites it", "warning")
            return
        subject, path = self.choices.subject, os.path.expanduser(path)
        if subject.save:
            self.say("writing…", "note")
            self.save(subject.save, path)
            return
        try:
            if self.choices.every and subject.follow:
                subject.follow(path, self.choices.format)
                self.dismiss(f"Every interval goes to {clean(path)}; w ends that.")
                return
            with open(path, "w", encoding="utf-8", errors="replace", newline="") as file:
                file.write(self.text)
        except (OSError, ValueError) as problem:
            self.refuse(path, problem)
        else:
            self.dismiss(f"Wrote {short(len(self.text))}B to {clean(path)}")

    def refuse(self, path: str, problem: Exception) -> None:
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        self.say(f"could not write {path}: {reason}")

    @work(thread=True, exclusive=True, group="export")
    def save(self, save: "Callable[[str], None]", path: str) -> None:
        try:
            save(path)
        except (OSError, ValueError) as problem:
            self.app.call_from_thread(self.refuse, path, problem)
        except DiagnosticError as problem:
            self.app.call_from_thread(self.say, problem.diagnostics[0].message)
        else:
            self.app.call_from_thread(self.dismiss, f"Wrote {clean(path)}; bttui replay shows it.")

    def copy(self) -> None:
        if self.text is None:
            self.wanted = "copy"
            return
        self.wanted = ""
        if self.choices.subject.save:
            self.say("a recording is no text: write a file")
            return
        told = to_clipboard(self, self.text)
        if told.startswith("Copied"):
            self.dismiss(told)
        else:
            self.say(told)

    def action_cancel(self) -> None:
        self.dismiss(None)


def file_name(stem: str, suffix: str) -> str:
    """A name that sorts by time and needs no quotes."""
    word = re.sub(r"[^A-Za-z0-9_]+", "-", stem).strip("-") or "map"
    return f"{word}-{time.strftime('%Y%m%d-%H%M%S')}{suffix}"
