"""The colours of a program's rows, kept up with the keys.

A key changes a row or two, and only these are cut into tokens anew, from what is known of the place where they begin;
the rows around them keep their colours. That is right unless a brace or a comment was opened or closed, so when the
keys rest the whole text is done again.
"""

from bttui.compiler import lexer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Piece = tuple[int, "int | None", str]  # first byte, byte behind the last (None: to the end), kind

HEADER, COMMENT = -1, -2  # where a row begins: between attach point and body; in a comment. Else: how many braces are open


class Highlights:
    """``kinds`` are the kinds of tokens that have a colour."""

    def __init__(self, kinds: "set[str]") -> None:
        self.kinds = kinds
        self.lines: list[str] = []
        self.rows: list[list[Piece]] = []
        self.places: list[int] = []  # where each row begins
        self.marks: dict[int, list[Piece]] = {}  # drawn over the colours
        self.exact = True

    def __getitem__(self, row: int) -> "list[Piece]":
        pieces = self.rows[row] if row < len(self.rows) else []
        return pieces + self.marks[row] if row in self.marks else pieces

    def make(self, lines: "Sequence[str]") -> None:
        """All of it, exactly."""
        self.lines = list(lines)
        self.rows, self.places = self.cut("\n".join(lines), 0)
        self.exact = True

    def update(self, lines: "Sequence[str]") -> None:
        """The rows that differ from those at hand, as well as their surroundings tell."""
        old, new = self.lines, list(lines)
        shorter = min(len(old), len(new))
        first = 0
        while first < shorter and old[first] == new[first]:
            first += 1
        last = 0
        while last < shorter - first and old[-1 - last] == new[-1 - last]:
            last += 1
        if first == len(old) == len(new):
            return
        if not old:
            self.make(lines)
            return
        place = self.places[first] if first < len(self.places) else 0
        rows, places = self.cut("\n".join(new[first : len(new) - last]), place) if first < len(new) - last else ([], [])
        self.lines = new
        self.rows[first : len(old) - last] = rows
        self.places[first : len(old) - last] = places
        self.exact = False

    def cut(self, text: str, place: int) -> "tuple[list[list[Piece]], list[int]]":
        """Rows, and where each begins, of text that itself begins at ``place``."""
        lines = text.split("\n")
        rows: list[list[Piece]] = [[] for _ in lines]
        places = [place]
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line) + 1)
        plain = text.isascii()
        row = 0
        for kind, start, end in lexer.tokens(text, max(place, 0), place == HEADER, place == COMMENT):
            while starts[row + 1] <= start:
                row += 1
                places.append(place)
            if kind == "error" and text.startswith("/*", start):
                kind = "comment"  # its end is not there, or not in this piece
            if kind == "punctuation" and text[start] in "{}":
                place = max(place, 0) + 1 if text[start] == "{" else max(place - 1, 0)
            elif kind == "probe":
                place = HEADER
            elif place == COMMENT and text[end - 2 : end] == "*/":
                place = 0
            if kind in self.kinds:
                if plain and end < starts[row + 1]:  # nearly all of them: one line, where bytes and characters are the same
                    rows[row].append((start - starts[row], end - starts[row], kind))
                else:
                    for at, piece in across(text, starts, row, start, end, kind):
                        rows[at].append(piece)
            while starts[row + 1] < end:
                row += 1
                places.append(COMMENT if kind == "comment" else place)
        places += [place] * (len(lines) - len(places))
        return rows, places


def across(text: str, starts: "list[int]", row: int, start: int, end: int, name: str) -> "list[tuple[int, Piece]]":
    """Characters start to end, which may span rows, as (row, piece). Bytes are counted within each row."""
    pieces: list[tuple[int, Piece]] = []
    while row + 1 < len(starts) and start < end:
        first, last = starts[row], starts[row + 1] - 1
        left = len(text[first:start].encode(errors="surrogatepass"))
        right = None if end >= last else len(text[first:end].encode(errors="surrogatepass"))
        if end < last or last > start:
            pieces.append((row, (left, right, name)))
        row, start = row + 1, last + 1
    return pieces
