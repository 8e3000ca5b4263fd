"""All probes of a machine as a tree, without a widget: filtering 150,000 names and finding line N of the open tree.

A query is words, all of which a name must meet:

- a plain word is somewhere in the name; any word in small letters also finds big ones;
- a word with * ? [ is a glob on the whole name, or on its last part where the word has no colon;
- /.../ is a regular expression, found anywhere in the name;
- type:fentry and mod:nf_* are globs on the first part and on the middle one;
- arg:sock is somewhere in the probe's arguments, their types or names; has:ret: it has a return value.
"""

import re
from bisect import bisect_left, bisect_right

from bttui.model.data import Data

GLOB = {"*": ".*", "?": "."}
FIELDS = ("type", "mod", "arg", "has")
MOST_RANKED = 30_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Group(Data):
    """``first`` and ``last`` bound its names (last excluded) in ProbeList.names. ``title`` is its last word."""

    path: str
    title: str
    level: int
    first: int
    last: int


class Row(Data):
    """What a line shows: a group (with how many matches it has) or, where ``group`` is None, a probe."""

    text: str
    level: int
    probe: str = ""
    group: "Group | None" = None
    matches: int = 0


def sort_key(name: str) -> "tuple[str, str, str]":
    provider, _, rest = name.partition(":")
    middle, colon, last = rest.partition(":")
    return (provider, middle, last) if colon and last else (provider, "", rest)


class ProbeList:
    """The names, sorted as the tree shows them: by provider, then module, category or file, then name."""

    def __init__(self, names: "list[str]") -> None:
        keyed = sorted((sort_key(name), name) for name in set(names))
        self.names = [name for _, name in keyed]
        self.lower = [name.lower() for name in self.names]
        self.facts: dict[str, tuple[str, bool]] | None = None  # what a probe's arguments are, and whether it returns something
        self.last: tuple[str, list[int]] = ("", [])
        self.groups: list[Group] = []
        open_groups: list[Group] = []
        for at, ((provider, middle, _), _) in enumerate(keyed):
            path = [provider, f"{provider}:{middle}"] if middle else [provider]
            while open_groups and [g.path for g in open_groups] != path[: len(open_groups)]:
                open_groups.pop().last = at
            for level in range(len(open_groups), len(path)):
                group = Group(path[level], (provider, middle)[level], level, at, at)
                open_groups.append(group)
                self.groups.append(group)
        for group in open_groups:
            group.last = len(keyed)

    def search(self, query: str) -> "list[int]":
        """Indices of the names that match. Raises re.error for a regular expression that is none."""
        words = query.split()
        found: Sequence[int] = range(len(self.names)) if not self.last[0] or not extends(query, self.last[0]) else self.last[1]
        for word in sorted(words, key=cost):
            found = self.filtered(word, found)
        self.last = query, list(found)
        return self.last[1]

    def filtered(self, word: str, among: "Sequence[int]") -> "Sequence[int]":
        key, colon, value = word.partition(":")
        if colon and key in FIELDS:
            return self.having(key, value.lower(), among) if value else among
        names = self.lower if word.islower() else self.names
        whole = len(among) == len(names)
        candidates: Iterable[tuple[int, str]] = enumerate(names) if whole else zip(among, map(names.__getitem__, among), strict=True)
        if len(word) > 2 and word[0] == word[-1] == "/":
            finds = re.compile(word[1:-1]).search
            return [at for at, name in candidates if finds(name)]
        if is_glob(word):
            if not word.strip("*"):
                return among
            literals = re.split(r"[*?]|\[.[^]]*\]", word)
            longest, end = max(literals, key=len), literals[-1]  # cheaper to look for than the pattern
            fits = re.compile(glob_pattern(word)).match
            return [at for at, name in candidates if longest in name and name.endswith(end) and fits(name)]
        return [at for at, name in candidates if word in name]

    def having(self, key: str, value: str, among: "Sequence[int]") -> "Sequence[int]":
        if key in ("type", "mod"):
            level = ("type", "mod").index(key)
            pattern = re.compile(glob_pattern(value if is_glob(value) else value + "*", whole=True), re.IGNORECASE)
            fitting = [group for group in self.groups if group.level == level and pattern.match(group.title)]
            return [at for group in fitting for at in among[bisect_left(among, group.first) : bisect_left(among, group.last)]]
        if self.facts is None:
            return among  # nobody has read them yet
        if key == "arg":
            return [at for at in among if value in self.facts.get(self.names[at], ("", False))[0]]
        return [at for at in among if self.facts.get(self.names[at], ("", False))[1]]

    def best(self, query: str, matches: "Sequence[int]") -> int:
        """Which of the matches the query most likely means: its name is the word, begins with it, has a part that does.

        Of those that begin with it the shortest; -1 without a plain word, or where the matches are too many to tell.
        """
        words = [w for w in query.split() if not is_glob(w) and w[0] != "/" and w.partition(":")[0] not in FIELDS]
        if not words or len(matches) > MOST_RANKED:
            return -1
        word = max(words, key=len)
        last = word.rpartition(":")[2] or word
        for mark in (f":{last}$", f":{last}", f"_{last}", ""):
            wanted, ends = mark.rstrip("$"), mark.endswith("$")
            found = [at for at in matches if (self.lower[at].rstrip(":").endswith(wanted) if ends else wanted in self.lower[at])]
            if found:
                return min(found, key=lambda at: (len(self.names[at]), at)) if wanted[:1] == ":" else found[0]
        return -1


