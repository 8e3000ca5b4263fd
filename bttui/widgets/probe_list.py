"""All probes of a machine as a tree, without a widget: filtering 150,000 names and finding line N of the open tree."""

import re
from bisect import bisect_left, bisect_right

from bttui.model.data import Data

GLOB = {"*": ".*", "?": "."}


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
        self.index = {name: at for at, name in enumerate(self.names)}
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
        """Indices of the names that match: every word of the query is somewhere in the name; a word with * ? [ is a glob

        on the whole name, or on its last part where it has no colon.
        """
        words = query.split()
        if not words:
            return list(range(len(self.names)))
        found: "list[str]" = []
        names = self.names
        for word in sorted(words, key=lambda w: any(c in w for c in "*?[")):
            if any(c in word for c in "*?["):
                literal = max(re.split(r"[*?]|\[.[^]]*\]", word), key=len)
                pattern = re.compile(glob_pattern(word), re.MULTILINE)
                candidates = [n for n in names if literal in n] if literal else names
                found = [n for n in candidates if pattern.match(n)]
            else:
                lower = word.lower()
                found = [n for n in names if lower in n] if lower == word and lower.islower() else [n for n in names if word in n]
            names = found
        index = self.index
        return [index[name] for name in found]


def glob_pattern(glob: str) -> str:
    r"""A pattern for one line. [a-z] and [!a-z] are classes as in a shell; everything else is literal."""
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
    return f"^{body}$" if ":" in glob or glob.startswith("*") else f"^(?:.*:)?{body}$"


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

    def first_probe(self) -> int:
        """The line of the first probe that is visible."""
        return next((start for start, (group, *_) in zip(self.starts, self.parts, strict=True) if group is None), 0)
