"""Maps with a stack in the key, as an icicle: callers above callees, width is the share of the value."""

from textual import events

from bttui.render.figures import grouped
from bttui.render.stacks import Node, block, icicle, merge
from bttui.widgets.actions import bindings
from bttui.widgets.pane import MapPane

LABELLED = 4  # cells from which a name is worth beginning
EMPTY = Node("all", "group", "", None)


class StacksPane(MapPane):
    scope = "stacks"
    wide = True
    kind = "icicle"
    BINDINGS = bindings("stacks")

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.root = EMPTY
        self.zoomed: tuple = ()  # path of the frame that fills the width
        self.picked: tuple = ()  # path of the frame under the cursor
        self.cursor = EMPTY
        self.levels: list[list[tuple[int, int, Node]]] = []

    def update_rows(self) -> None:
        assert self.snapshot is not None
        self.root = merge(self.snapshot)
        self.draw()

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
        return f"{node.name} {grouped(node.weight)} {share:.1f}%{own}"

    def on_resize(self) -> None:
        if self.snapshot is not None:
            self.draw()

    def line(self, y: int, width: int) -> "list[tuple[str, str]]":
        parts: list[tuple[str, str]] = []
        at = 0
        for start, cells, node in self.levels[y]:
            if start > at:
                parts.append((" " * (start - at), "text"))
            picked = self.has_focus and node is self.cursor
            text = block(node, cells, self.root.weight) if cells >= LABELLED else "▏".ljust(cells)
            parts.append((text, "cursor" if picked else node.space))
            at = start + cells
        return parts

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
