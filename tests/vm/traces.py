"""Runs inside a virtual machine of tools/vm: traces a list of programs one after the other, then runs live tests.

traces.py FILE: JSON {"traces": {name: {"program", "arguments", "words", "binary", "beside"}}, "live": [pytest's words]}.
Prints a line of JSON as each ends: {"name", "stdout", "stderr", "returncode", "load"}, or {"name", "failure"} where it
could not be traced; and {"name": "live", "passed", "failed", "skipped", "report"} where live tests are asked for.
``words`` are for the load, a program of tests/load; the load waits until the program is attached, and the program
is interrupted when the load has done its work. In the program PID is the load's, BINARY its file, SYMBOL_x where that has its x, ADDRESS_OF_x where
the kernel's symbol x is, OFFSET_IN_x an instruction of the function x that is not its first. A program without a load ends by itself; without a program, ``arguments`` say all. ``beside`` is another program, which is traced the while.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("BTTUI_TEST_PATIENCE", "300")
sys.path.insert(0, str(Path(__file__).parent.parent))

from support import ROOT, Bttui, Load

from bttui.host.kernel_symbols import KernelSymbols


def trace(bttui, load, program, arguments, words, binary, beside):
    program = re.sub(r"ADDRESS_OF_(\w+)", lambda found: f"{KernelSymbols().address(found[1]):#x}", program)
    program = re.sub(r"OFFSET_IN_(\w+)", lambda found: str(second_instruction(bttui, found[1])), program)
    with contextlib.ExitStack() as stack:
        if beside:
            stack.enter_context(bttui.start("-e", beside))
        if not words:
            return bttui(*arguments, *(["-e", program] if program else []))._asdict() | {"load": {}}
        flags = ["-no-pie", "-pthread"] if binary == "watch" else []
        path = load.build(binary, f"bttui_{binary}", *flags)
        program = re.sub(r"SYMBOL_(\w+)", lambda found: f"{symbol(path, found[1]):#x}", program)
        waiting = stack.enter_context(load.start(*words, path=path))
        program = program.replace("PID", str(waiting.pid)).replace("BINARY", str(path))
        result, did = bttui.trace(program, *arguments, work=waiting.go)
        return result._asdict() | {"load": did}


def symbol(path, name):
    """Its address in a program that is always in the same place."""
    listed = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    return next(int(line.split()[0], 16) for line in listed.splitlines() if line.endswith(f" {name}"))


def second_instruction(bttui, function):
    """Where it begins (x86): ftrace's call has 5 bytes; before it may be endbr64, or a nop of 4 bytes in its place."""
    found = bttui("-e", f'begin {{ printf("%x\\n", *(uint32*)kaddr("{function}")); }}')
    return 5 if any(first in found.stdout for first in ("441f0f", "66666666")) or found.stdout.strip().endswith("e8") else 9


def live(words, folder):
    # A folder of their own: in the usual one pytest would clear up what another run, outside, clears up at the same time.
    command = [sys.executable, "-m", "pytest", "-m", "live", "-p", "no:cacheprovider", "--tb=short", f"--basetemp={folder}/live", *words]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|skipped|error)", done.stdout.rpartition("\n=")[2])}
    return found | {"returncode": done.returncode, "report": done.stdout}


def main():
    asked = json.loads(Path(sys.argv[1]).read_text())
    with tempfile.TemporaryDirectory() as folder:
        bttui, load = Bttui(folder), Load(folder)
        for name, case in asked["traces"].items():
            try:
                answer = trace(bttui, load, **case)
            except Exception as error:
                answer = {"failure": f"{type(error).__name__}: {error}"}
            print(json.dumps({"name": name} | answer), flush=True)
        if asked["live"]:
            print(json.dumps({"name": "live"} | live(asked["live"], folder)), flush=True)


main()
