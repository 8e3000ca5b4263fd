"""A program in the usual layout with its comments: the layout knows nothing of them, they are put where their words went."""

from bttui.compiler.format import INDENT, format_program
from bttui.compiler.lexer import scan
from bttui.compiler.parser import parse
from bttui.model.diagnostic import error

LAYOUT = frozenset("();,")  # tokens that the layout may add or leave out


def format_text(text: str, file: str = "stdin", positional: "tuple[str, ...]" = ()) -> str:
    """Raises DiagnosticError for text that does not parse, and where a comment finds no place that changes nothing."""
    root = parse(text, file, positional)
    plain = format_program(root)
    comments = [text[start:end] for kind, start, end in scan(text) if kind == "comment"]
    if not comments:
        return plain
    commented = with_comments(text, plain)
    kept = [commented[start:end] for kind, start, end in scan(commented) if kind == "comment"]
    if kept != comments or format_program(parse(commented, file, positional)) != plain:
        raise error("no place in the usual layout for a comment of this program", hint="move comments out of expressions")
    return commented


def with_comments(text: str, plain: str) -> str:
    """``plain`` is the same program without comments.

    A comment behind something goes to the end of the line where that is now; one in a line of its own goes before the
    line of what follows.
    """
    plain = _opened(text, plain)
    lines = plain.splitlines()
    before: list[list[str]] = [[] for _ in range(len(lines) + 1)]
    behind: list[list[str]] = [[] for _ in range(len(lines) + 1)]
    words, matched = _matched(text, plain)
    at = (0, 0)  # comments keep their order: line, and whether behind it
    count = 0  # words before the comment
    for kind, start, end in scan(text):
        if kind != "comment":
            count += count < len(words) and words[count] == start
            continue
        comment = text[start:end]
        previous = next((matched[i] for i in range(count - 1, -1, -1) if i in matched), None)
        following = next((matched[i] for i in range(count, len(words)) if i in matched), None)
        alone = not text[text.rfind("\n", 0, start) + 1 : start].strip()
        line_of_previous = plain.count("\n", 0, previous) if previous is not None else 0
        line = plain.count("\n", 0, following) if following is not None else len(lines)
        wanted = (line, 0) if alone or previous is None or "\n" in comment else (line_of_previous, 1)
        at = max(at, wanted)
        if at[1] and (not wanted[1] or any(c.startswith("//") for c in behind[at[0]])):
            at = (at[0] + 1, 0)  # a line of its own, and nothing can stand behind a //
        (behind if at[1] else before)[at[0]].append(comment)
    found: list[str] = []
    for number, words_there in enumerate([*lines, ""]):
        blank = len(words_there) - len(words_there.lstrip())
        indent = " " * (blank + INDENT if words_there.lstrip().startswith("}") else blank)
        found += [indent + comment for comment in before[number]]
        if number < len(lines):
            found.append(" ".join([words_there, *behind[number]]))
    return "\n".join(found) + "\n"


def _opened(text: str, plain: str) -> str:
    """Blocks that hold nothing but comments get lines of their own for them."""
    words, matched = _matched(text, plain)
    numbers = {start: number for number, start in enumerate(words)}
    tokens = scan(text)
    ends = set()
    for index in range(len(tokens) - 1):
        following = tokens[index + 1][1]
        place = matched.get(numbers.get(following, -1), 0) if tokens[index][0] == "comment" else 0
        if place and plain[place - 1 : place + 1] == "{}":
            ends.add(place)
    for place in sorted(ends, reverse=True):
        line = plain[plain.rfind("\n", 0, place) + 1 : place]
        plain = f"{plain[:place]}\n{' ' * (len(line) - len(line.lstrip()))}{plain[place:]}"
    return plain


def _matched(text: str, plain: str) -> "tuple[list[int], dict[int, int]]":
    """The places of the words of ``text``, and for those that are in ``plain`` too, by number, where they are there."""
    from difflib import SequenceMatcher

    old, new = _words(text), _words(plain)
    matcher = SequenceMatcher(None, [word for word, _ in old], [word for word, _ in new], autojunk=False)
    blocks = matcher.get_matching_blocks()
    matched = {block.a + step: new[block.b + step][1] for block in blocks for step in range(block.size)}
    return [start for _, start in old], matched


def _words(text: str) -> "list[tuple[str, int]]":
    """What the layout neither adds nor leaves out, with the place of each."""
    return [(text[start:end], start) for kind, start, end in scan(text) if kind != "comment" and text[start:end] not in LAYOUT]
