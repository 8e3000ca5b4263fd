"""Compiling in a child, and what was compiled on disk."""

import os
import signal
import stat
import time

import pytest

from bttui.compiler.options import CompileOptions
from bttui.model.diagnostic import DiagnosticError, Span, error
from bttui.model.program import Attachment, Program
from bttui.session import cache
from bttui.session.worker import Interrupted, in_child

PROGRAM = Program(b"\x7fELF\0\xff", "BEGIN { }", (), (Attachment("begin", "", "begin", "begin_0"),), (), (), config={"a": 1, "b": True})


def test_what_the_child_makes_comes_back():
    assert in_child(lambda: PROGRAM) == PROGRAM


def test_errors_come_back_with_their_place():
    span = Span(0, 3, 1, 1, 1, 4)

    def fail():
        raise error("wrong", span, hint="do it right")

    with pytest.raises(DiagnosticError) as raised:
        in_child(fail)
    (found,) = raised.value.diagnostics
    assert (found.message, found.span, found.hint) == ("wrong", span, "do it right")


def test_a_child_that_ends_itself_is_a_diagnostic_with_its_last_words(capfd):
    def die():
        os.write(2, b"LLVM ERROR: out of memory\n")
        os._exit(1)

    with pytest.raises(DiagnosticError) as raised:
        in_child(die)
    (found,) = raised.value.diagnostics
    assert found.message == "the compiler could not finish (status 1): LLVM ERROR: out of memory"
    assert capfd.readouterr() == ("", "")


