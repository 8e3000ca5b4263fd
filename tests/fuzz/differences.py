"""Where this tracer and another one differ on programs at random: python tests/fuzz/differences.py --help

Prints each difference with its seed, and the rate. --record FILE writes what the other one answers, for the tests.
"""

import argparse
import json
import random
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fuzz.programs import Programs

PATIENCE = 60  # seconds; longer is a hang


def answer(command, program):
    """{"accepted": bool, "printed": lines of the standard output} of one run.

    Lines about maps and empty lines are sorted by themselves: entries with equal values come in no order.
    """
    try:
        done = subprocess.run(
            [*command, "-e", program], capture_output=True, text=True, errors="replace", timeout=PATIENCE, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return {"accepted": None, "printed": "hangs"}, ""
    accepted = done.returncode == 0
    complaints = [line for line in done.stderr.splitlines() if "ERROR" in line]
    return {"accepted": accepted, "printed": settled(done.stdout) if accepted else ""}, "\n".join(complaints)


def settled(text):
    """The output with runs of map entries in an order of our own."""
    lines, entries = [], []
    for line in [*text.split("\n"), "end"]:
        if re.match(r"@\w+\[", line) and not line.endswith(":"):
            entries.append(line)
            continue
        lines += sorted(entries)
        entries = []
        if line:
            lines.append(line)
    return "\n".join(lines[:-1])


def program(seed):
    return Programs(random.Random(seed)).program()


def main():
    parser = argparse.ArgumentParser(description="Where two tracers differ on programs at random.")
    parser.add_argument("--tracer", default=str(Path(sys.executable).parent / "bttui"), help="ours")
    parser.add_argument("--other", default="bpftrace", help="the one that is right")
    parser.add_argument("--first", type=int, default=0, help="seed of the first program")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--record", type=Path, help="write the programs and the other one's answers there; nothing is compared")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.count)
    accepted = different = 0
    recorded = []

    def both(seed):
        text = program(seed)
        return text, answer([options.other], text), ({}, "") if options.record else answer([options.tracer], text)

    with ThreadPoolExecutor(options.jobs) as pool:
        for seed, (text, (theirs, reason), (ours, complaint)) in zip(seeds, pool.map(both, seeds), strict=True):
            accepted += bool(theirs["accepted"])
            recorded.append({"program": text, **theirs})
            if not options.record and theirs != ours:
                different += 1
                print(f"--- {seed}\n{text}theirs: {theirs} {reason}\nours:   {ours} {complaint}", flush=True)
    print(f"{len(recorded)} programs, {accepted} accepted, {different} different")
    if options.record:
        options.record.write_text("".join(json.dumps(entry) + "\n" for entry in recorded))
    return bool(different)


if __name__ == "__main__":
    sys.exit(main())
