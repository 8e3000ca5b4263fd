"""The machine as a whole: recordings stand for machines, and nothing is read before it is asked for."""

import os
import subprocess
import sys

import pytest

from bttui.host.facts import Host

FACTS = os.path.join(os.path.dirname(__file__), "..", "facts")


def test_a_recording_is_a_machine():
    host = Host(os.path.join(FACTS, "6.18"))
    assert (host.live, host.cpus, host.online_cpus, host.machine, host.pointer_size) == (False, 2, (0, 1), "x86_64", 8)
    assert host.btf.exists and host.tracefs.exists
    assert host.btf is host.btf


def test_an_empty_folder_is_a_machine_that_has_nothing(tmp_path):
    host = Host(str(tmp_path))
    assert not host.btf.exists and not host.tracefs.exists
    assert host.cpus >= 1
    assert host.machine
    assert host.kernel_symbols.symbolize(1).name == ""
    assert not host.features.has("btf")


@pytest.mark.parametrize(("text", "cpus"), [("0\n", (0,)), ("0-3\n", (0, 1, 2, 3)), ("0-1,4,6-7\n", (0, 1, 4, 6, 7)), ("nonsense\n", None)])
def test_lists_of_cpus(tmp_path, text, cpus):
    folder = tmp_path / "sys/devices/system/cpu"
    folder.mkdir(parents=True)
    for name in ("possible", "online"):
        (folder / name).write_text(text)
    host = Host(str(tmp_path))
    assert host.cpus == (len(cpus) if cpus else os.cpu_count())
    assert host.online_cpus == (cpus or tuple(range(os.cpu_count())))


def test_the_older_place_of_tracefs_is_found(tmp_path):
    (tmp_path / "sys/kernel/debug/tracing/events").mkdir(parents=True)
    assert Host(str(tmp_path)).tracefs.path == str(tmp_path / "sys/kernel/debug/tracing")


def test_asking_for_nothing_reads_nothing():
    """Making a Host, and each of its parts, opens no file of the kernel's."""
    code = """
import sys
opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
from bttui.host.facts import Host
host = Host()
host.btf, host.kernel_symbols, host.features, host.tracefs
print([path for path in opened if path.startswith(("/sys", "/proc"))])
print(sorted({"typing", "dataclasses", "pathlib", "asyncio", "subprocess", "ctypes", "lark", "llvmlite"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n"


@pytest.mark.live
def test_this_machine():
    host = Host()
    assert host.cpus == os.sysconf("SC_NPROCESSORS_CONF")
    assert len(host.online_cpus) == os.sysconf("SC_NPROCESSORS_ONLN")
    assert host.machine == os.uname().machine
    assert host.page_size == os.sysconf("SC_PAGESIZE")
