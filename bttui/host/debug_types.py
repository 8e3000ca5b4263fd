"""Functions and types of a program, from its debugging information: DWARF 5, chapters 3 and 5.

Entries (DIEs) are looked for in the units that mention a name or hold an address; the others are not read.
"""

from bttui.host.debug_info import reading
from bttui.model.data import Data
from bttui.model.types import CHAR, VOID, Array, Bool, Enum, Field, Integer, Pointer, Struct, Type, Void

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.host.debug_info import DebugInfo
    from bttui.host.debug_locations import Piece

_KEYWORDS = {"DW_TAG_structure_type": "struct", "DW_TAG_class_type": "class", "DW_TAG_union_type": "union"}
_POINTERS = {"DW_TAG_pointer_type": "*", "DW_TAG_reference_type": "&", "DW_TAG_rvalue_reference_type": "&&"}
_QUALIFIERS = {
    "DW_TAG_const_type": "const",
    "DW_TAG_volatile_type": "volatile",
    "DW_TAG_restrict_type": "",
    "DW_TAG_atomic_type": "",
    "DW_TAG_immutable_type": "",
    "DW_TAG_shared_type": "",
    "DW_TAG_packed_type": "",
}
_NAMED = frozenset({*_KEYWORDS, "DW_TAG_enumeration_type", "DW_TAG_typedef", "DW_TAG_base_type"})
_SCOPES = ("DW_TAG_lexical_block", "DW_TAG_inlined_subroutine")
_NESTING = frozenset({*_KEYWORDS, "DW_TAG_namespace", "DW_TAG_module"})
_NAMESPACED = frozenset({0x4, 0x1A, 0x21, 0x2B, 0x1C, 0x13, 0x16})  # DW_LANG_*: those of C++, Rust, D, Go
# DW_ATE_*
_BOOLEAN, _COMPLEX, _FLOAT, _SIGNED, _SIGNED_CHARACTER, _UNSIGNED, _UNSIGNED_CHARACTER, _UTF = 2, 3, 4, 5, 6, 7, 8, 0x10
_CHANGED_CALL = 3  # DW_CC_nocall: the optimizer has changed how arguments are passed
_DEFAULTED_IN_CLASS = 1  # DW_DEFAULTED_in_class
_BY_REFERENCE = 4  # DW_CC_pass_by_reference
_PLUS_CONSTANT = 0x23  # DW_OP_plus_uconst
_DEEPEST = 64


class Scalar(Data):
    """What is at ``offset`` in a value: ``kind`` is "integer" (or a pointer), "float" or "long double"."""

    offset: int
    size: int
    kind: str


class Parameter(Data):
    """``declaration`` is as in the source language: "const char* path". ``scalars`` is all that the type consists of.

    ``indirect``: C++ passes the address of an object that may not be copied byte by byte.
    ``location`` is the entry that tells where it is kept.
    """

    name: str
    type: Type
    declaration: str = ""
    scalars: "tuple[Scalar, ...]" = ()
    indirect: bool = False
    location: "Any" = None


class Function(Data):
    """``result`` is a Parameter without a name; its type is VOID where nothing is returned.

    ``changed``: arguments are not where the calling convention has them.
    """

    name: str
    parameters: "tuple[Parameter, ...]"
    result: Parameter
    changed: bool = False


