"""Every provider attached to the running kernel: it fires as often as its load makes it, under its full name."""

import os
import re
import signal

import pytest

pytestmark = pytest.mark.live

CPUS = os.sched_getaffinity(0)


def has(device):
    return os.path.exists(f"/sys/bus/event_source/devices/{device}")


def counts(text, name="@"):
    """{key: number} of a map's lines; a scalar has the key ""."""
    return {key or "": int(value) for key, value in re.findall(rf"^{name}(?:\[(.*)\])?: (-?\d+)$", text, re.M)}


def traced(bttui, load, program, *words, path=None, arguments=()):
    """Trace ``program``, with PID replaced, while a load that waited for it works -> (Result, the load's report)."""
    with load.start(*words, path=path) as waiting:
        result, did = bttui.trace(program.replace("PID", str(waiting.pid)), *arguments, work=waiting.go)
    assert result.returncode == 0, result
    return result, did


@pytest.fixture(scope="module")
def calls(load):
    return load.build("calls", "bttui_calls")


def test_tracepoint_and_rawtracepoint(bttui, load):
    """The system call has one number, and the raw tracepoint sees it as arg1 and args.id."""
    program = (
        "tracepoint:syscalls:sys_enter_getppid, tracepoint:syscalls:sys_exit_getppid /pid == PID/ { @[probe] = count(); } "
        "tracepoint:raw_syscalls:sys_enter /pid == PID/ { @ids[args.id] = count(); } "
        "rawtracepoint:sys_enter /pid == PID/ { @raw[args.id] = count(); @raw_numbered[arg1] = count(); @[probe] = count(); }"
    )
    result, did = traced(bttui, load, program, "syscalls", 1234)
    assert counts(result.stdout) == {
        "tracepoint:syscalls:sys_enter_getppid": 1234,
        "tracepoint:syscalls:sys_exit_getppid": 1234,
        "rawtracepoint:vmlinux:sys_enter": did["total"],
    }
    assert counts(result.stdout, "@ids") == counts(result.stdout, "@raw") == counts(result.stdout, "@raw_numbered")
    assert sum(counts(result.stdout, "@raw").values()) == did["total"]


def test_a_glob_attaches_to_all_that_it_means(bttui, load):
    """A place that is named twice counts twice."""
    program = "t:syscalls:sys_*_getppid, t:syscalls:sys_enter_getp[p]i? /pid == PID/ { @ = count(); }"
    result, _ = traced(bttui, load, program, "syscalls", 77)
    assert counts(result.stdout) == {"": 3 * 77}
    assert "Attached 3 probes" in result.stdout + result.stderr


def test_interval_has_one_cpu(bttui):
    result = bttui("-e", "interval:ms:2 { @[cpu] = count(); @total++; if (@total == 30) { exit(); } }")
    assert result.returncode == 0, result
    ((cpu, ticks),) = counts(result.stdout).items()
    assert int(cpu) in CPUS and ticks >= 30


def test_intervals_in_all_spellings(bttui):
    program = "i:ms:2, i:us:2000, i:hz:500, i:2ms, i:2000000 { @[probe, probetype] = count(); } i:s:1 { exit(); }"
    result = bttui("-e", program)
    assert set(counts(result.stdout)) == {"interval:ms:2, interval", "interval:us:2000, interval", "interval:hz:500, interval"}


def test_profile_has_every_cpu(bttui):
    """Ends when all have ticked: the software clock of a virtual CPU stands still while its host runs something else."""
    every = f"profile:ms:1 {{ @[cpu] = count(); if (len(@) == {os.cpu_count()}) {{ exit(); }} }} interval:s:20 {{ exit(); }}"
    result = bttui("-e", every)
    assert {int(cpu) for cpu in counts(result.stdout)} == set(range(os.cpu_count()))


def test_profile_of_one_process(bttui, load):
    """With -p only that process is seen; it works all the time, so that there is something to see."""
    with load.start("syscalls", 3_000_000) as waiting:
        result, _ = bttui.trace(
            "profile:ms:1 { @[pid] = count(); } software:cpu-clock:1000000 { @s[pid] = count(); }", "-p", str(waiting.pid), work=waiting.go
        )
    assert list(counts(result.stdout)) == list(counts(result.stdout, "@s")) == [str(waiting.pid)]


def test_software_counts_page_faults(bttui, load, calls):
    """Two runs that differ by a thousand pages differ by a thousand faults."""
    program = "software:page-faults:1 /pid == PID/ { @ = count(); }"
    few, many = (counts(traced(bttui, load, program, 1, pages, path=calls)[0].stdout)[""] for pages in (100, 1100))
    assert many - few == 1000


def test_software_every_so_many(bttui, load, calls):
    """Each CPU counts for itself, up to the first sample: at most one is lost on each."""
    program = "software:page-faults:10 /pid == PID/ { @ = count(); } s:faults:1 /pid == PID/ { @all = count(); }"
    text = traced(bttui, load, program, 1, 2000, path=calls)[0].stdout
    assert abs(counts(text)[""] - counts(text, "@all")[""] / 10) <= 2 * os.cpu_count() + 20


@pytest.mark.skipif(has("cpu"), reason="this machine counts cycles")
def test_hardware_that_is_not_there(bttui):
    result = bttui("-e", "hardware:cycles:1000000 { @ = count(); }")
    assert result.returncode != 0
    assert "cannot attach hardware:cycles:1000000: there is no such counter" in result.stderr
    assert "virtual machines often count nothing" in result.stderr


@pytest.mark.skipif(not has("cpu"), reason="this machine counts no cycles")
def test_hardware(bttui, load):
    result, _ = traced(bttui, load, "hardware:instructions:10000 /pid == PID/ { @ = count(); }", "syscalls", 100_000)
    assert counts(result.stdout)[""] > 0


