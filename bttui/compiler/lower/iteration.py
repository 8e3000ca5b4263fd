"""What iterators do besides the program's own text."""

from bttui.compiler.emit import Helper, Value
from bttui.compiler.infer.rules import is_stringlike
from bttui.model import types
from bttui.model.diagnostic import error
from bttui.model.format import Specifier, parse_format

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bttui.compiler import ast
    from bttui.compiler.lower.code import Code
    from bttui.probes.provider import Iteration

MOST_ARGUMENTS = 12  # MAX_BPRINTF_VARARGS, <linux/bpf.h>


def begin_iteration(code: "Code", iteration: "Iteration") -> None:
    """Pass over the last call, which has no element; tell the reader of each that there was one."""
    f = code.f
    element = f.load(64, f.offset("%ctx", iteration.element), volatile=True)
    nothing, something = f.block("nothing"), f.block("element")
    f.branch(f.compare("eq", 64, element, "0"), nothing, something)
    f.label(nothing)
    f.ret()
    f.label(something)
    if len(iteration.files) == 3:
        pass_over_shared_files(code, *iteration.files)
    if not iteration.pinned:
        f.call(Helper.seq_write, f"ptr {sequence(code)}", f"ptr {f.module.constant(b'.')}", "i32 1")


def pass_over_shared_files(code: "Code", task: int, leader: int, files: int) -> None:
    f = code.f

    def read(base: str, offset: int) -> str:
        return code.load(Value(types.UINT64, f.binary("add", 64, base, str(offset)), "kernel")).operand

    this = read(f.to_integer("%ctx"), task)
    first = read(this, leader)
    same = f.compare("eq", 64, read(this, files), read(first, files))
    code.when(f.binary("and", 1, f.compare("ne", 64, this, first), same), f.ret)


def sequence(code: "Code") -> str:
    """The seq_file that the iterator writes to: ctx begins with a pointer to struct bpf_iter_meta, which begins with it."""
    return code.f.load_pointer(code.f.load_pointer("%ctx"))


def print_text(code: "Code", call: "ast.Call") -> None:
    """printf of a pinned iterator: the kernel fills in the format for whoever reads the pin."""
    f, arguments = code.f, call.arguments[1:]
    if len(arguments) > MOST_ARGUMENTS:
        raise error(f"printf of a pinned iterator takes at most {MOST_ARGUMENTS} values", call.span)
    text = ""
    numbers: "list[str]" = []
    rest: "Iterator[Any]" = iter(arguments)
    for piece in parse_format(call.note[1]):
        if isinstance(piece, str):
            text += piece.replace("%", "%%")
        else:
            node = next(rest)
            text += _conversion(piece, node)
            numbers.append(_number(code, piece, node))
    if not all(" " <= character <= "~" or character in "\t\n\v\f\r" for character in text):
        raise error("printf of a pinned iterator prints ASCII only", call.span)
    raw = text.encode() + b"\0"
    values = f.stack(8 * len(numbers)) if numbers else "null"
    for index, number in enumerate(numbers):
        f.store(64, number, f.offset(values, 8 * index), volatile=True)
    given = (f"ptr {sequence(code)}", f"ptr {f.module.constant(raw)}", f"i32 {len(raw)}", f"ptr {values}", f"i32 {8 * len(numbers)}")
    f.call(Helper.seq_printf, *given)


def _conversion(piece: Specifier, node: "ast.Expression") -> str:
    """As bpf_bprintf_prepare() of kernel/bpf/helpers.c reads it."""
    if piece.conversion not in "dxXucsp" or piece.alternate:
        raise error(f"not supported: {piece.source} in printf of a pinned iterator", node.span, hint="there are %d %u %x %X %c %s %p")
    front = "-" * piece.left + "+" * piece.plus + "0" * (piece.fill == "0" and not piece.left) + (str(piece.width) if piece.width else "")
    if piece.conversion == "p":
        return "0x%llx"
    return f"%{front}{'ll' if piece.bytes == 8 and piece.conversion in 'dxXu' else ''}{piece.conversion}"


def _number(code: "Code", piece: Specifier, node: "ast.Expression") -> str:
    """The value, or the address of the string."""
    if piece.conversion == "s":
        if not is_stringlike(node.type):
            raise error("not supported: %s of what is no string, in printf of a pinned iterator", node.span)
        return code.f.to_integer(code.string(node).operand)
    if piece.bytes < 4:
        small = code.integer(node, 8 * piece.bytes)
        return code.f.resize(small, 8 * piece.bytes, 64, piece.conversion == "d")
    return code.integer(node)
