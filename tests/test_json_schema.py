"""Real output of -f json against docs/json.schema.json."""

import json

import jsonschema
import pytest
from support import ROOT

SCHEMA = json.loads((ROOT / "docs" / "json.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
PROGRAMS = {
    "printf": 'begin { printf("%d %s\\n", 1, "a\\x01\\xff"); }',
    "time": "begin { time(); }",
    "cat": 'begin { cat("/proc/loadavg"); }',
    "join": "begin { @end = 1; } t:syscalls:sys_enter_execve { join(args.argv); }",
    "syscall": 'begin { system("echo hello"); }',
    "value": 'begin { print((1, "x", (true, -5))); print((a=1, b=(uint8[3])0x010203)); print(18446744073709551615); print(buf("ab", 2)); }',
    "map": 'begin { @s = 1; @k[1, "a"] = "x"; @n[5] = count(); @t = (1, "b"); @m = max(5); @kstack[kstack] = 1; }',
    "hist": "begin { @h = hist(5); @k[1] = hist(-5); @l = lhist(5, 0, 10, 2); @o = lhist(500, 0, 10, 2); }",
    "stats": "begin { @a = avg(5); @s = stats(7); @k[1] = stats(-3); @b[2] = avg(1); }",
    "tseries": "begin { @t = tseries(5, 1s, 4); @k[1] = tseries(7, 1s, 4); }",
    "errorf": 'begin { errorf("bad %d", 1); }',
    "warnf": 'begin { warnf("odd %d", 1); }',
    "runtime_error": "begin { $z = (uint64)0; print(5 / $z); }",
}


def check(text, kind):
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    assert lines[0]["type"] == "attached_probes"
    assert kind in {line["type"] for line in lines}, text


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for wrong in ({"type": "mapp"}, {"type": "map", "data": {"x": 1}}, {"type": "hist", "data": {"@": [{"min": 1}]}}, {"type": "printf"}):
        assert not VALIDATOR.is_valid(wrong), wrong


@pytest.mark.live
@pytest.mark.parametrize("kind", PROGRAMS)
def test_output_is_what_the_schema_says(bttui, kind):
    result = bttui("-f", "json", "--unsafe", "-c", "/bin/echo hello", "-e", PROGRAMS[kind])
    assert result.returncode == 0, result
    check(result.stdout.replace("hello\n", "", 1) if kind != "syscall" else result.stdout.removeprefix("hello\n"), kind)


@pytest.mark.live
def test_a_program_that_does_not_run_says_so_in_json_too(bttui):
    text = 'begin { print(1); pritnf("x"); }'
    result = bttui("-f", "json", "-e", text)
    (line,) = map(json.loads, result.stdout.splitlines())
    VALIDATOR.validate(line)
    fix = line.pop("fix")
    assert line == {
        "type": "diagnostic",
        "severity": "error",
        "msg": "Unknown function: 'pritnf'",
        **{"hint": "did you mean printf()?", "filename": "stdin", "line": 1, "col": 19, "end_line": 1, "end_col": 30},
    }
    assert text[: fix["col"] - 1] + fix["text"] + text[fix["end_col"] - 1 :] == text.replace("pritnf", "printf")
    assert "ERROR: Unknown function" in result.stderr and result.returncode == 1


@pytest.mark.live
def test_a_refusal_of_the_kernel_has_the_log_in_it(bttui):
    compared = "if (strcontains($a, $b)) { print(1); } "
    text = f"begin {{ $a = str((uint64)nsecs); $b = str((uint64)(nsecs + 1)); {compared * 3}}}"
    result = bttui("-f", "json", "-e", text)
    (line,) = map(json.loads, result.stdout.splitlines())
    VALIDATOR.validate(line)
    assert (line["code"], line["hint"].partition(" ")[0]) == ("verifier", "compare")
    assert text[line["col"] - 1 : line["end_col"] - 1] == "strcontains($a, $b)"
    assert line["msg"].startswith("the kernel refuses begin: it has too many branches") and "processed" in line["detail"]
