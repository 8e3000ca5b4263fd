"""Traces in another kernel. A test says what it wants with its marker, and asserts what came of it:

    @pytest.mark.vm(program="kprobe:vfs_read /pid == PID/ { @ = count(); }", load="reads 100 7")
    def test_counts(traced):
        assert traced.stdout == ...

The load has started and waits when the program is attached; PID in the program is the load's. Without a load the
program ends by itself. See traces.py for what else a marker may have.

Each kernel (BTTUI_KERNELS, "6.12 6.1" unless it says otherwise: one has multi links, one has not) is booted once, two at a time; what all selected
tests ask for runs in that one boot, one after the other.
"""

from typing import NamedTuple

import pytest
from vm.features import FEATURES
from vm.live import selected
from vm.machines import KERNELS, Machine, case


class Traced(NamedTuple):
    stdout: str
    stderr: str
    returncode: int
    load: dict  # what the load says it did


def case_name(item):
    return item.nodeid.rsplit("[", 1)[0]


@pytest.fixture(scope="session")
def machines(request, tmp_path_factory):
    """{kernel: Machine}, all of them at work."""
    traces, live = {}, []
    for item in request.session.items:
        marker = item.get_closest_marker("vm")
        if marker and "traced" in item.fixturenames:
            traces[case_name(item)] = case(**marker.kwargs)
        elif "features" in item.fixturenames:
            traces |= {feature.label: case(*feature[2:4], *feature[5:]) for feature in FEATURES}
        elif "live" in item.fixturenames:
            live = selected()
    folder = tmp_path_factory.mktemp("vm")
    return {kernel: Machine(kernel, {"traces": traces, "live": live}, folder) for kernel in KERNELS}


@pytest.fixture(scope="session", params=KERNELS)
def machine(request, machines):
    return machines[request.param]


def answer_of(machine, name):
    answer = machine.answer(name)
    if answer is None:
        pytest.fail(f"the machine did not get to {name}: {machine.end}", pytrace=False)
    return answer


@pytest.fixture
def traced(request, machine):
    answer = answer_of(machine, case_name(request.node))
    if "failure" in answer:
        pytest.fail(answer["failure"], pytrace=False)
    return Traced(**answer)


@pytest.fixture
def features(machine):
    """{label of a Feature: what became of it}"""
    return {feature.label: answer_of(machine, feature.label) for feature in FEATURES}


@pytest.fixture
def live(machine):
    return answer_of(machine, "live")
