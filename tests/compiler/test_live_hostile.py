"""Bytes that come from processes: control characters, invalid UTF-8, the longest and the empty; in text and in JSON."""

import ctypes
import json
import os
import subprocess
from pathlib import Path

import pytest
from support import COMMAND

pytestmark = pytest.mark.live

CONTROL, INVALID, QUOTES = b"\x1b]0;x\x07", b"\xff\xfe\xc3(", b"\n\t\"\\'"
HOSTILE = b"/" + CONTROL + INVALID + QUOTES + "\u202eä".encode() + b"|end"
PR_SET_NAME, PR_GET_NAME = 15, 16  # <linux/prctl.h>
prctl = ctypes.CDLL(None).prctl


def expected_json(raw):
    """As -f json writes a string: bytes above 0x7f sign-extended, eight digits."""
    short = {0x22: '\\"', 0x5C: "\\\\", 0x0A: "\\n", 0x0D: "\\r", 0x09: "\\t"}
    return "".join(short.get(b) or (chr(b) if 32 <= b < 128 else f"\\uffffff{b:02x}" if b > 127 else f"\\u{b:04x}") for b in raw)


def opening(path):
    def work():
        try:
            os.close(os.open(path, os.O_RDONLY))
        except OSError:
            return

    return work


def output(bttui, program, work, *options):
    """The raw bytes of standard output, with what the last maps hold behind an empty line."""
    with bttui.start("-q", *options, "-e", program) as process:
        work()
        process.stop()
        return bytes(process._text["stdout"]).replace(b"__BPFTRACE_NOTIFY_PROBES_ATTACHED\n", b"")


OPENS = "tracepoint:syscalls:sys_enter_openat /pid == PID/".replace("PID", str(os.getpid()))


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (HOSTILE, HOSTILE),
        (b"/" + b"a" * 4000, b"/" + b"a" * 1023 + b".."),
        (b"", b""),
        (b"/" + b"\xff" * 1500, b"/" + b"\xff" * 1023 + b".."),
    ],
    ids=["hostile", "long", "empty", "long and invalid"],
)
def test_strings_of_a_process(bttui, path, shown):
    program = OPENS + ' { printf("<%s>", str(args.filename)); @[str(args.filename)] = count(); print((1, str(args.filename))); }'
    assert output(bttui, program, opening(path)) == b"<" + shown + b">(1, " + shown + b")\n\n\n@[" + shown + b"]: 1\n"
    wanted = expected_json(shown)
    assert output(bttui, program, opening(path), "-f", "json").decode().splitlines() == [
        f'{{"type": "printf", "data": "<{wanted}>"}}',
        f'{{"type": "value", "data": [1,"{wanted}"]}}',
        f'{{"type": "map", "data": {{"@": {{"{wanted.replace(" ", "")}": 1}}}}}}',
    ]


def test_buffers_hold_every_byte(bttui):
    path = bytes(range(1, 256)) + b"z" * 900
    program = (
        OPENS
        + ' { printf("%r|%rx|%rh", buf(args.filename, 8), buf(args.filename, 3), buf(args.filename, 3)); @ = buf(args.filename, 1024); }'
    )
    text = output(bttui, program, opening(path)).decode()
    escaped = "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02x}" for b in path[:1024])
    assert text == "".join(f"\\x{b:02x}" for b in path[:8]) + "|\\x01\\x02\\x03|01 02 03\n\n@: " + escaped.replace("\\x5c", "\\") + "\n"
    data = json.loads(output(bttui, program, opening(path), "-f", "json").splitlines()[-1])["data"]["@"]
    assert bytes(n & 255 for n in data) == path[:1024]


def test_names_of_processes(bttui):
    before = ctypes.create_string_buffer(16)
    prctl(PR_GET_NAME, before, 0, 0, 0)
    name = b'\x1b[3\xff"\n\\,'
    program = OPENS + ' { printf("<%s>", comm); @[comm, 1] = count(); }'
    try:
        prctl(PR_SET_NAME, name, 0, 0, 0)
        text = output(bttui, program, opening(b"/nowhere"))
        line = output(bttui, program, opening(b"/nowhere"), "-f", "json").decode().splitlines()[-1]
    finally:
        prctl(PR_SET_NAME, before, 0, 0, 0)
    assert text == b"<" + name + b">\n\n@[" + name + b", 1]: 1\n"
    assert line == f'{{"type": "map", "data": {{"@": {{"{expected_json(name)},1": 1}}}}}}'


