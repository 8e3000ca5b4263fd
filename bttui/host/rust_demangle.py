"""Names as Rust's source has them, without the hashes that tell crates apart.

The newer scheme ("v0"): RFC 2603 and the chapter "v0 Symbol Format" of the rustc book. The older one is that of C++ with
escapes and a hash at the end.
"""

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 1 << 14  # characters written; back references can make a name grow without end
_DEEPEST = 128  # paths and types in one another
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_ESCAPES = {"$LT$": "<", "$GT$": ">", "$RF$": "&", "$BP$": "*", "$LP$": "(", "$RP$": ")", "$C$": ",", "$SP$": "@", "..": "::"}
_ESCAPE = re.compile("|".join([*map(re.escape, _ESCAPES), r"\$u([0-9a-f]{1,6})\$"]))
_BASIC = {
    **{"a": "i8", "b": "bool", "c": "char", "d": "f64", "e": "str", "f": "f32", "h": "u8", "i": "isize", "j": "usize", "l": "i32"},
    **{"m": "u32", "n": "i128", "o": "u128", "p": "_", "s": "i16", "t": "u16", "u": "()", "v": "...", "x": "i64", "y": "u64", "z": "!"},
}
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_POINTERS = {"P": "*const ", "O": "*mut "}


def legacy(plain: str) -> "str | None":
    """What a C++ demangler made of a name of the older scheme; None where it is not one."""
    if not _HASH.search(plain):
        return None
    parts = _HASH.sub("", plain).split("::")
    return "::".join(_ESCAPE.sub(_unescaped, part[1:] if part.startswith("_$") else part) for part in parts)


def _unescaped(found: "re.Match[str]") -> str:
    code = int(found[1], 16) if found[1] else 0
    return _ESCAPES.get(found[0]) or (chr(code) if code < 0x110000 else found[0])


def v0(name: str) -> "str | None":
    """ "_RNvCs1234_7mycrate3foo" -> "mycrate::foo"; None where the name is not of this scheme."""
    name, dot, suffix = name.partition(".")
    try:
        reader = _Reader(name[2:])
        text = reader.path(value=True)
        if not reader.over:
            reader.path(value=False)  # the crate that made this instance
        return text + (dot + suffix if reader.over and not suffix.startswith("llvm") else "") if reader.over else None
    except (ValueError, IndexError, KeyError, OverflowError):
        return None


