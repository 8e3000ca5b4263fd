#!/usr/bin/env python3
"""Printing a map of many keys when a program ends: sudo .venv/bin/python benchmarks/map_print.py [OTHER TRACER'S COMMAND]"""

from paired import compare, tell

KEYS = 50_000
MAPS = {"count": "count()", "value": "$i", "stats": "stats($i)", "hist": "hist($i)"}

if __name__ == "__main__":
    empty, other_empty, *_ = compare("BEGIN { exit(); }", 3)
    for name, value in MAPS.items():
        keys = KEYS if name != "hist" else KEYS // 10
        program = f"config = {{ max_map_keys = {KEYS * 2} }} BEGIN {{ for ($i : 0..{keys}) {{ @[$i] = {value}; }} exit(); }}"
        ours, theirs, mine, his = compare(program, 3)
        tell(f"{keys:,} keys of {name}", ours, theirs)
        if theirs and sorted(mine.splitlines()) != sorted(his.splitlines()):
            print(f"  the two differ: {len(mine.splitlines()):,} and {len(his.splitlines()):,} lines")