@pytest.mark.parametrize("options", [(), ("-f", "json")], ids=["text", "json"])
def test_arguments_of_commands(bttui, options):
    """join() of an argv with hostile, empty and long words: an empty word ends what is shown, a long one is cut."""
    words = [b"/bin/true", HOSTILE, b"a" * 2000, b"b", b"", b"never shown"]
    program = f'tracepoint:syscalls:sys_enter_execve /ppid == {os.getpid()}/ {{ join(args.argv, "+"); }}'
    shown = b"+".join([b"/bin/true", HOSTILE, b"a" * 1023, b"b"])
    text = output(bttui, program, lambda: subprocess.run(words, check=True), *options)
    if options:
        assert text.decode() == f'{{"type": "join", "data": "{expected_json(shown)}"}}\n'
    else:
        assert text == shown + b"\n\n\n"


def test_paths_of_files(bttui, tmp_path):
    place = os.fsencode(tmp_path) + b"/" + HOSTILE[1:].replace(b"/", b"")
    fd = os.open(place, os.O_CREAT | os.O_RDWR)
    try:
        program = f"iter:task_file {{ if (ctx.task.tgid == {os.getpid()} && ctx.fd == {fd}) {{ print(path(ctx.file.f_path)); }} }}"
        done = subprocess.run([COMMAND, "-q", "-e", program], capture_output=True)
        told = subprocess.run([COMMAND, "-q", "-f", "json", "-e", program], capture_output=True)
    finally:
        os.close(fd)
    assert done.stdout == place + b"\n\n\n"
    assert told.stdout.decode() == f'{{"type": "value", "data": "{expected_json(place)}"}}\n'


@pytest.mark.parametrize(("size", "shown"), [(19, b"/" + b"x" * 18), (20, b"/" + b"x" * 19 + b"!!"), (99, b"/" + b"x" * 19 + b"!!")])
def test_a_string_that_was_cut_says_so(bttui, size, shown):
    program = 'config = { max_strlen = 20; str_trunc_trailer = "!!" } ' + OPENS
    program += ' { $s = str(args.filename); print($s); printf("%d %s|", strlen($s), $s); print((1, $s)); @[$s] = 1; }'
    length = min(size, 20)
    text = output(bttui, program, opening(b"/" + b"x" * (size - 1)))
    assert text == b"%s\n%d %s|(1, %s)\n\n\n@[%s]: 1\n" % (shown, length, shown, shown, shown)


@pytest.mark.parametrize("options", [(), ("-f", "json")], ids=["text", "json"])
def test_files_and_outputs_of_commands(bttui, tmp_path, options):
    """cat() and system() bring everything, also a NUL; cat() ends where max_cat_bytes says."""
    content = HOSTILE.replace(b"|", b"\0|")
    (tmp_path / "hostile").write_bytes(content)
    (tmp_path / "long").write_bytes(b"\xff" * 300)
    program = f'config = {{ max_cat_bytes = 200 }} {OPENS} {{ cat("%s", "{tmp_path}/hostile"); cat("{tmp_path}/long"); system("cat {tmp_path}/hostile"); }}'
    text = output(bttui, program, opening(b"/nowhere"), "--unsafe", *options)
    shown = [("cat", content), ("cat", b"\xff" * 200), ("syscall", content)]
    if options:
        assert text.decode().splitlines() == [f'{{"type": "{kind}", "data": "{expected_json(raw)}"}}' for kind, raw in shown]
    else:
        assert text == b"".join(raw + b"\n" * (kind == "syscall") for kind, raw in shown) + b"\n\n"


def test_warnings_and_members_of_structs(bttui):
    """warnf() and errorf() go to standard error; a char array of a struct is cut at its NUL."""
    before = ctypes.create_string_buffer(16)
    prctl(PR_GET_NAME, before, 0, 0, 0)
    name = b'\x1b[3\xff"\n\\,'
    program = OPENS + ' { warnf("<%s>", comm); errorf("<%s>", leader_comm); print((pcomm != "", leader_comm, curtask.comm)); }'
    try:
        prctl(PR_SET_NAME, name, 0, 0, 0)
        with bttui.start("-q", "-e", program) as process:
            opening(b"/nowhere")()
            process.stop()
            complaints = bytes(process._text["stderr"])
        shown = output(bttui, program, opening(b"/nowhere"), "-f", "json").decode().splitlines()
    finally:
        prctl(PR_SET_NAME, before, 0, 0, 0)
    assert complaints.count(rb'<\x1b[3\xff"' + b"\n\\,>") == 2  # cleaned, as all that we say ourselves
    told = [json.loads(line) for line in shown]
    assert [line["type"] for line in told] == ["warnf", "errorf", "value"]
    wanted = expected_json(name)
    assert f'"<{wanted}>"' in shown[0] and f'"<{wanted}>"' in shown[1] and f'[true,"{wanted}","{wanted}"]' in shown[2]


