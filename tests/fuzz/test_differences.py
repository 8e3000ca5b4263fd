"""What bpftrace 0.27.1 answered to programs at random (recorded by tests/fuzz/differences.py), and what we answer."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fuzz.differences import answer, program, settled
from support import COMMAND

RECORDED = [json.loads(line) for line in (Path(__file__).parent / "recorded.jsonl").read_text().splitlines()]


def test_the_recording_tells_something():
    assert len(RECORDED) >= 300
    assert sum(entry["accepted"] for entry in RECORDED) > 200
    assert sum(bool(entry["printed"]) for entry in RECORDED) > 180
    assert RECORDED[0]["program"] == program(3000)


def test_entries_of_maps_have_no_order():
    assert settled("a\n\n@x[2]: 1\n@x[1]: 1\n@y: 3\n") == settled("a\n@x[1]: 1\n@x[2]: 1\n\n@y: 3\n") != settled("a\n@x[1]: 1\n@y: 3\n")


@pytest.mark.live
def test_the_same_answers():
    with ThreadPoolExecutor(4) as pool:
        ours = pool.map(lambda entry: answer([COMMAND], entry["program"])[0] | {"program": entry["program"]}, RECORDED)
    assert [(mine, theirs) for mine, theirs in zip(ours, RECORDED, strict=True) if mine != theirs] == []