@pytest.mark.skipif(not has("uprobe"), reason="this kernel has no uprobes")
def test_uprobe_and_uretprobe(bttui, load, calls):
    """Each call with its arguments and results: first(i, 2) calls second(i), which is 3 * i."""
    program = (
        f"uprobe:{calls}:first /pid == PID/ {{ @[probe] = count(); @sum = sum(arg0); @addend[arg1] = count(); }} "
        f"uretprobe:{calls}:second /pid == PID/ {{ @[probe] = count(); @results = sum(retval); }}"
    )
    text = traced(bttui, load, program, 500, 1, path=calls)[0].stdout
    assert counts(text) == {f"uprobe:{calls}:first": 500, f"uretprobe:{calls}:second": 500}
    assert counts(text, "@sum") == {"": 499 * 500 // 2}
    assert counts(text, "@addend") == {"2": 500}
    assert counts(text, "@results") == {"": 3 * 499 * 500 // 2}


@pytest.mark.skipif(not has("uprobe"), reason="this kernel has no uprobes")
def test_uprobes_of_a_glob(bttui, load, calls):
    text = traced(bttui, load, f"uprobe:{calls}:*[rd]st, uprobe:{calls}:sec?nd /pid == PID/ {{ @[probe] = count(); }}", 40, 1, path=calls)[
        0
    ].stdout
    assert counts(text) == {f"uprobe:{calls}:first": 40, f"uprobe:{calls}:second": 40}


@pytest.mark.skipif(not has("uprobe"), reason="this kernel has no uprobes")
def test_uprobe_of_one_process(bttui, load, calls):
    """-p: another process that runs the same function is not seen."""
    with load.start(25, 1, path=calls) as waiting:

        def work():
            load(1000, 1, path=calls)
            return waiting.go()

        result, _ = bttui.trace(f"uprobe:{calls}:first {{ @[pid] = count(); }}", "-p", str(waiting.pid), work=work)
    assert counts(result.stdout) == {str(waiting.pid): 25}


@pytest.mark.skipif(not has("uprobe"), reason="this kernel has no uprobes")
def test_a_library_by_its_name(bttui):
    result = bttui("-l", "-e", "uprobe:libc:getpid { }")
    assert re.fullmatch(r"uprobe:/.*/libc\.so\.6:getpid\n|uprobe:/.*/libc\.musl.*:getpid\n", result.stdout), result


@pytest.mark.skipif(has("kprobe"), reason="this kernel has kprobes; tests/vm has their counts")
def test_kprobes_where_there_are_none(bttui):
    result = bttui("-e", "kretprobe:vfs_read { @bytes = lhist(retval, 0, 2000, 200); }")
    assert result.returncode != 0
    assert "stdin:1:1-19: ERROR: cannot attach kretprobe:vfs_read: this kernel has no kprobes" in result.stderr
    assert "tracepoint:syscalls:sys_exit_read" in result.stderr


@pytest.mark.skipif(has("kprobe"), reason="this kernel has kprobes; tests/vm has their counts")
def test_fentry_where_it_is_not_permitted(bttui, load):
    result = bttui("-e", "fexit:vfs_read { @ = count(); } interval:ms:50 { exit(); }")
    if result.returncode == 0:
        pytest.skip("this kernel permits fentry")
    assert "fexit:vmlinux:vfs_read" in result.stderr
    assert "tracepoint:syscalls:sys_exit_read" in result.stderr


def test_a_function_that_does_not_exist(bttui):
    result = bttui("-e", "kprobe:vfs_raed { @ = count(); }")
    assert result.returncode == 1
    assert "stdin:1:1-16: ERROR: No matches for kprobe vfs_raed." in result.stderr
    assert "did you mean kprobe:vfs_read" in result.stderr


def test_the_tracer_got_a_signal(bttui):
    with bttui.start("-e", 'self:signal:SIGUSR1 { @n++; printf("%s %d %d\\n", probe, pid, @n); }') as process:
        for number in (1, 2, 3):
            process.popen.send_signal(signal.SIGUSR1)
            process.until(f"self:signal:SIGUSR1 {process.pid} {number}\n")
        result = process.stop()
    assert result.returncode == 0
    assert counts(result.stdout, "@n") == {"": 3}


def test_begin_comes_first_and_end_last(bttui):
    result = bttui("-e", 'end { printf("2 %s\\n", probe); } BEGIN { printf("1 %s\\n", probe); exit(); } END { printf("3 %s\\n", probe); }')
    assert [line for line in result.stdout.splitlines() if line[:1] in "123" and line] == ["1 begin", "2 end", "3 end"]


def test_probes_that_may_be_missing(bttui):
    program = (
        'config = {{ missing_probes = "{}" }} tracepoint:sched:nosuch, hardware:cycles:1000000, begin {{ printf("%s\\n", probe); exit(); }}'
    )
    warned = bttui("-e", program.format("warn"))
    assert warned.returncode == 0 and "begin\n" in warned.stdout
    silent = bttui("-e", program.format("ignore"))
    assert silent.returncode == 0 and "begin\n" in silent.stdout
    assert "WARNING" not in silent.stderr
    if not has("cpu"):
        assert "WARNING: cannot attach hardware:cycles:1000000" in warned.stderr
        assert "Attached 1 probe" in warned.stdout + warned.stderr
    assert bttui("-e", program.format("error")).returncode != 0


def test_more_samples_than_the_kernel_allows(bttui):
    with open("/proc/sys/kernel/perf_event_max_sample_rate") as file:
        most = int(file.read())
    result = bttui("-e", f"profile:hz:{most + 1} {{ @ = count(); }}")
    assert result.returncode != 0
    assert f"at most {most} samples a second" in result.stderr
