"""Maps with a stack in the key: an icicle, where width is the share of the value, or a table of functions, or a list."""

import re

from textual import events

from bttui.render.clean import clean, fit
from bttui.render.figures import grouped
from bttui.render.stacks import (
    Function,
    Node,
    Shape,
    block,
    functions,
    groups,
    icicle,
    matching,
    merge,
    stack_places,
    truncated,
    whole_stacks,
)
from bttui.widgets.actions import bindings
from bttui.widgets.pane import MapPane
from bttui.widgets.search import SearchLine, pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NOTABLE = 0.5  # points of the whole from which a change is shown
LABELLED = 4  # cells from which a name is worth beginning
EMPTY = Node("all", "group", "", None)


class StacksPane(MapPane):
    scope = "stacks"
    wide = True
    kind = "icicle"
    pictures = ("icicle", "functions", "list")
    BINDINGS = bindings("stacks")

    def __init__(self, *arguments: "Any", **options: "Any") -> None:
        super().__init__(*arguments, **options)
        self.root = EMPTY
        self.marked: Node | None = None  # the tree at mark A
        self.zoomed: tuple = ()  # path of the frame that fills the width
        self.picked: tuple = ()  # path of the frame under the cursor
        self.cursor = EMPTY
        self.levels: list[list[tuple[int, int, Node]]] = []
        self.shape = Shape()
        self.sought = ""  # a regular expression
        self.found: list[Node] = []
        self.found_share = 0
        self.functions: list[Function] = []
        self.by_own = False  # the order of the functions
        self.stacks: list[tuple[str, int]] = []  # one line each, heaviest first
        self.cut = 0.0

    def update_rows(self) -> None:
        assert self.snapshot is not None
        self.root = merge(self.snapshot, self.shape)
        self.marked = merge(self.view.base, self.shape) if self.view and self.view.base else None
        self.cut = truncated(self.snapshot)
        self.seek()
        if self.picture == "icicle":
            self.draw()
            return
        if self.picture == "functions":
            self.functions = functions(self.snapshot, self.shape.hidden)
            if self.by_own:
                self.functions.sort(key=lambda function: (-function.own, -function.total, function.name))
            if self.sought:
                self.functions = [function for function in self.functions if pattern(self.sought)(function.name)]
            self.resize_rows(len(self.functions) + 1)
        else:
            told: dict[str, int] = {}
            for stack, count in whole_stacks(self.snapshot, self.shape.hidden):
                text = " ← ".join(clean(name) for name, _ in stack)
                told[text] = told.get(text, 0) + count
            chosen = pattern(self.sought) if self.sought else None
            self.stacks = sorted([t for t in told.items() if not chosen or chosen(t[0])], key=lambda t: (-t[1], t[0]))
            self.resize_rows(len(self.stacks))
        self.remark = f"all {grouped(self.root.weight)}{self.about()}" if self.root.weight else "nothing yet"

    def seek(self) -> None:
        self.found, self.found_share = matching(self.root, pattern(self.sought)) if self.sought else ([], 0)

    def about(self) -> str:
        """What holds for the whole picture: how it was shaped, what was found, how many stacks were cut short."""
        shape = self.shape
        told = []
        if self.sought:
            share = 100 * self.found_share / self.root.weight if self.root.weight else 0
            told.append(f"/{self.sought} {len(self.found)} frame{'s' * (len(self.found) != 1)} {share:.1f}%")
        told += ["callers" if shape.inverted else "", "recursion folded" if shape.folded else ""]
        told.append(f"no {shape.hidden}" if shape.hidden else "")
        told.append(f"truncated {100 * self.cut:.1f}%" if self.cut else "")
        return "".join(f" · {clean(part)}" for part in told if part)

    def draw(self) -> None:
        top = self.root.find(self.zoomed)
        self.zoomed = top.path
        picked = self.root.find(self.picked)
        if picked.path[: len(self.zoomed)] != self.zoomed:
            picked = top
        self.picked, self.cursor = picked.path, picked
        self.levels = icicle(top, max(1, self.columns)) if self.root.weight else []
        self.remark = self.tell(picked) if self.root.weight else "nothing yet"
        self.resize_rows(len(self.levels))

    def tell(self, node: Node) -> str:
        share = 100 * node.weight / self.root.weight
        own = f" · self {grouped(node.own)}" if node.own else ""
        since = f" ({self.growth(node):+.1f} points since A)" if self.marked else ""
        return f"{node.name} {grouped(node.weight)} {share:.1f}%{since}{own}{self.about()}"

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.update_rows()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        if self.picture == "functions":
            return self.function_line(y, width)
        if self.picture == "list":
            text, count = self.stacks[y]
            share = f" {grouped(count):>10}  {100 * count / max(1, self.root.weight):5.1f}%  "
            return [(share, "value"), (fit(text or "(no frames)", width - len(share)), "text" if text else "dim")]
        found = {id(node) for node in self.found}
        parts: list[tuple[str, str]] = []
        at = 0
        for start, cells, node in self.levels[y]:
            if start > at:
                parts.append((" " * (start - at), "text"))
            picked = self.has_focus and node is self.cursor
            points = self.growth(node)
            note = f" {'▲' if points > 0 else '▼'}{abs(points):.1f}" if abs(points) >= NOTABLE else ""
            text = block(node, cells, self.root.weight, note) if cells >= LABELLED else "▏".ljust(cells)
            if note:  # told by shape too, and where there is no room for a figure
                named = text.rstrip() + (" " if text[1:].strip() else "")
                text = named[: len(text)] + ("▒" if points > 0 else "░") * (len(text) - len(named))
            role = node.space if not note else "grew" if points > 0 else "shrank"
            parts.append((text, "cursor" if picked else "found" if id(node) in found else role))
            at = start + cells
        return parts

    def growth(self, node: Node) -> float:
        """How many points of the whole a frame has won or lost since mark A; 0 where nothing is compared."""
        if self.marked is None or not self.root.weight:
            return 0.0
        then = self.marked.find(node.path)
        share = then.weight / self.marked.weight if then.path == node.path and self.marked.weight else 0.0
        return 100 * (node.weight / self.root.weight - share)

    def function_line(self, y: int, width: int) -> "list[tuple[str, str]]":
        if y == 0:
            own, total = ("self▾", "total") if self.by_own else ("self", "total▾")
            return [(f" {own:>10}        {total:>10}         function", "head")]
        function = self.functions[y - 1]
        whole = max(1, self.root.weight)
        figures = f" {grouped(function.own):>10} {100 * function.own / whole:5.1f}% {grouped(function.total):>10} {100 * function.total / whole:5.1f}%  "
        name = f"{function.name}  [{function.space}]"
        return [(figures, "value"), (fit(name, width - len(figures)), "key")]

    def check_action(self, action: str, parameters: tuple) -> "bool | None":
        if action == "sort_functions":
            return self.picture == "functions"
        if action in ("next_found", "previous_found", "same_frame"):
            return self.picture == "icicle" and (bool(self.found) or action == "same_frame")
        if action == "group":
            return self.snapshot is not None and bool(groups(self.snapshot.spec.key))
        return super().check_action(action, parameters)

    def reshape(self, **changes: object) -> None:
        self.shape = self.shape.replace(**changes)
        self.redraw()

    def action_invert(self) -> None:
        self.zoomed = self.picked = ()
        self.reshape(inverted=not self.shape.inverted)

    def action_fold(self) -> None:
        self.reshape(folded=not self.shape.folded)

    def action_hide(self) -> None:
        assert self.snapshot is not None
        hidden = ["", *dict.fromkeys(space for _, space in reversed(stack_places(self.snapshot.spec.key)))]
        self.reshape(hidden=hidden[(hidden.index(self.shape.hidden) + 1) % len(hidden)])

    def action_group(self) -> None:
        """All parts of the key above the stacks, then none, then one after the other where there are several."""
        assert self.snapshot is not None
        places = groups(self.snapshot.spec.key)
        ways = [None, -1, *(places if len(places) > 1 else [])]
        self.reshape(group=ways[(ways.index(self.shape.group) + 1) % len(ways)])

    def action_sort_functions(self) -> None:
        self.by_own = not self.by_own
        self.redraw()

    def action_functions(self) -> None:
        self.picture = "icicle" if self.picture == "functions" else "functions"
        self.redraw()

    def action_search(self) -> None:
        before = self.sought

        def answered(text: "str | None") -> None:
            self.look_for(before if text is None else text)
            self.action_next_found()

        self.app.push_screen(SearchLine(before, "find frames (regular expression)", self.look_for), answered)

    def look_for(self, text: str) -> str:
        """Find it; what there is to tell of it."""
        self.sought = text
        self.redraw()
        return f"{len(self.found)} found" if text else ""

    def turn_found(self, step: int) -> None:
        """To the next match; it is brought into the picture where it is not."""
        if not self.found:
            return
        at = next((n for n, node in enumerate(self.found) if node is self.cursor), -1 if step > 0 else 0)
        node = self.found[(at + step) % len(self.found)]
        if not any(n is node for level in self.levels for _, _, n in level):
            self.zoomed = node.path
        self.pick(node)

    def action_next_found(self) -> None:
        self.turn_found(1)

    def action_previous_found(self) -> None:
        self.turn_found(-1)

    def action_same_frame(self) -> None:
        """Look for the frame under the cursor everywhere."""
        self.look_for("" if self.cursor.parent is None else f"^{re.escape(self.cursor.name)}$")

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def pick(self, node: "Node | None") -> None:
        if node is not None:
            self.picked = node.path
            self.draw()
            for y, level in enumerate(self.levels):
                if any(n is node for _, _, n in level):
                    self.scroll_to(y=max(min(y, self.scroll_offset.y), y - self.size.height + 1), animate=False)

    def beside(self, step: int) -> "Node | None":
        for level in self.levels:
            nodes = [node for _, _, node in level]
            for at, node in enumerate(nodes):
                if node is self.cursor and 0 <= at + step < len(nodes):
                    return nodes[at + step]
        return None

    def action_cursor_up(self) -> None:
        if self.picked != self.zoomed:
            self.pick(self.root.find(self.picked[:-1]))

    def action_cursor_down(self) -> None:
        shown = {id(node) for level in self.levels for _, _, node in level}
        self.pick(next((n for n in self.cursor.ordered() if id(n) in shown), None))

    def action_cursor_left(self) -> None:
        self.pick(self.beside(-1))

    def action_cursor_right(self) -> None:
        self.pick(self.beside(1))

    def action_zoom_in(self) -> None:
        self.zoomed = self.picked
        self.draw()
        self.scroll_to(y=0, animate=False)

    def action_zoom_out(self) -> None:
        self.zoomed = self.zoomed[:-1]
        self.draw()

    def node_at(self, x: int, y: int) -> "Node | None":
        for start, cells, node in self.levels[y] if 0 <= y < len(self.levels) else ():
            if start <= x < start + cells:
                return node
        return None

    def on_click(self, event: events.Click) -> None:
        node = self.node_at(event.x - self.gutter.left, event.y - self.gutter.top + self.scroll_offset.y)
        if node is None:
            return
        self.pick(node)
        if event.chain == 2:
            self.action_zoom_in()
