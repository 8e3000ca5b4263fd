"""Programs spoiled at random must give a Program or Diagnostics: python tests/fuzz/mutations.py --count 100000

Each is compiled to the end, LLVM included. Reported are tracebacks, what takes longer than PATIENCE, and processes that die.
"""

import argparse
import mmap
import os
import random
import signal
import struct
import sys
import traceback
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from compiler.compiling import FACTS
from compiler.trees import PIECE, PIECES, nodes
from fuzz.programs import Programs

from bttui.compiler import ast
from bttui.compiler.options import CompileOptions
from bttui.compiler.parser import parse
from bttui.compiler.pipeline import compile_program
from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError

PATIENCE = 5  # seconds of CPU
# Of every part of the language something, to be mixed with the rest.
SENTENCES = (
    "tracepoint:sched:sched_switch { @[args.prev_comm, args.next_pid] = count(); }",
    'tracepoint:syscalls:sys_enter_openat /pid == 1/ { printf("%s %s\\n", comm, str(args.filename, 32)); }',
    "profile:hz:99 { @[kstack(3), ustack] = count(); } interval:s:1 { print(@, 5, 1000); clear(@); exit(); }",
    "struct s { int a; char b[8]; struct { long c : 3; unsigned d; }; } begin { $x = (struct s *)curtask; print($x->b); print(sizeof(struct s)); }",
    "begin { @h = hist(nsecs, 3); @l = lhist(elapsed / 1000, 0, 1000, 50); @s = stats(rand); for ($kv : @m) { print($kv.0); } @m[1] = 2; }",
    'begin { $t = (a=1, b="x"); print($t.b); print(strftime("%H", nsecs)); @x[(1, (2, "a"))] = (int8)-1; delete(@x, (1, (2, "a"))); }',
    "rawtracepoint:sched_switch { $p = (struct task_struct *)arg1; @[$p->comm, $p->pid] = sum($p->prio); print(kptr($p)); }",
    "config = { max_map_keys = 10; missing_probes = warn } let @a = lruhash(5); begin { @a[tid] = 1; while (1) { break; } unroll(3) { @a[1]++; } }",
    "macro m($a, @b, c) { $a += 1; @b[c] = $a; c } begin { let $v : uint64 = 5; print(m($v, @q, 3)); if comptime (1) { print(str(uptr(curtask))); } }",
    'self:signal:SIGUSR1, i:ms:10, p:us:500 { signal("KILL"); system("ls %d", cpu); @=macaddr("abcdef"); print(ntop(2, 5)); print(buf("abc", 2)); }',
)
EXTRA = [
    *PIECES,
    "-1",
    "18446744073709551616",
    "((((",
    "{{{{",
    '"%s%s"',
    "@x[",
    "$1",
    "str(",
    "args.",
    "macro",
    "for (",
    "unroll(100)",
    "(string[9])",
    "(uint8[4])",
    "hist(",
]


def mutated(seed):
    """Expressions, statements and words exchanged for others of their kind, which keeps the grammar; or pieces of anything."""
    chance = random.Random(seed)
    text = chance.choice([chance.choice(SENTENCES), Programs(chance).program()])
    for _ in range(chance.randint(1, 3)):
        how = chance.choice([exchanged, exchanged, exchanged, exchanged, exchanged, reworded, reworded, spoiled])
        text = how(chance, text)
    return text


def spans(text, kind):
    """(start, end) of every node of a kind; none where the text is no program any more."""
    try:
        return [(node.span.start, node.span.end) for node in nodes(parse(text)) if isinstance(node, kind)]
    except DiagnosticError:
        return []


def exchanged(chance, text):
    kind = chance.choice([ast.Expression, ast.Expression, ast.Statement])
    donor = chance.choice([*SENTENCES, text])
    places, others = spans(text, kind), spans(donor, kind)
    if not places or not others:
        return text
    (start, end), (first, last) = chance.choice(places), chance.choice(others)
    return text[:start] + donor[first:last] + text[end:]


def reworded(chance, text):
    pieces = PIECE.findall(text)
    at = chance.randrange(len(pieces))
    first = pieces[at][:1]
    same = [piece for sentence in SENTENCES for piece in PIECE.findall(sentence) if piece[:1].isalpha() == first.isalpha()]
    pieces[at] = chance.choice([*same, *EXTRA] if first.isalpha() else EXTRA)
    return "".join(pieces)


def spoiled(chance, text):
    pieces = PIECE.findall(text)
    at = chance.randrange(len(pieces))
    donor = PIECE.findall(chance.choice(SENTENCES))
    start = chance.randrange(len(donor))
    put = chance.choice([[], [chance.choice(EXTRA)], [chance.choice(pieces)], donor[start : start + chance.randint(1, 6)]])
    pieces[at : at + chance.randint(0, 2)] = put
    return "".join(pieces)


def attempt(text, host):
    """ "" for a Program or Diagnostics with a message, else what went wrong."""
    try:
        compile_program(text, "program", host, CompileOptions(unsafe=True))
    except DiagnosticError as reason:
        return "" if all(d.message for d in reason.diagnostics) else "a diagnostic without a message"
    except TimeoutError:
        return "took too long"
    except Exception:
        return traceback.format_exc(limit=-3)
    return ""


def run(seeds, host):
    """(seed, what went wrong) of all that went wrong. A process that dies is followed by another one."""
    place = mmap.mmap(-1, 16)
    left = list(seeds)
    while left:
        reader, writer = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reader)
            _work(left, host, place, writer)
        os.close(writer)
        with open(reader) as reports:
            for report in reports.read().split("\0")[:-1]:
                number, _, what = report.partition(" ")
                yield int(number), what
        _, status = os.waitpid(pid, 0)
        (at,) = struct.unpack_from("q", place)
        if at == len(left):
            return
        yield left[at], f"the process died: {os.waitstatus_to_exitcode(status)}"
        left = left[at + 1 :]


def _work(seeds, host, place, writer):
    def too_long(*_):
        raise TimeoutError

    signal.signal(signal.SIGVTALRM, too_long)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 2)  # what LLVM says on its way out
    for at, seed in enumerate(seeds):
        struct.pack_into("q", place, 0, at)
        signal.setitimer(signal.ITIMER_VIRTUAL, PATIENCE)
        what = attempt(mutated(seed), host)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if what:
            os.write(writer, f"{seed} {what}\0".encode())
    struct.pack_into("q", place, 0, len(seeds))
    os._exit(0)


def main():
    parser = argparse.ArgumentParser(description="Compiles programs spoiled at random.")
    parser.add_argument("--first", type=int, default=0, help="seed of the first program")
    parser.add_argument("--count", type=int, default=1000)
    options = parser.parse_args()
    wrong = 0
    for seed, what in run(range(options.first, options.first + options.count), Host(os.path.join(FACTS, "6.18"))):
        wrong += 1
        print(f"--- {seed}\n{mutated(seed)!r}\n{what}", flush=True)
    print(f"{options.count} programs, {wrong} went wrong")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
