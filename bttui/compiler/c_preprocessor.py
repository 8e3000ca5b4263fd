"""The C preprocessor, as far as definitions at the top of a program and headers need it (C11 6.10).

Tokens keep the place they come from, so that whatever is wrong later can be shown where it was written.
"""

import os
import re

from bttui.model.data import Data
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span
from bttui.model.program_files import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(
    r"(\n)|((?:[^\S\n]|\\\n|//(?:\\\n|[^\n])*|/\*.*?\*/)+)"  # 1 line end, 2 blank
    r"|([A-Za-z_]\w*)|(\.?[0-9](?:[eEpP][-+]|[\w.])*)"  # 3 name, 4 number
    r"|((?:[LuU]|u8)?\"(?:[^\"\\\n]|\\.)*\"|(?:[LuU]|u8)?'(?:[^'\\\n]|\\.)*')"  # 5 string or character
    r"|(\.\.\.|<<=|>>=|##|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||.)",  # 6 punctuation
    re.S,
)
NEW_LINE, BLANK, NAME, NUMBER, TEXT, PUNCTUATION = range(1, 7)
DEEPEST = 64  # of headers in headers
LONGEST = 100_000  # tokens that macros may add to a piece of C


class Source(Data):
    """A piece of C: ``text`` starts at ``span``'s start in its file."""

    text: str
    span: Span
    directory: str = "."

    def at(self, position: int, length: int) -> Span:
        before = self.text.count("\n", 0, position)
        line = self.span.line + before
        column = position - self.text.rfind("\n", 0, position) if before else self.span.column + position
        start = self.span.start + position
        return Span(start, start + length, line, column, line, column + length, self.span.file, self.span.source)


class Token(Data):
    kind: int
    text: str
    source: Source
    position: int
    hidden: "frozenset[str]" = frozenset()  # macros that this token came out of: they are not expanded again

    @property
    def span(self) -> Span:
        return self.source.at(self.position, len(self.text))


class Macro(Data):
    """``parameters`` is None for a macro without parentheses."""

    name: str
    parameters: "tuple[str, ...] | None"
    body: "tuple[Token, ...]"
    span: Span


def tokens(source: Source) -> "list[Token]":
    found = []
    for match in _TOKEN.finditer(source.text):
        kind = match.lastindex or 0
        if kind != BLANK:
            found.append(Token(kind, match[0], source, match.start()))
    return found


def wrong(message: str, span: Span, hint: str = "") -> DiagnosticError:
    return DiagnosticError(Diagnostic(message, span, hint=hint), exit_code=2)


