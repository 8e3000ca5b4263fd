"""Cutting program text into tokens, for the parser (``scan``) and for the editor (``tokens``). Neither ever raises.

The text has three layers: the root (C definitions, attach points, the words macro, fn, let, config and import), the
code in braces, and the predicate between slashes. Attach points follow no rules but their own: anything but blanks,
commas and braces, with quoted pieces. So the scanner keeps track of the braces, and asks one regular expression per layer.
"""

import re

# Brackets in brackets: far more than anyone writes, and few enough for passes that call themselves.
MAXIMUM_NESTING = 100
# Words of types that exist without any header or BTF.
TYPE_NAMES = frozenset(
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 void string buffer inet macaddr timestamp cgroup_path_t
    ksym_t usym_t kstack_t ustack_t count_t sum_t min_t max_t avg_t stats_t hist_t lhist_t tseries_t""".split()
)
# Words that are values at the place of a type: `(pid)-1` is a subtraction, `(size_t)-1` a cast.
BUILTINS = frozenset(
    """args cgroup comm cpid cpu ctx curtask elapsed func gid has_cpid jiffies kstack name ncpus nsecs numaid pcomm pid ppid
    probe probetype rand retval stack tid uid usermode ustack username""".split()
)
# Those of them that cannot be the name of a macro's parameter.
RESERVED_BUILTINS = frozenset(("args", "ctx", "kstack", "nsecs", "pid", "tid", "ustack"))
_ARGUMENT = re.compile(r"(?:__builtin_|s?arg[0-9]+$)")
KEYWORDS = frozenset("""if else true false sizeof offsetof typeinfo typeof comptime struct union enum""".split())
# Keywords only where a statement starts: `$x = return;` reads a constant of that name.
STATEMENT_KEYWORDS = frozenset("""let while for unroll return break continue import""".split())
ROOT_KEYWORDS = frozenset(("config", "import", "macro", "fn", "let"))
_RESERVED = KEYWORDS | STATEMENT_KEYWORDS
_BEFORE_KEY = ("(", ",")

_BLANK = r"(?>\s+|//[^\n]*|/\*.*?\*/)*+"  # atomic: a comment ends at its first */, whatever comes behind
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_CODE = re.compile(
    r"\s*+(?:([A-Za-z_][A-Za-z0-9_]*)"  # 1 word
    r"|(\$[A-Za-z_][A-Za-z0-9_]*)"  # 2 variable
    r"|(@(?:[A-Za-z_][A-Za-z0-9_]*)?)"  # 3 map
    r"|([0-9][A-Za-z0-9_]*)"  # 4 number
    rf"|({_STRING})"  # 5 string
    r"|(//[^\n]*|/\*.*?\*/)"  # 6 comment
    r"|((?:<<|>>|[-+*/%&|^])=(?!=))"  # 7 compound assignment
    r"|(?!/\*)(\(|\)|\{|\}|;|,|\.\.|\.|->|\+\+|--|&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%&|^~!<>=?:\[\]])"  # 8 operators and brackets
    r"|(\$(?:[0-9]+|\#))"  # 9 positional parameter
    r'|("(?:[^"\\\n]|\\.)*\\?|/\*.*|.))',  # 10 what does not belong here; unfinished strings and comments whole
    re.S,
)
_WORD, _VARIABLE, _MAP, _NUMBER, _TEXT, _COMMENT, _ASSIGNMENT, _OPERATOR, _POSITIONAL, _ERROR = range(1, 11)

_ATTRIBUTES = r"\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)"
_ROOT = re.compile(
    r"\s*+(?:(//[^\n]*|/\*.*?\*/)"  # 1 comment
    r"|(\#[^\n]*)"  # 2 preprocessor line
    rf"|((?:struct|union|enum)(?:\s+[A-Za-z_]\w*|\s*__attribute__\s*{_ATTRIBUTES}){{0,9}}\s*\{{)"  # 3 a C definition up to its brace
    r"|((?:config|import|macro|fn|let)(?![A-Za-z0-9_]))"  # 4 a word that opens something else than a probe
    r"|([,{};]|/(?!\*))"  # 5
    rf"|((?=[^\s\"/]|{_STRING})(?:[^\s,{{\":/]|{_STRING})*(?::(?:[^\s,{{\"]|{_STRING})*)?)"  # 6 attach point; its first part ends at a slash
    r"|(/\*.*|\S))",  # 7 a comment or a quote that does not end
    re.S,
)
_C_PIECE = re.compile(rf"{_STRING}|'(?:[^'\\\n]|\\.)*'|//[^\n]*|/\*.*?\*/|[{{}}]", re.S)
_C_END = re.compile(rf"{_BLANK}__attribute__{_BLANK}{_ATTRIBUTES}|{_BLANK};", re.S)
_END_PREDICATE = re.compile(rf"/{_BLANK}\{{", re.S)
_TYPE = re.compile(
    rf"\({_BLANK}(?:(struct|union|enum)\b{_BLANK})?([A-Za-z_]\w*)((?:{_BLANK}(?:\*|\[{_BLANK}\w*{_BLANK}\]))*){_BLANK}([),])", re.S
)
_TYPEOF = re.compile(rf"\({_BLANK}typeof{_BLANK}\(", re.S)
_PARENTHESIS = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/|[()]", re.S)
_CLOSE = re.compile(rf"{_BLANK}\)", re.S)
_OPERAND = re.compile(rf"{_BLANK}(?:[A-Za-z_0-9\"$@(~]|\*(?!=)|&(?![&=])|!(?!=)|-(?![>=]))", re.S)
_EQUALS = re.compile(rf"{_BLANK}=(?!=)", re.S)
_NAME_NEXT = re.compile(rf"{_BLANK}[A-Za-z_]", re.S)
_CALL_NEXT = re.compile(rf"{_BLANK}\(", re.S)


def scan(text: str, depth: int = 0, in_header: bool = False, in_comment: bool = False) -> "list[tuple[str, int, int]]":
    """(kind, start, end) of every token, comments included, in the order of the text.

    A kind is a terminal of grammar.lark (the spelling of the token itself, or one of the declared names), or "comment",
    or "error" for what belongs nowhere (a stray character, a string or a comment that does not end), or "open C definition".

    The text may be a piece of a program: it begins inside ``depth`` braces, or ``in_header``: after an attach point,
    before its body, or ``in_comment``.
    """
    found: list[tuple[str, int, int]] = []
    position = 0
    if in_comment and text:
        position = text.find("*/") + 2 if "*/" in text else len(text)
        found.append(("comment", 0, position))
    elif text.startswith("#!") and not depth:
        position = text.find("\n") if "\n" in text else len(text)
        found.append(("comment", 0, position))
    if depth:
        position = _scan_code(text, position, "{", found, depth)
    while match := _ROOT.match(text, position):
        group = match.lastindex or 0
        start, position = match.span(group)
        if start == position:  # the end of the text
            break
        if group == 1:
            found.append(("comment", start, position))
        elif group == 2 and text.startswith("#!", start) and all(kind == "comment" for kind, _start, _end in found):
            found.append(("comment", start, position))  # below what a script begins with, its licence, say
        elif group == 2 or group == 3:
            end = _end_of_c_definition(text, position) if group == 3 else position
            position = end or len(text)
            found.append(("C_DEFINITION" if end else "open C definition", start, position))
        elif group == 4 and not in_header:
            found.append((match[4], start, position))
            position = _scan_code(text, position, match[4], found)
        elif group == 4 or group == 6:
            found.append(("ATTACH_POINT", start, position))
            in_header = True
        elif match[5] == "/" and in_header:
            found.append(("PREDICATE", start, position))
            position = _scan_code(text, position, "/", found)
        elif match[5] == "{":
            position = _scan_code(text, start, "{", found)
            in_header = False
        else:
            found.append((match[5] if group == 5 else "error", start, position))
    return found


def _end_of_c_definition(text: str, position: int) -> int:
    """From behind its first brace to behind its last, with the attributes and the semicolon that follow; 0 without a last."""
    depth = 1
    for piece in _C_PIECE.finditer(text, position):
        depth += {"{": 1, "}": -1}.get(piece[0], 0)
        if depth == 0:
            position = piece.end()
            while more := _C_END.match(text, position):
                position = more.end()
                if text[position - 1] == ";":
                    break
            return position
    return 0


def _scan_code(text: str, position: int, opener: str, found: "list[tuple[str, int, int]]", depth: int = 0) -> int:
    """Code up to where what ``opener`` began ends, where ``depth`` braces are open already; returns the end.

    A predicate ends at the slash before a brace, a `let` of the root behind its ")", all else behind its block or its ";".
    """
    opened = ["{"] * depth  # the kinds of the parentheses and braces that are open
    previous = opener if opener != "{" else ""
    ends = {"/": (), "let": (")", ";"), "{": ("}",)}.get(opener, ("}", ";"))
    match_at = _CODE.match
    while match := match_at(text, position):
        group = match.lastindex or 0
        start, position = match.span(group)
        before = previous
        if group == _WORD:
            previous = "NAME"
            if match[_WORD] in _RESERVED or before in _BEFORE_KEY:
                previous = _word(text, match[_WORD], position, before, bool(opened) and opened[-1] == "(")
            found.append((previous, start, position))
        elif group == _OPERATOR:
            previous = kind = match[_OPERATOR]
            if kind not in "(){}/;":
                pass
            elif kind == "(":
                previous = kind = _open(text, start, before, len(opened))
                opened.append(kind)
            elif kind == ")":
                if opened and opened[-1] != "{" and opened.pop() == "TYPE":
                    previous = "type end"  # of a cast: what follows is its operand, not the arguments of a call
            elif kind == "{":
                opened.append(kind)
            elif kind == "}":
                while opened and opened.pop() != "{":
                    pass  # a parenthesis that was not closed
            elif kind == "/" and opener == "/" and not opened and _END_PREDICATE.match(text, start):
                found.append(("END_PREDICATE", start, position))
                return position
            found.append((kind, start, position))
            if not opened and kind in ends:
                return position
        elif group == _COMMENT:
            found.append(("comment", start, position))
        else:
            previous = _KINDS[group]
            found.append((previous, start, position))
    return len(text)


_KINDS = {
    _VARIABLE: "VARIABLE",
    _MAP: "MAP",
    _NUMBER: "INTEGER",
    _TEXT: "STRING",
    _ASSIGNMENT: "ASSIGNMENT",
    _POSITIONAL: "POSITIONAL",
    _ERROR: "error",
}


def _word(text: str, word: str, end: int, previous: str, in_parentheses: bool) -> str:
    """The kind of a word at its place."""
    if word in KEYWORDS:
        if previous in (".", "->", "macro", "fn"):
            return "NAME"
        if in_parentheses and previous in _BEFORE_KEY and _EQUALS.match(text, end):
            return "KEY"
        if word == "else":
            return word if previous == "}" else "NAME"
        if word in ("struct", "union", "enum"):
            return word if _NAME_NEXT.match(text, end) else "NAME"
        if word == "typeof":
            return word if _CALL_NEXT.match(text, end) else "NAME"
        return word
    if word in STATEMENT_KEYWORDS and previous in ("{", "}", ";"):
        return word
    if in_parentheses and previous in _BEFORE_KEY and _EQUALS.match(text, end):
        return "KEY"
    return "NAME"


def _open(text: str, start: int, previous: str, depth: int) -> str:
    """The kind of a "(": before a condition, before a type, or just a parenthesis."""
    if previous in ("if", "while", "unroll", "for"):
        return "CONDITION"
    if previous in ("NAME", ")", "]"):
        return "("
    match = _TYPE.match(text, start)
    if previous in ("sizeof", "typeinfo", "typeof", "offsetof"):
        if match and (match[1] or "*" in match[3] or match[2] in TYPE_NAMES):
            return "TYPE"
        return "("
    if match and match[4] == ")":
        if match[1] or "*" in match[3]:
            return "TYPE"
        if not is_value(match[2]) and match[2] not in KEYWORDS and _OPERAND.match(text, match.end()):
            return "TYPE"
    elif depth < MAXIMUM_NESTING and (match := _TYPEOF.match(text, start)):
        close = _CLOSE.match(text, _behind_parenthesis(text, match.end()))
        if close and _OPERAND.match(text, close.end()):
            return "TYPE"
    return "("


def is_value(name: str) -> bool:
    """Whether a bare word is a builtin value and so cannot name a type."""
    return name in BUILTINS or _ARGUMENT.match(name) is not None


def is_reserved(name: str) -> bool:
    """Whether a builtin cannot be hidden by the parameter of a macro."""
    return name in RESERVED_BUILTINS or _ARGUMENT.match(name) is not None


def _behind_parenthesis(text: str, position: int) -> int:
    """The end of the ")" that closes the "(" before ``position``."""
    depth = 1
    for piece in _PARENTHESIS.finditer(text, position):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if depth == 0:
            return piece.end()
    return len(text)


# --- for the editor ----------------------------------------------------------------------------------------------------

_EDITOR_KINDS = {
    "comment": "comment",
    "error": "error",
    "ATTACH_POINT": "probe",
    "VARIABLE": "variable",
    "POSITIONAL": "variable",
    "KEY": "variable",
    "MAP": "map",
    "INTEGER": "number",
    "STRING": "string",
    "ASSIGNMENT": "operator",
    "PREDICATE": "operator",
    "END_PREDICATE": "operator",
    "TYPE": "punctuation",
    "CONDITION": "punctuation",
    **dict.fromkeys("(){}[];,:", "punctuation"),
    **dict.fromkeys(KEYWORDS | STATEMENT_KEYWORDS | ROOT_KEYWORDS, "keyword"),
}
_C_WORDS = frozenset("char short int long unsigned signed float double const volatile size_t".split()) | TYPE_NAMES
_C_TOKEN = re.compile(
    r"(//[^\n]*|/\*.*?(?:\*/|\Z))"  # 1 comment
    r"|([A-Za-z_][A-Za-z0-9_]*)"  # 2 word
    r"|([0-9][A-Za-z0-9_]*)"  # 3 number
    r"|(\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?|(?<=include)[ \t]*<[^>\n]*>)"  # 4 string, file name
    r"|(\#[ \t]*[a-z]*)"  # 5 directive
    r"|([{}()\[\];,:])"  # 6 punctuation
    r"|(\S)",  # 7 the rest
    re.S,
)


def tokens(text: str, depth: int = 0, in_header: bool = False, in_comment: bool = False) -> "list[tuple[str, int, int]]":
    """(kind, start, end) of every token, in order, for colouring; what is between them is blank. A piece as for ``scan``.

    Kinds: comment, keyword, builtin, function, map, variable, number, string, operator, probe, type, punctuation, error.
    """
    found: list[tuple[str, int, int]] = []
    kinds = _EDITOR_KINDS
    scanned = scan(text, depth, in_header, in_comment)
    previous = ""
    for index, (kind, start, end) in enumerate(scanned):
        if kind == "NAME":
            word = text[start:end]
            if previous in (".", "->"):
                known = "variable"
            elif index + 1 < len(scanned) and scanned[index + 1][0] == "(":
                known = "function"
            elif word in TYPE_NAMES or previous in ("TYPE", "struct", "union", "enum", ":"):
                known = "type"
            else:
                known = "builtin" if is_value(word) else "variable"
            found.append((known, start, end))
        elif kind in ("C_DEFINITION", "open C definition"):
            found += _c_tokens(text, start, end)
        else:
            found.append((kinds.get(kind, "operator"), start, end))
        previous = kind
    return found


def _c_tokens(text: str, start: int, end: int) -> "list[tuple[str, int, int]]":
    found = []
    for match in _C_TOKEN.finditer(text, start, end):
        group = match.lastindex or 0
        if group == 2:
            word = match[2]
            kind = "keyword" if word in ("struct", "union", "enum") else "type" if word in _C_WORDS or word.endswith("_t") else "variable"
        else:
            kind = ("", "comment", "", "number", "string", "keyword", "punctuation", "operator")[group]
        found.append((kind, *match.span()))
    return found
