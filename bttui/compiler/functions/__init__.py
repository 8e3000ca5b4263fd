"""The functions and builtins of the language. A family of them is one file here; what is said there is all there is:

signature, documentation, type rule, lowering. Adding one touches no other file.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.ast import Call, Expression
    from bttui.compiler.emit import Value
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type

FAMILIES = (
    "aggregations",
    "clock",
    "control",
    "kernel",
    "literals",
    "maps",
    "memory",
    "output",
    "packets",
    "probe",
    "process",
    "stacks",
    "strings",
    "symbols",
    "types",
)

# Names of the language that have no Function yet, and what to do instead: they are not called unknown.
PLANNED = {
    "dw_ustack": "ustack() follows frame pointers: build the program, and the libraries it is in, with -fno-omit-frame-pointer",
}

_table: "dict[str, Function]" = {}


class Function:
    """Subclasses say their ``name`` and override ``check`` and ``lower``; each is registered once, as an instance.

    ``signature`` and ``doc`` are what people read (help, completion, the language page); ``example`` is a program.
    ``least`` and ``most`` bound the number of arguments (None: no bound). ``builtin``: may stand without parentheses.
    ``aggregation``: may only be assigned to a map. ``unsafe``: refused without --unsafe.
    ``effect``: it does something besides having a value, which may be left unused.
    ``literal``: a call is as good as the literal that its note is, which must fit where it goes.
    """

    name = ""
    signature = ""
    doc = ""
    example = ""
    least: int = 0
    most: "int | None" = 0
    builtin = False
    aggregation = False
    unsafe = False
    effect = False
    literal = False

    def __init_subclass__(cls) -> None:
        if cls.name:
            _table[cls.name] = cls()

    def check(self, typer: "Typer", call: "Call") -> "Type | None":
        """The type of the call; None while it is not known yet. Reports what is wrong through the typer."""
        raise NotImplementedError

    def lower(self, code: "Code", call: "Call") -> "Value":
        raise NotImplementedError

    def update(self, code: "Code", target: "Expression", call: "Call") -> None:
        """For aggregations: add the call's value to the map entry that ``target`` names."""
        raise NotImplementedError


def table() -> "dict[str, Function]":
    """All functions and builtins by name."""
    if "printf" not in _table:
        from importlib import import_module

        for family in FAMILIES:
            import_module(f"{__name__}.{family}")
    return _table
