"""--bench measures the bench: probes of a program, and runs nothing else of it but begin and end."""

import json

import pytest

pytestmark = pytest.mark.live

PROGRAM = (
    'bench:one { @ = count(); } bench:two { printf("not shown\\n"); } begin { print(1); } end { print(2); } interval:ms:1 { print(3); }'
)


def test_a_row_for_each_bench(bttui):
    result = bttui("--bench", "-e", PROGRAM)
    lines = [line.split() for line in result.stdout.splitlines() if line]
    assert lines[:2] == [["1"], ["Benchmark", "Time(ns)", "Iterations"]]
    assert [line[0] for line in lines[3:]] == ["one", "two", "2"]
    for _name, average, count in lines[3:5]:
        assert int(average) > 0 and int(count) % 1000 == 0 and int(count) > 0
    assert result.returncode == 0 and "@" not in result.stdout


def test_json(bttui):
    result = bttui("-q", "-f", "json", "--mode", "bench", "-e", PROGRAM)
    told = [json.loads(line) for line in result.stdout.splitlines()]
    results = {name: sorted(data) for line in told if line["type"] == "benchmark_result" for name, data in line["data"].items()}
    assert results == {"one": ["average", "iters"], "two": ["average", "iters"]}


def test_without_the_option_they_are_passed_over(bttui):
    result = bttui("-e", "bench:a { exit(3); } begin { print(1); }")
    assert result.stdout.strip() == "1" and result.returncode == 0


STAGES = ["parse", "imports", "macros", "definitions", "probes", "types", "code", "text", "passes", "object"]


def test_the_stages_of_the_compiler(bttui):
    result = bttui("--mode", "compiler-bench", "-e", "begin { @ = 1; }")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[0] for line in lines[2:]] == [*STAGES, "all"]
    assert all(int(runs) == int(lines[2][1]) > 0 for _stage, runs, *_times in lines[2:])
    result = bttui("-f", "json", "--mode", "compiler-bench", "-e", "begin { @ = 1; }")
    assert [name for line in result.stdout.splitlines() for name in json.loads(line)["data"]] == STAGES