def test_a_child_that_is_killed_is_a_diagnostic():
    with pytest.raises(DiagnosticError, match="signal 9"):
        in_child(lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_a_mistake_of_ours_is_no_traceback():
    with pytest.raises(DiagnosticError, match="the compiler failed: ZeroDivisionError"):
        in_child(lambda: 1 // 0)


def test_the_child_is_gone_when_we_are_told_to_stop():
    told, tell = os.pipe()
    pid_reader, pid_writer = os.pipe()

    def wait():
        os.write(pid_writer, os.getpid().to_bytes(4, "little"))
        os.write(tell, b".")
        time.sleep(600)

    with pytest.raises(Interrupted):
        in_child(wait, told)
    pid = int.from_bytes(os.read(pid_reader, 4), "little")
    assert not os.path.exists(f"/proc/{pid}")


def test_the_child_ends_when_its_parent_is_killed():
    reader, writer = os.pipe()
    middle = os.fork()
    if not middle:

        def wait():
            os.write(writer, os.getpid().to_bytes(4, "little"))
            signal.pause()

        in_child(wait)
        os._exit(0)
    os.close(writer)
    pid = int.from_bytes(os.read(reader, 4), "little")
    os.kill(middle, signal.SIGKILL)
    os.waitpid(middle, 0)
    assert os.read(reader, 1) == b""  # its end of the pipe closes with it
    assert pid != middle


def test_a_child_does_not_take_all_memory():
    with pytest.raises(DiagnosticError, match="MemoryError"):
        in_child(lambda: bytearray(5 << 30))


# The cache


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_a_program_is_found_again(home):
    key = cache.key("BEGIN { }", "stdin", CompileOptions())
    assert cache.read(key) is None
    cache.write(key, PROGRAM)
    assert cache.read(key) == PROGRAM
    assert mode(home / "bttui") == 0o700
    assert [mode(path) for path in (home / "bttui").iterdir()] == [0o600]


def test_the_key_tells_programs_apart():
    keys = {
        cache.key(text, file, options)
        for text in ("a", "b")
        for file in ("stdin", "x.bt")
        for options in (CompileOptions(), CompileOptions(pid=1), CompileOptions(positional=("1",)), CompileOptions(unsafe=True))
    }
    assert len(keys) == 16
    assert cache.key("a", "stdin", CompileOptions()) in keys


@pytest.mark.parametrize("damage", [b"", b"junk", b"\xe3", b"[]"])
def test_a_damaged_file_counts_as_none(home, damage):
    key = cache.key("BEGIN { }", "stdin", CompileOptions())
    cache.write(key, PROGRAM)
    (path,) = (home / "bttui").iterdir()
    path.write_bytes(damage)
    assert cache.read(key) is None


def test_no_damage_of_a_file_goes_unseen(home):
    key = cache.key("BEGIN { }", "stdin", CompileOptions())
    cache.write(key, PROGRAM)
    (path,) = (home / "bttui").iterdir()
    content = path.read_bytes()
    for at in range(0, len(content), 29):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        assert cache.read(key) is None
        path.write_bytes(content[:at])
        assert cache.read(key) is None
    path.write_bytes(content)
    assert cache.read(key) == PROGRAM


def test_a_folder_that_others_can_write_to_is_not_used(home):
    folder = home / "bttui"
    folder.mkdir()
    folder.chmod(0o777)
    cache.write(b"key", PROGRAM)
    assert list(folder.iterdir()) == []
    folder.chmod(0o700)
    cache.write(b"key", PROGRAM)
    folder.chmod(0o750)
    assert cache.read(b"key") is None


def test_a_link_in_place_of_the_folder_is_not_followed(home):
    elsewhere = home / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (home / "bttui").symlink_to(elsewhere)
    cache.write(b"key", PROGRAM)
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another owner's folder")
def test_a_folder_of_somebody_else_is_not_used(home):
    folder = home / "bttui"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    cache.write(b"key", PROGRAM)
    assert list(folder.iterdir()) == []


def test_a_folder_that_others_can_put_another_in_place_of_is_not_used(home):
    home.chmod(0o777)
    cache.write(b"key", PROGRAM)
    assert list(home.iterdir()) == []
    home.chmod(0o1777)  # as /tmp
    cache.write(b"key", PROGRAM)
    assert cache.read(b"key") == PROGRAM


@pytest.mark.skipif(os.geteuid() != 0, reason="needs another owner's folder")
def test_root_keeps_nothing_in_the_home_of_somebody_else(home):
    os.chown(home, 12345, 12345)
    cache.write(b"key", PROGRAM)
    assert list(home.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="sudo makes us root")
def test_sudo_stays_out_of_the_callers_home(home, monkeypatch):
    monkeypatch.setenv("SUDO_UID", "1000")
    assert not cache.folder().startswith(str(home))


def test_what_may_change_between_runs_is_not_kept(home):
    cache.write(b"uprobe", PROGRAM.replace(attachments=(Attachment("uprobe", "/bin/sh:main", "uprobe:/bin/sh:main", "p"),)))
    cache.write(b"cgroup", PROGRAM.replace(source='BEGIN { @ = cgroupid("/sys/fs/cgroup"); }'))
    assert cache.read(b"uprobe") is cache.read(b"cgroup") is None


def test_two_keys_with_one_name_are_not_mixed_up(home, monkeypatch):
    monkeypatch.setattr(cache, "_name", lambda key: "same")
    cache.write(b"one", PROGRAM)
    assert cache.read(b"two") is None
    cache.write(b"two", PROGRAM.replace(source="END { }"))
    assert cache.read(b"one") is None
    assert cache.read(b"two") == PROGRAM.replace(source="END { }")


def test_the_folder_does_not_grow_without_end(home, monkeypatch):
    monkeypatch.setattr(cache, "_name", bytes.decode)
    for number in range(cache.MOST_FILES + 1):
        cache.write(f"{number:04}".encode(), PROGRAM)
        os.utime(home / "bttui" / f"{number:04}", (number, number))
    left = sorted(path.name for path in (home / "bttui").iterdir())
    assert len(left) == cache.MOST_FILES + 1 - cache.MOST_FILES // 4
    assert left[0] == f"{cache.MOST_FILES // 4:04}"


def test_a_home_that_is_not_there_is_not_made(tmp_path, monkeypatch):
    monkeypatch.delenv("SUDO_UID", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))
    assert cache.folder() == ""
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "nowhere").mkdir()
    assert cache.folder() == str(tmp_path / "nowhere" / ".cache" / "bttui")
