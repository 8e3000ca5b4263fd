"""Runs inside a virtual machine of tools/vm: traces a list of programs one after the other.

traces.py CASES: a JSON file {name: {"program", "arguments", "words"}}. Prints a line of JSON as each ends:
{"name", "stdout", "stderr", "returncode", "load"}, or {"name", "failure"} where it could not be traced.
``words`` are for tests/load/load.c; the load waits until the program, with PID replaced, is attached, and the program
is interrupted when the load has done its work. A program without a load ends by itself.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("BTTUI_TEST_PATIENCE", "300")
sys.path.insert(0, str(Path(__file__).parent.parent))

from support import Bttui, Load


def trace(bttui, load, program, arguments, words):
    if not words:
        return bttui(*arguments, "-e", program)._asdict() | {"load": {}}
    with load.start(*words) as waiting:
        result, did = bttui.trace(program.replace("PID", str(waiting.pid)), *arguments, work=waiting.go)
        return result._asdict() | {"load": did}


def main():
    with tempfile.TemporaryDirectory() as folder:
        bttui, load = Bttui(folder), Load(folder)
        load.build()
        for name, case in json.loads(Path(sys.argv[1]).read_text()).items():
            try:
                answer = trace(bttui, load, **case)
            except Exception as error:
                answer = {"failure": f"{type(error).__name__}: {error}"}
            print(json.dumps({"name": name} | answer), flush=True)


main()