class _Reader:
    """``at`` counts from behind "_R", as back references do. Raises ValueError, IndexError or KeyError on what is no name."""

    def __init__(self, text: str):
        self.text = text
        self.at = 0
        self._depth = 0
        self._written = 0
        self._lifetimes = 0  # bound around here

    @property
    def over(self) -> bool:
        return self.at >= len(self.text)

    def _next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def _take(self, letter: str) -> bool:
        taken = self.text.startswith(letter, self.at)
        self.at += taken
        return taken

    def _base62(self) -> int:
        number = 0
        if self._take("_"):
            return 0
        while (letter := self._next()) != "_":
            number = number * 62 + _DIGITS.index(letter)
        return number + 1

    def _optional(self, letter: str) -> int:
        """The number behind a letter, 0 without."""
        return self._base62() + 1 if self._take(letter) else 0

    def _name(self) -> str:
        encoded = self._take("u")
        start = self.at
        while self.text[self.at : self.at + 1].isdigit() and self.text[start : self.at] != "0":
            self.at += 1
        length = int(self.text[start : self.at])
        self._take("_")
        found = self.text[self.at : self.at + length]
        self.at += length
        if len(found) != length:
            raise ValueError(found)
        self._count(found)
        if not encoded:
            return found
        base, mark, tail = found.rpartition("_")
        return f"{base}-{tail}".encode("ascii").decode("punycode") if mark else tail.encode("ascii").decode("punycode")

    def _count(self, text: str) -> None:
        self._written += len(text) + 1
        if self._written > _LONGEST:
            raise ValueError("too long")

    def _inside(self, read: "Callable[[], str]") -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError("too deep")
        self._count("")
        found = read()
        self._depth -= 1
        return found

    def _back(self, read: "Callable[[], str]") -> str:
        """What stands at an earlier place, once more."""
        start = self.at - 1
        target = self._base62()
        if target >= start:
            raise ValueError(target)
        after, self.at = self.at, target
        found = self._inside(read)
        self.at = after
        return found

    def path(self, value: bool) -> str:
        """``value``: names a function, not a type, so that generic arguments stand behind "::"."""
        return self._inside(lambda: self._path(value))

    def _path(self, value: bool) -> str:
        kind = self._next()
        if kind == "C":
            self._optional("s")
            return self._name()
        if kind == "N":
            space = self._next()
            outer = self.path(value)
            number = self._optional("s")
            name = self._name()
            if space.isupper():
                label = {"C": "closure", "S": "shim"}.get(space, space)
                return f"{outer}::{{{label}{':' if name else ''}{name}#{number}}}"
            return f"{outer}::{name}" if name else outer
        if kind in "MX":
            self._optional("s")
            self.path(value=False)  # where the implementation stands
        if kind in "MXY":
            type_ = self.type()
            return f"<{type_}>" if kind == "M" else f"<{type_} as {self.path(value=False)}>"
        if kind == "I":
            return self.path(value) + ("::" if value else "") + f"<{', '.join(self._until_end(self._argument))}>"
        if kind == "B":
            return self._back(lambda: self._path(value))
        raise ValueError(kind)

    def _until_end(self, read: "Callable[[], str]") -> "list[str]":
        found = []
        while not self._take("E"):
            found.append(read())
        return found

    def _argument(self) -> str:
        if self._take("L"):
            return self._lifetime()
        return self._constant() if self._take("K") else self.type()

    def _lifetime(self) -> str:
        number = self._base62()
        if not number:
            return "'_"
        place = self._lifetimes - number
        if place < 0:
            raise ValueError(number)
        return f"'{chr(ord('a') + place)}" if place < 26 else f"'_{place}"

    def _bound(self, read: "Callable[[], str]") -> str:
        """Behind an optional list of lifetimes."""
        more = self._optional("G")
        if more > 64:
            raise ValueError(more)
        self._lifetimes += more
        names = [f"'{chr(ord('a') + place)}" if place < 26 else f"'_{place}" for place in range(self._lifetimes - more, self._lifetimes)]
        found = (f"for<{', '.join(names)}> " if names else "") + read()
        self._lifetimes -= more
        return found

    def type(self) -> str:
        return self._inside(self._type)

    def _type(self) -> str:
        kind = self._next()
        if kind in _BASIC:
            return _BASIC[kind]
        if kind in "RQ":
            lifetime = self._lifetime() if self._take("L") else "'_"
            return "&" + ("" if lifetime == "'_" else lifetime + " ") + ("mut " if kind == "Q" else "") + self.type()
        if kind in _POINTERS:
            return _POINTERS[kind] + self.type()
        if kind == "A":
            return f"[{self.type()}; {self._constant()}]"
        if kind == "S":
            return f"[{self.type()}]"
        if kind == "T":
            return self._tuple(self.type)
        if kind == "F":
            return self._bound(self._function)
        if kind == "D":
            traits = "dyn " + self._bound(lambda: " + ".join(self._until_end(self._trait)))
            if not self._take("L"):
                raise ValueError(kind)
            lifetime = self._lifetime()
            return traits if lifetime == "'_" else f"{traits} + {lifetime}"
        if kind == "B":
            return self._back(self._type)
        self.at -= 1
        return self.path(value=False)

    def _tuple(self, read: "Callable[[], str]") -> str:
        parts = self._until_end(read)
        return f"({parts[0]},)" if len(parts) == 1 else f"({', '.join(parts)})"

    def _function(self) -> str:
        text = "unsafe " if self._take("U") else ""
        if self._take("K"):
            text += 'extern "C" ' if self._take("C") else f'extern "{self._name().replace("_", "-")}" '
        text += f"fn({', '.join(self._until_end(self.type))})"
        result = self.type()
        return text if result == "()" else f"{text} -> {result}"

    def _trait(self) -> str:
        path, bindings = self.path(value=False), []
        while self._take("p"):
            bindings.append(f"{self._name()} = {self.type()}")
        if not bindings:
            return path
        return f"{path[:-1]}, {', '.join(bindings)}>" if path.endswith(">") else f"{path}<{', '.join(bindings)}>"

    def _constant(self) -> str:
        return self._inside(self._constant_value)

    def _constant_value(self) -> str:
        kind = self._next()
        if kind == "p":
            return "_"
        if kind == "B":
            return self._back(self._constant_value)
        if kind in "RQ":
            inner = self._constant()
            return inner if inner.startswith('"') else ("&mut " if kind == "Q" else "&") + inner
        if kind == "A":
            return f"[{', '.join(self._until_end(self._constant))}]"
        if kind == "T":
            return self._tuple(self._constant)
        if kind == "V":
            return self._variant()
        sign = "-" if self._take("n") else ""
        digits = self.text[self.at : self.text.index("_", self.at)]
        self.at += len(digits) + 1
        if kind == "e":
            return '"' + bytes.fromhex(digits).decode() + '"'
        number = int(digits, 16) if digits else 0
        if kind == "b":
            return ("false", "true")[number]
        if kind == "c":
            return f"'{chr(number)}'"
        if kind not in "ahilmnosxyjt":
            raise ValueError(kind)
        return f"{sign}{number}" if len(digits) <= 16 else f"{sign}0x{digits}"

    def _variant(self) -> str:
        """A constant of a struct or an enum."""
        path = self.path(value=True)
        kind = self._next()
        if kind == "U":
            return path
        if kind == "T":
            return f"{path}({', '.join(self._until_end(self._constant))})"
        if kind != "S":
            raise ValueError(kind)
        return f"{path} {{ {', '.join(self._until_end(self._field))} }}"

    def _field(self) -> str:
        self._optional("s")
        return f"{self._name()}: {self._constant()}"
