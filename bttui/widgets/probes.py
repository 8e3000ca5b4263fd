"""F2: every probe of this machine, as a tree with a search."""

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
from bttui.widgets.actions import bindings
from bttui.widgets.figures import grouped
from bttui.widgets.keys import KeyBar
from bttui.widgets.probe_list import OpenTree, ProbeList, Row
from bttui.widgets.rows import Rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Catalog(Data):
    """Where probes come from. Both are called in a thread of their own and may take their time.

    ``names()`` gives every probe as -l prints it; ``describe(name)`` gives lines about one: its arguments.
    """

    names: "Callable[[], Iterable[str]]"
    describe: "Callable[[str], list[str]]"


class ProbeTree(Rows):
    """Draws the visible lines of an OpenTree."""

    scope = "probe_tree"
    BINDINGS = bindings("probe_tree")

    class Moved(Message):
        def __init__(self, probe: str) -> None:
            super().__init__()
            self.probe = probe

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.probes = ProbeList([])
        self.matches: list[int] = []
        self.is_open: set[str] | None = set()
        self.rows = OpenTree(self.probes, [], None)
        self.at = 0

    def fill(self, probes: ProbeList) -> None:
        self.probes = probes
        self.search("")

    def search(self, query: str) -> None:
        """Show what matches, all of it open; without a query the tree is closed."""
        self.matches = self.probes.search(query)
        self.is_open = None if query.strip() else set()
        self.lay_out()
        self.go_to(self.rows.first_probe() if self.is_open is None else 0)

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
            text = indent + "  " + clean(row.text)
            return [(fit(text, width), "cursor")] if picked else [(text, "text")]
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

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.told: list[str] = []

    def show(self, probe: str, lines: "list[str]") -> None:
        self.border_title = Content(clean(probe))
        self.told = [clean(line) for line in lines]
        self.resize_rows(len(self.told))

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        return [(" " + self.told[y], "text")]


class ProbeScreen(Screen[str]):
    """Dismissed with the chosen probe's name, or with "" for none. Kept by the app, so the list is read once."""

    scope = "probes"
    BINDINGS = bindings("probes")
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def __init__(self, catalog: "Catalog | None") -> None:
        super().__init__()
        self.catalog = catalog

    def compose(self) -> ComposeResult:
        yield Query(placeholder="vfs_*   sys_enter open   tracepoint:sched:*", id="query")
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
            probes = ProbeList(list(self.catalog.names()) if self.catalog else [])
        except (OSError, DiagnosticError) as problem:
            self.app.call_from_thread(self.query_one(Facts).show, "No list of probes", [str(problem)])
            probes = ProbeList([])
        self.app.call_from_thread(self.fill, probes)

    def fill(self, probes: ProbeList) -> None:
        tree = self.query_one(ProbeTree)
        tree.fill(probes)
        query = self.query_one(Query).value
        if query:
            tree.search(query)
        self.tell_matches()

    def say(self, text: str) -> None:
        self.query_one("#query").border_subtitle = Content(text)

    def tell_matches(self) -> None:
        tree = self.query_one(ProbeTree)
        self.say(f"{grouped(len(tree.matches))} of {grouped(len(tree.probes.names))}")

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one(ProbeTree).search(event.value)
        self.tell_matches()

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
        tree = self.query_one(ProbeTree)
        if tree.row and tree.row.probe:
            self.dismiss(tree.row.probe)
        else:
            tree.toggle()
