#!/usr/bin/env python3
"""Eight hours of frames, a second each, as fast as they go: memory, descriptors and history of the whole dashboard, flat after the first.

The history is full after five minutes, the log after 5,000 lines, some 80 minutes; from then on nothing should grow but the recording.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        sys.exit(subprocess.run([sys.executable, "-m", "widgets.long_run", folder], env=environment, cwd=TESTS.parent).returncode)
