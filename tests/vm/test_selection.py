"""The live tests of live.py under other kernels. This is what a machine does last."""

import pytest


@pytest.mark.vm
def test_live_tests_pass_there_too(live):
    assert live["returncode"] == 0, live["report"]
    assert live["passed"] > 0
