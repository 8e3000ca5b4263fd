"""A tracer inside a pid namespace: numbers are those of the namespace, -p takes them, stacks and functions have names."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import COMMAND

pytestmark = pytest.mark.live

CALLS = 40
# Runs inside: a process and a tracer beside it, which know each other by the numbers there.
INSIDE = """
import sys
sys.path.insert(0, sys.argv[1])
from support import Bttui, Load
bttui, load = Bttui(sys.argv[2]), Load(sys.argv[2])
path, program, arguments = sys.argv[3], sys.argv[4], sys.argv[5:]
with load.start(CALLS, 1, path=path) as waiting:
    print("pid", waiting.pid)
    arguments = [str(waiting.pid) if argument == "PID" else argument for argument in arguments]
    result, _ = bttui.trace(program.replace("PID", str(waiting.pid)), *arguments, work=waiting.go)
print(result.stdout)
sys.exit(result.returncode)
""".replace("CALLS", str(CALLS))


def counts(text, name="@"):
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


@pytest.fixture
def inside(tmp_path):
    """inside(PATH, PROGRAM, ...) -> (pid of the load in its namespace, what the tracer there printed)."""
    namespace = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no pid namespace can be made here")

    def run(*words):
        words = [sys.executable, "-c", INSIDE, Path(__file__).parent, tmp_path, *words]
        done = subprocess.run([*namespace, *map(str, words)], capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == 0, done
        first, _, rest = done.stdout.partition("\n")
        return first.removeprefix("pid "), rest

    return run


@pytest.fixture(scope="module")
def calls(load):
    return load.build("calls", "bttui_calls")


@pytest.mark.parametrize("options", [[], ["--no-feature", "uprobe_multi"]], ids=["multi", "single"])
def test_one_process_by_its_number_there(options, inside, calls):
    program = f"uprobe:{calls}:first, uretprobe:{calls}:sec?nd, uprobe:*:second {{ @[probe, pid, tid] = count(); }}"
    pid, text = inside(calls, program, "-p", "PID", *options)
    assert int(pid) < 20  # it is a number of the namespace
    probes = [f"uprobe:{calls}:first", f"uretprobe:{calls}:second", f"uprobe:/proc/{pid}/root{calls}:second"]
    assert counts(text) == {f"{probe}, {pid}, {pid}": CALLS for probe in probes}


def test_names_of_functions_there(inside, calls):
    """Of the process's stack, of an address, of where the probe is."""
    program = (
        f'uprobe:{calls}:second /pid == PID/ {{ @stacks[ustack(1)] = count(); @usyms[usym(reg("ip"))] = count(); @[func] = count(); }}'
    )
    _, text = inside(calls, program)
    assert re.search(rf"^@stacks\[\n        second\+0\n\]: {CALLS}$", text, re.M), text
    assert counts(text, "@usyms") == {"second": CALLS}
    assert counts(text) == {"second": CALLS}


def test_a_program_that_was_compiled_outside_is_compiled_anew(bttui, tmp_path):
    """Its numbers would be those of the namespace in which it was compiled."""
    env = bttui.env | {"XDG_CACHE_HOME": str(tmp_path)}
    program = "begin { print((pid, pid(curr_ns))); exit(); }"
    command = [COMMAND, "-e", program]
    namespace = ["unshare", "--fork", "--pid", "--mount-proc", "--kill-child"]
    if subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no pid namespace can be made here")
    for _ in range(2):  # the second time, the program is known
        outside = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        assert "(1, 1)" not in outside.stdout
        there = subprocess.run([*namespace, *command], env=env, capture_output=True, text=True, check=True)
        assert "(1, 1)" in there.stdout
