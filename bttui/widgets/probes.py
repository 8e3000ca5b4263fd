"""F2: every probe of this machine, as a tree with a search."""

import re
from bisect import bisect_left

from textual import events, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from bttui.model.data import Data
from bttui.model.diagnostic import DiagnosticError
from bttui.render.clean import clean, fit
from bttui.render.figures import grouped
from bttui.widgets.actions import bindings
from bttui.widgets.keys import KeyBar
from bttui.widgets.probe_list import Group, OpenTree, ProbeList, Row
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


MOST_MARKED = 200
TWINS = {"kprobe": "kretprobe", "fentry": "fexit", "uprobe": "uretprobe"}  # what fires when the same function returns


class Catalog(Data):
    """Where probes come from. All are called in threads of their own and may take their time.

    ``names()`` gives every probe as -l prints it; ``describe(name)`` gives lines about one: its arguments;
    ``types()`` gives (name, synopsis, what it is) of every probe type; ``hidden()`` says which probes cannot be seen, or "".
    """

    names: "Callable[[], Iterable[str]]"
    describe: "Callable[[str], list[str]]"
    types: "Callable[[], list[tuple[str, str, str]]]" = list
    hidden: "Callable[[], str]" = str
    _list: "ProbeList | None" = None

    @property
    def is_read(self) -> bool:
        return self._list is not None

    def listed(self) -> ProbeList:
        """All of them, read once. Raises OSError, DiagnosticError."""
        if self._list is None:
            self._list = ProbeList(list(self.names()))
        return self._list


class ProbeTree(Rows):
    """Draws the visible lines of an OpenTree."""

    scope = "probe_tree"
    BINDINGS = bindings("probe_tree")

    class Moved(Message):
        def __init__(self, probe: str) -> None:
            super().__init__()
            self.probe = probe

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.probes = ProbeList([])
        self.matches: list[int] = []
        self.is_open: set[str] | None = set()
        self.rows = OpenTree(self.probes, [], None)
        self.at = 0
        self.marked: dict[str, None] = {}  # in the order of marking

    def fill(self, probes: ProbeList) -> None:
        self.probes = probes
        self.search("")

    def search(self, query: str) -> None:
        """Show what matches, all of it open, the cursor on the likeliest; without a query the tree is closed. Raises re.error."""
        self.matches = self.probes.search(query)
        self.is_open = None if query.strip() else set()
        self.lay_out()
        best = self.probes.best(query, self.matches) if self.is_open is None else -1
        self.go_to(0 if self.is_open is not None else self.rows.first_probe() if best < 0 else self.rows.line_of_match(best))

    def lay_out(self) -> None:
        self.rows = OpenTree(self.probes, self.matches, self.is_open)
        self.resize_rows(self.rows.count)

    def go_to(self, y: int) -> None:
        self.at = max(0, min(y, self.rows.count - 1))
        top = min(self.at, max(self.scroll_offset.y, self.at - self.size.height + 1))
        self.scroll_to(y=0 if self.at <= 1 else top, animate=False, immediate=True, force=True)
        self.refresh()
        self.post_message(self.Moved(self.row.probe if self.row else ""))

    @property
    def row(self) -> "Row | None":
        return self.rows.row(self.at) if self.rows.count else None

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        row = self.rows.row(y)
        indent = " " + "  " * row.level
        picked = y == self.at
        if row.group is None:
            marked = row.probe in self.marked
            text = f"{indent}{'✓' if marked else ' '} {clean(row.text)}"
            return [(fit(text, width), "cursor")] if picked else [(text, "mark" if marked else "text")]
        mark = "▾" if self.opened(row.group.path) else "▸"
        count = f"{grouped(row.matches)} "
        text = f"{indent}{mark} {clean(row.text)}"
        pad = fit(text, max(0, width - len(count)))
        return [(pad + count, "cursor")] if picked else [(pad, "head"), (count, "dim")]

    def opened(self, path: str) -> bool:
        return self.is_open is None or path in self.is_open

    def turn(self, path: str, wanted: bool) -> None:
        if self.is_open is None:
            self.is_open = {group.path for group in self.probes.groups}
        (self.is_open.add if wanted else self.is_open.discard)(path)
        self.lay_out()
        self.go_to(self.rows.line_of(path))

    def toggle(self) -> None:
        if self.row and self.row.group:
            self.turn(self.row.group.path, not self.opened(self.row.group.path))

    def action_cursor_up(self) -> None:
        self.go_to(self.at - 1)

    def action_cursor_down(self) -> None:
        self.go_to(self.at + 1)

    def action_page_up(self) -> None:
        self.go_to(self.at - self.size.height)

    def action_page_down(self) -> None:
        self.go_to(self.at + self.size.height)

    def action_first(self) -> None:
        self.go_to(0)

    def action_last(self) -> None:
        self.go_to(self.rows.count - 1)

    def action_mark(self) -> None:
        """Of a group: all its matches, unless all are marked."""
        row = self.row
        if row is None:
            return
        names = [row.probe] if row.group is None else self.below(row.group)
        unmarked = [name for name in names if name not in self.marked]
        if row.group is not None and len(unmarked) > MOST_MARKED:
            self.notify(f"{grouped(len(unmarked))} probes are too many to mark: narrow the search, or write a glob", severity="warning")
            return
        if unmarked:
            self.marked.update(dict.fromkeys(unmarked))
        else:
            for name in names:
                del self.marked[name]
        self.go_to(self.at + (row.group is None))
        self.screen.tell_matches()  # type: ignore[attr-defined]

    def below(self, group: "Group") -> "list[str]":
        """The names of a group that match."""
        low, high = bisect_left(self.matches, group.first), bisect_left(self.matches, group.last)
        return [self.probes.names[at] for at in self.matches[low:high]]

    def action_insert_body(self) -> None:
        self.screen.insert(body=True)  # type: ignore[attr-defined]

    def action_open(self) -> None:
        if self.row and self.row.group and not self.opened(self.row.group.path):
            self.toggle()
        else:
            self.go_to(self.at + 1)

    def action_close(self) -> None:
        row = self.row
        if row is None:
            return
        if row.group and self.opened(row.group.path):
            self.turn(row.group.path, False)
            return
        y = self.at
        while y > 0 and self.rows.row(y).level >= row.level:
            y -= 1
        self.go_to(y)

    def on_click(self, event: events.Click) -> None:
        y = event.y - self.gutter.top + self.scroll_offset.y
        if y < self.rows.count:
            self.go_to(y)
            if self.row and self.row.group:
                self.toggle()
            elif event.chain == 2:
                self.screen.action_insert()  # type: ignore[attr-defined]


