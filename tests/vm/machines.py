"""Work for other kernels: one boot for each, in which all that is asked for runs."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from support import ROOT

HERE = "here"  # not a virtual machine: the running kernel
KERNELS = os.environ.get("BTTUI_KERNELS", "6.12 6.1").split()
SECONDS = 1800
_at_once = threading.Semaphore(2)  # what runs in a machine keeps one processor busy, most of the time


class Machine:
    """Boots at once, in a thread. ``asked`` is what traces.py reads; its lines are answers, which come one by one."""

    def __init__(self, kernel, asked, folder):
        self.kernel = kernel
        file = Path(folder) / f"{kernel}.json"
        file.write_text(json.dumps(asked))
        inside = [sys.executable, Path(__file__).parent / "traces.py", file]
        self._command = inside if kernel == HERE else [ROOT / "tools/vm", kernel, "--timeout", str(SECONDS), "--", *inside]
        self._lines = {}
        self._news = threading.Condition()
        self.end = ""  # how it ended
        threading.Thread(target=self._work).start()

    def _work(self):
        with (
            _at_once,
            tempfile.TemporaryFile("w+", errors="replace") as errors,
            subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
        ):
            for line in process.stdout:
                answer = json.loads(line)
                with self._news:
                    self._lines[answer.pop("name")] = answer
                    self._news.notify_all()
            process.wait()
            errors.seek(0)
            with self._news:
                self.end = f"exit code {process.returncode}\n{errors.read()}"
                self._news.notify_all()

    def answer(self, name):
        """Waits for the line of this name; None where there is none at the end."""
        with self._news:
            self._news.wait_for(lambda: name in self._lines or self.end)
            return self._lines.get(name)


def case(program="", load="", arguments=(), binary="load", beside=""):
    return {"program": program, "arguments": [str(word) for word in arguments], "words": load.split(), "binary": binary, "beside": beside}
