"""The cases of tests/cases/*.json; see run.py."""

import pytest
from cases import run


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return run.Runner(tmp_path_factory.mktemp("cases"))


@pytest.mark.live
@pytest.mark.parametrize("case", run.cases(), ids=lambda case: case["id"])
def test_case(case, runner):
    outcome = runner(case)
    if outcome.skipped:
        pytest.skip(outcome.problem)
    assert not outcome.problem, f"{outcome.problem}\n{outcome.output}"