def test_functions_of_strings(bttui):
    """They look at bytes: what is no UTF-8 is found, counted and joined."""
    program = (
        OPENS
        + ' { $s = str(args.filename); print((strlen($s), strstr($s, "\\xfe"), strcontains($s, "\\x07\\xff"), str_concat($s, "|"))); }'
    )
    place = HOSTILE.index(b"\xfe")
    assert output(bttui, program, opening(HOSTILE)) == b"(%d, %d, true, %s|)\n\n\n" % (len(HOSTILE), place, HOSTILE)
    line = output(bttui, program, opening(HOSTILE), "-f", "json").decode()
    assert line == f'{{"type": "value", "data": [{len(HOSTILE)},{place},true,"{expected_json(HOSTILE)}|"]}}\n'


def test_arrays_of_tracepoints(bttui):
    before = ctypes.create_string_buffer(16)
    prctl(PR_GET_NAME, before, 0, 0, 0)
    name = b'\x1b[3\xff"\n\\,'
    program = f"tracepoint:task:task_rename /pid == {os.getpid()}/"
    program += (
        ' { if (comm != args.newcomm) { printf("<%s>", args.newcomm); print((args.newcomm, 1)); @[args.newcomm] = args.oldcomm; } exit(); }'
    )
    texts = []
    for options in ((), ("-f", "json")):
        texts.append(output(bttui, program, lambda: prctl(PR_SET_NAME, name, 0, 0, 0), *options))
        prctl(PR_SET_NAME, before, 0, 0, 0)
    old, wanted = before.value, expected_json(name)
    assert texts[0] == b"<" + name + b">(" + name + b", 1)\n\n\n@[" + name + b"]: " + old + b"\n"
    assert texts[1].decode().splitlines() == [
        f'{{"type": "printf", "data": "<{wanted}>"}}',
        f'{{"type": "value", "data": ["{wanted}",1]}}',
        f'{{"type": "map", "data": {{"@": {{"{wanted}": "{expected_json(old)}"}}}}}}',
    ]


@pytest.mark.parametrize("name", [HOSTILE[1:].replace(b"\n", b""), b"\xff" * 255], ids=["hostile", "longest"])
def test_paths_of_cgroups(bttui, name):
    """A newline is all that the kernel refuses in their names."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    place = next((words[1] for words in mounts if words[2] == "cgroup2" and words[1].startswith("/sys/fs/cgroup")), None)
    if place is None:
        pytest.skip("no hierarchy of cgroups (version 2) is mounted")
    folder = os.fsencode(place) + b"/" + name
    try:
        os.mkdir(folder)
    except OSError as reason:
        pytest.skip(f"no cgroup can be made here: {reason.strerror}")
    try:
        identity = os.stat(folder).st_ino
        program = f'begin {{ printf("<%s>", cgroup_path({identity}, "unified")); @[cgroup_path({identity}, "unified")] = 1; }}'
        text = subprocess.run([COMMAND, "-q", "-e", program], capture_output=True).stdout
        lines = subprocess.run([COMMAND, "-q", "-f", "json", "-e", program], capture_output=True).stdout.decode().splitlines()
    finally:
        os.rmdir(folder)
    shown = b"unified:/" + name
    assert text == b"<" + shown + b">\n\n@[" + shown + b"]: 1\n"
    assert lines == [
        f'{{"type": "printf", "data": "<{expected_json(shown)}>"}}',
        f'{{"type": "map", "data": {{"@": {{"{expected_json(shown)}": 1}}}}}}',
    ]


def test_names_in_programs(bttui, load, tmp_path):
    """A function and a file may be called anything."""
    name = b'\x1b[31mfun\xff"tion\\'
    file = "bell\x07\x1bcä"
    place = os.fsencode(tmp_path) + b"/" + file.encode()
    plain = load.build("calls", "bttui_fixed", "-no-pie", "-Wl,--build-id=sha1")
    listed = subprocess.run(["nm", plain], check=True, capture_output=True, text=True).stdout.split("\n")
    (address,) = [line.split()[0] for line in listed if line.endswith(" T second")]
    subprocess.run(["objcopy", b"--redefine-sym=second=" + name, plain, place], check=True)
    program = f"uprobe:{tmp_path}/{file}:0x{address} {{ print(usym(0x{address})); print(func); @[ustack(perf, 1), probe] = count(); }}"
    texts = []
    for options in ((), ("-f", "json")):
        with load.start(1, 1, path=os.fsdecode(place)) as waiting:
            texts.append(output(bttui, program, waiting.go, *options))
    probe = b"uprobe:" + place + b":%d" % int(address, 16)
    frame = b"\t%x %s+0 (%s)\n" % (int(address, 16), name, place)
    assert texts[0] == name + b"\n" + name + b"\n\n\n@[\n" + frame + b", " + probe + b"]: 1\n"
    told = texts[1].decode().splitlines()
    assert told[0] == told[1] == f'{{"type": "value", "data": "{expected_json(name)}"}}'
    key = expected_json(b"\n" + frame.replace(b" ", b"") + b"," + probe)
    assert told[2] == f'{{"type": "map", "data": {{"@": {{"{key}": 1}}}}}}'
