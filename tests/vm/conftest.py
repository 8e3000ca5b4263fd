"""Traces in another kernel. A test says what it wants with its marker, and asserts what came of it:

    @pytest.mark.vm(program="kprobe:vfs_read /pid == PID/ { @ = count(); }", load="reads 100 7")
    def test_counts(traced):
        assert traced.stdout == ...

The load has started and waits when the program is attached; PID in the program is the load's. Without a load the
program ends by itself.

Each kernel (BTTUI_KERNELS, "6.12 6.1" unless it says otherwise: with and without multi links) is booted once; the programs of all selected tests run in
that one boot, one after the other.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support import ROOT

KERNELS = os.environ.get("BTTUI_KERNELS", "6.12 6.1").split()
SECONDS = 1200


class Traced(NamedTuple):
    stdout: str
    stderr: str
    returncode: int
    load: dict  # what the load says it did


def case_name(item):
    return item.nodeid.rsplit("[", 1)[0]


@pytest.fixture(scope="session", params=KERNELS)
def boot(request, tmp_path_factory):
    """What all selected tests of this layer asked for, traced in one boot: {name: answer} (see traces.py)."""
    cases = {}
    for item in request.session.items:
        marker = item.get_closest_marker("vm")
        if marker and "traced" in item.fixturenames:
            wanted = marker.kwargs
            words = wanted.get("load", "").split()
            cases[case_name(item)] = {"program": wanted["program"], "arguments": wanted.get("arguments", []), "words": words}
    script = Path(__file__).parent / "traces.py"
    file = tmp_path_factory.mktemp("vm") / "cases.json"
    file.write_text(json.dumps(cases))
    command = [ROOT / "tools/vm", request.param, "--timeout", str(SECONDS), "--", sys.executable, script, file]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 60)
    answers = {}
    for line in done.stdout.splitlines():
        answer = json.loads(line)
        answers[answer.pop("name")] = answer
    return answers, f"exit code {done.returncode}\n{done.stderr}"


@pytest.fixture
def traced(request, boot):
    answers, end = boot
    answer = answers.get(case_name(request.node))
    if answer is None:
        pytest.fail(f"the machine did not get to this program: {end}", pytrace=False)
    if "failure" in answer:
        pytest.fail(answer["failure"], pytrace=False)
    return Traced(**answer)
