"""--test runs the test: probes of a program, and nothing else of it but begin and end."""

import json

import pytest

pytestmark = pytest.mark.live

PROGRAM = """
test:good { if (1 + 1 != 2) { return 1; } printf("not shown\\n"); }
test:bad { printf("because\\n"); return 5; }
begin { printf("begin\\n"); }
end { printf("end\\n"); }
interval:ms:1 { printf("never\\n"); }
"""


def lines(result):
    return [line for line in result.stdout.splitlines() if "(" not in line and line]


def test_each_test_runs_and_a_failed_one_gives_status_1(bttui):
    result = bttui("--test", "-e", PROGRAM)
    assert lines(result) == [
        "begin",
        "[==========] Running 2 tests.",
        "[ RUN      ] good",
        "[ RUN      ] bad",
        "because",
        "[==========] 2 tests ran.",
        "[  PASSED  ] 1 test.",
        "[  FAILED  ] 1 test, listed below:",
        "[  FAILED  ] bad",
        "end",
    ]
    assert result.returncode == 1


def test_a_filter_chooses_by_name(bttui):
    result = bttui("--test", "--probe-filter", "^test:good$", "-e", PROGRAM)
    assert "[==========] Running 1 test." in result.stdout and "bad" not in result.stdout
    assert result.returncode == 0


def test_json(bttui):
    result = bttui("-f", "json", "--mode", "test", "-e", PROGRAM)
    told = [json.loads(line) for line in result.stdout.splitlines()]
    results = {name: data["passed"] for line in told if line["type"] == "test_result" for name, data in line["data"].items()}
    assert results == {"good": True, "bad": False}


def test_without_the_option_tests_are_passed_over(bttui):
    result = bttui("-e", "test:a { exit(3); } begin { print(1); }")
    assert result.stdout.strip() == "1" and result.returncode == 0


def test_a_filter_works_for_all_probes(bttui):
    result = bttui(
        "--probe-filter", "ms:2$", "-e", 'interval:ms:1 { printf("one\\n"); exit(); } interval:ms:2 { printf("two\\n"); exit(); }'
    )
    assert result.stdout.strip() == "two"
    refused = bttui("--probe-filter", "(", "-e", "begin { }")
    assert refused.returncode == 1 and "not a regular expression" in refused.stderr
