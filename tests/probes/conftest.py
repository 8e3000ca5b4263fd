"""Machines that were recorded: tests/facts."""

from pathlib import Path

import pytest

from bttui.host.facts import Host

FACTS = Path(__file__).parent.parent / "facts"


@pytest.fixture(scope="session")
def old():
    """A kernel that has kprobes, recorded."""
    return Host(str(FACTS / "6.12"))


@pytest.fixture(scope="session")
def new():
    """A kernel that has none."""
    return Host(str(FACTS / "6.18"))


@pytest.fixture(scope="session")
def nothing(tmp_path_factory):
    """A machine that tells nothing."""
    return Host(str(tmp_path_factory.mktemp("nothing")))
