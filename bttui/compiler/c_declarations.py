"""C declarations to types: what a struct, union, enum or typedef is, how large, and where its members lie.

pycparser reads one declaration at a time. Sizes and places follow the System V ABI for LP64 machines. Types that are not
defined in the program come from the kernel's BTF.
"""

import bisect

from bttui.compiler.c_preprocessor import NAME, Token, wrong
from bttui.compiler.infer.rules import C_INTEGERS
from bttui.model import types
from bttui.model.diagnostic import DiagnosticError, Span
from bttui.model.types import Field, Struct, Type, align_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from bttui.compiler.infer.typer import Typer

KEYWORDS = frozenset(
    """_Bool char const double enum extern float int long register restrict short signed sizeof static struct typedef union
    unsigned void volatile _Alignas _Pragma __int128 inline""".split()
)
SPELLINGS = {
    **dict.fromkeys(("__extension__", "__inline", "__inline__", "inline", "__restrict", "__restrict__", "_Noreturn"), ""),
    **dict.fromkeys(("__const", "__const__"), "const"),
    **dict.fromkeys(("__volatile", "__volatile__"), "volatile"),
    **dict.fromkeys(("__signed", "__signed__"), "signed"),
}
ATTRIBUTE = ("__attribute__", "__attribute")
LARGEST_ALIGNMENT = 16  # what __attribute__((aligned)) means without a number


class Attributes:
    """Of a struct or a member."""

    def __init__(self) -> None:
        self.packed, self.aligned = False, 0


