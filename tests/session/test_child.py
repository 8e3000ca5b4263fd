"""The command of -c as a process: it waits, it runs, it ends with us."""

import os
import select
import signal

import pytest

from bttui.model.diagnostic import DiagnosticError
from bttui.session.child import Child, Watched, find_executable


def ended(source, milliseconds=60_000):
    poll = select.poll()
    poll.register(source, select.POLLIN)
    return bool(poll.poll(milliseconds))


def test_it_waits_for_the_word(tmp_path):
    with Child(f"touch {tmp_path}/made") as child:
        assert os.readlink(f"/proc/{child.pid}/exe").endswith("touch") is False
        assert not child.ended() and not (tmp_path / "made").exists()
        child.go()
        assert ended(child) and child.ended()
        assert child.status == 0 and (tmp_path / "made").exists()


def test_it_never_runs_where_the_word_is_not_given(tmp_path):
    with Child(f"touch {tmp_path}/made") as child:
        pid = child.pid
    assert not os.path.exists(f"/proc/{pid}") and not (tmp_path / "made").exists()


def test_words_are_split_at_spaces_and_passed_on():
    with Child('printf %s| a "b c"', quiet=True) as child:
        child.go()
        assert ended(child)
        assert os.read(child.output, 100) == b'a|"b|c"|'


def test_a_quiet_one_reads_nothing_and_both_its_outputs_come_to_us(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\ncat\necho out\necho err >&2\n")
    script.chmod(0o755)
    with Child(str(script), quiet=True) as child:
        child.go()
        assert ended(child)
        assert os.read(child.output, 100) == b"out\nerr\n"


def test_leaving_ends_it_even_where_it_does_not_want_to(tmp_path):
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\ntrap '' TERM\necho ready\nwhile :; do read line < /dev/zero; done\n")
    script.chmod(0o755)
    with Child(str(script), quiet=True) as child:
        child.go()
        assert os.read(child.output, 6) == b"ready\n"
    assert child.status == -signal.SIGKILL


def test_it_ends_when_its_maker_is_killed():
    reader, writer = os.pipe()
    maker = os.fork()
    if not maker:
        child = Child("sleep 1000")
        child.go()
        os.write(writer, child.pid.to_bytes(4, "little"))
        signal.pause()
        os._exit(0)
    pidfd = os.pidfd_open(int.from_bytes(os.read(reader, 4), "little"))
    os.kill(maker, signal.SIGKILL)
    os.waitpid(maker, 0)
    assert ended(pidfd)


def test_signals_are_as_usual_in_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Child("grep SigIgn /proc/self/status", quiet=True) as child:
            child.go()
            ended(child)
            assert int(os.read(child.output, 100).split()[1], 16) & (1 << signal.SIGINT - 1 | 1 << signal.SIGPIPE - 1) == 0
    finally:
        signal.signal(signal.SIGINT, before)


def test_closing_twice_is_harmless():
    child = Child("true")
    child.close()
    child.close()


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"echo no interpreter\n", "Exec format error"),
        (b"#!/nosuch/interpreter\n", "its interpreter does not exist"),
        (b"\x7fELF and nothing", "Exec format error"),
    ],
)
def test_what_cannot_run_after_all_is_said_too(content, cause, tmp_path):
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "file").chmod(0o755)
    with Child(f"{tmp_path}/file") as child:
        with pytest.raises(DiagnosticError, match=f"Failed to execute '{tmp_path}/file': {cause}"):
            child.go()
        assert ended(child)


@pytest.mark.live
def test_a_trace_of_what_cannot_run_fails(bttui, tmp_path):
    (tmp_path / "file").write_bytes(b"echo no interpreter\n")
    (tmp_path / "file").chmod(0o755)
    result = bttui("-e", "begin { @ = 1; } interval:s:100 { }", "-c", tmp_path / "file")
    assert result.returncode == 1 and "ERROR: Failed to execute" in result.stderr and "-c 'sh " in result.stderr
    assert "Path '' does not exist" in bttui("-e", "begin { }", "-c", "  ").stderr


@pytest.mark.parametrize("name", ["no-such-command", "/nonexistent", "/etc/passwd", "/tmp"])
def test_what_cannot_run_is_said_before_anything_else(name):
    with pytest.raises(DiagnosticError, match=f"Failed to fork child: Path '{name}' does not exist or is not executable"):
        find_executable(name)


def test_a_process_is_watched():
    pid = os.fork()
    if not pid:
        signal.pause()
        os._exit(0)
    watched = Watched(pid)
    assert not ended(watched, 0)
    os.kill(pid, signal.SIGKILL)
    assert ended(watched)
    watched.close()
    os.waitpid(pid, 0)
    with pytest.raises(DiagnosticError, match="No such process"):
        Watched(pid)
