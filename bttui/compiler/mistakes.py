"""What people write who come from C, awk, bcc or DTrace: how it is written here. Asked only where a program is refused."""

from bttui.compiler.lexer import scan

LOOPS = "loops are for ($kv : @map) { ... }, for ($i : 0..10) { ... } and while (...) { ... }"
NO_LISTS = "there are no lists: (1, 2) is a tuple, and @x[key] a map"
VARIABLES = "a variable begins with $ and needs no type: $x = 1"

FUNCTIONS = {
    "length": "strlen(text), or len(@map)",
    "substr": "str(text, length) for the beginning, text[n] for one byte",
    "index": "strstr(text, part)",
    "match": "strcontains(text, part)",
    "split": "there is nothing like it: print the whole and cut it with another tool",
    "strcmp": 'compare with ==, as in comm == "bash"',
    "strcat": "str_concat(a, b)",
    "sprintf": "str_concat(a, b) joins strings, printf() prints",
    "fprintf": "printf(), or errorf() for the standard error",
    "puts": "print(text)",
    "echo": "print(text)",
    "trace": "print(...)",
    "printa": "print(@x)",
    "trunc": "clear(@x), or print(@x, 10) for the 10 largest",
    "quantize": "@x = hist(n)",
    "lquantize": "@x = lhist(n, min, max, step)",
    "copyinstr": "str(pointer)",
    "stringof": "str(pointer)",
    "copyin": "cast the pointer: *(struct type *)pointer",
    "sleep": "a program waits by itself: interval:s:1 { ... } runs every second",
    "abs": "$x < 0 ? -$x : $x",
    "ntohs": "bswap((uint16)n)",
    "htons": "bswap((uint16)n)",
    "ntohl": "bswap((uint32)n)",
    "htonl": "bswap((uint32)n)",
    "getpid": "pid",
    "gettid": "tid",
    "bpf_ktime_get_ns": "nsecs",
    "bpf_get_current_pid_tgid": "pid and tid",
    "bpf_get_current_uid_gid": "uid and gid",
    "bpf_get_current_comm": "comm",
    "bpf_get_current_task": "curtask",
    "bpf_get_smp_processor_id": "cpu",
    "bpf_get_prandom_u32": "rand",
    "bpf_trace_printk": "printf(), or debugf() for trace_pipe",
    "bpf_probe_read": "pointers are followed as in C: $p->member, *$p",
    "bpf_probe_read_kernel": "pointers are followed as in C: $p->member, *$p",
    "bpf_probe_read_user": "pointers are followed as in C: $p->member, *$p",
    "bpf_probe_read_str": "str(pointer)",
    "bpf_probe_read_kernel_str": "str(pointer)",
    "bpf_probe_read_user_str": "str(pointer)",
    "PT_REGS_RC": "retval",
    "PT_REGS_IP": 'reg("ip")',
    "PT_REGS_SP": 'reg("sp")',
    **{f"PT_REGS_PARM{number + 1}": f"arg{number}" for number in range(6)},
}
NAMES = {
    "execname": "comm",
    "timestamp": "nsecs",
    "walltimestamp": "strftime(format, nsecs), or time(format)",
    "vtimestamp": "nsecs",
    "curthread": "curtask",
    "probefunc": "func",
    "probename": "probe",
    "errno": "args.ret of a sys_exit tracepoint is -errno",
    "NULL": "a null pointer is 0",
    "null": "a null pointer is 0",
    "nil": "a null pointer is 0",
    "None": "a null pointer is 0",
    "TRUE": "true",
    "True": "true",
    "FALSE": "false",
    "False": "false",
}
_WORDS = {"and": "&&", "or": "||", "is": "==", "eq": "==", "ne": "!="}
_PAIRS = {"== =": "==", "!= =": "!=", ": =": "=", "= +": "+=", "= *": "*=", "< >": "!=", "* *": "1 << n for powers of 2"}
_STATEMENTS = {
    "switch": "write if (...) { ... } else if (...) { ... }",
    "elif": "write else if",
    "elsif": "write else if",
    "elseif": "write else if",
    "do": "write while (...) { ... }",
    "function": "write macro name(a, b) { ... }",
    "func": "write macro name(a, b) { ... }",
    "def": "write macro name(a, b) { ... }",
}
_TYPES = frozenset(
    "char short int long unsigned signed float double bool string auto var const struct u8 u16 u32 u64 s8 s16 s32 s64 "
    "int8 int16 int32 int64 uint8 uint16 uint32 uint64 int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t size_t".split()
)
_VALUES = frozenset(("STRING", "VARIABLE", "MAP", "INTEGER", "POSITIONAL", "NAME"))
_OPENING = {"(": ")", "{": "}", "[": "]"}


