"""Maps with a stack in the key, as an icicle: callers above callees, width is the share of the value."""

from rich.cells import set_cell_size
from textual import events

from bttui.model.frame import Symbol
from bttui.model.types import Average, Histogram, LinearHistogram, Record, Stack, Stats, Tuple, Type
from bttui.widgets._early import clean
from bttui.widgets.actions import bindings
from bttui.widgets.cells import cell
from bttui.widgets.figures import grouped
from bttui.widgets.pane import MapPane


class Node:
    """A frame at one place in the tree. ``weight`` includes its children; ``space`` is kernel, user or ""."""

    __slots__ = ("children", "name", "parent", "self_weight", "space", "weight")

    def __init__(self, name: str, space: str, parent: "Node | None") -> None:
        self.name, self.space, self.parent = name, space, parent
        self.weight = self.self_weight = 0
        self.children: dict[tuple[str, str], Node] = {}

    def child(self, name: str, space: str) -> "Node":
        found = self.children.get((name, space))
        if found is None:
            found = self.children[name, space] = Node(name, space, self)
        return found

    def ordered(self) -> "list[Node]":
        return sorted(self.children.values(), key=lambda n: (-n.weight, n.name))

    @property
    def path(self) -> "tuple[tuple[str, str], ...]":
        return (*self.parent.path, (self.name, self.space)) if self.parent else ()

    @property
    def depth(self) -> int:
        """Levels below and with this one."""
        return 1 + max((child.depth for child in self.children.values()), default=0)


def has_stack(type_: "Type | None") -> bool:
    return any(isinstance(t, Stack) for t in part_types(type_))


def part_types(type_: "Type | None") -> "list[Type]":
    if isinstance(type_, Tuple):
        return list(type_.elements)
    if isinstance(type_, Record):
        return [field.type for field in type_.fields]
    return [type_] if type_ is not None else []


def weight_of(type_: "Type | None", value: object) -> int:
    """What a value weighs in the picture: how often, where that is known."""
    if isinstance(type_, (Average, Stats)):
        return value[1]  # type: ignore[index]
    if isinstance(type_, (Histogram, LinearHistogram)):
        return sum(value.values())  # type: ignore[attr-defined]
    return max(value, 0) if isinstance(value, int) else 1


def merge(key_type: "Type | None", value_type: "Type | None", rows: "list[tuple[object, object]]") -> Node:
    """One tree of all rows: the key's other parts first, then user frames, then kernel frames, outermost first."""
    root = Node("all", "", None)
    types = part_types(key_type)
    for key, value in rows:
        parts: tuple = key if isinstance(key, tuple) and isinstance(key_type, (Tuple, Record)) else (key,)
        groups: list[tuple[str, str]] = []
        user: list[tuple[str, str]] = []
        kernel: list[tuple[str, str]] = []
        for type_, part in zip(types, parts, strict=True):
            if isinstance(type_, Stack):
                (kernel if type_.space == "kernel" else user).extend((frame_name(s), type_.space) for s in reversed(part))
            else:
                groups.append((cell(type_, part), ""))
        weight = weight_of(value_type, value)
        node = root
        node.weight += weight
        for name, space in (*groups, *user, *kernel):
            node = node.child(name, space)
            node.weight += weight
        node.self_weight += weight
    return root


def frame_name(symbol: Symbol) -> str:
    return clean(symbol.name) if symbol.name else f"{symbol.address:#x}"


def icicle(top: Node, width: int) -> "list[list[tuple[int, int, Node]]]":
    """(first cell, cells, node) of each level, ``top`` first and as wide as all. Frames below one cell are left out."""
    levels: list[list[tuple[int, int, Node]]] = []
    level = [(0, width, top)]
    while level:
        levels.append(level)
        below: list[tuple[int, int, Node]] = []
        for start, cells, node in level:
            passed = 0
            for child in node.ordered():
                left = start + round(passed * cells / node.weight) if node.weight else start
                passed += child.weight
                right = start + round(passed * cells / node.weight) if node.weight else start
                if right > left:
                    below.append((left, right - left, child))
        level = below
    return levels


class StacksPane(MapPane):
    scope = "stacks"
    wide = True
    kind = "icicle"
    BINDINGS = bindings("stacks")

    def __init__(self, *arguments, **options) -> None:
        super().__init__(*arguments, **options)
        self.root = Node("all", "", None)
        self.zoomed: tuple = ()  # path of the frame that fills the width
        self.picked: tuple = ()  # path of the frame under the cursor
        self.levels: list[list[tuple[int, int, Node]]] = []

    def update_rows(self) -> None:
        assert self.snapshot is not None
        spec = self.snapshot.spec
        self.root = merge(spec.key, spec.value, self.snapshot.rows)
        self.draw()

    def find(self, path: tuple) -> Node:
        """The node at the path, or the deepest one on it that still exists."""
        node = self.root
        for step in path:
            if step not in node.children:
                break
            node = node.children[step]
        return node

    def draw(self) -> None:
        top = self.find(self.zoomed)
        self.zoomed = top.path
        picked = self.find(self.picked)
        if picked.path[: len(self.zoomed)] != self.zoomed:
            picked = top
        self.picked = picked.path
        self.levels = icicle(top, max(1, self.columns)) if self.root.weight else []
        self.remark = self.tell(picked) if self.root.weight else "nothing yet"
        self.resize_rows(len(self.levels))

    def tell(self, node: Node) -> str:
        share = 100 * node.weight / self.root.weight
        own = f" · self {grouped(node.self_weight)}" if node.self_weight else ""
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
            parts += self.block(node, cells, y == 0)
            at = start + cells
        return parts

    def block(self, node: Node, cells: int, top: bool) -> "list[tuple[str, str]]":
        role = {"kernel": "kernel", "user": "user"}.get(node.space, "group")
        if self.has_focus and node.path == self.picked:
            role = "cursor"
        if cells == 1:
            return [("▏", role)]
        share = f" {100 * node.weight / self.root.weight:.0f}%"
        label = node.name + (share if len(node.name) + len(share) < cells else "")
        if len(label) > cells - 1:
            label = label[: max(0, cells - 2)] + "…" if cells > 4 else label[: cells - 1]
        return [("▏" + set_cell_size(label, cells - 1), role)]

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
                if node.path == self.picked and 0 <= at + step < len(nodes):
                    return nodes[at + step]
        return None

    def action_cursor_up(self) -> None:
        if self.picked != self.zoomed:
            self.pick(self.find(self.picked[:-1]))

    def action_cursor_down(self) -> None:
        shown = {id(node) for level in self.levels for _, _, node in level}
        self.pick(next((n for n in self.find(self.picked).ordered() if id(n) in shown), None))

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
