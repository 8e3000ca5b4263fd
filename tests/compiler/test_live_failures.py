"""What goes wrong while a program runs: told once a place, with -k once a time, in text and JSON."""

import json

import pytest

pytestmark = pytest.mark.live

ADDRESS = "$p = (int64 *)0; $s = (int8 *)10; "
CASES = {
    "memory": (ADDRESS + "print($p[3]);", "stdin:1:49-54", "Bad address", "probe_read", -14),
    "memory of the process": (ADDRESS + "print(*(uptr($p) + 1));", "stdin:1:49-64", "Bad address", "probe_read_user", -14),
    "string": (ADDRESS + "print(str($s));", "stdin:1:49-56", "Bad address", "probe_read_str", -14),
    "string of a length": (ADDRESS + "$n = 5; print(str(uptr($s), $n));", "stdin:1:57-74", "Bad address", "probe_read_user_str", -14),
    "buffer": (ADDRESS + "print(buf($s, 4));", "stdin:1:49-59", "Bad address", "probe_read", -14),
    "map": ("@[1] = 1; print(@[2]);", "stdin:1:25-29", "Can't lookup map element because it does not exist.", "map_lookup_elem", 0),
    "step": ("@[1] = 1; @[2]++;", "stdin:1:19-25", "Can't lookup map element because it does not exist.", "map_lookup_elem", 0),
}


@pytest.mark.parametrize("case", CASES)
def test_a_helper_that_failed_is_told_on_request(bttui, case):
    body, place, message, helper, result = CASES[case]
    program = f"begin {{ {body} }}"
    text = bttui("-k", "-e", program)
    told = f"{place}: WARNING: {message}\nAdditional Info - helper: {helper}, retcode: {result}\n{program}\n"
    assert told in text.stderr and text.stderr.count("WARNING") == 1
    (line,) = [line for line in bttui("-k", "-f", "json", "-e", program).stdout.splitlines() if "helper_error" in line]
    said = json.loads(line)
    assert (said["helper"], said["retcode"], said["line"], said["col"]) == (helper, result, 1, int(place.split(":")[2].split("-")[0]))
    assert "WARNING" not in bttui("-e", program).stderr
    assert "helper_error" not in bttui("-f", "json", "-e", program).stdout


def test_each_failure_is_told(bttui):
    result = bttui("-k", "-e", f"begin {{ {ADDRESS} for ($i : 0..5) {{ print($p[1]); }} print($p[2]); }}")
    assert result.stdout.split() == ["0"] * 6
    assert result.stderr.count("retcode: -14") == 6


def test_records_stay_whole_when_an_argument_cannot_be_read(bttui):
    program = f'begin {{ {ADDRESS} printf("%d %s %d %s|", $p[1], str($s), $p[2], comm); }}'
    result = bttui("-k", "-e", program)
    assert result.stdout.startswith("0  0 bttui|")
    assert result.stderr.count("Additional Info") == 3


FULL = "begin { @[1] = 1; @[2] = 2; for ($i : 3..6) { @[$i] = 5; } @b[1] = count(); @b[2] = count(); }"


def test_a_full_map_is_told_once_a_place(bttui):
    result = bttui("-e", FULL, env={"BPFTRACE_MAX_MAP_KEYS": "1"})
    told = [line.split(":", 3)[2:] for line in result.stderr.splitlines() if "Map full" in line]
    assert [place for place, _ in told] == ["19-27", "47-56", "85-92"]
    assert [words.split(".")[0] for _, words in told] == [" WARNING: Map full; can't update element"] * 3
    assert "3 new keys were left out of @" in told[1][1]
    assert result.stderr.count("Additional Info - helper: map_update_elem, retcode: -7\n") == 3
    assert result.stdout == "\n\n@[1]: 1\n@b[1]: 1\n"


def test_a_full_map_in_json(bttui):
    lines = bttui("-f", "json", "-e", FULL, env={"BPFTRACE_MAX_MAP_KEYS": "1"}).stdout.splitlines()
    said = [json.loads(line) for line in lines if "helper_error" in line]
    assert [(one["col"], one.get("count", 1), one["helper"], one["retcode"]) for one in said] == [
        (19, 1, "map_update_elem", -7),
        (47, 3, "map_update_elem", -7),
        (85, 1, "map_update_elem", -7),
    ]
    assert said[0]["msg"] == "Argument list too long"


def test_warnings_can_be_left_out(bttui):
    program = 'begin { @[1] = 1; @[2] = 2; $x = 0; print(5 / $x); warnf("w"); errorf("e"); }'
    result = bttui("--no-warnings", "-e", program, env={"BPFTRACE_MAX_MAP_KEYS": "1"})
    assert result.stderr == "Attached 1 probe\nstdin:1:64-75: ERROR: e\n"
    assert result.stdout.startswith("1\n")


def test_what_a_macro_says_names_its_calls(bttui):
    program = 'macro inner() { errorf("bad"); } macro outer() { inner(); } begin { outer(); $z = 0; print(1 / $z); }'
    assert bttui("-e", program).stderr.splitlines() == [
        "Attached 1 probe",
        "stdin:1:17-30: ERROR: bad",
        "stdin:1:50-57: ERROR: expanded from",
        program,
        " " * 49 + "~" * 7,
        "stdin:1:69-76: ERROR: expanded from",
        program,
        " " * 68 + "~" * 7,
        "stdin:1:92-98: WARNING: Divide or modulo by 0 detected. This can lead to unexpected results. 1 is being used as the result.",
        program,
        " " * 91 + "~" * 6,
    ]
