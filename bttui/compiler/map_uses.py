"""What the program's text tells about its maps."""

import re

from bttui.compiler import lexer


def key_names(text: str, name: str) -> "tuple[str, ...]":
    """The expressions in the brackets of the map's first use: @x[comm, pid] has ("comm", "pid"). Empty for a scalar."""
    for kind, _, end in (t for t in lexer.tokens(text) if text[t[1] : t[2]] == name):
        if kind in ("comment", "string"):
            continue
        rest = text[end:].lstrip()
        if rest.startswith("["):
            return split_keys(rest)
    return ()


def split_keys(text: str) -> "tuple[str, ...]":
    """The parts, at top level, of the bracket that the text begins with."""
    depth, start, parts = 0, 1, []
    for at, char in enumerate(text):
        if char in "[(":
            depth += 1
        elif char in "])":
            depth -= 1
        if (depth == 0) or (depth == 1 and char == ","):
            parts.append(" ".join(text[start:at].split()))
            start = at + 1
        if depth == 0:
            break
    return tuple(part for part in parts if part)


def is_scratch(text: str, name: str) -> bool:
    """The program deletes entries of the map: it remembers something for a while, and is not what one looks at first."""
    return re.search(rf"\bdelete\s*\(\s*{re.escape(name)}(?![A-Za-z0-9_])", text) is not None