class Preprocessor:
    """Reads sources one after another; ``macros`` is what they defined.

    ``find`` says where a header is: (name, in quotes, directory of the includer) -> path, or None for one that is left
    out. ``evaluate`` computes the tokens of a constant expression.
    """

    def __init__(self, find: "Callable[[Token, str, bool, str], str | None]", evaluate: "Callable[[list[Token]], int]"):
        self.find, self.evaluate = find, evaluate
        self.macros: dict[str, Macro] = {}
        self.conditions: list[tuple[bool, bool, Token]] = []  # (this branch counts, one did already, its #if)
        self.once: set[str] = set()
        self.depth = 0

    @property
    def active(self) -> bool:
        return all(counts for counts, _taken, _token in self.conditions)

    def read(self, source: Source) -> "list[Token]":
        """The tokens that remain, macros expanded. Raises DiagnosticError."""
        found: list[Token] = []
        line: list[Token] = []
        pending: list[Token] = []  # whole runs of lines: the arguments of a macro may go over several
        for token in [*tokens(source), Token(NEW_LINE, "\n", source, len(source.text))]:
            if token.kind != NEW_LINE:
                line.append(token)
                continue
            if line and line[0].text == "#":
                found += self.expand(pending)
                pending = []
                found += self.directive(line)
            elif self.active:
                pending += line
            line = []
        return found + self.expand(pending)

    def finish(self) -> None:
        if self.conditions:
            raise wrong("unterminated conditional directive", self.conditions[-1][2].span, "it ends with #endif")

    def directive(self, line: "list[Token]") -> "list[Token]":
        if len(line) == 1:
            return []
        name, rest = line[1], line[2:]
        word = name.text
        if word in ("if", "ifdef", "ifndef"):
            value = self.active and self.condition(word, name, rest)
            self.conditions.append((value, value or not self.active, name))
        elif word in ("elif", "else", "endif"):
            if not self.conditions:
                raise wrong(f"#{word} without #if", name.span)
            _counts, taken, opening = self.conditions.pop()
            if word != "endif":
                value = not taken and (word == "else" or (self.active and self.condition("if", name, rest)))
                self.conditions.append((value, taken or value, opening))
        elif not self.active:
            pass
        elif word == "define":
            self.define(name, rest)
        elif word == "undef":
            if rest:
                self.macros.pop(rest[0].text, None)
        elif word in ("include", "include_next", "import"):
            return self.include(name, rest)
        elif word == "error":
            raise wrong(name.source.text[rest[0].position :].partition("\n")[0] if rest else "#error", name.span)
        elif word == "pragma":
            if rest and rest[0].text == "once":
                self.once.add(os.path.realpath(name.span.file))
        elif word not in ("warning", "line", "ident") and name.kind != NUMBER:
            raise wrong(
                "invalid preprocessing directive",
                name.span,
                "#define, #include, #if, #ifdef, #ifndef, #else, #endif; comments begin with //",
            )
        return []

    def condition(self, word: str, name: Token, rest: "list[Token]") -> bool:
        if not rest:
            raise wrong("macro name missing" if word != "if" else "expected value in expression", name.span)
        if word != "if":
            return (rest[0].text in self.macros) == (word == "ifdef")
        resolved: list[Token] = []
        position = 0
        while position < len(rest):
            token = rest[position]
            if token.text == "defined":
                step = 2 if position + 1 < len(rest) and rest[position + 1].text == "(" else 1
                asked = rest[position + step].text if position + step < len(rest) else ""
                token = token.replace(kind=NUMBER, text=str(int(asked in self.macros)))
                position += 3 if step == 2 else 1
            resolved.append(token)
            position += 1
        expanded = self.expand(resolved)
        return bool(self.evaluate([t.replace(kind=NUMBER, text="0") if t.kind == NAME else t for t in expanded]))

    def define(self, directive: Token, rest: "list[Token]") -> None:
        if not rest or rest[0].kind != NAME:
            raise wrong("macro name missing", directive.span) if not rest else wrong("macro name must be an identifier", rest[0].span)
        name, body = rest[0], rest[1:]
        parameters: tuple[str, ...] | None = None
        if body and body[0].text == "(" and body[0].position == name.position + len(name.text):
            end = next((i for i, t in enumerate(body) if t.text == ")"), None)
            if end is None:
                raise wrong("missing ')' in macro parameter list", name.span)
            parameters = tuple("__VA_ARGS__" if t.text == "..." else t.text for t in body[1:end] if t.text != ",")
            body = body[end + 1 :]
        self.macros[name.text] = Macro(name.text, parameters, tuple(body), name.span)

    def include(self, directive: Token, rest: "list[Token]") -> "list[Token]":
        if rest and rest[0].kind == NAME:
            rest = self.expand(rest)
        if not rest or not (rest[0].text == "<" or rest[0].text[0] == '"'):
            raise wrong('expected "FILENAME" or <FILENAME>', directive.span)
        quoted = rest[0].text != "<"
        if quoted:
            name = rest[0].text[1:-1]
        else:
            line = rest[0].source.text[rest[0].position + 1 :].partition("\n")[0]
            name = line.partition(">")[0]
        path = self.find(rest[0], name, quoted, directive.source.directory)
        return self.header(path, rest[0]) if path else []

    def header(self, path: str, where: Token) -> "list[Token]":
        if os.path.realpath(path) in self.once:
            return []
        if self.depth >= DEEPEST:
            raise wrong(f"headers include one another more than {DEEPEST} deep", where.span)
        try:
            text = read(path).replace("\r\n", "\n")
        except OSError as reason:
            raise wrong(f"'{path}' cannot be read: {reason.strerror}", where.span) from None
        self.depth += 1
        outer, self.conditions = self.conditions, []
        found = self.read(Source(text, Span(0, 0, 1, 1, 1, 1, path, text), os.path.dirname(path) or "."))
        self.finish()
        self.conditions = outer
        self.depth -= 1
        return found

    def expand(self, line: "list[Token]") -> "list[Token]":
        """Every macro replaced by its body, again and again (C11 6.10.3)."""
        if not any(t.text in self.macros for t in line if t.kind == NAME):
            return line
        waiting = line[::-1]
        found: list[Token] = []
        while waiting:
            token = waiting.pop()
            macro = self.macros.get(token.text) if token.kind == NAME and token.text not in token.hidden else None
            if macro is None or (macro.parameters is not None and not (waiting and waiting[-1].text == "(")):
                found.append(token)
                continue
            values: dict[str, list[Token]] = {}
            if macro.parameters is not None:
                values = self.arguments(macro, token, waiting)
            hidden = token.hidden | {macro.name}
            waiting.extend(
                t.replace(source=token.source, position=token.position, hidden=t.hidden | hidden)
                for t in reversed(self.substitute(macro, values))
            )
            if len(found) + len(waiting) > len(line) + LONGEST:
                raise wrong(f"macros make this longer than {LONGEST} words", token.span)
        return found

    def arguments(self, macro: Macro, token: Token, waiting: "list[Token]") -> "dict[str, list[Token]]":
        parameters = macro.parameters or ()
        waiting.pop()
        given: list[list[Token]] = [[]]
        depth = 1
        while waiting:
            part = waiting.pop()
            depth += {"(": 1, ")": -1}.get(part.text, 0)
            if depth == 0:
                break
            if part.text == "," and depth == 1 and not (parameters[-1:] == ("__VA_ARGS__",) and len(given) == len(parameters)):
                given.append([])
            else:
                given[-1].append(part)
        if depth:
            raise wrong(f"unterminated call of the macro {macro.name}", token.span)
        if not parameters and given == [[]]:
            given = []
        if parameters[-1:] == ("__VA_ARGS__",) and len(given) == len(parameters) - 1:
            given.append([])
        if len(given) != len(parameters):
            raise wrong(f"the macro {macro.name} takes {len(parameters)} arguments, not {len(given)}", token.span)
        return dict(zip(parameters, given, strict=True))

    def substitute(self, macro: Macro, values: "dict[str, list[Token]]") -> "list[Token]":
        """The body with the arguments in it, # and ## done."""
        found: list[Token] = []
        body = macro.body
        join = False
        for index, token in enumerate(body):
            if token.text == "##":
                join = bool(found)
                continue
            if token.text == "#" and macro.parameters is not None and index + 1 < len(body):
                continue
            if index and body[index - 1].text == "#" and token.text in values:
                text = " ".join(t.text for t in values[token.text]).replace("\\", "\\\\").replace('"', '\\"')
                parts = [token.replace(kind=TEXT, text=f'"{text}"')]
            elif token.text in values:
                glued = join or (index + 1 < len(body) and body[index + 1].text == "##")
                parts = values[token.text] if glued else self.expand(values[token.text])
            else:
                parts = [token]
            if join and parts:
                joined = found.pop()
                found.append(joined.replace(text=joined.text + parts[0].text))
                parts = parts[1:]
            join = False
            found += parts
        return found
