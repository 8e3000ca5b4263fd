"""Work for other kernels: one boot for each, in which all that is asked for runs."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from support import ROOT

HERE = "here"  # not a virtual machine: the running kernel
KERNELS = os.environ.get("BTTUI_KERNELS", "6.12 6.1").split()
SECONDS = 1800
_at_once = threading.Semaphore(2)  # what runs in a machine keeps one processor busy, most of the time


class Machine:
    """Boots at once, in a thread. ``asked`` is what traces.py reads; ``answers()`` waits for its lines, by name."""

    def __init__(self, kernel, asked, folder):
        self.kernel = kernel
        file = Path(folder) / f"{kernel}.json"
        file.write_text(json.dumps(asked))
        inside = [sys.executable, Path(__file__).parent / "traces.py", file]
        self._command = inside if kernel == HERE else [ROOT / "tools/vm", kernel, "--timeout", str(SECONDS), "--", *inside]
        self._lines = {}
        self.end = ""  # how it ended
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self):
        with _at_once:
            done = subprocess.run(self._command, capture_output=True, text=True)
        for line in done.stdout.splitlines():
            answer = json.loads(line)
            self._lines[answer.pop("name")] = answer
        self.end = f"exit code {done.returncode}\n{done.stderr}"

    def answers(self):
        self._thread.join()
        return self._lines


def case(program, load="", arguments=(), binary="load", beside=""):
    return {"program": program, "arguments": [str(word) for word in arguments], "words": load.split(), "binary": binary, "beside": beside}
