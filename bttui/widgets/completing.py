"""Completion in the editor: a list below the cursor while one is chosen, and one guess behind the cursor while typing."""

from textual import work
from textual.geometry import Offset
from textual.worker import get_current_worker

from bttui.model.diagnostic import DiagnosticError
from bttui.render.clean import clean, fit
from bttui.widgets import completion
from bttui.widgets.actions import bindings
from bttui.widgets.completion import Candidate, Place
from bttui.widgets.keys import KeyBar
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from textual.widgets import TextArea as Base

    from bttui.widgets.probes import Catalog
else:
    Base = object

HEIGHT, WIDTH = 10, 76


class CompletionList(Rows):
    """The words, and what the picked one is. The editor keeps the focus."""

    can_focus = False

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.words: list[Candidate] = []
        self.at = 0
        self.display = False

    def show(self, words: "list[Candidate]", at: Offset) -> None:
        self.words, self.at = words, 0
        self.absolute_offset = at
        self.styles.height = min(len(words), HEIGHT) + 2
        self.display = bool(words)
        self.resize_rows(len(words))
        self.move(0)

    def move(self, by: int) -> None:
        if self.words:
            self.at = (self.at + by) % len(self.words)
            top = min(self.at, max(self.scroll_offset.y, self.at - min(len(self.words), HEIGHT) + 1))
            self.scroll_to(y=top, animate=False, immediate=True, force=True)
            self.refresh()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        word = self.words[y]
        room = min(max(len(each.text) for each in self.words), width // 2 if word.about else width)
        text = f" {fit(clean(word.text), room)} "
        about = fit(clean(word.about or word.kind), max(0, width - room - 2))
        return [(text + about, "cursor")] if y == self.at else [(text, "key"), (about, "dim")]


class Completing(Base):
    """What the editor does about completion. ``catalog`` knows probes and their arguments, where there is one."""

    scope = "completion"
    BINDINGS = bindings("completion")
    catalog: "Catalog | None" = None
    choosing = False
    completed: "Place | None" = None
    _language: "list[Candidate]" = []
    known: "list[Candidate]" = []  # what the guess behind the cursor is taken from

    # The guess

    def update_suggestion(self) -> None:
        row, column = self.cursor_location
        line = self.document.get_line(row)
        behind = line[column:].strip()
        self.suggestion = (
            completion.suggestion(line[:column], self.known) if not self.choosing and (not behind or behind[0] in "])};,") else ""
        )

    def learn(self) -> None:
        """Done while no key comes: which words there are."""
        if not self._language:
            self._language = completion.language()
        self.known = [*completion.own_names(self.text), *self._language]

    # The list

    @property
    def offset_of_cursor(self) -> int:
        return self.document.get_index_from_location(self.cursor_location)  # type: ignore[attr-defined]

    def action_complete(self) -> None:
        self.learn()
        self.suggestion = ""
        self.completed = completion.place(self.text, self.offset_of_cursor)
        self.offer(self.completed)

    @work(thread=True, exclusive=True, group="completion")
    def offer(self, place: Place) -> None:
        """Probes and their arguments may take a while to read."""
        words = self.words(place)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self.offered, place, words)

    def words(self, place: Place) -> "list[Candidate]":
        if place.kind == "code":
            own = [each for each in self.known if each.text != place.typed or each.kind not in ("map", "variable")]
            return completion.matching(place.typed, own)
        try:
            if place.kind == "argument" and self.catalog:
                lines = [line for probe in place.probes[:20] for line in self.catalog.describe(probe)]
                return completion.matching(place.typed, dict.fromkeys(completion.argument_names(lines)))
            if place.kind == "probe" and self.catalog:
                types = [Candidate(f"{name}:", "probe", f"{synopsis}  {doc}") for name, synopsis, doc in self.catalog.types()]
                if ":" not in place.typed:
                    return completion.matching(place.typed, types)
                if not self.catalog.is_read:
                    self.app.call_from_thread(self.notify, "Reading the probes of this machine…", timeout=2)
                probes = self.catalog.listed()
                found = probes.search(place.typed)
                return completion.matching(place.typed, [Candidate(probes.names[at], "probe") for at in found[:1000]])
        except (OSError, DiagnosticError):
            return []
        return []

    def offered(self, place: Place, words: "list[Candidate]") -> None:
        if place == self.completed:
            column = self.cursor_screen_offset.x - len(place.typed) - 2
            self.popup.show(words, Offset(max(0, column), self.cursor_screen_offset.y + 1))
            self.choose(self.popup.display)
            if not words:
                self.notify("Nothing to complete here", timeout=2)

    @property
    def popup(self) -> CompletionList:
        return self.screen.query_one(CompletionList)

    def choose(self, choosing: bool) -> None:
        """There is a list, or none: the footer shows its keys."""
        if choosing != self.choosing:
            self.choosing = choosing
            self.screen.query_one(KeyBar).refresh()

    def close_list(self) -> None:
        self.choose(False)
        self.completed = None
        self.popup.display = False

    def follow(self) -> None:
        """After a key: the list goes on with what is typed now, or closes."""
        before, now = self.completed, completion.place(self.text, self.offset_of_cursor)
        if before is None or (now.kind, now.start) != (before.kind, before.start) or not now.typed:
            self.close_list()
        else:
            self.completed = now
            self.offer(now)

    def check_action(self, action: str, parameters: "tuple[object, ...]") -> "bool | None":
        """The keys of the list are ordinary ones while there is none."""
        if action.startswith("choice_"):
            return self.choosing
        return super().check_action(action, parameters)

    def action_choice_next(self) -> None:
        self.popup.move(1)

    def action_choice_previous(self) -> None:
        self.popup.move(-1)

    def action_choice_take(self) -> None:
        popup, place = self.popup, self.completed
        if place is not None and popup.words:
            word = popup.words[popup.at].text
            self.close_list()
            row, column = self.cursor_location
            self.replace(word, (row, column - len(place.typed)), (row, column), maintain_selection_offset=False)

    def action_choice_close(self) -> None:
        self.close_list()
