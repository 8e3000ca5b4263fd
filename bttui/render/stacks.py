"""Maps with a stack in the key as one tree of frames, and the tree as an icicle: callers above callees."""

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic
from bttui.model.types import Average, Histogram, LinearHistogram, Record, Stack, Stats, Tuple, Type
from bttui.render.clean import clean, fit
from bttui.render.values import value_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from bttui.model.frame import MapSnapshot, Symbol

    Step = str | tuple[str, str]


class Node:
    """A frame at one place in the tree, or a part of the key that is no stack ("group").

    ``weight`` counts what lies below too, ``own`` only stacks that end here. ``space`` is kernel, user or group.
    """

    __slots__ = ("children", "name", "own", "parent", "space", "step", "weight")

    def __init__(self, name: str, space: str, step: "Step", parent: "Node | None") -> None:
        self.name, self.space, self.step, self.parent = name, space, step, parent
        self.weight = self.own = 0
        self.children: dict[Step, Node] = {}

    @property
    def path(self) -> "tuple[Step, ...]":
        """The steps from the root, for ``find``: a place in the tree that outlives this tree."""
        steps = []
        node = self
        while node.parent is not None:
            steps.append(node.step)
            node = node.parent
        return tuple(reversed(steps))

    def ordered(self) -> "list[Node]":
        """The children, heaviest first."""
        return sorted(self.children.values(), key=lambda child: (-child.weight, child.name))

    def find(self, path: "tuple[Step, ...]") -> "Node":
        """The node at the path below this one, or the deepest one on the way that exists."""
        node = self
        for step in path:
            if step not in node.children:
                break
            node = node.children[step]
        return node


def parts(type_: "Type | None") -> "list[Type]":
    """The types of a key's parts."""
    if isinstance(type_, Tuple):
        return list(type_.elements)
    if isinstance(type_, Record):
        return [field.type for field in type_.fields]
    return [] if type_ is None else [type_]


_DEEPER = "ustack(500) and kstack(500) keep more, after: sysctl kernel.perf_event_max_stack=500"


def has_stack(type_: "Type | None") -> bool:
    return any(isinstance(part, Stack) for part in parts(type_))


def weight(type_: "Type | None", value: "Any") -> int:
    """How often, where the value tells; a number itself; else 1."""
    if isinstance(type_, (Average, Stats)):
        return value[1]
    if isinstance(type_, (Histogram, LinearHistogram)):
        return sum(value.values())
    return max(value, 0) if isinstance(value, int) else 1


class Shape(Data):
    """How stacks become a tree. ``inverted``: callees above callers. ``folded``: a function that calls itself is one frame.

    ``hidden`` is the space ("kernel", "user") that is left out. ``group`` is the place of the key's part that alone
    stands above the stacks; None: all of them, -1: none.
    """

    inverted: bool = False
    folded: bool = False
    hidden: str = ""
    group: "int | None" = None


PLAIN = Shape()


def groups(key: "Type | None") -> "list[int]":
    """The places of the key's parts that are no stacks."""
    return [at for at, type_ in enumerate(parts(key)) if not isinstance(type_, Stack)]


def stack_places(key: "Type | None", hidden: str = "") -> "list[tuple[int, str]]":
    """(place in the key, space) of each stack, user before kernel."""
    found = [(at, type_.space) for at, type_ in enumerate(parts(key)) if isinstance(type_, Stack) and type_.space != hidden]
    return sorted(found, key=lambda stack: stack[1] != "user")


def merge(snapshot: "MapSnapshot", shape: Shape = PLAIN) -> Node:
    """One tree of all rows: first the key's other parts, then user frames, then kernel frames, outermost first."""
    root = Node("all", "group", "", None)
    nodes = [root]
    types = parts(snapshot.spec.key)
    several = isinstance(snapshot.spec.key, (Tuple, Record))
    above = [at for at in groups(snapshot.spec.key) if shape.group is None or at == shape.group]
    spaces = stack_places(snapshot.spec.key, shape.hidden)
    if shape.inverted:
        spaces.reverse()
    for key, value in snapshot.rows:
        items = key if several else (key,)
        node = root
        for at in above:
            text = value_text(types[at], items[at])
            step: Step = (text, "group")
            if step not in node.children:
                nodes.append(_add(node, text, "group", step))
            node = node.children[step]
        for at, space in spaces:
            # Only the first frame's step says whose it is: below it all are of one space.
            first = True
            for symbol in items[at] if shape.inverted else reversed(items[at]):
                name = frame_name(symbol)
                step = (name, space) if first else name
                if shape.folded and not first and clean(name) == node.name:
                    continue
                first = False
                child = node.children.get(step)
                if child is None:
                    child = _add(node, name, space, step)
                    nodes.append(child)
                node = child
        node.own += weight(snapshot.spec.value, value)
    for node in reversed(nodes):  # children come after their parents
        node.weight += node.own
        if node.parent is not None:
            node.parent.weight += node.weight
    return root


def frame_name(symbol: "Symbol") -> str:
    if symbol.name or symbol.address:
        return symbol.name or f"{symbol.address:#x}"
    return f"{symbol.module} {symbol.offset:#x}"  # a stack by build id


class Function(Data):
    """A function in all stacks: ``own`` counts those that end in it, ``total`` those that it is in, once each."""

    name: str
    space: str
    own: int
    total: int


