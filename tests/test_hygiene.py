"""What the package promises about itself: light starts, clean text, and that it can be installed."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support import COMMAND, ROOT

# What a trace in a pipe does without; and a listing, which compiles nothing.
DASHBOARD = {"textual", "rich", "pyroute2"}
LIGHT = DASHBOARD | {"asyncio", "argparse", "dataclasses", "logging", "typing", "lark", "llvmlite"}


def imported(*arguments):
    """Run the command in a pipe -> (what it did, the top-level modules that it or a child of its fork imported)."""
    command = [sys.executable, "-X", "importtime", COMMAND, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    told = re.findall(r"^import time: +\d+ \| +\d+ \| +(\w+)", done.stderr, re.M)
    assert "bttui" in told
    return done, set(told)


@pytest.mark.live
def test_a_trace_in_a_pipe_imports_nothing_of_the_dashboard():
    done, modules = imported("-e", r'BEGIN { printf("%d\n", 6 * 7); }')
    assert done.stdout.startswith("42\n"), done
    assert not modules & DASHBOARD


@pytest.mark.live
def test_a_listing_imports_neither_compiler_nor_dashboard():
    done, modules = imported("-l", "tracepoint:sched:sched_switch")
    assert done.stdout == "tracepoint:sched:sched_switch\n", done
    assert not modules & LIGHT


LOWERED = """
import sys
from bttui.compiler import pipeline
from bttui.compiler.options import CompileOptions
from bttui.host.facts import Host
pipeline.lower(sys.argv[1], "stdin", Host(), CompileOptions())
print("elftools" in sys.modules)
"""


@pytest.mark.live
@pytest.mark.parametrize("body, needed", [("@ = count();", False), ("@[arg0, comm] = (uint32)arg1;", False), ("print(args.state);", True)])
def test_debugging_information_is_opened_only_for_what_needs_it(load, body, needed):
    path = load.build("typed", "bttui_typed")
    program = f"uprobe:{path}:walk {{ {body} }} uretprobe:{path}:walk {{ @ends = count(); }}"
    done = subprocess.run([sys.executable, "-c", LOWERED, program], capture_output=True, text=True)
    assert done.stdout == f"{needed}\n", done


def test_the_version_needs_almost_nothing():
    done, modules = imported("-V")
    assert done.returncode == 0 and done.stdout.startswith("bttui ")
    assert not modules & (LIGHT | {"ctypes", "json", "struct", "subprocess"})


def tracked():
    """Every text file of the project: what git tracks, or would."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in {".svg", ".png"} and path.is_file():
            yield name, path.read_text(errors="replace")


def test_no_file_names_the_place_it_was_made_in():
    # Spelled in parts, so that this file passes its own test.
    places = [str(ROOT) + os.sep, "/" + "work/", "/" + "home/", ".py" + "env", "index" + "-url", "deb" + ".debian.org"]
    found = [(name, place) for name, text in tracked() for place in places if place in text]
    assert found == []


def test_nothing_is_left_to_be_merged():
    marks = re.compile(r"^(<{7}|>{7}) ", re.M)
    assert [name for name, text in tracked() if marks.search(text)] == []


def test_nothing_strays_to_the_top():
    ours = {".ci", ".gitattributes", ".gitignore", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "README.md", "pyproject.toml"}
    ours |= {"benchmarks", "bttui", "docs", "screenshots", "tests", "tools"}
    assert {name.partition("/")[0] for name, _ in tracked()} - ours == set()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    (path,) = folder.glob("bttui-*.whl")
    return path


def test_the_wheel_holds_all_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if name.startswith("bttui/")}
    package = {str(path.relative_to(ROOT)) for path in (ROOT / "bttui").rglob("*") if path.is_file()}
    assert inside == {name for name in package if "__pycache__" not in name}


def test_the_wheel_gives_the_command(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    target = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--disable-pip-version-check", wheel]
    subprocess.run(install, check=True, capture_output=True, timeout=300)
    assert (target / "bttui" / "cli.py").exists()
    done = subprocess.run([tmp_path / "venv" / "bin" / "bttui", "-V"], capture_output=True, text=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0 and done.stdout.startswith("bttui ")
    assert Path(target, "bttui").is_dir()
