"""The kernels page says what is so."""

import pytest
from support import ROOT
from vm import matrix
from vm.features import FEATURES

PAGE = ROOT / "docs" / "kernels.md"


@pytest.mark.vm
def test_the_page_says_what_works_here(machine, features):
    said = matrix.read(PAGE.read_text())[machine.kernel]
    found = matrix.observed(features)
    assert found == said, {label: features[label] for label in found if found[label] != said.get(label)}


def test_a_page_can_be_read_again():
    results = {
        kernel: {feature.label: (number % 2 == odd, "a reason") for number, feature in enumerate(FEATURES)}
        for odd, kernel in enumerate(("5.10", "here"))
    }
    found = matrix.read(matrix.page(["5.10", "here"], results))
    assert list(found) == ["5.10", "6.18, no kprobes"]
    assert found["5.10"] == {label: good for label, (good, _) in results["5.10"].items()}
    assert set(found["6.18, no kprobes"].values()) == {True, False}


def test_what_did_not_work_is_told_without_its_numbers():
    answer = {"stdout": "", "stderr": "stdin:1:1-4: ERROR: cannot attach watchpoint:0xffffffff81000000:8:w (EINVAL)\nHINT: x\n"}
    assert matrix.reason(answer) == "cannot attach watchpoint:…:8:w (EINVAL)"
