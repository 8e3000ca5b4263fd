"""Two commands in turn, so that what the machine does besides falls on both: CPU of the command and its children, and wall time."""

import os
import shlex
import statistics
import subprocess
import sys
import time

from terminal import PYTHON

OURS = [PYTHON, "-m", "bttui"]


class Times:
    def __init__(self) -> None:
        self.cpus: list[float] = []
        self.walls: list[float] = []

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpus)

    @property
    def wall(self) -> float:
        return statistics.median(self.walls)


def run(command: "list[str]", times: Times) -> bytes:
    """The output. Standard error is dropped, so a tracer that warns is not slower for it."""
    began, before = time.monotonic(), os.times()
    output = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    after = os.times()
    times.walls.append(time.monotonic() - began)
    times.cpus.append(after.children_user - before.children_user + after.children_system - before.children_system)
    return output


def compare(program: str, runs: int, *options: str) -> "tuple[Times, Times | None, bytes, bytes]":
    """Times of ours and of the command that the arguments name (None without one), with the output of the last runs."""
    other = [word for argument in sys.argv[1:] for word in shlex.split(argument)]
    arguments = [*options, "-e", program]
    ours, theirs = Times(), Times() if other else None
    mine = his = b""
    run([*OURS, *arguments], Times())  # bytecode, page cache, program cache
    for _ in range(runs):
        mine = run([*OURS, *arguments], ours)
        if theirs:
            his = run([*other, *arguments], theirs)
    return ours, theirs, mine, his


def tell(name: str, ours: Times, theirs: "Times | None") -> None:
    print(f"{name}: CPU {ours.cpu:.3f} s, wall {ours.wall:.3f} s", end="")
    if theirs:
        print(
            f"; the other: CPU {theirs.cpu:.3f} s, wall {theirs.wall:.3f} s; {ours.cpu / theirs.cpu:.2f}x CPU, {ours.wall / theirs.wall:.2f}x wall",
            end="",
        )
    print()