def called(name: str) -> str:
    """What a function or variable of elsewhere is here; "" where nobody knows."""
    here = FUNCTIONS.get(name) or NAMES.get(name)
    return f"here: {here}" if here else ""


def hint(text: str, start: int, expected: "set[str]") -> str:
    """What to do about the token at ``start``, where the parser expected others; "" where nothing better than these is known."""
    tokens = [token for token in scan(text) if token[0] != "comment"]
    before = [token for token in tokens if token[1] < start]
    words = [text[first:last] for _kind, first, last in before]
    kind, found = next(((kind, text[first:last]) for kind, first, last in tokens if first == start), ("", ""))
    previous = words[-1] if words else ""
    if not found:
        return _unclosed(text, before)
    if found == "'":
        return 'strings stand in double quotes: "..."'
    if found[:1] == "#":
        return "comments begin with // or stand between /* and */"
    if found == "~":
        return "there are no regular expressions: strcontains(text, part) tells whether a text holds a part"
    if found in _WORDS or f"{previous} {found}" in _PAIRS:
        return f"write {_WORDS.get(found) or _PAIRS[f'{previous} {found}']}"
    if found == ":" and text[start : start + 2] == ":=":
        return "write ="
    if previous == "not":
        return "write !"
    opener = _opener(words) if previous == ")" else -1
    about = words[opener] if opener >= 0 else previous
    if about in _STATEMENTS:
        return _STATEMENTS[about]
    if "foreach" in words[-3:]:
        return LOOPS
    if "for" in words[-4:] and not {"{", ";"} & set(words[len(words) - words[::-1].index("for") :]) and found != "{":
        return LOOPS
    if kind == "ATTACH_POINT" and previous in _TYPES:
        return "this is C as for bcc; here a probe is kprobe:FUNCTION { ... }, with arg0, arg1, ... as its arguments"
    if found == "if" and "ATTACH_POINT" not in expected and "PREDICATE" in expected:
        return "a condition of the whole probe stands between slashes: /pid == 5/ { ... }"
    if (previous in _TYPES and "(" in expected) or (found == "=" and words[-2:-1] == ["*"] and words[-3:-2] and words[-3] in _TYPES):
        return VARIABLES
    if found == "=" and expected & {")", "END_PREDICATE"} and "," not in expected:
        return "== compares, = assigns"
    if before and before[-1][0] == "NAME" and kind in _VALUES and "(" in expected:
        return f"arguments stand in parentheses: {previous}({found})"
    if kind == "STRING" and before and before[-1][0] == "STRING":
        return "str_concat(a, b) joins strings"
    if found == "[" and "INTEGER" in expected:
        return NO_LISTS
    if found == "," and ";" in expected:
        outer = _opener(words, inside=True)
        return NO_LISTS if outer > -1 and words[outer] == "=" else "statements end with a semicolon"
    if expected == {"{"} and (kind in _VALUES or found.isalpha()):
        return "what belongs to it stands in braces: { ... }"
    return ""


def _opener(words: "list[str]", inside: bool = False) -> int:
    """Where the word before the bracket stands that the last word closes, or that we are ``inside`` of; -1 where there is none."""
    depth = 0 if not inside else 1
    for place in range(len(words) - 1, -1, -1):
        if words[place] in _OPENING.values():
            depth += 1
        elif words[place] in _OPENING:
            depth -= 1
            if depth == 0:
                return place - 1
    return -1


def _unclosed(text: str, tokens: "list[tuple[str, int, int]]") -> str:
    """The bracket that the end of the program leaves open."""
    opened: list[int] = []
    for _kind, first, last in tokens:
        word = text[first:last]
        if word in _OPENING:
            opened.append(first)
        elif word in _OPENING.values() and opened:
            opened.pop()
    if not opened:
        return ""
    place = opened[-1]
    line, column = text.count("\n", 0, place) + 1, place - text.rfind("\n", 0, place)
    return f'"{_OPENING[text[place]]}" is missing: the "{text[place]}" in line {line}, column {column} is not closed'
