#!/usr/bin/env python3
"""What a printed line costs, in the kernel and on its way out: sudo .venv/bin/python benchmarks/printf.py [OTHER TRACER'S COMMAND]

A loop in BEGIN prints; what starting takes is subtracted.
"""

from paired import compare, tell

LINES = 200_000  # in 40 probes, as the ring buffer takes so many at once
EACH = 5_000
PROGRAM = f'interval:ms:25 {{ for ($i : 0..{EACH}) {{ printf("%s %d\\n", comm, $i); }} @n++; if (@n == {LINES // EACH}) {{ clear(@n); exit(); }} }}'

if __name__ == "__main__":
    empty, other_empty, *_ = compare("BEGIN { exit(); }", 3)
    ours, theirs, mine, his = compare(PROGRAM, 5, "-B", "full")
    tell(f"{LINES:,} lines", ours, theirs)
    print(f"lines that arrived: {mine.count(b' '):,}", f"and {his.count(b' '):,}" if theirs else "")
    print(f"CPU a line: {(ours.cpu - empty.cpu) / LINES * 1e6:.2f} us", end="")
    print(f" against {(theirs.cpu - other_empty.cpu) / LINES * 1e6:.2f} us" if theirs and other_empty else "")