class Query(Input):
    scope = "probe_query"
    BINDINGS = bindings("probe_query")

    def action_cursor_up(self) -> None:
        self.screen.query_one(ProbeTree).action_cursor_up()

    def action_cursor_down(self) -> None:
        self.screen.query_one(ProbeTree).action_cursor_down()

    def action_page_up(self) -> None:
        self.screen.query_one(ProbeTree).action_page_up()

    def action_page_down(self) -> None:
        self.screen.query_one(ProbeTree).action_page_down()


class Facts(Rows):
    """What is known of the probe under the cursor."""

    can_focus = False

    def __init__(self, **options: "Any") -> None:
        super().__init__(**options)
        self.told: list[str] = []

    def show(self, probe: str, lines: "list[str]") -> None:
        self.border_title = Content(clean(probe))
        self.told = [clean(line) for line in lines]
        self.resize_rows(len(self.told))

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return [(" " + self.told[y], "text")]


class ProbeScreen(Screen[str]):
    """Dismissed with the text to insert, "" for none. Kept by the app, so the list is read once."""

    scope = "probes"
    BINDINGS = bindings("probes")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(self, catalog: "Catalog | None") -> None:
        super().__init__()
        self.catalog = catalog
        self.reading = False
        self.hidden: str | None = None  # None until the list is read

    def compose(self) -> ComposeResult:
        yield Query(placeholder="words   vfs_*   /re/   type:fentry   mod:ext4   arg:sock   has:ret", id="query")
        with Horizontal():
            yield ProbeTree(id="tree")
            yield Facts(id="facts")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one("#query").border_title = Content("Probes")
        self.say("reading…")
        self.load()

    @work(thread=True, exclusive=True, group="names")
    def load(self) -> None:
        try:
            probes = self.catalog.listed() if self.catalog else ProbeList([])
        except (OSError, DiagnosticError) as problem:
            self.app.call_from_thread(self.query_one(Facts).show, "No list of probes", [str(problem)])
            probes = ProbeList([])
        self.app.call_from_thread(self.fill, probes, self.catalog.hidden() if self.catalog else "")

    def fill(self, probes: ProbeList, hidden: str) -> None:
        self.hidden = hidden
        tree = self.query_one(ProbeTree)
        tree.fill(probes)
        self.look_for(self.query_one(Query).value)

    def say(self, text: str) -> None:
        self.query_one("#query").border_subtitle = Content(text)

    def tell_matches(self) -> None:
        if self.hidden is None:
            self.say("reading…")
            return
        tree = self.query_one(ProbeTree)
        marked = f" · {grouped(len(tree.marked))} marked" if tree.marked else ""
        wanted = any(word.startswith(("arg:", "has:")) for word in self.query_one(Query).value.split())
        reading = " · reading arguments…" if wanted and tree.probes.facts is None else ""
        hidden = f" · {self.hidden}" if self.hidden else ""
        self.say(f"{grouped(len(tree.matches))} of {grouped(len(tree.probes.names))}{marked}{reading}{hidden}")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.look_for(event.value)

    def look_for(self, query: str) -> None:
        tree = self.query_one(ProbeTree)
        try:
            tree.search(query)
        except re.error as problem:
            self.say(f"not a regular expression: {problem}")
            return
        if any(word.startswith(("arg:", "has:")) for word in query.split()) and tree.probes.facts is None and not self.reading:
            self.reading = True
            self.read_facts(tree.probes)
        self.tell_matches()

    @work(thread=True, exclusive=True, group="arguments")
    def read_facts(self, probes: ProbeList) -> None:
        """What arg: and has: ask for: the description of every probe, once."""
        assert self.catalog is not None
        facts: dict[str, tuple[str, bool]] = {}
        for name in probes.names:
            try:
                lines = self.catalog.describe(name)
                provider, _, rest = name.partition(":")
                after = self.catalog.describe(f"{TWINS[provider]}:{rest}") if provider in TWINS else lines
            except (OSError, DiagnosticError):
                continue
            facts[name] = " ".join(lines).lower(), returns(after)
        probes.facts = facts
        self.app.call_from_thread(self.facts_read, probes)

    def facts_read(self, probes: ProbeList) -> None:
        self.reading = False
        if self.query_one(ProbeTree).probes is probes:
            probes.last = ("", [])
            self.look_for(self.query_one(Query).value)

    def on_probe_tree_moved(self, event: ProbeTree.Moved) -> None:
        if event.probe:
            self.query_one(Facts).show(event.probe, [])
        if event.probe and self.catalog:
            self.describe(event.probe)

    @work(thread=True, exclusive=True, group="facts")
    def describe(self, probe: str) -> None:
        assert self.catalog is not None
        try:
            lines = self.catalog.describe(probe)
        except (OSError, DiagnosticError) as problem:
            lines = [str(problem)]
        self.app.call_from_thread(self.show_facts, probe, lines)

    def show_facts(self, probe: str, lines: "list[str]") -> None:
        row = self.query_one(ProbeTree).row
        if row and row.probe == probe:
            self.query_one(Facts).show(probe, lines or ["no arguments"])

    def action_back(self) -> None:
        self.dismiss("")

    def action_insert(self) -> None:
        self.insert()

    def insert(self, body: bool = False) -> None:
        """Leave with the marked probes, or the one under the cursor; ``body``: as a probe to fill in."""
        tree = self.query_one(ProbeTree)
        names = list(tree.marked) or ([tree.row.probe] if tree.row and tree.row.probe else [])
        if names:
            tree.marked.clear()
            self.tell_matches()
            self.dismiss(",\n".join(names) + (" {\n  \n}\n" if body else ""))
        else:
            tree.toggle()


def returns(lines: "list[str]") -> bool:
    """Whether one of the described values is what a function or system call returns."""
    return any(line.rpartition(" ")[2] in ("retval", "ret") and not line.startswith("void ret") for line in lines)
