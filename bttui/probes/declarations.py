"""Kernel types and functions as C declarations, in the layout that `bpftool btf dump format c` has made usual."""

from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bttui.host.btf_blob import Blob
    from bttui.host.facts import Host

# BTF_KIND_*, <linux/btf.h>
INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO = range(1, 14)
TYPE_TAG, ENUM64 = 18, 19
_QUALIFIERS = {VOLATILE: "volatile", CONST: "const", RESTRICT: "restrict"}
_KEYWORDS = {STRUCT: "struct", UNION: "union", ENUM: "enum", ENUM64: "enum"}
_PADDING = (("long", 64), ("int", 32), ("short", 16), ("char", 8))
_ENUM_MODES = {1: " __attribute__((mode(byte)))", 8: " __attribute__((mode(word)))"}


class Declarations:
    """C text for the types of one BTF blob. Types are numbers of the blob."""

    def __init__(self, blob: "Blob") -> None:
        self.blob = blob
        self._plain: dict[int, str] = {}
        self._places: dict[int, tuple[int, bool]] = {}

    def plain(self, ident: int) -> str:
        """The type without a name: "const char *"."""
        text = self._plain.get(ident)
        if text is None:
            text = self._plain[ident] = self.declare(ident, "")
        return text

    def declare(self, ident: int, name: str, depth: int = 0) -> str:
        """The declaration of ``name``: "int (*compare)(void *, void *)". ``depth`` is how far members are indented."""
        layers, at = [], ident  # from the outside in: pointer to array of ... base
        while at and self.blob.kind(at) in (PTR, ARRAY, FUNC_PROTO, TYPE_TAG, *_QUALIFIERS):
            kind = self.blob.kind(at)
            layers.append((kind, at))
            at = self.blob.entries(at)[0] if kind == ARRAY else self.blob.target(at)
        front = []
        while layers and layers[-1][0] in _QUALIFIERS:
            front.append(_QUALIFIERS[layers.pop()[0]])
        return self._around(" ".join([*front, self._base(at, depth)]), layers, name, depth)

    def _around(self, text: str, layers: "list[tuple[int, int]]", name: str, depth: int) -> str:
        """``text`` is what the innermost of the layers is made of."""
        star = False  # the text ends with one: what follows needs no space
        while layers:
            kind, at = layers.pop()
            if kind == PTR:
                text += "*" if star else " *"
            elif kind in _QUALIFIERS:
                text += " " + _QUALIFIERS[kind]
            elif kind == TYPE_TAG:
                label = self.blob.name(at)
                # Flagged, the tag is an attribute as it stands; else a word that only BTF knows.
                text += f" __attribute__(({label}))" if self.blob.info(at) >> 31 else f' __attribute__((btf_type_tag("{label}")))'
            else:
                # What qualifies an array or a function says nothing; compilers differ in writing it down.
                while layers and layers[-1][0] in _QUALIFIERS:
                    layers.pop()
                if kind == ARRAY:
                    return self._array(text, star, at, layers, name, depth)
                inner = f" ({self._around('', layers, name, depth).lstrip(' ')})" if layers else _joined("", star, name)
                return f"{text}{inner}({self._parameters(at, depth)})"
            star = kind == PTR
        return _joined(text, star or not text, name)

    def _array(self, text: str, star: bool, at: int, layers: "list[tuple[int, int]]", name: str, depth: int) -> str:
        sizes = f"[{self.blob.entries(at)[2]}]"
        while layers and layers[-1][0] == ARRAY:
            sizes = f"[{self.blob.entries(layers.pop()[1])[2]}]" + sizes
            while layers and layers[-1][0] in _QUALIFIERS:
                layers.pop()
        if not layers:
            return _joined(text, star, name) + sizes
        inner = self._around("", layers, name, depth).lstrip(" ")
        return f"{text}{' ' if name and not star else ''}({inner}){sizes}"

    def _base(self, ident: int, depth: int) -> str:
        if not ident:
            return "void"
        kind, name = self.blob.kind(ident), self.blob.name(ident)
        if kind == FWD:
            return f"{'union' if self.blob.info(ident) >> 31 else 'struct'} {name}"
        if kind in _KEYWORDS:
            return f"{_KEYWORDS[kind]} {name}" if name else self.definition(ident, depth)
        return name

    def _parameters(self, ident: int, depth: int) -> str:
        words = self.blob.entries(ident)
        pairs = list(zip(words[::2], words[1::2], strict=True))
        if not pairs or (len(pairs) == 1 and not pairs[0][1]):
            return "void"
        return ", ".join(self.declare(type_, self.blob.string(name), depth) if type_ else "..." for name, type_ in pairs)

    def definition(self, ident: int, depth: int = 0) -> str:
        """A struct, union or enum with its members, without the semicolon at its end."""
        kind, name = self.blob.kind(ident), self.blob.name(ident)
        head = _KEYWORDS[kind] + (f" {name}" if name else "")
        if kind in (ENUM, ENUM64):
            return self._enum(ident, head, depth)
        lines = list(self._members(ident, depth + 1))
        tabs = "\t" * depth
        body = "".join(f"\n{tabs}\t{line};" for line in lines) + f"\n{tabs}" if lines else ""
        return f"{head} {{{body}}}{' __attribute__((packed))' if self._packed(ident) else ''}"

    def _enum(self, ident: int, head: str, depth: int) -> str:
        info, kind = self.blob.info(ident), self.blob.kind(ident)
        count, signed = info & 0xFFFF, bool(info >> 31)
        each = 2 if kind == ENUM else 3
        words = self.blob.entries(ident)
        lines = []
        for i in range(0, each * count, each):
            value, bits = (words[i + 1], 32) if kind == ENUM else (words[i + 1] | words[i + 2] << 32, 64)
            if signed and value >> (bits - 1):
                value -= 1 << bits
            suffix = "" if kind == ENUM else "LL" if signed else "ULL"
            lines.append(f"{self.blob.string(words[i])} = {value}{suffix},")
        tabs = "\t" * depth
        body = "".join(f"\n{tabs}\t{line}" for line in lines) + f"\n{tabs}"
        return f"{head} {{{body}}}{_ENUM_MODES.get(self.blob.target(ident), '')}"

    def _layout(self, ident: int) -> "Iterator[tuple[str, int, int, int]]":
        """(name, type, place in bits, bits of a bitfield or 0) of each member."""
        info = self.blob.info(ident)
        words = self.blob.entries(ident)
        for name, type_, place in zip(words[::3], words[1::3], words[2::3], strict=True):
            bits = 0
            if info >> 31:
                bits, place = place >> 24, place & 0xFFFFFF
            yield self.blob.string(name), type_, place, bits

    def _members(self, ident: int, depth: int) -> "Iterator[str]":
        at, in_bits, union = 0, False, self.blob.kind(ident) == UNION
        packed = self._packed(ident)
        for name, type_, place, bits in self._layout(ident):
            align = 1 if packed else self._align(type_)
            if not union:
                # The last of a run of bitfields may be followed by unnamed bits.
                yield from _gap(at, place, align, in_bits and bool(bits))
            yield self.declare(type_, name, depth) + (f": {bits}" if bits else "")
            at, in_bits = place + (bits or 8 * self._size(type_)), bool(bits)
        if not union or not self.blob.info(ident) & 0xFFFF:
            yield from _gap(at, 8 * self.blob.target(ident), 1 if packed else self._align(ident), False) if at or not union else ()

    def _size(self, ident: int) -> int:
        ident = self.blob.behind(ident)
        kind = self.blob.kind(ident)
        if kind == PTR:
            return 8
        if kind == ARRAY:
            element, _, count = self.blob.entries(ident)
            return self._size(element) * count
        return self.blob.target(ident) if kind in (INT, 16, *_KEYWORDS) else 0

    def _align(self, ident: int) -> int:
        """Bytes to which the compiler aligns a value."""
        ident = self.blob.behind(ident)
        kind = self.blob.kind(ident)
        if kind == ARRAY:
            return self._align(self.blob.entries(ident)[0])
        if kind not in (STRUCT, UNION):
            return max(1, min(8, self._size(ident)))
        return self._place(ident)[0]

    def _packed(self, ident: int) -> bool:
        return self._place(ident)[1]

    def _place(self, ident: int) -> "tuple[int, bool]":
        """A struct's (alignment, whether members lie, or the whole ends, where an ordinary struct's would not)."""
        known = self._places.get(ident)
        if known is None:
            widest, packed = 1, False
            for _, type_, place, bits in self._layout(ident):
                align = self._align(type_)
                widest = max(widest, align)
                packed = packed or (not bits and place % (8 * align) != 0)
            packed = packed or self.blob.target(ident) % widest != 0
            known = self._places[ident] = (1 if packed else widest, packed)
        return known


