"""What the type pass knows of a map, a variable, and a body."""

from bttui.compiler import ast
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.model.diagnostic import Span
    from bttui.model.program import Attachment
    from bttui.probes.provider import Context


class MapInfo:
    """What the program does with a map. ``key`` is None for a scalar map and UNKNOWN before the first use."""

    def __init__(self, name: str, span: "Span"):
        self.name, self.span = name, span
        self.key: Type | str | None = "unknown"
        self.value: Type | None = None
        self.kind = ""
        self.size = 0
        self.assigned = False
        self.locked = False  # typeinfo() has told its type: it stays


class Slot:
    """A scratch variable."""

    def __init__(self, name: str, type_: "Type | None" = None, declared: bool = False):
        self.name, self.type, self.declared = name, type_, declared
        self.assigned = True  # before here, in order of the text
        self.locked = False  # as in MapInfo
        self.operand = ""
        self.loop = False
        self.depth = 0  # how many loops it was declared in
        self.captured = False  # a loop uses it that it was not declared in


class Body:
    """A probe's block at one kind of attach point: its own copy of the tree, and the attachments that share it."""

    def __init__(
        self, name: str, probe: "ast.Probe | ast.Subprogram", block: ast.Block, context: "Context", attachments: "list[Attachment]"
    ):
        self.name, self.probe, self.block, self.context, self.attachments = name, probe, block, context, attachments
        self.predicate: ast.Expression | None = None
        self.slots: dict[int, Slot] = {}
        self.provider = ""
        self.cookies = False  # reads which attachment it is
        self.calls: dict[int, int] = {}  # with a table of system calls: number to cookie
        self.entry: Body | None = None  # of a return that runs in the program of its entry
        self.returns: Body | None = None  # the other way round

    @property
    def program(self) -> str:
        """The BPF program that runs it."""
        return self.entry.name if self.entry else self.name

    def runs_with(self, entry: "Body", how: "dict[str, object]") -> None:
        """Become a part of the program of ``entry``, whose attachments are about the same places in the same order."""
        self.entry, entry.returns = entry, self
        for body in (self, entry):
            body.attachments = [attachment.replace(options={**attachment.options, **how}) for attachment in body.attachments]
