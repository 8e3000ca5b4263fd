"""Types as they are written, and the fields of structs."""

from bttui.compiler import ast
from bttui.compiler.infer.rules import AGGREGATION_NAMES, C_INTEGERS, INTEGERS, is_stringlike
from bttui.compiler.infer.state import State
from bttui.model import types
from bttui.model.diagnostic import near
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


class Names(State):
    """From spelling to type."""

    def type_name(self, node: "ast.TypeName | None", operand: "ast.Expression | None" = None) -> "Type | None":
        if node is None:
            return None
        base: Type | None
        name = node.name
        if node.of is not None:
            base = self.type_name(node.of) if isinstance(node.of, ast.TypeName) else self.type_of(node.of)
            base = base.replace(flexible=False) if isinstance(base, types.Integer) else base
        else:
            base = self.named_type(name, node)
        if base is None:
            return None
        suffixes = node.suffixes
        if isinstance(base, types.Enum) and not suffixes and node.of is None:
            base = self.as_constant(base)
        if node.of is None and name in ("string", "buffer", "inet") and suffixes and isinstance(suffixes[0], int):
            base = self.named_type(f"{name}[{suffixes[0]}]", node) or base
            suffixes = suffixes[1:]
        for suffix in suffixes:
            if suffix == "*":
                space = ""
                if operand is not None and isinstance(operand.type, types.Pointer):
                    space = operand.type.space
                base = types.Pointer(target=base, space=space)
            else:
                base = types.Array(element=base, count=suffix or 0)
        return base

    def as_constant(self, enum: types.Enum) -> types.Enum:
        """As large as its constants are; one of a program stays as it is passed, in a part of a register that may hold more."""
        path = self.body.context.binary
        known = self.host.debug_types(path) if path and enum.name and enum.size < 8 else None
        return enum if known is not None and known.type(enum.name) == enum else enum.replace(size=8)

    def is_type(self, name: str) -> bool:
        """Whether a word that could also be a value is the name of a type."""
        if name in C_INTEGERS or name in self.aliases:
            return True
        if self.binary_type(name) is not None:
            return self.binary_constant(name) is None
        btf = self.host.btf
        return btf.exists and name not in self.enumerators and btf.enum_constant(name) is None and btf.type(name) is not None

    def type_of(self, node: ast.Node) -> "Type | None":
        """typeof(): of a map with keys it is the type of the key."""
        if isinstance(node, ast.Map):
            info = self.maps.get(node.name)
            if info is not None and isinstance(info.key, Type):
                node.note = info
                return info.key
        return self.type_word(node) or self.expression(node)

    def type_word(self, node: ast.Node) -> "Type | None":
        """The type that a bare word names, where the word is nothing else: size_t in typeof(size_t), in typeof(size_t[2])."""
        array = ast.array_of(node) if isinstance(node, ast.Index) else None
        if array is not None:
            element = self.type_word(ast.Identifier(node.span, None, None, array.name))
            return self.type_name(array) if element is not None else None
        if not isinstance(node, ast.Identifier) or self.function_named(node.name) or node.name in self.constants:
            return None
        if self.binary_constant(node.name) or (self.host.btf.exists and self.host.btf.enum_constant(node.name) is not None):
            return None
        known = len(self.problems)
        found = self.named_type(node.name, node)
        del self.problems[known:]
        return found

    def named_type(self, name: str, node: ast.Node) -> "Type | None":
        simple = INTEGERS.get(name) or AGGREGATION_NAMES.get(name) or C_INTEGERS.get(name)
        if simple is not None:
            return simple
        if name in self.aliases:
            return self.aliases[name]
        if name == "bool":
            return types.BOOL
        if name == "void":
            return types.VOID
        base, bracket, length = name.partition("[")
        if base in ("string", "buffer", "inet"):
            size = int(length.rstrip("]")) if bracket and length.rstrip("]").isdigit() else 0
            if base == "string":
                return types.String(size or int(self.config["max_strlen"]))
            if base == "inet":
                return types.Inet()
            return types.Buffer(
                capacity=size or int(self.config["max_strlen"]), size=types.align_up(4 + (size or int(self.config["max_strlen"])), 4)
            )
        for spelling in (name, f"struct {name}", f"union {name}"):
            if spelling in self.structs:
                return types.Struct(name=spelling, size=self.structs[spelling].size)
        of_body = self.binary_type(name)
        if of_body is not None:
            return of_body
        if self.host.btf.exists:
            found = self.host.btf.type(name)
            if found is None and " " not in name:
                found = self.host.btf.type(f"struct {name}") or self.host.btf.type(f"union {name}") or self.host.btf.type(f"enum {name}")
            if found is not None:
                return found.replace(fields=None) if isinstance(found, types.Struct) and found.name else found
        for path in dict.fromkeys(body.context.binary for body in self.bodies):
            found = self.binary_type(name, path)
            if found is not None:
                return found
        self.error(f'Cannot resolve unknown type "{name}"', node, hint=self.type_hint(name))
        return None

    def type_hint(self, name: str) -> str:
        """What to do about a type that nobody knows."""
        path = self.body.context.binary
        known = self.host.debug_types(path) if path else None
        if known is not None:
            place = self.body.attachments[0]
            shown = place.target.rpartition(":")[0]
            with self.host.elf(path) as elf:
                address = elf.virtual(place.options.get("offset", 0)) or 0
            close = near(name.rpartition(" ")[2], known.names(address), 1)
            return f"did you mean {close[0]}?" if close else f"neither {shown} nor the kernel has it: define it in the program"
        if path:
            return "there is no debugging information about the probed file: compile it with -g, or define the type in the program"
        reason = self.host.btf.absence or "it is not in this kernel's BTF"
        return f"{reason}: define it in the program"

    def binary_type(self, name: str, path: "str | None" = None) -> "Type | None":
        """The type as the debugging information of the file explains it that the body probes, or of another one."""
        path = self.body.context.binary if path is None else path
        known = self.host.debug_types(path) if path else None
        return known.type(name) if known is not None else None

    def binary_constant(self, name: str) -> "tuple[int, types.Enum] | None":
        """An enumerator of the file that the body probes."""
        path = self.body.context.binary
        known = self.host.debug_types(path) if path else None
        return known.enum_constant(name) if known is not None else None

    def complete(self, type_: Type) -> Type:
        """The same type with the members of every struct that is part of it by value: what a reader needs to show it."""
        if isinstance(type_, types.Struct):
            found = self.resolve(type_)
            if found is None or found.fields is None:
                return type_
            return found.replace(fields=tuple(f.replace(type=self.complete(as_text(f.type))) for f in found.fields))
        if isinstance(type_, types.Array):
            return type_.replace(element=self.complete(type_.element))
        if isinstance(type_, types.Tuple):
            return type_.replace(elements=tuple(self.complete(e) for e in type_.elements))
        if isinstance(type_, types.Record):
            return type_.replace(fields=tuple(f.replace(type=self.complete(f.type)) for f in type_.fields))
        return type_


def as_text(type_: Type) -> Type:
    """A char array is shown as what it says."""
    return types.String(size=type_.size) if isinstance(type_, types.Array) and is_stringlike(type_) and type_.size else type_


def find_field(struct: types.Struct, name: str, typer: "State") -> "types.Field | None":
    """The member, also one of an anonymous struct or union in it, with its offset from the start."""
    for field in struct.fields or ():
        if field.name == name:
            return field
        if not field.name and isinstance(field.type, types.Struct):
            inner = typer.resolve(field.type)
            found = find_field(inner, name, typer) if inner else None
            if found is not None:
                return found.replace(offset=found.offset + field.offset)
    return None