class Declarations:
    """Fills the typer's structs, aliases and enumerators.

    ``system`` is true while a header of the system is read: what cannot be understood there is left out.
    """

    def __init__(self, typer: "Typer"):
        self.typer, self.btf = typer, typer.host.btf
        self.system = False
        self.defined: dict[str, int] = {}  # the alignment of each struct and union
        self.attributes: list[Attributes] = []
        self.places: list[int] = []  # columns of what the parser reads, and the tokens behind them
        self.origins: list[Token] = []

    # --- from tokens to declarations -------------------------------------------------------------------------------

    def declare(self, tokens: "list[Token]") -> None:
        for chunk in split(tokens):
            if self.system and chunk[0].text not in ("typedef", "struct", "union", "enum", "__extension__"):
                continue
            try:
                self.declaration(chunk)
            except DiagnosticError:
                if not self.system:
                    raise

    def declaration(self, chunk: "list[Token]") -> None:
        names = self.type_names(chunk)
        for node in self.parse(chunk, names)[len(names) :]:
            self.declared(node)

    def type_names(self, chunk: "list[Token]") -> "list[str]":
        """Names that stand where a type does: the parser wants to know them beforehand."""
        found: dict[str, None] = {}
        for index, token in enumerate(chunk):
            before = chunk[index - 1].text if index else ""
            if token.kind != NAME or token.text in KEYWORDS or token.text in SPELLINGS or token.text in ATTRIBUTE:
                continue
            if before in ("struct", "union", "enum", ".", "->") or index + 1 == len(chunk):
                continue
            after = chunk[index + 1]
            certain = after.kind == NAME and after.text not in ATTRIBUTE and before != ")"
            if certain or (after.text in ("*", ")", ",", "(", "[", ":") and self.known_type(token.text)):
                found[token.text] = None
        return list(found)

    def known_type(self, name: str) -> bool:
        return bool(
            name in C_INTEGERS or name == "bool" or name in self.typer.aliases or (self.btf.exists and self.btf.type(name) is not None)
        )

    def parse(self, chunk: "list[Token]", names: "Iterable[str]") -> "list[Any]":
        from pycparser import CParser
        from pycparser.c_parser import ParseError

        pieces = [f"typedef int {name};" for name in names]
        origins = [chunk[0]] * len(pieces)
        for text, token in self.rewritten(chunk):
            pieces.append(text)
            origins.append(token)
        if chunk[-1].text != ";":
            pieces.append(";")
            origins.append(chunk[-1])
        self.origins, self.places, at = origins, [], 1
        for piece in pieces:
            self.places.append(at)
            at += len(piece) + 1
        try:
            return list(CParser().parse(" ".join(pieces)).ext)
        except ParseError as reason:
            parts = str(reason).split(":", 3)
            column = int(parts[2]) if len(parts) == 4 and parts[2].strip().isdigit() else 0
            token = self.origin(column) if column else chunk[0]
            what = parts[-1].strip()
            if what.startswith("before") or not column:
                what = f"'{token.text}' does not fit here"
            raise wrong(what, token.span, hint="a declaration ends with ; and an unknown word is no type") from None
        except RecursionError:
            raise wrong("this is nested too deeply", chunk[0].span) from None

    def origin(self, column: int) -> Token:
        return self.origins[max(0, bisect.bisect_right(self.places, column) - 1)]

    def span(self, node: "Any") -> Span:
        return self.origin(getattr(node.coord, "column", 0) or 0).span

    def rewritten(self, chunk: "list[Token]") -> "list[tuple[str, Token]]":
        """The tokens as the parser takes them: attributes become pragmas inside of what they are about."""
        found: list[tuple[str, Token]] = []
        braces: list[str] = []  # "struct", "enum" or ""
        inside: list[int] = []  # attributes that wait for the brace of their struct
        member: list[int] = []  # attributes that wait for the end of their member
        index = 0
        while index < len(chunk):
            token = chunk[index]
            index += 1
            text = SPELLINGS.get(token.text, token.text)
            if token.text in ATTRIBUTE:
                index, number = self.attribute(chunk, index)
                before = [t for t, _o in found[-2:]]
                if before and before[-1] == "}":
                    found.insert(len(found) - 1, (f'_Pragma("struct {number}")', token))
                elif any(word in ("struct", "union", "enum") for word in before):
                    inside.append(number)
                elif braces:
                    member.append(number)
                continue
            if text in ("__asm__", "asm", "__asm", "_Static_assert", "_Alignas"):
                index = closing(chunk, index)
                continue
            if not text:
                continue
            if text == "}" and braces:
                if braces.pop() == "struct" and found[-1][0] not in (";", "{") and not found[-1][0].startswith("_Pragma"):
                    found.append((";", found[-1][1]))
                    found += [(f'_Pragma("member {n}")', token) for n in member]
                    member = []
                elif found[-1][0] == "{" and any(t in ("enum",) for t, _o in found[-3:]):
                    raise wrong("use of empty enum", token.span)
            found.append((text, token))
            if text == "{":
                words = [t for t, _o in found[-3:-1]]
                braces.append("struct" if "struct" in words or "union" in words else "enum" if "enum" in words else "")
                found += [(f'_Pragma("struct {n}")', token) for n in inside if braces[-1] == "struct"]
                inside = []
            elif text == ";":
                found += [(f'_Pragma("member {n}")', token) for n in member]
                member = []
        return found

    def attribute(self, chunk: "list[Token]", index: int) -> "tuple[int, int]":
        """Reads one from its parenthesis on; returns where it ends and its number."""
        if [t.text for t in chunk[index : index + 2]] != ["(", "("]:
            raise wrong("expected '((' after '__attribute__'", chunk[index - 1].span)
        end = closing(chunk, index)
        attributes = Attributes()
        position = index + 2
        while position < end - 2:
            name = chunk[position].text.strip("_")
            position += 1
            arguments: list[Token] = []
            if chunk[position].text == "(":
                stop = closing(chunk, position)
                arguments, position = chunk[position + 1 : stop - 1], stop
            if name == "packed":
                attributes.packed = True
            elif name == "aligned":
                attributes.aligned = self.evaluate_tokens(arguments) if arguments else LARGEST_ALIGNMENT
        self.attributes.append(attributes)
        return end, len(self.attributes) - 1

    # --- declarations ----------------------------------------------------------------------------------------------

    def declared(self, node: "Any") -> None:
        kind = type(node).__name__
        if kind == "Typedef":
            if self.system and node.name in self.typer.aliases:
                return
            found, alignment = self.type(node.type)
            if isinstance(found, Struct) and not found.name:
                self.typer.structs[node.name] = found.replace(name=node.name)
                self.defined[node.name] = alignment
                found = Struct(name=node.name, size=found.size)
            elif isinstance(found, types.Enum) and not found.name:
                found = found.replace(name=node.name)
            self.typer.aliases[node.name] = found
        elif (kind == "Decl" and type(node.type).__name__ in ("Struct", "Union", "Enum")) or (
            kind == "Decl" and not self.system and type(node.type).__name__ != "FuncDecl"
        ):
            self.type(node.type)

    def type(self, node: "Any") -> "tuple[Type, int]":
        """A type and its alignment in bytes."""
        kind = type(node).__name__
        if kind in ("TypeDecl", "Typename", "Decl"):
            return self.type(node.type)
        if kind == "PtrDecl":
            target = self.type(node.type)[0] if type(node.type).__name__ != "FuncDecl" else types.VOID
            return types.Pointer(target=target), 8
        if kind == "FuncDecl":
            return types.VOID, 1
        if kind == "ArrayDecl":
            element, alignment = self.type(node.type)
            count = self.evaluate(node.dim) if node.dim is not None else 0
            if count < 0:
                name = getattr(innermost(node), "declname", "") or ""
                raise wrong(f"'{name}' declared as an array with a negative size", self.span(node))
            if incomplete(element):
                raise wrong(f"array has incomplete element type '{spelled(element)}'", self.span(node))
            return types.Array(element=element, count=count), alignment
        if kind == "Enum":
            return self.enum(node)
        if kind in ("Struct", "Union"):
            return self.aggregate(node, kind.lower())
        return self.named(" ".join(node.names), node)

    def named(self, name: str, node: "Any") -> "tuple[Type, int]":
        found: Type | None = C_INTEGERS.get(name) or C_INTEGERS.get(ordered(name)) or self.typer.aliases.get(name)
        if found is None and name in ("void", "bool", "_Bool"):
            found = types.VOID if name == "void" else types.BOOL
        if found is None:
            size = {"float": 4, "double": 8, "long double": 16}.get(name) or (16 if "__int128" in name else 0)
            if size:  # nothing can be computed with these: only their room counts
                return types.Void(size=size), size
        if found is None and self.btf.exists:
            found = self.btf.type(name)
        if found is None:
            reason = self.btf.absence or "it is not in this kernel's BTF"
            raise wrong(f"unknown type name '{name}'", self.span(node), hint=f"{reason}: define it in front of this")
        if isinstance(found, Struct) and found.name:
            found = found.replace(fields=None)
        return found, self.alignment(found)

    def alignment(self, found: Type) -> int:
        """Of a type that is known by name; BTF does not tell it, so that it follows from the members' places."""
        if isinstance(found, types.Array):
            return self.alignment(found.element)
        if not isinstance(found, Struct):
            return max(1, found.size)
        if found.name in self.defined:
            return self.defined[found.name]
        whole = found if found.fields is not None else self.btf.struct(found.name, found.size) if self.btf.exists else None
        most = 1
        for field in (whole.fields if whole else None) or ():
            alignment = self.alignment(field.type)
            if field.offset % alignment == 0 and found.size % alignment == 0:
                most = max(most, alignment)
        return most

    def enum(self, node: "Any") -> "tuple[Type, int]":
        key = f"enum {node.name}" if node.name else ""
        if node.values is None:
            found = self.typer.aliases.get(key) or (self.btf.type(key) if self.btf.exists else None)
            if found is None:
                raise wrong(f"field has incomplete type '{key}'", self.span(node), hint="define it in front of this")
            return found, found.size
        if key in self.typer.aliases:
            if self.system:
                return self.typer.aliases[key], self.typer.aliases[key].size
            raise wrong(f"redefinition of '{node.name}'", self.span(node))
        members: list[tuple[str, int]] = []
        value = -1
        names = self.typer.enumerators
        for each in node.values.enumerators:
            value = self.evaluate(each.value, dict(members)) if each.value is not None else value + 1
            if (each.name in names and not self.system) or each.name in dict(members):
                raise wrong(f"redefinition of enumerator '{each.name}'", self.span(each))
            members.append((each.name, value))
        signed = any(v < 0 for _n, v in members)
        wide = any(not -(1 << 31) <= v < 1 << (31 if signed else 32) for _n, v in members)
        found = types.Enum(name=key, size=8 if wide else 4, signed=signed, members=tuple(members))
        for name, value in members:
            names.setdefault(name, (value, found))
        if key:
            self.typer.aliases[key] = found
        return found, found.size

    def aggregate(self, node: "Any", word: str) -> "tuple[Type, int]":
        key = f"{word} {node.name}" if node.name else ""
        if node.decls is None or (self.system and key in self.defined):
            if key in self.defined and key in self.typer.structs:
                return Struct(name=key, size=self.typer.structs[key].size), self.defined[key]
            found = self.btf.struct(key) if self.btf.exists and key not in self.defined else None
            if found is None:
                return Struct(name=key), 1
            return Struct(name=key, size=found.size), self.alignment(found)
        if self.system and key and self.btf.exists and self.btf.struct(key):
            return Struct(name=key), 1
        if key in self.defined and key:
            raise wrong(f"redefinition of '{node.name}'", self.span(node))
        if key:
            self.defined[key] = 1  # and not in typer.structs: incomplete until its end
        layout = Layout(self, word, key)
        attributes = Attributes()
        members: list[tuple[Any, Attributes]] = []
        for each in node.decls:
            if type(each).__name__ == "Pragma":
                about, _, number = text_of(each).partition(" ")
                given = self.attributes[int(number)]
                where = attributes if about == "struct" or not members else members[-1][1]
                where.packed, where.aligned = where.packed or given.packed, max(where.aligned, given.aligned)
            elif type(each).__name__ != "EmptyStatement":
                members.append((each, Attributes()))
        layout.packed = attributes.packed
        for member, own in members:
            layout.add(member, own)
        found = layout.finish(attributes.aligned)
        if not key:
            return found, layout.alignment
        if found.fields:
            self.typer.structs[key] = found
        self.defined[key] = layout.alignment
        return Struct(name=key, size=found.size), layout.alignment

    # --- constants -------------------------------------------------------------------------------------------------

    def evaluate_tokens(self, tokens: "list[Token]") -> int:
        if not tokens:
            return 0
        outer = self.origins, self.places
        first = tokens[0]
        wrapped = [
            first.replace(kind=NAME, text="enum"),
            first.replace(text="{"),
            first.replace(kind=NAME, text="_value"),
            first.replace(text="="),
            *tokens,
            first.replace(text="}"),
        ]
        names = self.type_names(wrapped)
        node = self.parse(wrapped, names)[-1]
        value = self.evaluate(node.type.values.enumerators[0].value)
        self.origins, self.places = outer
        return value

    def evaluate(self, node: "Any", names: "dict[str, int] | None" = None) -> int:
        """The value of a constant expression; ``names`` are the constants of the enum that is being read."""
        kind = type(node).__name__
        if kind == "Constant":
            return constant(node.value)
        if kind == "ID":
            if names and node.name in names:
                return names[node.name]
            if node.name in self.typer.enumerators:
                return self.typer.enumerators[node.name][0]
            found = self.btf.enum_constant(node.name) if self.btf.exists else None
            if found is not None:
                return found[0]
            raise wrong(f"use of undeclared identifier '{node.name}'", self.span(node))
        if kind == "UnaryOp":
            if node.op in ("sizeof", "_Alignof") and type(node.expr).__name__ == "Typename":
                found_type, alignment = self.type(node.expr)
                return found_type.size if node.op == "sizeof" else alignment
            if node.op in ("+", "-", "~", "!"):
                value = self.evaluate(node.expr, names)
                if node.op == "~" and type(node.expr).__name__ == "Constant" and "u" in node.expr.value.lower():
                    return value ^ (1 << (64 if "l" in node.expr.value.lower() else 32)) - 1
                return {"+": value, "-": -value, "~": ~value, "!": int(not value)}[node.op]
        if kind == "Cast":
            value, (to, _alignment) = self.evaluate(node.expr, names), self.type(node.to_type)
            if isinstance(to, types.Integer):
                value &= (1 << to.size * 8) - 1
                return value - (1 << to.size * 8) if to.signed and value >> (to.size * 8 - 1) else value
            return int(bool(value)) if isinstance(to, types.Bool) else value
        if kind == "TernaryOp":
            return self.evaluate(node.iftrue if self.evaluate(node.cond, names) else node.iffalse, names)
        if kind == "BinaryOp":
            return self.binary(node, self.evaluate(node.left, names), self.evaluate(node.right, names))
        raise wrong("expression is not an integer constant expression", self.span(node))

    def binary(self, node: "Any", left: int, right: int) -> int:
        operator = node.op
        if operator in ("/", "%"):
            if right == 0:
                raise wrong("division by zero in a constant", self.span(node))
            quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1)
            return quotient if operator == "/" else left - quotient * right
        if operator in ("<<", ">>") and not 0 <= right < 64:
            raise wrong("a shift by more bits than there are", self.span(node))
        simple = {
            "+": left.__add__,
            "-": left.__sub__,
            "*": left.__mul__,
            "&": left.__and__,
            "|": left.__or__,
            "^": left.__xor__,
            "<<": left.__lshift__,
            ">>": left.__rshift__,
            "<": left.__lt__,
            ">": left.__gt__,
            "<=": left.__le__,
            ">=": left.__ge__,
            "==": left.__eq__,
            "!=": left.__ne__,
            "&&": lambda other: bool(left and other),
            "||": lambda other: bool(left or other),
        }
        return int(simple[operator](right))


