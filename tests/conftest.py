"""The layers of the tests, and what they share.

No marker: pure. ``live``: attaches to the running kernel. ``screen``: draws the dashboard. ``vm``: boots another
kernel. A layer that cannot run here is skipped and says why; with CI=true, or where BTTUI_REQUIRE_LAYERS names it
(or is "all"), that is a failure.
"""

import ctypes
import os
import platform
import shutil

import pytest
from hypothesis import HealthCheck, settings
from support import Bttui, Load

# Nothing here depends on how fast the machine is.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

LAYERS = ("live", "screen", "vm")


def _missing(layer):
    """Why ``layer`` cannot run here; "" where it can."""
    if layer == "screen":
        return "" if shutil.which("tmux") else "tmux is not installed"
    if os.geteuid() != 0:
        return "needs root"
    if layer == "vm":
        return "" if platform.machine() == "x86_64" else "tools/vm knows x86_64 only"
    if not os.path.exists("/sys/kernel/btf/vmlinux"):
        return "this kernel has no BTF (/sys/kernel/btf/vmlinux)"
    if not os.path.exists("/sys/kernel/tracing/events"):
        return "tracefs is not mounted on /sys/kernel/tracing"
    if not shutil.which("gcc"):
        return "gcc is not installed"
    try:
        ctypes.CDLL(os.environ.get("BTTUI_LIBBPF", "libbpf.so.1"))
    except OSError as error:
        return f"libbpf: {error}"
    return ""


def _required(layer):
    wanted = os.environ.get("BTTUI_REQUIRE_LAYERS", "all" if os.environ.get("CI") == "true" else "").split()
    return layer in wanted or "all" in wanted


def pytest_configure(config):
    config.stash[_reasons] = {layer: _missing(layer) for layer in LAYERS}


_reasons = pytest.StashKey()


def pytest_runtest_setup(item):
    for layer in LAYERS:
        reason = item.config.stash[_reasons][layer]
        if reason and item.get_closest_marker(layer):
            if _required(layer):
                pytest.fail(f"the {layer} layer is required and cannot run: {reason}", pytrace=False)
            pytest.skip(f"{layer} layer: {reason}")


@pytest.fixture(scope="session")
def bttui(tmp_path_factory):
    """The command: bttui("-e", "...") runs it to the end, bttui.start(...) and bttui.trace(...) attach; see support.py."""
    return Bttui(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def load(tmp_path_factory):
    """Known loads: load("syscalls", 1000), load.start(...).go(), load.build(...), load.split(...); see support.py."""
    return Load(tmp_path_factory.mktemp("load"))
