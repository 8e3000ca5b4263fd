"""Traces in a pipe: what is printed where and in which order, what ends them, and what was lost."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import COMMAND, ROOT, Process, eventually

from bttui import __version__
from bttui.cli import LANGUAGE

pytestmark = pytest.mark.live

# A record is 8 bytes of ring buffer header, 8 of output number and 8 of the argument.
RECORD = 24


def test_output_goes_to_stdout_and_news_to_stderr(bttui):
    result = bttui("-e", r'BEGIN { printf("one\n"); @x = 1; } END { printf("two\n"); }')
    assert result == ("one\ntwo\n\n\n@x: 1\n", "Attached 2 probes\n", 0)


def test_quiet_leaves_the_output_alone(bttui):
    assert bttui("-q", "-e", "BEGIN { print(1); }") == ("1\n\n\n", "", 0)


def test_json_is_one_object_a_line(bttui):
    result = bttui("-f", "json", "-e", r'BEGIN { printf("a\n"); print((1, "b")); @x[1] = count(); }')
    assert [json.loads(line) for line in result.stdout.splitlines()] == [
        {"type": "attached_probes", "count": 1, "data": {"probes": 1}},
        {"type": "printf", "data": "a\n"},
        {"type": "value", "data": [1, "b"]},
        {"type": "map", "data": {"@x": {"1": 1}}},
    ]


def test_the_output_can_go_to_a_file(bttui, tmp_path):
    result = bttui("-o", tmp_path / "out", "-e", "BEGIN { print(1); @ = 2; }")
    assert result == ("", "Attached 1 probe\n", 0)
    assert (tmp_path / "out").read_text() == "1\n\n\n@: 2\n"


@pytest.mark.parametrize("mode", ["line", "full", "none"])
def test_every_way_of_buffering_gives_the_same(bttui, mode):
    result = bttui("-B", mode, "-q", "-e", r'BEGIN { for ($i : 0..1000) { printf("%d\n", $i); } }')
    assert result.stdout == "".join(f"{number}\n" for number in range(1000)) + "\n\n"


def test_messages_keep_their_place_between_the_lines(bttui):
    program = r'BEGIN { printf("one\n"); errorf("two"); printf("three\n"); warnf("four"); printf("five\n"); }'
    command = [COMMAND, "-q", "-e", program]
    done = subprocess.run(command, env=bttui.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.stdout == "one\nstdin:1:26-39: ERROR: two\nthree\nstdin:1:60-73: WARNING: four\nfive\n\n\n"


@pytest.mark.parametrize(
    ("program", "status"), [("BEGIN { exit(3); }", 3), ("BEGIN { exit(3); } END { exit(4); }", 4), ("BEGIN { exit(); }", 0)]
)
def test_the_program_gives_the_exit_status(bttui, program, status):
    assert bttui("-e", program).returncode == status


def test_the_exit_status_of_errors(bttui):
    assert bttui("-e", "BEGIN { foo(); }").returncode == 1
    refused = bttui("-e", "BEGIN { } hardware:cycles:1000000 { }")
    assert refused.returncode in (0, 255)  # there are machines with counters
    assert refused.returncode == 0 or "ERROR: " in refused.stderr


def test_what_comes_after_exit_is_not_told(bttui):
    result = bttui("-q", "-e", r'interval:ms:1 { printf("%d\n", @n); @n++; if (@n == 3) { exit(); } } END { printf("end\n"); clear(@n); }')
    assert result.stdout == "0\n1\n2\nend\n\n\n"


def test_a_dry_run_attaches_and_says_nothing(bttui):
    assert bttui("--dry-run", "-e", r'BEGIN { printf("no\n"); } tracepoint:sched:sched_switch { @ = count(); }') == ("", "", 0)


def test_maps_are_not_printed_where_the_config_says_so(bttui):
    assert bttui("-q", "-e", "config = { print_maps_on_exit = false } BEGIN { @ = 1; }").stdout == "\n\n"


def test_the_object_can_be_kept(bttui, tmp_path):
    bttui("--emit-elf", tmp_path / "object", "-e", "BEGIN { }")
    assert (tmp_path / "object").read_bytes().startswith(b"\x7fELF")


def test_standard_input_can_be_the_program(bttui):
    assert bttui("-q", "-", stdin="BEGIN { print(1); }").stdout == "1\n\n\n"


def test_scripts_for_bpftrace_run_under_its_name(bttui, tmp_path):
    """They name it in the first line, and leave it out by its comm."""
    (tmp_path / "bpftrace").symlink_to(COMMAND)
    script = tmp_path / "own.bt"
    script.write_text('#!/usr/bin/env bpftrace\nBEGIN { printf("%s %d %s\\n", comm, $1, str($2)); exit(); }\n')
    script.chmod(0o755)
    environment = bttui.env | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run([script, "5", "a b"], env=environment, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("bpftrace 5 a b\n\n\n", "Attached 1 probe\n", 0)
    assert bttui("-q", "-e", "BEGIN { print(comm); exit(); }").stdout == "bttui\n\n\n"
    # Installers compare the version, as `bpftrace --version | cut -dv -f2` gives it.
    told = subprocess.run([tmp_path / "bpftrace", "-V"], env=environment, capture_output=True, text=True, timeout=60).stdout
    assert told == f"bpftrace v{LANGUAGE} (bttui v{__version__})\n"


def test_a_reader_that_leaves_ends_the_trace_quietly(bttui):
    program = r'interval:ms:10 { printf("tick\n"); }'
    with subprocess.Popen([COMMAND, "-q", "-e", program], env=bttui.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"tick\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr.read() == b""


def test_signals_print_the_maps(bttui):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        result, _ = bttui.trace("BEGIN { @ = 7; } interval:s:100 { }", "-q", number=number)
        assert result == ("\n\n@: 7\n", "", 0)


def test_a_hangup_that_is_ignored_stays_so(bttui):
    """As under nohup(1)."""
    program = r'interval:ms:50 { printf("tick\n"); @++; if (@ == 40) { exit(); } }'
    command = ["env", "--ignore-signal=HUP", COMMAND, "-q", "-e", program]
    with subprocess.Popen(command, env=bttui.env, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"tick\n"
        process.send_signal(signal.SIGHUP)
        assert process.stdout.read().decode() == "tick\n" * 39 + "\n\n@: 40\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "2>/dev/full"])
def test_streams_that_are_closed_or_full_are_done_without(bttui, tmp_path, closed):
    """The program runs to its end; a descriptor of the kernel is never taken for one of the streams."""
    program = r'BEGIN { @ = 7; printf("x\n"); exit(5); }'
    for output in ([], ["-o", str(tmp_path / "out")]):
        command = shlex.join([str(COMMAND), *output, "-k", "-e", program])
        done = subprocess.run(["sh", "-c", f"{command} {closed}"], env=bttui.env, capture_output=True, text=True, timeout=60)
        expected = "" if output or " >&-" in f" {closed}" else "x\n\n\n@: 7\n"
        assert (done.stdout, done.returncode) == (expected, 5)
        assert done.stderr == ("" if "2>" in closed else "Attached 1 probe\n")
    assert (tmp_path / "out").read_text() == "x\n\n\n@: 7\n"


def test_sigusr1_runs_its_probe(bttui):
    with bttui.start("-q", "-e", r'self:signal:SIGUSR1 { printf("got it\n"); @n++; if (@n == 2) { exit(); } }') as process:
        os.kill(process.pid, signal.SIGUSR1)
        process.until("got it\n")
        os.kill(process.pid, signal.SIGUSR1)
        assert process.wait().stdout == "got it\ngot it\n\n\n@n: 2\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("-e", r'BEGIN { printf("x\n"); exit(); }'),
        ("-e", "BEGIN { @ = 1; exit(); }"),
        ("-B", "full", "-e", r'i:ms:1 { printf("x\n"); @++; if (@ == 9) { exit(); } }'),
        ("-f", "json", "-e", "BEGIN { print(1); } i:s:100 { }"),
        ("-l", "software:*"),
        ("-h",),
        ("dump", ROOT / "bttui/demo.bttui"),
    ],
    ids=lambda words: words[0],
)
def test_a_full_disk_ends_the_run_with_a_message(bttui, arguments):
    """/dev/full: full(4)."""
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, *arguments], env=bttui.env, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.stderr.replace("Attached 1 probe\n", "") == "ERROR: could not write the output: No space left on device\n"
    assert done.returncode == 1


def test_who_waits_for_the_line_of_the_attached_probes_may_be_gone(bttui, tmp_path):
    environment = bttui.env | {"__BPFTRACE_NOTIFY_PROBES_ATTACHED": "1"}
    command = [COMMAND, "-q", "-o", tmp_path / "out", "-e", "BEGIN { print(1); exit(); }"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(command, env=environment, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writer)
    assert (done.stderr, done.returncode, (tmp_path / "out").read_text()) == ("", 0, "1\n\n\n")


def test_a_terminal_that_only_prints_gets_text(bttui):
    main, terminal = os.openpty()
    command = [COMMAND, "-e", 'BEGIN { printf("plain\\n"); exit(); }']
    subprocess.run(
        command, env=bttui.env | {"TERM": "dumb"}, stdin=terminal, stdout=terminal, stderr=subprocess.PIPE, check=True, timeout=60
    )
    os.close(terminal)
    assert os.read(main, 1000).decode().split() == ["plain"]
    os.close(main)


def test_only_who_may_trace_is_let_in(bttui):
    def run(*arguments):
        command = ["setpriv", "--bounding-set", "-all", COMMAND, *arguments]
        return subprocess.run(command, env=bttui.env, capture_output=True, text=True, timeout=60)

    result = run("-e", "BEGIN { }")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ERROR: bttui needs the privilege to trace\n")
    assert (run("--mode", "codegen", "-e", "BEGIN { }").returncode, run("--mode", "codegen", "-e", "BEGIN { x }").returncode) == (0, 1)


# Commands and processes


def test_a_command_is_seen_from_its_first_system_call(bttui, load):
    path = load.build()
    program = 'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @ = count(); } END { printf("%d\\n", cpid); }'
    result = bttui("-q", "-c", f"{path} syscalls 1234", "-e", program)
    pid = re.search(r"^pid=(\d+)$", result.stdout, re.M)[1]
    assert f"\n{pid}\n\n\n@: 1234\n" in result.stdout


def test_what_comes_before_a_command_is_not_counted(bttui, load, tmp_path):
    """Its process asks who its parent is before it becomes the command; here that takes long."""
    runner = tmp_path / "slow.py"
    runner.write_text(
        "import os, time\nask = os.getppid\nos.getppid = lambda: time.sleep(1) or ask()\nfrom bttui.cli import main\nmain()\n"
    )
    program = "tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { @ = count(); }"
    arguments = ["-q", "-c", f"{load.build()} syscalls 10", "-e", program]
    bttui(*arguments)  # compiles it
    with Process([sys.executable, str(runner), *arguments], env=bttui.env) as process:
        assert process.wait().stdout.endswith("\n@: 10\n")


def test_the_trace_ends_with_its_command(bttui):
    result = bttui("-c", "false", "-e", r'interval:s:100 { } END { printf("end\n"); }')
    assert result == ("end\n\n\n", "Attached 2 probes\n", 0)


def test_a_command_that_does_not_exist(bttui):
    result = bttui("-c", "no-such-command", "-e", "BEGIN { }")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("ERROR: Failed to fork child: Path 'no-such-command' does not exist or is not executable")


def test_the_command_gets_our_input_and_output(bttui):
    assert bttui("-q", "-c", "cat", "-e", "interval:s:100 { }", stdin="through\n").stdout == "through\n\n\n"


def test_the_trace_ends_with_the_process(bttui, load):
    program = "tracepoint:syscalls:sys_enter_getppid { @ = count(); }"
    with load.start("syscalls", 10) as waiting, bttui.start("-q", "-p", waiting.pid, "-e", program) as process:
        waiting.go()
        assert process.wait() == ("\n\n@: 10\n", "", 0)


def test_a_process_that_does_not_exist(bttui):
    result = bttui("-p", str(1 << 22), "-e", "BEGIN { }")
    assert result == ("", "ERROR: Failed to attach to pid: Unable to open pidfd (No such process)\n", 1)


# Losses, by known amounts


def test_events_that_a_slow_reader_lost_are_counted(bttui, load):
    pages = 2
    fits = (pages * 4096 - 1) // RECORD
    with load.start("syscalls", 1000) as waiting:
        program = f'tracepoint:syscalls:sys_enter_getppid /pid == {waiting.pid}/ {{ printf("%llx\\n", nsecs); @ = count(); }}'
        env = {"BPFTRACE_PERF_RB_PAGES": str(pages)}
        with bttui.start("-e", program, env=env) as process:
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            waiting.go()
            os.kill(process.pid, signal.SIGCONT)
            result = process.stop()
    lines, maps = result.stdout.split("\n\n\n")
    assert maps == "@: 1000\n"
    assert len(lines.splitlines()) == fits
    assert f"Lost {1000 - fits} events" in result.stderr


def test_lost_events_in_json(bttui, load):
    with load.start("syscalls", 1000) as waiting:
        program = f'tracepoint:syscalls:sys_enter_getppid /pid == {waiting.pid}/ {{ printf("%llx\\n", nsecs); }}'
        with bttui.start("-f", "json", "-e", program, env={"BPFTRACE_PERF_RB_PAGES": "1"}) as process:
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            waiting.go()
            os.kill(process.pid, signal.SIGCONT)
            result = process.stop()
    told = [json.loads(line) for line in result.stdout.splitlines()]
    printed = sum(each["type"] == "printf" for each in told)
    assert sum(each["data"]["events"] for each in told if each["type"] == "lost_events") == 1000 - printed
    assert printed == 4095 // RECORD


def test_keys_that_found_no_room_are_counted(bttui):
    result = bttui("-q", "-e", "BEGIN { for ($i : 0..10) { @[$i] = 1; } }", env={"BPFTRACE_MAX_MAP_KEYS": "4"})
    assert result.stdout.count("]: 1\n") == 4
    assert "Map full; can't update element. 6 new keys were left out of @" in result.stderr


def test_no_event_is_lost_between_the_last_look_and_the_end(bttui, load):
    """The trace ends by itself the moment after the load: everything that was recorded is printed."""
    program = r'tracepoint:syscalls:sys_enter_getppid /pid == cpid/ { printf("x\n"); }'
    result = bttui("-q", "-c", f"{load.build()} syscalls 20000", "-e", program)
    assert result.stdout.count("x\n") == 20000 and result.stderr == ""


# What the stages of compiling make of a program


def test_stages_are_shown_and_the_program_runs(bttui):
    result = bttui("-d", "ast,types,codegen-opt", "-e", 'BEGIN { @a["x"] = count(); }')
    assert result.stdout == "\n\n@a[x]: 1\n"
    ast, types, code = (result.stderr.index(title) for title in ("AST after: parse\n", "Types\n", "LLVM IR after optimisation\n"))
    assert ast < result.stderr.index("BEGIN\n{") < types < result.stderr.index("@a[string") < code
    assert "define i64 @begin_1(" in result.stderr[code:]


def test_the_verifier_speaks_where_it_is_asked_to(bttui):
    result = bttui("-d", "verifier", "-e", "BEGIN { print(1); }")
    assert "processed " in result.stderr and result.stdout == "1\n\n\n"
    assert "processed " not in bttui("-e", "BEGIN { print(1); }").stderr


def test_llvm_text_can_be_kept(bttui, tmp_path):
    bttui("--emit-llvm", tmp_path / "code", "-e", "BEGIN { }")
    assert all("define " in (tmp_path / f"code.{name}.ll").read_text() for name in ("original", "optimized"))


def test_info_says_what_there_is(bttui):
    told = bttui("--info")
    assert re.search(r"^  OS: Linux .*\n  Arch: \w+$", told.stdout, re.M)
    assert re.search(r"^  btf: yes$", told.stdout, re.M)
    assert (told.returncode, told.stderr) == (0, "")


# Actions


def test_times_commands_and_files(bttui, tmp_path):
    (tmp_path / "file").write_text("content\n")
    program = f'BEGIN {{ time("%Y\\n"); system("echo said; echo more >&2"); cat("{tmp_path}/%s", "file"); cat("/nonexistent"); }}'
    result = bttui("-q", "--unsafe", "-e", program)
    assert result.stdout == f"{time.localtime().tm_year}\nsaid\nmore\n\ncontent\n\n\n"
    assert result.stderr == "ERROR: failed to open file '/nonexistent' (No such file or directory)\n"


def test_a_command_that_fails_is_told(bttui):
    assert bttui("-q", "--unsafe", "-e", 'BEGIN { system("exit 3"); }').stderr == "ERROR: command exited with code 3\n"


def test_clear_and_zero(bttui):
    program = "BEGIN { @a = 1; @b[1] = 1; @c[1] = count(); @d = hist(4); @e[1] = hist(4); @f = stats(3); %s }"
    emptied = " ".join(f"{{}}(@{name});" for name in "abcdef")
    assert bttui("-q", "-e", program % emptied.replace("{}", "clear")).stdout == "\n\n"
    zeroed = bttui("-q", "-e", program % emptied.replace("{}", "zero")).stdout
    assert zeroed == "\n\n@a: 0\n@b[1]: 0\n@c[1]: 0\n@d:\n\n@e[1]:\n\n@f: { .count = 0, .average = 0, .total = 0 }\n"


def test_hostile_text_does_not_reach_a_terminal(bttui):
    """Escape sequences of the traced world are for pipes only. Under a terminal of its own (script(1) makes one)."""
    program = r'BEGIN { printf("%s|\n", "\x1b[31mred\x07"); }'
    command = ["script", "-qec", f"{COMMAND} --no-tui -q -e '{program}'", "/dev/null"]
    with Process(command, env=bttui.env) as process:
        shown = process.wait().stdout
    assert "red" in shown and "\x1b" not in shown and "\x07" not in shown
    assert bttui("-q", "-e", program).stdout == "\x1b[31mred\x07|\n\n\n"


# What a run costs


def test_a_program_that_ran_before_needs_no_compiler(bttui, tmp_path):
    program = ("-q", "-e", r'tracepoint:sched:sched_switch { @[comm] = count(); } BEGIN { printf("once\n"); exit(); } END { clear(@); }')
    for name in ("llvmlite", "lark"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not today')\n")
    without = {"PYTHONPATH": str(tmp_path)}
    assert "not today" in bttui(*program, env=without).stderr
    assert bttui(*program).stdout == "once\n\n\n"
    assert bttui(*program, env=without) == ("once\n\n\n", "", 0)


def test_a_warm_start_is_light(bttui):
    program = ("-e", r'BEGIN { printf("%d\n", 6 * 7); }')
    assert bttui(*program).stdout == "42\n\n\n"
    command = [sys.executable, "-X", "importtime", COMMAND, *program]
    done = subprocess.run(command, env=bttui.env, capture_output=True, text=True, timeout=60)
    modules = set(re.findall(r"^import time: +\d+ \| +\d+ \| +([\w.]+)", done.stderr, re.M))
    assert "bttui.session.session" in modules
    heavy = {"textual", "pyroute2", "asyncio", "argparse", "dataclasses", "logging", "typing", "inspect", "pathlib"}
    heavy |= {"subprocess", "threading", "hashlib", "json", "bttui.compiler.pipeline", "bttui.compiler.parser", "bttui.compiler.ast"}
    assert modules & heavy == set()


def test_a_program_becomes_a_command_of_its_own(bttui, tmp_path):
    command = tmp_path / "own"
    text = 'begin { printf("%d %s %d %s\\n", getopt("count", 1), getopt("word", "none"), $1, comm); }'
    assert bttui("--unsafe", "-q", "--aot", command, "-e", text, "1") == ("", "", 0)
    done = subprocess.run([command, "5", "--", "--count=3"], env=bttui.env, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("3 none 5 bttui\n\n\n", "")
    script = tmp_path / "script.bt"
    script.write_text("#!/usr/bin/env other\nbegin { print(6); }\n")
    bttui("-f", "json", "-q", "--aot", command, script)
    assert command.read_text().splitlines()[1:] == ["begin { print(6); }"]
    assert subprocess.run([command], env=bttui.env, capture_output=True, text=True).stdout == '{"type": "value", "data": 6}\n'
    assert "ERROR" in bttui("--aot", command, "-e", "begin { nonsense }").stderr


def test_verbose_names_what_is_attached(bttui):
    result = bttui("-v", "-e", "begin { exit(); } tracepoint:sched:sched_switch { } end { }")
    assert result.stderr.splitlines() == [
        "Attaching 'begin' probe",
        "Trying to attach probe: tracepoint:sched:sched_switch",
        "Attaching 'end' probe",
        "Attached 3 probes",
    ]


def test_types_can_come_from_another_file(bttui, tmp_path):
    program = "begin { print(sizeof(struct task_struct) > 1000); }"
    copy = tmp_path / "types"
    shutil.copyfile("/sys/kernel/btf/vmlinux", copy)
    assert bttui("-e", program, env={"BPFTRACE_BTF": str(copy)}).stdout == "true\n\n\n"
    complaint = bttui("-e", program, env={"BPFTRACE_BTF": "/nowhere"}).stderr
    assert "task_struct" in complaint and "HINT: BPFTRACE_BTF names /nowhere, which does not exist" in complaint


def test_formats_may_be_longer_than_strings(bttui):
    program = 'begin { printf("a long format %d\\n", 5); time("longer than five\\n"); print(config.max_strlen); }'
    result = bttui("-q", "-e", program, env={"BPFTRACE_MAX_STRLEN": "5"})
    assert result.stdout == "a long format 5\nlonger than five\n5\n\n\n"


@pytest.mark.parametrize("option", [("-b",), ("--usdt-file-activation",), ("--dwarf-pid", "1"), ("--verify-llvm-ir",)])
def test_options_that_change_nothing_here_are_accepted(bttui, option):
    assert bttui(*option, "-q", "-e", "begin { print(1); }") == ("1\n\n\n", "", 0)


@pytest.mark.live
def test_headers_from_the_command_line_are_read_each_time(bttui, tmp_path):
    (tmp_path / "size.h").write_text("#define SIZE 3\n")
    arguments = ("-I", tmp_path, "--include", "size.h", "-e", "begin { print(SIZE); }")
    assert bttui(*arguments).stdout == "3\n\n\n"
    (tmp_path / "size.h").write_text("#define SIZE 4\n")
    assert bttui(*arguments).stdout == "4\n\n\n"


@pytest.mark.live
def test_help_of_a_program(bttui):
    result = bttui("-e", 'begin { print(getopt("count", 5, "how many")); }', "--", "--help")
    assert (result.stdout, result.stderr, result.returncode) == ("", "HINT: expected program options:\n--count: how many\n", 1)


@pytest.mark.live
def test_an_output_that_nobody_reads_is_waited_for_until_a_signal(bttui, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with bttui.start("-o", tmp_path / "pipe", "-e", "BEGIN { exit(); }", attached=False) as process:
        waits = Path(f"/proc/{process.pid}/wchan")
        eventually(lambda: waits.read_text() in ("wait_for_partner", "fifo_open"))  # functions of fs/pipe.c
        assert process.stop(signal.SIGTERM).returncode == -signal.SIGTERM
