"""What a person reads when the kernel says no."""

import errno
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loader import ir

from bttui.loader import bpf, libbpf
from bttui.loader.object import load as load_object
from bttui.loader.refusal import explain, line_span, load_error, read_log, statement_span, verifier_logs
from bttui.model.diagnostic import Diagnostic, DiagnosticError, Span
from bttui.model.program import Attachment, BpfProgram, MapSpec, Program

SOURCE = "// first\nrawtracepoint:sys_enter {\n  @ = *(uint64*)16;\n}\n"
LOG = """\
0: R1=ctx() R10=fp0
; rawtracepoint:sys_enter { @ stdin:2
0: (b7) r1 = 16                       ; R1=16
;   @ = *(uint64*)16; @ stdin:3
1: (79) r0 = *(u64 *)(r1 +0)
R1 invalid mem access 'scalar'
verification time 9 usec
stack depth 0
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


def refuse(program):
    with pytest.raises(DiagnosticError) as caught:
        load_object(program).close()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@pytest.mark.live
def test_the_verifier_points_at_the_line_that_it_dislikes(capfd):
    module = ir.Module(SOURCE)
    module.function(
        "probe_0", bpf.RAW_TRACEPOINT, "raw_tp", "  %v = load volatile i64, ptr inttoptr (i64 16 to ptr) @@3\n  ret i32 0 @@3", line=2
    )
    program = module.program()
    attachment = Attachment("rawtracepoint", "sys_enter", "rawtracepoint:sys_enter", "probe_0")
    diagnostic = refuse(program.replace(attachments=(attachment,)))
    assert diagnostic.message == (
        "the kernel refuses rawtracepoint:sys_enter: memory is read at an address that the kernel cannot vouch for (R1 invalid mem access 'scalar')"
    )
    assert diagnostic.code == "verifier"
    assert SOURCE[diagnostic.span.start : diagnostic.span.end] == "@ = *(uint64*)16;"
    assert (diagnostic.span.line, diagnostic.span.column, diagnostic.span.file) == (3, 3, "stdin")
    assert "kptr()" in diagnostic.hint
    assert "r1 = 16" in diagnostic.detail and "processed" in diagnostic.detail
    assert capfd.readouterr() == ("", "")


@pytest.mark.live
def test_a_log_can_be_had_without_a_complaint():
    module = ir.Module(SOURCE)
    ir.raw_tracepoint(module, "probe_0", "  ret i32 0 @@3", line=2)
    with load_object(module.program()) as loaded:
        assert loaded.log == ""
    with load_object(module.program(), log_level=2) as loaded:
        assert list(verifier_logs(loaded.log)) == ["probe_0"]
        assert "; @ = *(uint64*)16;" in verifier_logs(loaded.log)["probe_0"]


def test_a_helper_that_only_some_functions_may_call_is_named():
    log = "; fentry:vfs_open { print(path(args.path)); } @ stdin:1\n9: (85) call bpf_ringbuf_reserve#131\n12: (85) call bpf_d_path#147\nhelper call is not allowed in probe\nprocessed 13 insns\n"
    message = f"libbpf: prog 'a': BPF program load failed: -22\nlibbpf: prog 'a': -- BEGIN PROG LOAD LOG --\n{log}-- END PROG LOAD LOG --\n"
    program = Program(b"", "fentry:vfs_open { print(path(args.path)); }", (BpfProgram("a", 26, 24, "vfs_open"),), (), (), ())
    (diagnostic,) = load_error(program, errno.EINVAL, [message]).diagnostics
    assert "path() be used in few functions" in diagnostic.message and "bpf_d_path" in diagnostic.message
    assert "security_file_open" in diagnostic.hint


@pytest.mark.live
def test_a_map_that_is_too_large_is_named():
    module = ir.Module()
    module.map("@big", bpf.HASH, 4_000_000_000, 64, 1 << 20)
    ir.raw_tracepoint(module, "probe_0", "  ret i32 0 @@")
    diagnostic = refuse(module.program())
    assert (diagnostic.message, diagnostic.code) == ("map @big is larger than the kernel allows", "map")
    assert "max_map_keys" in diagnostic.hint


@pytest.mark.live
def test_a_function_that_btf_does_not_have():
    module = ir.Module()
    module.function("probe_0", bpf.TRACING, "fentry", "  ret i32 0 @@", attach_type=bpf.TRACE_FENTRY, attach_to="no_such_function")
    diagnostic = refuse(module.program())
    assert (diagnostic.message, diagnostic.span.line) == ("this kernel's BTF has no no_such_function", 1)


@pytest.mark.live
def test_an_object_that_is_none(capfd):
    diagnostic = refuse(Program(b"no ELF at all", "", (), (), (), ()))
    assert diagnostic.message.startswith("the compiled object cannot be opened: ")
    assert capfd.readouterr() == ("", "")


@pytest.mark.live
def test_without_privilege_it_says_what_to_run_as():
    module = ir.Module()
    module.map("@", bpf.HASH, 4, 4, 8)
    ir.raw_tracepoint(module, "probe_0", "  ret i32 0 @@")
    program = module.program()
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setuid(65534)
            try:
                load_object(program)
            except DiagnosticError as refusal:
                os.write(writer, f"{refusal.diagnostics[0].message}|{refusal.diagnostics[0].hint}".encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    message, hint = os.read(reader, 4096).decode().split("|")
    os.close(reader)
    assert message in ("map @ cannot be made: Operation not permitted", "the program cannot be loaded: Operation not permitted")
    assert "run it as root" in hint


def test_a_missing_libbpf_names_the_packages(monkeypatch):
    monkeypatch.setenv("BTTUI_LIBBPF", "/no/such/libbpf.so.1")
    with pytest.raises(DiagnosticError) as caught:
        libbpf._open()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.message.startswith("libbpf is missing: /no/such/libbpf.so.1: cannot open shared object file")
    for words in ("apt install libbpf1", "dnf install libbpf", "pacman -S libbpf", "apk add libbpf"):
        assert words in diagnostic.hint


def test_something_else_than_libbpf(monkeypatch):
    monkeypatch.setenv("BTTUI_LIBBPF", "libc.so.6")
    with pytest.raises(DiagnosticError, match=r"libbpf 1\.0 or newer is needed"):
        libbpf._open()


def test_messages_are_whole_and_nest():
    libbpf.library()
    with libbpf.Messages() as outer:
        with libbpf.Messages() as inner:
            assert not libbpf.library().bpf_object__open_mem(b"x" * 100, 100, None)
        assert inner.text
        assert outer.text == ""


@pytest.mark.parametrize(("size", "lines"), [(10**6, 9), (len(LOG), 9), (len(LOG) - 1, 8), (130, 2), (10, 0), (0, 0)])
def test_the_config_says_how_much_of_a_log_is_shown(size, lines):
    """The end of it; what is said about it does not depend on that."""
    failed = (
        "libbpf: prog 'probe_0': BPF program load failed: Permission denied\n"
        f"libbpf: prog 'probe_0': -- BEGIN PROG LOAD LOG --\n{LOG}-- END PROG LOAD LOG --\n"
    )
    program = Program(b"", SOURCE, (BpfProgram("probe_0", 17),), (), (), (), config={"log_size": size})
    (diagnostic,) = load_error(program, errno.EACCES, [failed]).diagnostics
    assert diagnostic.detail == "".join(LOG.splitlines(keepends=True)[9 - lines :])
    assert "invalid mem access" in diagnostic.message


def test_the_line_is_found_in_a_log_with_lines():
    assert read_log(LOG, SOURCE) == ("R1 invalid mem access 'scalar'", 3)


def test_the_line_is_found_by_its_text_where_the_log_has_no_lines():
    assert read_log(LOG.replace(" @ stdin:2", "").replace(" @ stdin:3", ""), SOURCE) == ("R1 invalid mem access 'scalar'", 3)


def test_an_empty_log():
    assert read_log("", SOURCE) == ("", 0)


@pytest.mark.parametrize(
    ("complaint", "meaning"),
    [
        ("R2 invalid mem access 'inv'", "memory is read at an address that the kernel cannot vouch for"),
        ("invalid bpf_context access off=48 size=8", "the probe's context has nothing to read at offset 48"),
        ("invalid access to map value, value_size=8 off=8 size=4", "4 bytes at offset 8 lie outside of a map's value of 8 bytes"),
        ("BPF program is too large. Processed 1000001 insn", "it is too complex: the kernel gave up after following 1000001 instructions"),
        ("combined stack size of 2 calls is 544. Too large", "it needs 544 bytes of stack, and 512 is the most"),
        ("unknown func bpf_get_stack#67", "this kind of probe cannot call the kernel's helper get_stack"),
        (
            "program of this type cannot use helper bpf_override_return#58",
            "this kind of probe cannot call the kernel's helper override_return",
        ),
    ],
)
def test_common_complaints_in_words(complaint, meaning):
    assert explain(complaint)[0] == f"{meaning} ({complaint})"


def test_an_unknown_complaint_is_shown_as_it_is():
    assert explain("frob not supported") == ("frob not supported", "")


def test_the_probe_is_named_where_the_kernel_gives_no_log():
    programs = (BpfProgram("probe_0", 2, span=Span(0, 3, 1, 1, 1, 4)),)
    program = Program(b"", SOURCE, programs, (), (), ())
    text = ["libbpf: prog 'probe_0': BPF program load failed: Invalid argument\n"]
    (diagnostic,) = load_error(program, errno.EINVAL, text).diagnostics
    assert diagnostic.message == "the kernel refuses probe_0: Invalid argument"
    assert diagnostic.span.line == 1


def test_the_map_is_named_as_the_program_spells_it():
    program = Program(b"", SOURCE, (), (), (MapSpec("@a", "map_a", 1, 4, 8, 1),), ())
    text = ["libbpf: map 'map_a': failed to create: Operation not permitted(-1)\n"]
    (diagnostic,) = load_error(program, errno.EPERM, text).diagnostics
    assert diagnostic.message == "map @a cannot be made: Operation not permitted"


@given(st.text(), st.integers(-2, 40))
def test_a_line_span_holds_exactly_that_line(source, line):
    span = line_span(source, line, "stdin")
    lines = source.splitlines()
    if not 1 <= line <= len(lines):
        assert span is None
    else:
        assert source[span.start : span.end] == lines[line - 1].strip()
        assert source[: span.start].count(lines[line - 1][: span.column - 1]) or span.column == 1


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        ("begin { $a = 1; @[pid] = hist($a); }", 17, "@[pid] = hist($a)"),
        ('begin { print("a;)\\";"); exit(); }', 9, 'print("a;)\\";")'),
        ("begin { if ($a == $b) { print(1); } }", 13, "$a == $b"),
        ("begin { for ($i : 0..3) { print(1); } }", 9, "for ($i : 0..3)"),
        ("  $x = (1, (2, 3)).1  // why", 3, "$x = (1, (2, 3)).1"),
        ("begin { $a = 1; }", 1, "begin { $a = 1; }"),
        ("begin { $a = 1; }", 1000, "begin { $a = 1; }"),
        ("begin { $a = 1; }", 99, "begin { $a = 1; }"),
    ],
)
def test_a_statement_is_marked_as_far_as_it_goes(line, column, found):
    source = f"// first\n{line}\n"
    span = statement_span(source, 2, column, "stdin")
    assert source[span.start : span.end] == found
    assert (span.line, source.index(line) + span.column - 1, span.end_column - span.column) == (2, span.start, len(found))


@given(st.text(), st.integers(-2, 9), st.integers(-2, 1100))
def test_any_place_may_be_asked_for(source, line, column):
    span = statement_span(source, line, column, "stdin")
    assert span is None or 0 <= span.start <= span.end <= len(source)


@given(st.text(), st.text())
def test_any_log_can_be_read(log, source):
    complaint, line = read_log(log, source)
    assert complaint in log
    assert line >= 0


@pytest.mark.live
@pytest.mark.parametrize(("arguments", "size", "code"), [(("-v",), 2, 255), ((), 2, 0), (("-v",), 5000, 0)])
def test_a_log_that_has_no_room(bttui, arguments, size, code):
    """Asked for by -v only; what is said tells how large it must be."""
    result = bttui(*arguments, "-e", "begin { exit(); }", env={"BPFTRACE_LOG_SIZE": str(size)})
    assert result.returncode == code, result
    if code:
        assert "Error loading BPF program for begin_1. Error code: -28 (No space left on device)." in result.stderr
        wanted = re.search(r"BPFTRACE_LOG_SIZE=(\d+)", result.stderr)[1]
        assert bttui(*arguments, "-e", "begin { exit(); }", env={"BPFTRACE_LOG_SIZE": wanted}).returncode == 0
    else:
        assert "libbpf" not in result.stderr


@pytest.mark.parametrize(
    ("privileged", "hint"), [(True, "policy (lockdown, LSM, sysctl, seccomp) forbids it, also to root"), (False, "run it as root")]
)
def test_who_is_root_is_not_told_to_become_it(monkeypatch, privileged, hint):
    monkeypatch.setattr("bttui.loader.refusal.refusal", lambda: None if privileged else Diagnostic("no"))
    (found,) = load_error(ir.Module().program(), errno.EPERM, ()).diagnostics
    assert hint in found.hint