class Layout:
    """Members one after another, in bits."""

    def __init__(self, declarations: Declarations, word: str, key: str):
        self.declarations, self.word, self.key = declarations, word, key
        self.packed, self.alignment, self.at, self.end = False, 1, 0, 0
        self.fields: list[Field] = []

    def add(self, member: "Any", own: Attributes) -> None:
        declarations = self.declarations
        found, alignment = declarations.type(member.type)
        name = member.name or ""
        if incomplete(found) or (isinstance(found, types.Void) and not found.size):
            where = getattr(innermost(member.type), "coord", None)
            span = declarations.origin(where.column).span if where else declarations.span(member)
            raise wrong(f"field has incomplete type '{spelled(found)}'", span, hint="define it in front of this")
        self.check_kernel(found, member)
        if name and any(f.name == name for f in self.fields):
            raise wrong(f"duplicate member '{name}'", declarations.span(member))
        if self.packed or own.packed:
            alignment = 1
        alignment = max(alignment, own.aligned)
        if self.word == "union":
            self.at = 0
        if member.bitsize is not None:
            self.bits(name, found, alignment, declarations.evaluate(member.bitsize), member)
        elif name or isinstance(found, Struct):
            if not name and isinstance(found, Struct) and found.name:
                return  # `struct x { ... };` in a struct only declares x
            self.alignment = max(self.alignment, alignment)
            offset = align_up(align_up(self.at, 8) // 8, alignment)
            self.fields.append(Field(name, found, offset))
            self.at = (offset + found.size) * 8
        self.end = max(self.end, self.at)

    def bits(self, name: str, found: Type, alignment: int, count: int, member: "Any") -> None:
        unit = found.size * 8
        if count > unit:
            raise wrong(
                f"width of bit-field '{name}' ({count} bits) exceeds the width of its type ({unit} bits)", self.declarations.span(member)
            )
        if count == 0:
            self.at = align_up(self.at, unit)
            return
        if alignment > 1 and self.at % unit + count > unit:
            self.at = align_up(self.at, unit)
        if name:
            self.alignment = max(self.alignment, alignment)
            offset = self.at // unit * found.size
            if self.at - 8 * offset + count > unit:  # packed across two units
                offset = self.at >> 3
            self.fields.append(Field(name, found, offset, count, self.at - 8 * offset))
        self.at += count

    def check_kernel(self, found: Type, member: "Any") -> None:
        """A kernel struct that the program defines anew cannot be made of other kernel structs.

        The places of their members would be a mixture of two kernels; a C compiler that has only the program's definition
        refuses it as well.
        """
        btf = self.declarations.btf
        if isinstance(found, Struct) and found.name and found.name not in self.declarations.typer.structs and self.key:
            if self.declarations.system or not btf.exists or not btf.struct(self.key):
                return
            raise wrong(
                f"field has incomplete type '{found.name}'",
                self.declarations.span(member),
                hint=f"leave out {self.key}, which the kernel's BTF has, or define {found.name}, too",
            )

    def finish(self, aligned: int) -> Struct:
        self.alignment = max(self.alignment, aligned)
        return Struct(name=self.key, size=align_up(-(-self.end // 8), self.alignment), fields=tuple(self.fields))


def split(tokens: "list[Token]") -> "list[list[Token]]":
    """The declarations of a run of tokens. A struct in a program may end without a semicolon, a function always does."""
    found: list[list[Token]] = []
    chunk: list[Token] = []
    depth = 0
    function = False
    for token in tokens:
        if depth == 0 and token.text == "{":
            function = bool(chunk) and chunk[-1].text == ")" and not any(t.text in ATTRIBUTE for t in chunk)
        chunk.append(token)
        depth += {"{": 1, "}": -1}.get(token.text, 0)
        if depth == 0 and (token.text == ";" or (function and token.text == "}")):
            if len(chunk) > 1 and not function:
                found.append(chunk)
            chunk, function = [], False
    return [*found, chunk] if chunk else found


def closing(chunk: "list[Token]", index: int) -> int:
    """Behind the parenthesis that closes the one at ``index``."""
    depth = 0
    while index < len(chunk):
        depth += {"(": 1, ")": -1}.get(chunk[index].text, 0)
        index += 1
        if depth == 0:
            break
    return index


def innermost(node: "Any") -> "Any":
    while type(node).__name__ in ("ArrayDecl", "PtrDecl", "FuncDecl"):
        node = node.type
    return node


def incomplete(found: Type) -> bool:
    return isinstance(found, Struct) and not found.size and found.fields is None


def spelled(found: Type) -> str:
    return found.name if isinstance(found, Struct) else "void"


def ordered(name: str) -> str:
    """ "long unsigned int" as C_INTEGERS spells it: "unsigned long"."""
    words = name.split()
    if not set(words) <= {"signed", "unsigned", "char", "short", "int", "long"}:
        return name
    sign = "unsigned " if "unsigned" in words else "signed " if "signed" in words and "char" in words else ""
    size = "char" if "char" in words else "short" if "short" in words else "long" if "long" in words else "int"
    return sign + size


def text_of(pragma: "Any") -> str:
    """What a pragma node says: its string comes as a node of its own from _Pragma("...")."""
    return str(getattr(pragma.string, "value", pragma.string)).strip('"')


def constant(text: str) -> int:
    """The value of a C integer or character constant."""
    if text[-1] == "'":
        import ast as python

        try:
            return ord(python.literal_eval(text.lstrip("LuU8")))
        except (TypeError, ValueError, SyntaxError):
            return 0
    digits = text.lower().rstrip("ul")
    if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
        return int(digits, 8) if not set(digits) & set("89") else 0
    try:
        return int(digits, 0)
    except ValueError:
        return 0