def functions(snapshot: "MapSnapshot", hidden: str = "") -> "list[Function]":
    """Every function, the largest total first."""
    own: dict[tuple[str, str], int] = {}
    total: dict[tuple[str, str], int] = {}
    for stack, count in whole_stacks(snapshot, hidden):
        for frame in set(stack):
            total[frame] = total.get(frame, 0) + count
        if stack:
            own[stack[0]] = own.get(stack[0], 0) + count
    found = [Function(clean(name), space, own.get((name, space), 0), count) for (name, space), count in total.items()]
    return sorted(found, key=lambda function: (-function.total, -function.own, function.name))


def whole_stacks(snapshot: "MapSnapshot", hidden: str = "") -> "Iterator[tuple[list[tuple[str, str]], int]]":
    """((name, space) of each frame, innermost first, kernel before user; weight) of each row."""
    several = isinstance(snapshot.spec.key, (Tuple, Record))
    spaces = stack_places(snapshot.spec.key, hidden)[::-1]
    for key, value in snapshot.rows:
        items = key if several else (key,)
        yield [(frame_name(symbol), space) for at, space in spaces for symbol in items[at]], weight(snapshot.spec.value, value)


def truncated(snapshot: "MapSnapshot") -> float:
    """The share of the weight whose stack is as deep as was asked for, so that its outermost frames may be missing."""
    whole = cut = 0
    for count, full in _full_stacks(snapshot):
        whole += count
        cut += count * full
    return cut / whole if whole else 0.0


def cut_stacks(snapshots: "Iterable[MapSnapshot]") -> "list[Diagnostic]":
    """Warnings of maps with stacks that are deeper than what is kept where nobody asks for less."""
    warnings = []
    for snapshot in snapshots:
        cut = sum(full for _, full in _full_stacks(snapshot, Stack().depth)) if has_stack(snapshot.spec.key) else 0
        if cut:
            text = (
                f"{cut} of {len(snapshot.rows)} stacks of {snapshot.spec.name} may lack their outermost frames: they are as deep as is kept"
            )
            warnings.append(Diagnostic(text, severity="warning", hint=_DEEPER))
    return warnings


def _full_stacks(snapshot: "MapSnapshot", least: int = 0) -> "Iterator[tuple[int, bool]]":
    """(weight, whether a stack is as deep as its limit) of each row; limits below ``least`` do not count."""
    several = isinstance(snapshot.spec.key, (Tuple, Record))
    places = [(at, type_.depth) for at, type_ in enumerate(parts(snapshot.spec.key)) if isinstance(type_, Stack) and type_.depth >= least]
    for key, value in snapshot.rows:
        items = key if several else (key,)
        yield weight(snapshot.spec.value, value), any(len(items[at]) >= depth for at, depth in places)


def matching(root: Node, matches: "Callable[[str], object]") -> "tuple[list[Node], int]":
    """The nodes whose name matches, from the top and from the left, and the weight of all below any of them, counted once."""
    found, share = [], 0
    pending = [(root, False)]
    while pending:
        node, inside = pending.pop()
        if node.parent is not None and matches(node.name):
            found.append(node)
            share += 0 if inside else node.weight
            inside = True
        pending += [(child, inside) for child in reversed(node.ordered())]
    return found, share


def icicle(top: Node, width: int, depth: int = 1000) -> "list[list[tuple[int, int, Node]]]":
    """(first cell, cells, node) level by level, ``top`` first and as wide as all. What is narrower than a cell is left out."""
    levels: list[list[tuple[int, int, Node]]] = []
    level = [(0, width, top)] if width > 0 else []
    while level and len(levels) < depth:
        levels.append(level)
        below = []
        for start, cells, node in level:
            passed = 0
            for child in node.ordered():
                left = start + (2 * passed * cells + node.weight) // (2 * node.weight) if node.weight else start
                passed += child.weight
                right = start + (2 * passed * cells + node.weight) // (2 * node.weight) if node.weight else start
                if right > left:
                    below.append((left, right - left, child))
        level = below
    return levels


def block(node: Node, cells: int, whole: int, note: str = "") -> str:
    """A frame as text of exactly ``cells`` cells: an edge, the name, and where there is room the share of ``whole`` and the note."""
    if cells < 2:
        return "▏"[:cells]
    share = f" {100 * node.weight / whole:.0f}%{note}" if whole else ""
    label = node.name if len(node.name) + len(share) >= cells else node.name + share
    return "▏" + fit(label, cells - 1)


def icicle_text(top: Node, width: int, depth: int = 1000) -> str:
    """The icicle as plain lines."""
    lines = []
    for level in icicle(top, width, depth):
        line, at = "", 0
        for start, cells, node in level:
            line += " " * (start - at) + block(node, cells, top.weight)
            at = start + cells
        lines.append(line.rstrip() + "\n")
    return "".join(lines)


def folded(snapshot: "MapSnapshot") -> str:
    """One line a stack, "outermost;...;innermost weight": the input of flame graph tools."""
    lines = []
    pending = [(merge(snapshot), "")]
    while pending:
        node, before = pending.pop()
        for child in reversed(node.ordered()):
            # What follows the last space is the weight and ; separates, so names keep neither.
            name = child.name.replace(";", ":").replace(" ", "_")
            pending.append((child, f"{before};{name}" if before else name))
        if node.own and before:
            lines.append(f"{before} {node.own}\n")
    return "".join(lines)


def _add(parent: Node, name: str, space: str, step: "Step") -> Node:
    child = parent.children[step] = Node(clean(name), space, step, parent)
    return child
