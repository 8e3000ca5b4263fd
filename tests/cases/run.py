"""Cases as data: a command line, and what must and must not be printed. Any tracer of this language can be held to them.

    .venv/bin/python tests/cases/run.py [--other COMMAND] [WORD...]

runs those whose names have one of the words (usdt.semaphore), with our command, and beside it with another's; it prints
what failed and, with --other, what differs. Each FILE.json is a list of cases of one suite:

    name      what it shows
    run       a shell line; {{BPFTRACE}} is the tracer, {{BEFORE_PID}} the process of the first of `befores`
    prog      instead of `run`, a program
    befores   commands that run before and until the end
    after     a shell line to run when the probes are attached; $(pidof bpftrace) is the tracer of this case
    expects   [{mode, value}]: text (a whole line), regex (any), text_none, regex_none, file (all of the output)
    return_code, or will_fail (any but 0); env; setup, cleanup; requires (shell lines, else it is skipped); arch

./testprogs/NAME is a load (PROGRAMS), and the folder is an empty one. A case ends by itself: `timeout` says within how many
seconds, on a machine that is not busy.
"""

import argparse
import difflib
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent)]

from support import ATTACHED, COMMAND, PATIENCE, Bttui, Load, Process  # noqa: E402 - where it is a command, its folder is not known

from bttui.host.processes import children, comm  # noqa: E402

# ./testprogs/NAME -> source in tests/load, flags for the compiler
PROGRAMS = {
    "lines": ("lines",),
    "names": ("names",),
    "typed": ("typed",),
    "usdt": ("usdt",),
    "usdt_fixed": ("usdt", "-no-pie", "-fno-pie"),
    # `cell` and `touched` at known addresses
    "watch": (
        "watch",
        "-pthread",
        "-no-pie",
        "-Wl,--section-start=.watched=0x10000000",
        "-Wl,--section-start=.touched=0x20000000",
    ),
}
FORM = {
    "run": "",
    "prog": "",
    "befores": [],
    "after": "",
    "expects": [],
    "return_code": 0,
    "will_fail": False,
    "env": {},
    "setup": "",
    "cleanup": "",
    "requires": [],
    "arch": [],
    "timeout": 5,
}


class Outcome(NamedTuple):
    problem: str  # "" where all is as expected
    returncode: "int | None"
    output: str
    skipped: bool = False


def cases():
    """[case] of all files, with what is not said filled in, and "id": SUITE.NAME."""
    found = []
    for file in sorted(HERE.glob("*.json")):
        for case in json.loads(file.read_text()):
            assert not set(case) - set(FORM) - {"name"}, f"{file.name}, {case['name']}: what is {set(case) - set(FORM)}?"
            found.append(FORM | case | {"id": f"{file.stem}.{case['name']}"})
    return found


