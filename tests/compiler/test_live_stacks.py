"""kstack and ustack: what each mode shows of one and the same stack, how deep, in text and in JSON."""

import json
import re
import subprocess
from bisect import bisect_right

import pytest

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def program(load):
    """A program at fixed addresses, with a build id."""
    return load.build("calls", "bttui_fixed", "-no-pie", "-Wl,--build-id=sha1")


def output(*command):
    return subprocess.run([str(word) for word in command], check=True, capture_output=True, text=True).stdout


def call(bttui, load, program, statements, *arguments, config=""):
    """The lines printed at one call of second()."""
    with load.start(1, 1, path=program) as waiting:
        text = f"{config} uprobe:{program}:second /pid == {waiting.pid}/ {{ {statements} exit(); }}"
        result, _ = bttui.trace(text, *arguments, work=waiting.go)
    assert result.returncode == 0, result.stderr
    return result.stdout


def stacks(text):
    """The lines of each printed stack."""
    return [part.strip("\n").split("\n") for part in text.strip("\n").split("\n\n\n")]


def names(path, addresses):
    """function+offset of each address in the program, as nm tells."""
    lines = (line.split() for line in output("nm", path).splitlines())
    symbols = sorted((int(words[0], 16), words[2]) for words in lines if len(words) == 3 and words[1] in "tT")
    places = [symbols[bisect_right(symbols, (address, "~")) - 1] for address in addresses]
    return [f"{name}+{address - start}" for address, (start, name) in zip(addresses, places, strict=True)]


ENTERS = "tracepoint:raw_syscalls:sys_enter "
MODES = ("raw", "bpftrace", "perf", "build_id")


@pytest.mark.parametrize("config", [False, True])
def test_one_stack_in_every_mode(bttui, load, program, config):
    if config:
        shown = [stacks(call(bttui, load, program, "print(ustack(2));", config=f"config = {{ stack_mode = {m} }}"))[0] for m in MODES]
    else:
        shown = stacks(call(bttui, load, program, " ".join(f"print(ustack({mode}, 2));" for mode in MODES)))
    raw, plain, perf, build_id = shown
    addresses = [int(line, 16) for line in raw]
    named = names(program, addresses)
    assert named[0] == "second+0" and len(named) == 2
    assert plain == [f"        {name}" for name in named]
    assert perf == [f"\t{address:x} {name} ({program})" for address, name in zip(addresses, named, strict=True)]
    identity = re.search(r"Build ID: (\w+)", output("readelf", "-n", program))[1]
    assert build_id == [f"{identity} {address - 0x400000:#x}" for address in addresses]


@pytest.mark.parametrize("form", ["-gdwarf-4", "-gdwarf-5", "-g0"])
def test_lines_of_the_source(bttui, load, form):
    """As addr2line says; of a caller, the line of the call, not that of what comes after it."""
    path = load.build("calls", f"bttui{form}", "-no-pie", form)
    text = call(
        bttui, load, path, "print(ustack(raw, 2)); print(ustack(2)); print(ustack(perf, 1));", config="config = { show_debug_info = 1 }"
    )
    raw, plain, perf = stacks(text)
    addresses = [int(line, 16) for line in raw]
    places = output("addr2line", "-e", path, hex(addresses[0]), hex(addresses[1] - 1)).splitlines()
    lines = ["" if "?" in place else "@" + place.partition(" ")[0] for place in places]
    assert plain == [f"        {name}{line}" for name, line in zip(names(path, addresses), lines, strict=True)]
    assert all(lines) == (form != "-g0") and "@" not in perf[0]


def test_functions_put_inline_are_frames_of_their_own(bttui, load):
    source = load.source("lines").read_text().splitlines()
    path = load.build("lines", "bttui_inline", "-no-pie", "-O1")
    inline = next(number for number, text in enumerate(source, 1) if text.endswith("/* inline */"))
    call = next(number for number, text in enumerate(source, 1) if text.strip() == "step();")
    program = f"config = {{ show_debug_info = 1 }} uprobe:{path}@lines.c:{inline} {{ @[ustack(1)] = count(); }}"
    text = bttui("-e", program, "-c", f"{path} 5").stdout
    assert re.search(rf"@\[\n        step@\S*lines\.c:{inline}\n        loop\+\d+@\S*lines\.c:{call}\n\]: 5\n", text), text
    assert re.search(rf"        step@\S*lines\.c:{inline}\n        main\+\d+@\S*lines\.c:\d+\n\]: 1\n", text), text