def is_glob(word: str) -> bool:
    return any(c in word for c in "*?[")


def extends(query: str, earlier: str) -> bool:
    """Whether whatever matches the query matched the earlier one too: it is the same with more letters in plain words."""
    return query.startswith(earlier) and query.islower() and all(c.isalnum() or c in "_ " for c in query)


def cost(word: str) -> int:
    """What to look for first: what takes least to try, and leaves least to the others."""
    if word.partition(":")[0] in FIELDS:
        return 1
    return 2 if is_glob(word) or word[0] == "/" else 0


def glob_pattern(glob: str, whole: bool = False) -> str:
    r"""A pattern for a name. [a-z] and [!a-z] are classes as in a shell; everything else is literal.

    ``whole``: the text is not a full name, so a glob without a colon is not about its last part.
    """
    out, at = [], 0
    while at < len(glob):
        char = glob[at]
        close = glob.find("]", at + 2) if char == "[" else -1
        if close > 0:
            inside = glob[at + 1 : close].replace("\\", r"\\")
            out.append(f"[^{inside[1:]}\n]" if inside[0] in "!^" else f"[{inside}]")
            at = close + 1
            continue
        out.append(GLOB.get(char) or re.escape(char))
        at += 1
    body = "".join(out)
    return f"^{body}$" if whole or ":" in glob or glob.startswith("*") else f"^(?:.*:)?{body}$"


class OpenTree:
    """Which lines a tree has when some groups are open: no list of lines is ever made."""

    def __init__(self, probes: ProbeList, matches: "list[int]", is_open: "set[str] | None") -> None:
        """``is_open`` None opens every group."""
        self.probes, self.matches = probes, matches
        self.starts: list[int] = []  # first line of each part
        self.parts: list[tuple[Group | None, int, int, int]] = []  # (group or None for probes, level, first match, last match)
        self.count = 0
        closed_until = -1
        pending = 0  # first match not placed yet
        for number, group in enumerate(probes.groups):
            low, high = bisect_left(matches, group.first), bisect_left(matches, group.last)
            if low == high or group.first < closed_until:
                continue
            self.add(group, group.level, low, high, 1)
            if is_open is not None and group.path not in is_open:
                closed_until = group.last
                pending = high
                continue
            following = probes.groups[number + 1] if number + 1 < len(probes.groups) else None
            end = min(high, bisect_left(matches, following.first)) if following and following.first < group.last else high
            first = max(low, pending)
            if end > first:
                self.add(None, group.level + 1, first, end, end - first)
            pending = end

    def add(self, group: "Group | None", level: int, low: int, high: int, lines: int) -> None:
        self.starts.append(self.count)
        self.parts.append((group, level, low, high))
        self.count += lines

    def row(self, y: int) -> Row:
        part = bisect_right(self.starts, y) - 1
        group, level, low, high = self.parts[part]
        if group is not None:
            return Row(group.title, level, group=group, matches=high - low)
        name = self.probes.names[self.matches[low + y - self.starts[part]]]
        return Row(name.rstrip(":").rpartition(":")[2] or name, level, probe=name)

    def line_of(self, path: str) -> int:
        """The line of a group."""
        return next((start for start, (group, *_) in zip(self.starts, self.parts, strict=True) if group and group.path == path), 0)

    def line_of_match(self, at: int) -> int:
        """The line of a match that is visible, by its index in the names; 0 where it is not."""
        place = bisect_left(self.matches, at)
        for start, (group, _, first, last) in zip(self.starts, self.parts, strict=True):
            if group is None and first <= place < last:
                return start + place - first
        return 0

    def first_probe(self) -> int:
        """The line of the first probe that is visible."""
        return next((start for start, (group, *_) in zip(self.starts, self.parts, strict=True) if group is None), 0)
