"""The tree as text for ``-d ast``: the layout of ``format``, with what bpftrace's parser has already made plain."""

from bttui.compiler import ast
from bttui.compiler.format import Printer


def dump(root: ast.Root) -> str:
    """The text of a program, with a newline at its end. It is for reading: not all of it parses to the same tree."""
    return _Dump().root(root)


class _Dump(Printer):
    loose = (*Printer.loose, ast.RecordLiteral)

    def c_definition(self, text: str) -> str:
        return text if text.startswith("#") or text.endswith(";") else f"{text};"

    def setting(self, value: "int | bool | str") -> str:
        return value if isinstance(value, str) else super().setting(value)

    def character(self, character: str) -> str:
        if ord(character) < 0x80:
            return super().character(character)
        return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))

    def arrow(self, node: ast.FieldAccess) -> str:
        return "."

    def ternary(self, node: ast.Ternary, column: int) -> str:
        return super().ternary(node if node.then is not None else node.replace(then=node.condition), column)