def test_kernel_stacks_have_three_modes(bttui, program):
    refused = bttui("-e", "profile:hz:9 { print(kstack(build_id)); }")
    assert "ERROR: 'build_id' stack mode can only be used for ustack" in refused.stderr
    text = ENTERS + '{ printf("%s\\n\\n%s\\n\\n%s", kstack(raw, 1), kstack(1), kstack(perf, 1)); exit(); }'
    raw, plain, perf = stacks(bttui("-e", text).stdout)[:3]  # another CPU may come before the exit
    assert plain[0].strip() and perf == [f"\t{raw[0]} {plain[0].strip()}"]


def test_kernel_stacks_are_addresses_where_the_config_says_build_id(bttui):
    result = bttui("-e", "config = { stack_mode = build_id } " + ENTERS + '{ printf("%s", kstack(1)); exit(); }')
    assert "Falling back to 'raw' mode" in result.stderr
    assert re.match(r"\n[0-9a-f]{16}\n\n", result.stdout)


def test_stacks_by_build_id_in_json(bttui, load, program):
    statements = "print(ustack(build_id, 1)); @[ustack(build_id, 1), 7] = count(); @v = ustack(build_id, 1);"
    lines = [json.loads(line) for line in call(bttui, load, program, statements, "-f", "json").splitlines()]
    value, keyed, scalar = [line["data"] for line in lines if line["type"] in ("value", "map")]
    assert re.fullmatch(r"\n[0-9a-f]{40} 0x[0-9a-f]+\n", value)
    assert keyed == {"@": {value.replace(" ", "") + ",7": 1}}
    assert scalar == {"@v": value}


def test_depths(bttui, load, program):
    statements = "print(ustack(0)); print(len(ustack(0))); print(ustack(1)); print(len(ustack(1))); print(ustack(1024) == ustack(1024));"
    text = call(bttui, load, program, statements + " print(ustack(raw, 1) != ustack(raw, 1));")
    assert text == "\n\n0\n\n        second+0\n\n1\ntrue\nfalse\n\n\n"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("ustack(1025)", "ustack([int limit]): limit shouldn't exceed 1024, 1025 given"),
        ("ustack(perf, raw)", "ustack: invalid limit value"),
        ("ustack(3, perf)", "Expected stack mode as first argument"),
        (
            "@ = ustack; @ = ustack(perf);",
            "trying to assign value of type 'ustack_perf_127' when map already has a type 'ustack_bpftrace_127'",
        ),
        ("ustack == kstack", "comparing ustack_bpftrace_127 with kstack_bpftrace_127"),
    ],
)
def test_what_is_refused(bttui, call, message):
    assert message in bttui("-e", f"profile:hz:1 {{ {call} }}").stderr


@pytest.mark.parametrize("lazy", [False, True])
def test_names_of_a_process_that_has_ended(bttui, load, lazy):
    """With lazy_symbolication nothing is known about it when its stack is shown."""
    path = load.build("calls", "bttui_calls")
    with load.start(5, 1, path=path) as waiting:
        text = f"config = {{ lazy_symbolication = {int(lazy)} }} uprobe:{path}:second /pid == {waiting.pid}/ {{ @[ustack(1)] = count(); }}"
        result, did = bttui.trace(text, work=waiting.go)
    name = r"0x[0-9a-f]+" if lazy else r"second\+0"
    assert re.search(rf"^@\[\n        {name}\n\]: {did['calls']}$", result.stdout, re.M), result


def test_two_programs_under_one_pid(bttui, load):
    """At the same addresses: the names are those of the one that ran."""
    first = load.build("calls", "bttui_fixed", "-no-pie", "-Wl,--build-id=sha1")
    other = load.build("calls", "bttui_other", "-no-pie", "-Dsecond=other")

    def work():
        with load.start(3, 1, path=first) as waiting:
            pid = waiting.pid
            waiting.go()
        for _ in range(100):  # others may start processes meanwhile
            with open("/proc/sys/kernel/ns_last_pid", "w") as file:
                file.write(str(pid - 1))
            with load.start(4, 1, path=other) as waiting:
                waiting.go()
                if waiting.pid == pid:
                    return pid
        raise AssertionError("the pid did not come again")

    text = f"uprobe:{first}:second {{ @[pid, ustack(1), func] = count(); }} uprobe:{other}:other {{ @[pid, ustack(1), func] = count(); }}"
    result, pid = bttui.trace(text, work=work)
    shown = dict(re.findall(rf"^@\[{pid}, \n        (\w+)\+0\n, \1\]: (\d+)$", result.stdout, re.M))
    assert shown == {"second": "3", "other": "4"}, result
