"""The live tests that BTTUI_VM_LIVE names, under other kernels: BTTUI_VM_LIVE="tests/loader tests/probes" tools/test tests/vm"""

import os

import pytest


@pytest.mark.vm
@pytest.mark.skipif(not os.environ.get("BTTUI_VM_LIVE"), reason="takes long: BTTUI_VM_LIVE names the live tests to run")
def test_live_tests_pass_there_too(live):
    assert live["returncode"] == 0, live["report"]
    assert live["passed"] > 0