class Runner:
    """Runs cases with ``command`` (a shell's words) in ``folder``."""

    def __init__(self, folder, command=None):
        self.folder = Path(folder)
        self.command = command or shlex.quote(COMMAND)
        self.programs = self.folder / "testprogs"
        self.programs.mkdir(exist_ok=True)
        self.load = Load(self.programs)
        self.env = Bttui(self.folder).env

    def __call__(self, case):
        if case["arch"] and platform.machine() not in case["arch"]:
            return Outcome("of another machine", None, "", skipped=True)
        for line in [case["run"], case["after"], case["setup"], *case["befores"], *case["env"].values()]:
            for name in re.findall(r"\./testprogs/(\w+)", line):
                source, *flags = PROGRAMS[name]
                built = self.load.build(source, name, *flags)
                if not (self.programs / name).exists():
                    os.link(built, self.programs / name)
        for line in case["requires"]:
            if self._shell(line).returncode:
                return Outcome(f"needs: {line}", None, "", skipped=True)
        if case["setup"] and (done := self._shell(case["setup"])).returncode:
            return Outcome("its setup failed", None, done.stdout)
        befores = []
        try:
            for line in case["befores"]:
                befores.append(self._before(line))
            return self._run(case, befores[0].pid if befores else 0)
        finally:
            for before in befores:
                before.kill()
            if case["cleanup"]:
                self._shell(case["cleanup"])

    def _shell(self, line, pid=0, **more):
        line = line.replace("{{BEFORE_PID}}", str(pid))
        return subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **more,
        )

    def _before(self, line):
        """A process that has become what it should, and has printed its first line if it is one of ours."""
        process = Process(shlex.split(line), cwd=self.folder, env=self.env)
        threading.Thread(target=process.popen.wait, daemon=True).start()  # a tracer may take one that nobody waits for as alive
        if "./testprogs/" in line:
            process.until("\n")
        return process

    def _run(self, case, before):
        line = (case["run"] or "{{BPFTRACE}} -e " + shlex.quote(case["prog"])).replace("{{BPFTRACE}}", self.command)
        line = f"exec 2>&1\n{line.replace('{{BEFORE_PID}}', str(before))}"
        env = self.env | {ATTACHED: "1"} | case["env"]
        with Process(["bash", "-c", line], env=env, cwd=self.folder) as process:
            ended = threading.Event()
            after = threading.Thread(target=self._after, args=(case["after"], before, process, ended), daemon=True)
            if case["after"]:
                after.start()
            try:
                result = process.wait(max(PATIENCE, case["timeout"]))
            except AssertionError:
                return Outcome("did not end", None, process.stdout)
            finally:
                ended.set()
        problem = _problem(case, result)
        return Outcome(problem, result.returncode, result.stdout)

    def _after(self, line, before, process, ended):
        try:
            process.until(ATTACHED + "\n")
        except AssertionError:
            return
        if "$(pidof bpftrace)" in line:
            line = line.replace("$(pidof bpftrace)", " ".join(_tracers(process.pid, self.command)))
        if not ended.is_set():
            self._shell(line, before, env=self.env)


def _tracers(pid, command):
    """The first processes from ``pid`` downwards that have the tracer's name: what they fork has it too, for a while."""
    name = Path(shlex.split(command)[0]).name[:15]
    todo, found = [pid], []
    while todo:
        each = todo.pop()
        if comm(each) == name:
            found.append(str(each))
        else:
            todo += children(each)
    return found


def _problem(case, result):
    if case["will_fail"] and not result.returncode:
        return "did not fail"
    if not case["will_fail"] and result.returncode != case["return_code"]:
        return f"exit code {result.returncode}, not {case['return_code']}"
    for expected in case["expects"]:
        if not _met(expected, result.stdout):
            return f"{expected['mode']} is not met: {expected['value']!r}"
    return ""


def _met(expected, output):
    mode, value = expected["mode"], expected["value"]
    if mode == "file":
        return output.strip() == value.strip()
    kind, _, none = mode.partition("_")
    pattern = {"text": rf"^\s*{re.escape(value)}\s*$", "regex": value}[kind]
    return (re.search(pattern, output, re.M) is None) == bool(none)


def _difference(ours, other):
    """Lines (in any order) that only one of them printed."""
    texts = [re.sub(r"\bpid=[0-9]+", "pid=PID", f"{outcome.output}\nexit code {outcome.returncode}") for outcome in (ours, other)]
    lines = [sorted(line for line in text.splitlines() if line) for text in texts]
    return "".join(f"{line}\n" for line in difflib.ndiff(*lines) if line[0] in "+-")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--other", metavar="COMMAND", help="another tracer, to run the same cases with")
    parser.add_argument("-v", "--verbose", action="store_true", help="print all output")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="bttui-cases.") as folder:
        runners = {"": Runner(folder)} | ({"other: ": Runner(folder, options.other)} if options.other else {})
        for case in cases():
            if options.words and not any(word in case["id"] for word in options.words):
                continue
            outcomes = {}
            for who, run in runners.items():
                began = time.monotonic()
                outcomes[who] = outcome = run(case)
                word = "skipped" if outcome.skipped else "failed" if outcome.problem else "passed"
                failed += word == "failed"
                print(f"{word:7} {time.monotonic() - began:5.1f} s  {who}{case['id']}  {outcome.problem}", flush=True)
            if options.verbose or any(outcome.problem and not outcome.skipped for outcome in outcomes.values()):
                for who, outcome in outcomes.items():
                    print(textwrap.indent(f"{outcome.output}exit code {outcome.returncode}", f"    {who or 'ours:  '}", lambda _: True))
            elif options.other:
                print(textwrap.indent(_difference(*outcomes.values()), "    "), end="")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
