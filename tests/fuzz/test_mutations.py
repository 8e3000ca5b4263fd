"""A share of what tests/fuzz/mutations.py does at length."""

import os

from compiler.compiling import FACTS
from fuzz.mutations import run

from bttui.host.facts import Host


def test_a_spoiled_program_gives_a_program_or_diagnostics():
    assert list(run(range(3000), Host(os.path.join(FACTS, "6.18")))) == []