def _joined(text: str, star: bool, name: str) -> str:
    return f"{text}{'' if star or not name else ' '}{name}"


def _gap(at: int, end: int, align: int, in_bits: bool) -> "Iterator[str]":
    """Unnamed bitfields that make a compiler put the next member at bit ``end``, where it would not by itself."""
    if at >= end:
        return
    kind, width = next(((k, w) for k, w in _PADDING if -(-at // w) * w <= end), _PADDING[-1])
    boundary = -(-at // width) * width
    if at < boundary <= end:
        alone = boundary == end and -(-at // (8 * align)) * 8 * align != boundary
        if in_bits or alone or (boundary != end and end - boundary <= boundary - at):
            yield f"{kind}: {boundary - at if in_bits else 0}"
        at = boundary
    while end - at >= width:
        yield f"{kind}: {width}"
        at += width
    if at < end:
        yield f"{next(k for k, w in reversed(_PADDING) if w >= end - at)}: {end - at}"


class _Functions:
    """Function prototypes by name; asked for many, it makes an index of all."""

    many = 50

    def __init__(self, host: "Host") -> None:
        self.host = host
        self.asked = 0
        self.index: dict[str, tuple[Blob, int]] = {}

    def find(self, name: str) -> "tuple[Declarations, int] | None":
        self.asked += 1
        if self.asked == self.many:
            for blob in self.host.btf.blobs():
                for ident in blob.of_kind(FUNC):
                    self.index.setdefault(blob.name(ident), (blob, ident))
        if self.index:
            found = self.index.get(name)
        else:
            found = next(((blob, ident) for blob in self.host.btf.blobs() for ident in blob.find((FUNC,), name)), None)
        return (_declarations(found[0]), found[0].target(found[1])) if found else None


_functions = lru_cache(maxsize=2)(_Functions)
_declarations = lru_cache(maxsize=None)(Declarations)


def prototype(lines: Declarations, ident: int, numbered: bool = False, first: int = 0) -> "list[str]":
    """One line for each parameter of a function type: "struct file * file", or "struct file * arg0"."""
    words = lines.blob.entries(ident)
    out = []
    for i, (name, type_) in enumerate(list(zip(words[::2], words[1::2], strict=True))[first:]):
        out.append(f"{lines.plain(type_)} {f'arg{i}' if numbered else lines.blob.string(name)}")
    return out


def function_parameters(name: str, host: "Host", numbered: bool = False) -> "list[str]":
    found = _functions(host).find(name)
    return prototype(*found, numbered) if found else []


def function_result(name: str, host: "Host") -> "list[str]":
    found = _functions(host).find(name)
    return result(*found) if found else []


def result(lines: Declarations, ident: int) -> "list[str]":
    """The line for what a function type returns."""
    returned = lines.blob.target(ident)
    return [f"{lines.plain(returned)} retval" if returned else "void"]


def raw_tracepoint_parameters(name: str, host: "Host") -> "list[str]":
    # The stubs that BPF calls through have the names of the arguments (include/linux/tracepoint.h).
    for stub in (f"__probestub_{name}", f"__bpf_trace_{name}"):
        found = _functions(host).find(stub)
        if found:
            return prototype(*found, first=1)
    return []


def iterator_fields(struct: str, host: "Host") -> "list[str]":
    """One line for each field of an iterator's context, without the metadata that all have first."""
    for blob in host.btf.blobs():
        for ident in blob.find((STRUCT,), struct):
            lines = _declarations(blob)
            return [f"{lines.plain(type_)} {name}" for name, type_ in _flat(lines, ident)][1:]
    return []


def _flat(lines: Declarations, ident: int) -> "Iterator[tuple[str, int]]":
    """(name, type) of the members; of a union without a name, of its first."""
    words = lines.blob.entries(ident)
    for name, type_ in zip(words[::3], words[1::3], strict=True):
        if lines.blob.string(name):
            yield lines.blob.string(name), type_
        else:
            yield next(_flat(lines, lines.blob.behind(type_)))


def types(host: "Host", kinds: "Sequence[int]") -> "Iterator[tuple[str, Declarations, int]]":
    """(keyword and name, its blob's declarations, number) of every named type of the kinds, in no order."""
    for blob in host.btf.blobs():
        for kind in kinds:
            for ident in blob.of_kind(kind):
                name = blob.name(ident)
                if name:
                    yield f"{_KEYWORDS[kind]} {name}", _declarations(blob), ident
