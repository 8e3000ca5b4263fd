"""The report of --test."""

from bttui.render.tests import Report, result_json


def test_a_report_names_what_failed_and_shows_what_it_printed():
    report = Report(2, False)
    text = report.begin() + report.run("a") + report.result("a", False, 13_400, "told\n") + report.run("b")
    text += report.result("b", True, 999, "hidden\n") + report.end()
    assert text == (
        "[==========] Running 2 tests.\n"
        "[ RUN      ] a\n"
        "told\n"
        "[  FAILED  ] a (13 μs)\n"
        "[ RUN      ] b\n"
        "[       OK ] b (999 ns)\n"
        "[==========] 2 tests ran.\n"
        "[  PASSED  ] 1 test.\n"
        "[  FAILED  ] 1 test, listed below:\n"
        "[  FAILED  ] a\n"
    )
    assert report.failed == ["a"]


def test_colours_follow_the_verdict():
    report = Report(1, True)
    assert report.result("a", True, 2_000_000, "") == "\x1b[32m[       OK ]\x1b[0m a (2 ms)\n"
    assert report.result("b", False, 3_000_000_000, "") == "\x1b[31m[  FAILED  ]\x1b[0m b (3 s)\n"


def test_json_is_one_object_a_test():
    assert result_json("a", False, 1396, 'x"\n') == (
        '{"type": "test_result", "data": {"a": {"duration": 1396, "passed": false, "output": "x\\"\\n"}}}\n'
    )
