"""F3 and ^S: programs to open, and where to save the one in the editor."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from bttui.model import program_files
from bttui.model.data import Data
from bttui.render.clean import clean, fit
from bttui.widgets.actions import bindings
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

EXAMPLES = Path(__file__).parent.parent / "examples"
MOST_FILES = 500


class Choice(Data):
    """A program that can be opened. ``example``: it comes with bttui."""

    path: str
    title: str
    example: bool = False


def choices(folder: str = ".") -> "list[Choice]":
    """The .bt files of a folder, then the examples; each with its first comment."""
    found = []
    with suppress(OSError):
        names = sorted(name for name in os.listdir(folder) if name.endswith(".bt"))[:MOST_FILES]
        found = [Choice(os.path.join(folder, name) if folder != "." else name, name) for name in names]
    for path in sorted(EXAMPLES.glob("*.bt")):
        found.append(Choice(str(path), path.read_text().partition("\n")[0].removeprefix("//").strip(), True))
    return found


def save(path: str, text: str) -> None:
    """Write the file as a whole or not at all, with the mode and the owner that it had. Raises OSError."""
    path = os.path.realpath(path)
    fresh = f"{path}.{os.getpid()}.new"
    try:
        with open(fresh, "xb") as file:
            file.write(text.encode(errors="surrogateescape"))
            with suppress(FileNotFoundError, PermissionError):
                before = os.stat(path)
                os.fchmod(file.fileno(), stat.S_IMODE(before.st_mode))
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(fresh)
        raise


class ProgramList(Rows):
    scope = "open"
    BINDINGS = bindings("open")

    def __init__(self, found: "list[Choice]", **options: "Any") -> None:
        super().__init__(**options)
        self.found, self.at = found, 0

    def on_mount(self) -> None:
        self.resize_rows(len(self.found))
        self.go_to(0)

    def go_to(self, at: int) -> None:
        if self.found:
            self.at = max(0, min(at, len(self.found) - 1))
            self.scroll_to(y=max(min(self.at, self.scroll_offset.y), self.at - self.size.height + 1), animate=False, immediate=True)
            self.screen.query_one(Program).show(self.found[self.at])
            self.refresh()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        choice = self.found[y]
        text = fit(f" {'' if choice.example else './'}{clean(choice.title)}", width)
        return [(text, "cursor" if y == self.at else "text" if choice.example else "key")]

    def on_click(self, event: events.Click) -> None:
        self.go_to(event.y - self.gutter.top + self.scroll_offset.y)
        if event.chain == 2:
            self.action_take()

    def action_cursor_up(self) -> None:
        self.go_to(self.at - 1)

    def action_cursor_down(self) -> None:
        self.go_to(self.at + 1)

    def action_take(self) -> None:
        if self.found:
            self.screen.take(self.found[self.at])  # type: ignore[attr-defined]

    def action_back(self) -> None:
        self.screen.dismiss(None)


class Program(Rows):
    """The program under the cursor, to look at."""

    can_focus = False

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.lines: list[str] = []

    def show(self, choice: Choice) -> None:
        try:
            self.lines = [clean(line.expandtabs(4)) for line in program_files.read(choice.path).split("\n")]
        except OSError as problem:
            self.lines = [f"{clean(choice.path)}: {problem.strerror or problem}"]
        self.border_title = Content(clean(os.path.basename(choice.path)))
        self.resize_rows(len(self.lines))

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return [(" " + self.lines[y], "dim" if self.lines[y].lstrip().startswith("//") else "text")]


class OpenPage(ModalScreen[Choice]):
    """Dismissed with the choice, or None."""

    def compose(self) -> ComposeResult:
        with Horizontal(id="open"):
            yield ProgramList(choices(), id="programs")
            yield Program(id="program")

    def on_mount(self) -> None:
        programs = self.query_one(ProgramList)
        programs.border_title = Content("Open")
        programs.border_subtitle = Content("Enter opens · Esc goes back")
        programs.focus()

    def take(self, choice: Choice) -> None:
        self.dismiss(choice)


class SavePage(ModalScreen[str]):
    """Asks for a name; dismissed with the path that was written, or None."""

    scope = "save"
    BINDINGS = bindings("save")

    def __init__(self, text: str, path: str, told: str = "") -> None:
        super().__init__()
        self.text, self.path, self.told = text, path, told
        self.agreed = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="save"):
            yield Input(self.path, id="path")

    def on_mount(self) -> None:
        self.query_one(Input).border_title = Content("Save the program as")
        self.say(self.told or "Enter saves · Esc cancels")

    def say(self, text: str) -> None:
        self.query_one(Input).border_subtitle = Content(clean(text))

    def on_input_changed(self) -> None:
        self.agreed = ""

    def action_write(self) -> None:
        path = os.path.expanduser(self.query_one(Input).value.strip())
        if not path:
            self.say("a file needs a name")
        elif os.path.lexists(path) and self.agreed != path:
            self.agreed = path
            self.say(f"{path} exists: Enter once more overwrites it")
        else:
            try:
                save(path, self.text)
            except (OSError, ValueError) as problem:
                self.say(f"could not write {path}: {getattr(problem, 'strerror', None) or problem}")
                return
            self.dismiss(path)

    def action_back(self) -> None:
        self.dismiss(None)
