"""Makes small BTF blobs for tests, with the layout of <linux/btf.h>."""

import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FUNC_PROTO, VAR, DATASEC = range(1, 16)
FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(16, 20)


class Builder:
    """``add`` returns the new type's number; entries hold names as str. ``base``: what a module's types build on."""

    def __init__(self, base: "Builder | None" = None) -> None:
        self.base = base
        self.records: list[bytes] = []
        self.text = b"" if base else b"\0"
        self.first_string = base.first_string + len(base.text) if base else 0
        self.first = base.first + len(base.records) if base else 1

    def string(self, text: str) -> int:
        if not text:
            return 0
        offset = self.first_string + len(self.text)
        self.text += text.encode() + b"\0"
        return offset

    def add(self, kind: int, name: str = "", third: int = 0, *entries: "int | str", count: int = 0, flag: bool = False) -> int:
        words = [self.string(name), kind << 24 | flag << 31 | count, third]
        words += [self.string(e) if isinstance(e, str) else e & 0xFFFFFFFF for e in entries]
        self.records.append(struct.pack(f"={len(words)}I", *words))
        return self.first + len(self.records) - 1

    def integer(self, name: str, size: int, encoding: int = 0) -> int:
        return self.add(INT, name, size, encoding << 24 | 8 * size)

    def struct(self, name: str, size: int, *members: "tuple[str, int, int]", kind: int = STRUCT, flag: bool = False) -> int:
        """Members are (name, type, place in bits); with ``flag`` the place also holds a bitfield's size << 24."""
        return self.add(kind, name, size, *(e for member in members for e in member), count=len(members), flag=flag)

    def bytes(self) -> bytes:
        types = b"".join(self.records)
        return struct.pack("=HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(self.text)) + types + self.text


def sample() -> Builder:
    """One of everything."""
    b = Builder()
    integer = b.integer("int", 4, 1)
    unsigned = b.integer("unsigned int", 4)
    char = b.integer("char", 1)
    boolean = b.integer("_Bool", 1, 4)
    long = b.integer("long unsigned int", 8)
    wide = b.integer("__int128", 16, 1)
    point = b.struct("point", 8, ("x", integer, 0), ("y", integer, 32))
    b.add(PTR, "", b.add(TYPE_TAG, "user", b.add(CONST, "", char)))
    user_text = len(b.records)
    text = b.add(ARRAY, "", 0, char, unsigned, 16)
    row = b.add(ARRAY, "", 0, integer, unsigned, 3)
    table = b.add(ARRAY, "", 0, row, unsigned, 2)
    flexible = b.add(ARRAY, "", 0, point, unsigned, 0)
    prototype = b.add(FUNC_PROTO, "", integer, "first", b.add(PTR, "", point), "count", unsigned, "", 0, count=3)
    color = b.add(ENUM, "color", 4, "RED", 0, "GREEN", 1, "NONE", -1, count=3, flag=True)
    huge = b.add(ENUM64, "huge", 8, "TOP", 0, 1 << 31, "LOW", 5, 0, count=2)
    inner = b.struct("", 8, ("low", unsigned, 0), ("all", long, 0), kind=UNION)
    anonymous = b.add(TYPEDEF, "handle_t", b.struct("", 4, ("value", integer, 0)))
    b.struct(
        "everything",
        200,
        ("", inner, 0),
        ("next", b.add(PTR, "", len(b.records) + 7), 64),  # itself: six more come before it
        ("name", text, 128),
        ("table", table, 256),
        ("color", color, 448),
        ("huge", huge, 512),
        ("callback", b.add(PTR, "", prototype), 576),
        ("path", user_text, 640),
        ("ready", b.add(VOLATILE, "", boolean), 704),
        ("handle", anonymous, 736),
        ("where", b.add(CONST, "", point), 768),
        ("wide", wide, 896),
        ("opaque", b.add(PTR, "", b.add(FWD, "hidden")), 1024),
        ("points", flexible, 1600),
    )
    b.struct(
        "bits",
        8,
        ("three", unsigned, 3 << 24 | 0),
        ("five", unsigned, 5 << 24 | 3),
        ("far", unsigned, 4 << 24 | 36),
        ("plain", char, 56),
        flag=True,
    )
    b.add(FUNC, "do_it", prototype, count=1)
    stub = b.add(FUNC_PROTO, "", 0, "__data", b.add(PTR), "ready", boolean, "next", b.add(PTR, "", point), count=3)
    nameless = b.add(FUNC_PROTO, "", 0, "", b.add(PTR), "", boolean, "", b.add(PTR, "", point), count=3)
    b.add(FUNC, "__probestub_tick", stub)
    b.add(TYPEDEF, "btf_trace_tick", b.add(PTR, "", nameless))
    b.add(TYPEDEF, "point_t", point)
    b.add(FLOAT, "double", 8)
    b.add(VAR, "jiffies", long, 1)
    b.add(DATASEC, ".data", 8, len(b.records), 0, 8, count=1)
    b.add(DECL_TAG, "tag", point, -1)
    return b
