"""Pseudonyms: nothing of the machine's names is left, and everything that was counted is."""

import zlib

import pytest
from hypothesis import given
from model.maps import KEYS, runs
from widgets import scripted

from bttui.model.frame import Symbol
from bttui.model.program import Argument, Output
from bttui.model.redaction import Redactor
from bttui.model.types import (
    CHAR,
    UINT64,
    Array,
    Buffer,
    CgroupPath,
    Count,
    Field,
    Inet,
    KernelSymbol,
    ProbeName,
    Stack,
    String,
    Struct,
    Timestamp,
    Username,
    UserSymbol,
    make_record,
    make_tuple,
)
from bttui.session.controller import LIVE, Status
from bttui.session.recording import Recorder, Recording
from bttui.session.recording import hidden as hidden_header

SECRET = "acme"
HIDDEN = [
    (String(), SECRET),
    (Username(), SECRET),
    (CgroupPath(), f"unified:/{SECRET}"),
    (Inet(), "10.1.2.3"),
    (Buffer(), b"acme\xff"),
    (UserSymbol(), Symbol(7, SECRET, 4, f"/opt/{SECRET}", f"{SECRET}.c:7")),
    (Stack(space="user"), (Symbol(7, SECRET), Symbol(9))),
    (make_tuple((UINT64, String())), (7, SECRET)),
    (make_record([("pid", UINT64), ("name", String())]), (7, SECRET)),
    (Struct("struct x", 12, (Field("name", String()), Field("pid", UINT64))), (SECRET, 7)),
    (Array(element=String(), count=2), (SECRET, "b")),
    (Array(element=CHAR, count=8), tuple(b"acme\0\0\0\0")),
    (ProbeName(), f"uprobe:/opt/{SECRET}:main"),
]
SHOWN = [
    (UINT64, 7),
    (ProbeName(), "kprobe:vfs_read"),
    (KernelSymbol(), Symbol(7, "vfs_read", 4)),
    (Stack(space="kernel"), (Symbol(7, "vfs_read"),)),
    (Timestamp(), "12:01"),
    (String(), ""),
]


def hidden(type_, value, redactor=None):
    event = scripted.printed("").replace(output=Output("printf", "%s", (Argument(type_, 8),)), values=(value,))
    return (redactor or Redactor()).event(event).values[0]


@pytest.mark.parametrize(("type_", "value"), HIDDEN, ids=lambda each: type(each).__name__)
def test_texts_of_the_machine_become_pseudonyms_that_stay_the_same(type_, value):
    redactor = Redactor()
    once = hidden(type_, value, redactor)
    assert SECRET not in repr(once) and "10.1.2.3" not in repr(once) and once != value
    assert hidden(type_, value, redactor) == once
    assert hidden(type_, value) != once, "nobody else's are the same"


@pytest.mark.parametrize(("type_", "value"), SHOWN, ids=lambda each: type(each).__name__)
def test_numbers_and_the_kernels_own_names_stay(type_, value):
    assert hidden(type_, value) == value


def test_numbers_beside_names_stay():
    assert hidden(make_tuple((UINT64, String())), (7, SECRET))[0] == 7
    symbol = hidden(UserSymbol(), Symbol(7, SECRET, 4, "/opt/acme", "acme.c"))
    assert (symbol.address, symbol.offset, symbol.source) == (7, 4, "")


@given(runs(least=2))
def test_maps_of_every_kind_keep_their_entries_apart(frames):
    redactor = Redactor()
    texts = [text for _, names in KEYS.values() for text in names if isinstance(text, str) and text]
    for frame in frames:
        before, after = frame.maps["@"], redactor.frame(frame).maps["@"]
        assert len({repr(key) for key, _ in after.rows}) == len(before.rows)
        assert not any(key in texts for key, _ in after.rows)
        numbers = [(value, other) for (_, value), (_, other) in zip(before.rows, after.rows, strict=True) if isinstance(value, (int, dict))]
        assert all(value == other for value, other in numbers)


def test_what_programs_wrote_and_names_of_files_in_errors():
    redactor = Redactor()
    for kind in ("cat", "system", "join", "child"):
        assert SECRET not in redactor.event(scripted.message(kind, f"root:{SECRET}\n")).text
    told = redactor.event(scripted.message("error", f"failed to open file '/opt/{SECRET}' (No such file)")).text
    assert told.startswith("failed to open file 'text-") and told.endswith("(No such file)")
    assert redactor.event(scripted.message("lost", "lost 3 events")).text == "lost 3 events"


def test_the_text_of_a_program():
    redactor = Redactor()
    text = redactor.program('uprobe:/opt/acme:main, kprobe:vfs_read /comm == "acme"/ { printf("%s\\n", comm); @[comm] = count(); }')
    assert "acme" not in text and "main" not in text
    assert 'kprobe:vfs_read /comm == "' + redactor.word("acme") + '"/ { printf("%s\\n", comm); @[comm] = count(); }' in text


def test_a_recording_holds_nothing_of_them(tmp_path):
    redactor = Redactor()
    header = hidden_header({"command": ["-c", f"/opt/{SECRET}"], "host": SECRET, "kernel": "6.1"}, redactor)
    recorder = Recorder(str(tmp_path / "a"), header, redactor)
    recorder.program(Status(LIVE, 1, True, 1, 1, (f"uprobe:/opt/{SECRET}:main",), scripted.START, f"uprobe:/opt/{SECRET}:main {{ }}"))
    frame = scripted.frame(1, scripted.snapshot("@", String(), Count(), {SECRET: 12_345, "other": 2}))
    recorder.frame(redactor.frame(frame))
    recorder.events(redactor.events([scripted.printed(SECRET)]))
    recorder.close()
    recording = Recording(str(tmp_path / "a"))
    file = (tmp_path / "a").read_bytes()
    written = b"".join(zlib.decompress(file[at : at + length]) for _, _, at, length in recording._index).decode()
    assert SECRET not in written and "main" not in written and "12345" in written and "6.1" in written
    assert recording.header["redacted"]


@pytest.mark.live
def test_a_trace_with_pseudonyms_only(bttui, tmp_path):
    path = str(tmp_path / "a.bttui")
    program = 'BEGIN { printf("%s %d\\n", comm, 7); @[comm] = 12; system("echo told"); exit(); }'
    for options in ((), ("-f", "json")):
        result = bttui("--redact", "--unsafe", "--record", path, *options, "-e", program)
        assert "7" in result.stdout and "12" in result.stdout and "text-" in result.stdout
        assert "bttui" not in result.stdout and "told" not in result.stdout
    assert "text-" in bttui("dump", path).stdout and "bttui" not in bttui("dump", path).stdout
    bttui("--record", path, "-e", program, "--unsafe")
    assert "@[bttui]: 12" in bttui("dump", path).stdout
    assert "@[text-" in bttui("dump", "--redact", path).stdout