class DebugTypes:
    """All methods raise DiagnosticError for damaged data. ``path`` is the file that was asked about.

    Structs come without their members, and with ``source`` (path, place of their entry): see ``struct``.
    """

    def __init__(self, info: "DebugInfo", path: str):
        self.info, self.path = info, path
        self._types: "dict[int, Type]" = {}
        self._functions: "dict[int, dict[int, Any]]" = {}
        self._names: "dict[int, dict[str, list[Any]]]" = {}

    # Functions

    def function(self, address: int) -> "Function | None":
        """The one that begins at this virtual address."""
        with reading(self.info.file):
            unit = self.info.unit_at(address)
            entry = self._functions_of(unit).get(address) if unit is not None else None
            return self._function(entry) if entry is not None else None

    def inside(self, address: int) -> "tuple[Function, tuple[tuple[Piece, ...] | None, ...]] | None":
        """The function whose code is at this virtual address, put inline or not, and where its parameters are kept there.

        () for one that is kept nowhere, None for one whose place cannot be told.
        """
        with reading(self.info.file):
            unit = self.info.unit_at(address)
            for whole in self._functions_of(unit).values() if unit is not None else ():
                if self._covers(whole, address):
                    function = self._innermost(whole, address)
                    found = self._function(function)
                    return found, tuple(self._kept(p.location, whole, address) for p in found.parameters)
            return None

    def inlined(self, address: int) -> "list[tuple[str, int, int]]":
        """The functions that were put inline around this virtual address, outermost first: (name, file and line of the call).

        The file is its number in the table of lines of the unit; a name is mangled where the language mangles names.
        """
        found = []
        with reading(self.info.file):
            unit = self.info.unit_at(address)
            functions = self._functions_of(unit).values() if unit is not None else ()
            scope = next((whole for whole in functions if self._covers(whole, address)), None)
            for _ in range(_DEEPEST):
                if scope is None:
                    break
                scope = next((child for child in scope.iter_children() if child.tag in _SCOPES and self._covers(child, address)), None)
                if scope is not None and scope.tag == "DW_TAG_inlined_subroutine":
                    mangled = self._attribute(scope, "DW_AT_linkage_name")
                    name = self.info.text(scope, mangled) if mangled is not None else self._name(scope)
                    file, line = (scope.attributes.get(f"DW_AT_call_{what}") for what in ("file", "line"))
                    found.append((name, file.value if file else 0, line.value if line else 0))
        return found

    def _covers(self, entry: "Any", address: int) -> bool:
        return any(begin <= address < end for begin, end in self.info.ranges(entry))

    def _innermost(self, entry: "Any", address: int) -> "Any":
        """Of a function, and those that were put inline in it."""
        found, scope = entry, entry
        for _ in range(_DEEPEST):
            inner = (child for child in scope.iter_children() if child.tag in _SCOPES and self._covers(child, address))
            scope = next(inner, None)
            if scope is None:
                break
            if scope.tag == "DW_TAG_inlined_subroutine":
                found = scope
        return found

    def _kept(self, entry: "Any", whole: "Any", address: int) -> "tuple[Piece, ...] | None":
        from bttui.host.debug_locations import Unknown, kept

        try:
            return kept(self.info, entry, whole, address)
        except Unknown:
            return None

    def _functions_of(self, unit: "Any") -> "dict[int, Any]":
        """Its entries of functions by their first address."""
        known = self._functions.get(unit.cu_offset)
        if known is None:
            known = self._functions[unit.cu_offset] = {}
            for entry in self._entries(self.info.whole(unit)):
                if entry.tag == "DW_TAG_subprogram":
                    for begin, _ in self.info.ranges(entry)[:1]:
                        known.setdefault(begin, entry)
        return known

    def _function(self, entry: "Any") -> Function:
        parameters: "list[Parameter]" = []
        for child in self._parameters(entry):
            name = self._name(child) or f"arg{len(parameters)}"
            parameters.append(self._parameter(child, name))
        convention = self._attribute(entry, "DW_AT_calling_convention")
        changed = convention is not None and convention.value == _CHANGED_CALL
        return Function(self._name(entry), tuple(parameters), self._parameter(entry, ""), changed)

    def _parameters(self, entry: "Any") -> "list[Any]":
        """The entries; of a copy put inline also those that only the original has, since nothing is left of them."""
        own = [child for child in entry.iter_children() if child.tag == "DW_TAG_formal_parameter"]
        if "DW_AT_abstract_origin" not in entry.attributes:
            return own
        origins = [self.info.follow(c, "DW_AT_abstract_origin").offset if "DW_AT_abstract_origin" in c.attributes else -1 for c in own]
        all_of = [c for c in self.info.follow(entry, "DW_AT_abstract_origin").iter_children() if c.tag == "DW_TAG_formal_parameter"]
        if not set(origins) <= {child.offset for child in all_of}:
            return own
        return [own[origins.index(child.offset)] if child.offset in origins else child for child in all_of]

    def _parameter(self, entry: "Any", name: str) -> Parameter:
        target = self._target(entry)
        type_ = self._type(target)
        scalars: "list[Scalar]" = []
        self._flatten(target, 0, scalars)
        indirect = self._copied_by_call(target)
        return Parameter(name, type_, self.declaration(target, name), tuple(scalars), indirect, entry)

    def _copied_by_call(self, entry: "Any | None", depth: int = 0) -> bool:
        """Whether objects of a C++ class are copied by a function, so that they have an address (Itanium C++ ABI, 3.1.2)."""
        entry = self._behind(entry)
        while entry is not None and entry.tag == "DW_TAG_array_type":
            entry = self._behind(self._target(entry))
        if entry is None or entry.tag not in _KEYWORDS or depth > _DEEPEST or not self._is_namespaced(entry.cu):
            return False
        entry = self._definition(entry)
        convention = entry.attributes.get("DW_AT_calling_convention")
        if convention is not None:
            return convention.value == _BY_REFERENCE
        name = self._name(entry).partition("<")[0]
        for child in entry.iter_children():
            if child.tag in ("DW_TAG_member", "DW_TAG_inheritance"):
                if not self._is_static(child) and self._copied_by_call(self._target(child), depth + 1):
                    return True
            elif child.tag == "DW_TAG_subprogram" and "DW_AT_artificial" not in child.attributes:
                if "DW_AT_virtuality" in child.attributes:
                    return True
                defaulted, called = child.attributes.get("DW_AT_defaulted"), self._name(child)
                if (defaulted is None or defaulted.value != _DEFAULTED_IN_CLASS) and (
                    called == f"~{name}" or (called == name and self._copies(child, entry))
                ):
                    return True
        return False

    def _copies(self, constructor: "Any", entry: "Any") -> bool:
        """Whether a constructor takes an object of its own class."""
        given = [self._target(child) for child in constructor.iter_children() if child.tag == "DW_TAG_formal_parameter"]
        if len(given) < 2 or given[1] is None or _POINTERS.get(given[1].tag) not in ("&", "&&"):
            return False
        behind = self._behind(self._target(given[1]))
        return behind is not None and self._definition(behind).offset == entry.offset

    def _flatten(self, entry: "Any", offset: int, scalars: "list[Scalar]", depth: int = 0) -> None:
        """Calling conventions ask what a struct is made of."""
        entry = self._behind(entry)
        if entry is None or depth > _DEEPEST or len(scalars) > 64:
            return
        size = self._size(entry)
        if entry.tag in _KEYWORDS:
            if size <= 64:  # larger ones go through memory, whatever they are made of
                for child in self._definition(entry).iter_children():
                    if child.tag in ("DW_TAG_member", "DW_TAG_inheritance") and not self._is_static(child):
                        self._flatten(self._target(child), offset + (self._member_bit(child) or 0) // 8, scalars, depth + 1)
        elif entry.tag == "DW_TAG_array_type":
            element = self._target(entry)
            whole = self._type(entry).size
            step = max(1, self._type(element).size)
            for at in range(0, min(whole, 64), step):
                self._flatten(element, offset + at, scalars, depth + 1)
        elif entry.tag == "DW_TAG_base_type":
            encoding = entry.attributes["DW_AT_encoding"].value
            if encoding == _COMPLEX:
                kind = "float" if size <= 16 else "long double"
                scalars += [Scalar(offset, size // 2, kind), Scalar(offset + size // 2, size // 2, kind)]
            else:
                kind = "integer" if encoding != _FLOAT else "float" if size <= 8 else "long double"
                scalars.append(Scalar(offset, size, kind))
        elif size:
            scalars.append(Scalar(offset, size, "integer"))

    # Types by name

    def type(self, name: str) -> "Type | None":
        """The type with this spelling: "struct x", "union x", "enum x", or a bare name as C++ has them."""
        word, _, rest = name.strip().partition(" ")
        if word not in ("struct", "union", "enum", "class"):
            word, rest = "", name
        with reading(self.info.file):
            for entry in self._named(rest.strip()):
                keyword = _KEYWORDS.get(entry.tag, "enum" if entry.tag == "DW_TAG_enumeration_type" else "")
                # C++ takes struct and class for the same.
                if not word or keyword.replace("class", "struct") == word.replace("class", "struct"):
                    return self._type(entry)
        return None

    def struct(self, struct: Struct) -> "Struct | None":
        """The same with its members; ``struct`` is one of this file's."""
        assert struct.source is not None
        with reading(self.info.file):
            entry = self._definition(self.info.entry(struct.source[1]))
            return struct.replace(size=self._size(entry), fields=self._fields(entry))

    def enum_constant(self, name: str) -> "tuple[int, Enum] | None":
        """The value of an enumerator, and the enum it belongs to."""
        with reading(self.info.file):
            for unit in self._units_with(name):
                for entry in self._entries(unit):
                    if entry.tag == "DW_TAG_enumeration_type":
                        found = self._type(entry)
                        assert isinstance(found, Enum)
                        value = dict(found.members).get(name)
                        if value is not None:
                            return value, found
        return None

    def names(self, address: int) -> "list[str]":
        """Of the types in the unit with this address, and in those that were read before: for "did you mean"."""
        with reading(self.info.file):
            unit = self.info.unit_at(address)
            if unit is not None:
                self._names_of(self.info.whole(unit))
        return [name for known in self._names.values() for name, entries in known.items() if entries[0].tag != "DW_TAG_base_type"]

    def _named(self, name: str) -> "Iterator[Any]":
        """Entries that define a type of this name."""
        last = name.rpartition("::")[2]
        for unit in self._units_with(last):
            for entry in self._names_of(unit).get(last, ()):
                if last == name or self._qualified(entry) == name:
                    yield entry

    def _names_of(self, unit: "Any") -> "dict[str, list[Any]]":
        known = self._names.get(id(unit))
        if known is None:
            known = self._names[id(unit)] = {}
            for entry in self._entries(unit):
                if entry.tag in _NAMED and "DW_AT_name" in entry.attributes and "DW_AT_declaration" not in entry.attributes:
                    known.setdefault(self._name(entry), []).append(entry)
        return known

    def _units_with(self, name: str) -> "Iterator[Any]":
        """Those that may have an entry of this name; first those that were read already."""
        text = name.encode("utf-8", "surrogateescape") + b"\0"
        for part in self.info.parts():
            yield from part.units_with(text)

    def _entries(self, unit: "Any") -> "Iterator[Any]":
        """The entries of a unit, and those in its namespaces; in C++ also in its structs."""
        top = unit.get_top_DIE()
        nesting = _NESTING if self._is_namespaced(unit) else ()
        waiting = [top.iter_children()]
        while waiting:
            entry = next(waiting[-1], None)
            if entry is None:
                waiting.pop()
                continue
            yield entry
            if entry.tag in nesting and entry.has_children and len(waiting) < _DEEPEST:
                waiting.append(entry.iter_children())

    @staticmethod
    def _is_namespaced(unit: "Any") -> bool:
        language = unit.get_top_DIE().attributes.get("DW_AT_language")
        return language is not None and language.value in _NAMESPACED

    # Entries

    def _attribute(self, entry: "Any", name: str, depth: int = 0) -> "Any | None":
        """Also one that the entry has from what it completes or is a copy of."""
        found = entry.attributes.get(name)
        if found is None and depth < _DEEPEST:
            for link in ("DW_AT_abstract_origin", "DW_AT_specification"):
                if link in entry.attributes:
                    return self._attribute(self.info.follow(entry, link), name, depth + 1)
        return found

    def _target(self, entry: "Any", depth: int = 0) -> "Any | None":
        """What DW_AT_type refers to; None is void."""
        if "DW_AT_type" in entry.attributes:
            return self.info.follow(entry, "DW_AT_type")
        for link in ("DW_AT_abstract_origin", "DW_AT_specification"):
            if link in entry.attributes and depth < _DEEPEST:
                return self._target(self.info.follow(entry, link), depth + 1)
        return None

    def _name(self, entry: "Any") -> str:
        found = self._attribute(entry, "DW_AT_name")
        return self.info.text(entry, found) if found is not None else ""

    def _qualified(self, entry: "Any") -> str:
        """With the namespaces and structs around it."""
        words = [self._name(entry)]
        if self._is_namespaced(entry.cu):
            parent = entry.get_parent()
            while parent is not None and parent.tag in _NESTING and len(words) < _DEEPEST:
                words.append(self._name(parent) or "(anonymous)")
                parent = parent.get_parent()
        return "::".join(reversed(words))

    def _behind(self, entry: "Any | None") -> "Any | None":
        """Without typedefs and qualifiers."""
        for _ in range(_DEEPEST):
            if entry is None or (entry.tag != "DW_TAG_typedef" and entry.tag not in _QUALIFIERS):
                return entry
            entry = self._target(entry)
        return None

    def _definition(self, entry: "Any") -> "Any":
        """Of a struct that is only declared here, the entry that defines it, where there is one."""
        if "DW_AT_declaration" in entry.attributes:
            for other in self._named(self._qualified(entry)):
                if other.tag in _KEYWORDS:
                    return other
        return entry

    def _size(self, entry: "Any") -> int:
        if entry.tag in _POINTERS:
            return entry.cu["address_size"]
        found = entry.attributes.get("DW_AT_byte_size")
        return found.value if found is not None and isinstance(found.value, int) else 0

    # From entries to types

    def _type(self, entry: "Any | None", depth: int = 0) -> Type:
        if entry is None or depth > _DEEPEST:
            return VOID
        place = self.info.place(entry)
        known = self._types.get(place)
        if known is None:
            known = self._types[place] = self._decode(entry, depth + 1)
        return known

    def _decode(self, entry: "Any", depth: int) -> Type:
        tag = entry.tag
        if tag == "DW_TAG_base_type":
            return self._base(entry)
        if tag in _POINTERS:
            target = self._target(entry)
            return Pointer(target=self._type(target, depth), space="user", size=8)
        if tag in _KEYWORDS:
            defined = self._definition(entry)
            size = self._size(defined)
            if "DW_AT_name" not in defined.attributes:
                return Struct(size=size, fields=self._fields(defined, depth))
            return Struct(name=f"{_KEYWORDS[tag]} {self._qualified(defined)}", size=size, source=(self.path, self.info.place(defined)))
        if tag == "DW_TAG_typedef":
            found = self._type(self._target(entry), depth)
            if isinstance(found, Struct) and not found.name:
                behind = self._behind(entry)
                return Struct(name=self._qualified(entry), size=found.size, source=(self.path, self.info.place(behind)))
            if isinstance(found, Enum) and not found.name:
                return found.replace(name=self._qualified(entry))
            return found
        if tag in _QUALIFIERS:
            return self._type(self._target(entry), depth)
        if tag == "DW_TAG_enumeration_type":
            return self._enum(entry, depth)
        if tag == "DW_TAG_array_type":
            return self._array(entry, depth)
        return Void(size=self._size(entry))

    def _base(self, entry: "Any") -> Type:
        size, encoding, name = self._size(entry), entry.attributes["DW_AT_encoding"].value, self._name(entry)
        if encoding == _BOOLEAN and size == 1:
            return Bool()
        if encoding not in (_BOOLEAN, _SIGNED, _SIGNED_CHARACTER, _UNSIGNED, _UNSIGNED_CHARACTER, _UTF) or size not in (1, 2, 4, 8):
            return Void(size=size)  # the language has no word for it
        return Integer(size=size, signed=encoding in (_SIGNED, _SIGNED_CHARACTER), name=name)

    def _array(self, entry: "Any", depth: int) -> Type:
        found = self._type(self._target(entry), depth)
        if isinstance(found, Integer) and found.name == "char":
            found = CHAR  # text, whatever the sign of char is on this machine
        for child in reversed([child for child in entry.iter_children() if child.tag == "DW_TAG_subrange_type"]):
            last, count = (child.attributes.get(name) for name in ("DW_AT_upper_bound", "DW_AT_count"))
            number = count.value if count is not None else last.value + 1 if last is not None and isinstance(last.value, int) else 0
            # a length that only the running program knows is an expression, and -1 that of int x[0]
            number = number if isinstance(number, int) and 0 <= number < 1 << 32 else 0
            found = Array(element=found, count=number)
        return found

    def _enum(self, entry: "Any", depth: int) -> Enum:
        members = []
        for child in entry.iter_children():
            if child.tag == "DW_TAG_enumerator":
                members.append((self._name(child), child.attributes["DW_AT_const_value"].value))
        of = self._type(self._target(entry), depth)
        signed = of.signed if isinstance(of, Integer) else any(value < 0 for _, value in members)
        name = f"enum {self._qualified(entry)}" if "DW_AT_name" in entry.attributes else ""
        return Enum(name=name, size=self._size(entry) or of.size or 4, signed=signed, members=tuple(members))

    def _fields(self, entry: "Any", depth: int = 0) -> "tuple[Field, ...]":
        """The members; a C++ base is one without a name."""
        fields = []
        for child in entry.iter_children():
            if child.tag not in ("DW_TAG_member", "DW_TAG_inheritance") or self._is_static(child):
                continue
            place = self._member_bit(child)
            if place is None:
                continue
            name = self._name(child) if child.tag == "DW_TAG_member" else ""
            type_ = self._type(self._target(child), depth)
            width = child.attributes.get("DW_AT_bit_size")
            if width is None:
                fields.append(Field(name, type_, place >> 3))
                continue
            bits, unit = width.value, 8 * (type_.size or 4)
            offset = place // unit * (unit >> 3)
            if place - 8 * offset + bits > unit:  # packed across two units
                offset = place >> 3
            fields.append(Field(name, type_, offset, bits, place - 8 * offset))
        return tuple(fields)

    @staticmethod
    def _is_static(entry: "Any") -> bool:
        return "DW_AT_external" in entry.attributes or "DW_AT_declaration" in entry.attributes

    def _member_bit(self, entry: "Any") -> "int | None":
        """Its place in the struct in bits; None where only the running program knows it (of virtual bases)."""
        if "DW_AT_data_bit_offset" in entry.attributes:
            return entry.attributes["DW_AT_data_bit_offset"].value
        found = entry.attributes.get("DW_AT_data_member_location")
        at = found.value if found is not None else 0
        if isinstance(at, list):
            if at[:1] != [_PLUS_CONSTANT]:
                return None
            at = sum((byte & 0x7F) << 7 * index for index, byte in enumerate(at[1:]))
        place = 8 * at
        if "DW_AT_bit_offset" in entry.attributes:  # DWARF 2: counted from the top of a unit of storage
            storage = entry.attributes.get("DW_AT_byte_size")
            unit = storage.value if storage is not None else self._type(self._target(entry)).size
            place += 8 * unit - entry.attributes["DW_AT_bit_offset"].value - entry.attributes["DW_AT_bit_size"].value
        return place

    # As text

    def declaration(self, entry: "Any | None", name: str, depth: int = 0) -> str:
        """ "struct file* file", with the stars at the type; ``name`` may be ""."""
        before, after = self._spelled(entry, depth)
        return f"{before} {name}{after}" if name and not before.endswith("(*") else f"{before}{name}{after}"

    def _spelled(self, entry: "Any | None", depth: int) -> "tuple[str, str]":
        """What stands before the name, and behind it."""
        if entry is None or depth > _DEEPEST:
            return "void", ""
        tag = entry.tag
        if tag in _POINTERS:
            target = self._target(entry)
            if target is not None and target.tag == "DW_TAG_subroutine_type":
                before, _ = self._spelled(self._target(target), depth + 1)
                kinds = [self._target(c) for c in target.iter_children() if c.tag == "DW_TAG_formal_parameter"]
                return f"{before} (*", f")({', '.join(self.declaration(kind, '', depth + 1) for kind in kinds) or 'void'})"
            before, after = self._spelled(target, depth + 1)
            if target is not None and target.tag == "DW_TAG_array_type":
                return f"{before} (*", f"){after}"
            return before + _POINTERS[tag], after
        if tag in _QUALIFIERS:
            target = self._target(entry)
            before, after = self._spelled(target, depth + 1)
            word = _QUALIFIERS[tag]
            if not word:
                return before, after
            return (f"{before} {word}", after) if target is not None and target.tag in _POINTERS else (f"{word} {before}", after)
        if tag == "DW_TAG_array_type":
            before, after = self._spelled(self._target(entry), depth + 1)
            found, counts = self._type(entry), ""
            for _ in [child for child in entry.iter_children() if child.tag == "DW_TAG_subrange_type"]:
                if isinstance(found, Array):
                    counts, found = f"{counts}[{found.count or ''}]", found.element
            return before, counts + after
        name = self._qualified(entry) if "DW_AT_name" in entry.attributes else ""
        keyword = _KEYWORDS.get(tag, "enum" if tag == "DW_TAG_enumeration_type" else "")
        if keyword:
            return f"{keyword} {name or '<anonymous>'}", ""
        return name or "<unknown type>", ""
