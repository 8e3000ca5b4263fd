"""What the target of a uprobe means: paths, programs, libraries, what a process has mapped."""

import ctypes
import os
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.probes import files
from bttui.probes.files import find_files


def cache(*entries, before=b""):
    """/etc/ld.so.cache with (flags, soname, path) entries: struct cache_file_new of glibc's dl-cache.h."""
    table, strings = b"", b""
    base = 48 + 24 * len(entries)
    for flags, soname, path in entries:
        key = base + len(strings)
        strings += soname.encode() + b"\0"
        value = base + len(strings)
        strings += path.encode() + b"\0"
        table += struct.pack("=iIIIQ", flags, key, value, 0, 0)
    return before + b"glibc-ld.so.cache1.1" + struct.pack("=II20x", len(entries), len(strings)) + table + strings


@pytest.fixture
def root(tmp_path):
    """A file system with two builds of a library, as a process in a container may see it."""
    for name in ("lib/one/libfoo.so.1", "lib32/libfoo.so.1", "usr/lib/libbar.so"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"\x7fELF")
    (tmp_path / "etc").mkdir()
    return tmp_path


@pytest.mark.parametrize("before", [b"", b"ld.so-1.7.0" + bytes(5)])
def test_libraries_by_the_loaders_cache(root, before):
    entries = (
        (0x0003, "libfoo.so.1", "/lib32/libfoo.so.1"),
        (0x0303, "libfoo.so.1", "/lib/one/libfoo.so.1"),
        (0x0303, "libgone.so.2", "/lib/libgone.so.2"),
    )
    (root / "etc/ld.so.cache").write_bytes(cache(*entries, before=before))
    for name in ("libfoo", "libfoo.so", "libfoo.so.1"):
        assert files._library(name, str(root)) == "/lib/one/libfoo.so.1"
    assert [files._library(name, str(root)) for name in ("libfoo.so.2", "libgone", "foo", "lib")] == ["", "", "", ""]


def test_libraries_without_a_cache(root):
    assert files._library("libbar", str(root)) == files._library("libbar.so", str(root)) == "/usr/lib/libbar.so"


@given(st.binary(max_size=200))
def test_a_damaged_cache_is_no_cache(data):
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(b"glibc-ld.so.cache1.1" + data)
        file.flush()
        assert isinstance(files._cached(file.name), list)


def test_paths_and_globs(tmp_path, monkeypatch):
    for name in ("one", "only", "two"):
        (tmp_path / name).write_text("#!")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "once").write_text("libraries need not be executable")
    (tmp_path / "other").mkdir()
    assert find_files(str(tmp_path / "one")) == [str(tmp_path / "one")]
    assert find_files(str(tmp_path / "o*")) == [str(tmp_path / name) for name in ("once", "one", "only")]
    assert find_files(str(tmp_path / "nosuch")) == find_files(str(tmp_path)) == find_files("nosuch-program") == []
    monkeypatch.chdir(tmp_path)
    assert find_files("./two") == ["./two"]
    assert find_files("two") == ["two"]
    monkeypatch.chdir("/")
    monkeypatch.setenv("PATH", f"/nosuch:{tmp_path}:relative")
    assert find_files("only") == [str(tmp_path / "only")]
    assert find_files("on*") == [str(tmp_path / "one"), str(tmp_path / "only")]


def test_what_a_process_has_mapped():
    mapped = find_files("*", os.getpid())
    assert os.path.realpath(sys.executable) in mapped
    assert find_files("libc.so*", os.getpid()) == [path for path in mapped if os.path.basename(path).startswith("libc.so")]
    assert find_files("*", 2**22 + 1) == []


@pytest.mark.live
def test_the_c_library_of_this_machine():
    (path,) = find_files("libc")
    assert os.path.basename(path).startswith(("libc.so", "libc.musl", "ld-musl"))
    assert ctypes.CDLL(path).getpid() == os.getpid()
