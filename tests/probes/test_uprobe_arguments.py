"""Arguments and results of user functions by name, with the values that the load passed (tests/load/typed.c)."""

import os
import platform
import pty
import re
import shutil
import subprocess

import pytest
from support import COMMAND, ROOT

x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="on x86_64 only")


@pytest.fixture(scope="module")
def typed(load):
    return load.build("typed", "bttui_typed")


@pytest.fixture
def lines(bttui, load, typed):
    """lines(program) -> what it printed while the load made two calls of each function; FILE is the load's path."""

    def run(program, *arguments):
        with load.start("2", path=typed) as waiting:
            result, _ = bttui.trace(program.replace("FILE", str(typed)), *arguments, work=waiting.go)
        assert result.returncode == 0, result.stderr
        return [line for line in result.stdout.splitlines() if line]

    return run


@pytest.fixture
def refused(bttui, typed):
    """refused(program) -> the diagnostics."""

    def run(program, *arguments):
        result = bttui("-e", program.replace("FILE", str(typed)), *arguments)
        assert result.returncode == 1
        return result.stderr

    return run


@pytest.mark.live
def test_scalars(lines):
    assert lines('uprobe:FILE:scalars { printf("%d %d %d %u %lld %d\\n", args.c, args.s, args.i, args.u, args.l, args.b); }') == [
        "-1 65535 -100000 4000000000 1099511627776 0",
        "-2 65535 -100000 4000000000 1099511627776 1",
    ]


@pytest.mark.live
def test_args_as_a_whole(lines):
    assert lines("uprobe:FILE:scalars { print(args); }") == [
        "{ .c = -1, .s = 65535, .i = -100000, .u = 4000000000, .l = 1099511627776, .b = false }",
        "{ .c = -2, .s = 65535, .i = -100000, .u = 4000000000, .l = 1099511627776, .b = true }",
    ]


@pytest.mark.live
def test_members_behind_a_pointer(lines):
    program = """uprobe:FILE:walk {
        print((args.item->id, args.item.name, args.item->next->id, args.item->next->name, args.state, args.item->state));
        print((args.item->low, args.item->high, args.item->negative, args.item->at.y, args.item->number.bytes[1]));
        print((args.item->list[2], args.item->grid[1][0], args.item->inside, args.item->open, str(args.text), args.any));
        print((args.item->at, args.item->list, args.item->grid));
    }"""
    assert lines(program) == [
        "(0, first, 100, next, IDLE, BUSY)",
        "(5, 300, -3, 0, 1)",
        "(3, 4, 77, true, sooner, 0x0)",
        "({ .x = -1, .y = 0 }, [1,2,3], [[1,2,3],[4,5,6]])",
        "(1, first, 101, next, BUSY, BUSY)",
        "(5, 300, -3, 1, 1)",
        "(3, 4, 77, true, later, 0x0)",
        "({ .x = -1, .y = 1 }, [1,2,3], [[1,2,3],[4,5,6]])",
    ]


@pytest.mark.live
def test_a_whole_struct(lines):
    first, _ = lines("uprobe:FILE:walk { print(*args.item); }")
    assert re.sub("0x[0-9a-f]+", "0x", first) == (
        "{ .id = 0, .name = first, .next = 0x, .state = BUSY, .low = 5, .high = 300, .negative = -3, .at = { .x = -1, .y = 0 }, "
        ".number = { .whole = 258, .real = ?, .bytes = [2,1,0,0,0,0,0,0] }, .list = [1,2,3], .grid = [[1,2,3],[4,5,6]], "
        ".inside = 77, .open = true, .call = 0x, .ring = [0x,0x] }"
    )


@pytest.mark.live
def test_structs_by_value(lines):
    whole = "{ .point = { .x = 3, .y = -4 }, .wide = { .first = 5, .second = 6 }, .large = { .first = 7, .second = 8, .third = 9 }, .last = %d }"
    assert lines("uprobe:FILE:by_value { print(args); print((args.point.y, args.wide.second, args.large.third)); }") == [
        whole % 10,
        "(-4, 6, 9)",
        whole % 11,
        "(-4, 6, 9)",
    ]


@pytest.mark.live
def test_between_floating_point_numbers(lines):
    assert lines("uprobe:FILE:mixed { print((args.i, args.l)); print(args); }") == [
        "(2, 4)",
        "{ .real = ?, .i = 2, .single = ?, .both = ?, .l = 4 }",
        "(3, 4)",
        "{ .real = ?, .i = 3, .single = ?, .both = ?, .l = 4 }",
    ]


@pytest.mark.live
def test_on_the_stack(lines):
    assert lines("uprobe:FILE:nine { print((args.e, args.f, args.g, args.h->id, args.i)); }") == ["(5, -6, -7, 0, 9)", "(5, -6, -7, 1, 10)"]


@pytest.mark.live
def test_results(lines):
    program = """
        uretprobe:FILE:negative { print(retval); @[retval] = count(); }
        uretprobe:FILE:after { print(retval); }
        uretprobe:FILE:walk { print((retval->id, retval->name)); $item = retval; print($item->at); }
    """
    assert lines(program) == [
        *["(0, first)", "{ .x = -1, .y = 0 }", "BUSY", "-5"],
        *["(101, next)", "{ .x = 0, .y = 0 }", "GONE", "-6"],
        *["@[-6]: 1", "@[-5]: 1"],
    ]


@pytest.mark.live
def test_a_pointer_that_is_only_passed_on_stays_a_number(lines):
    program = """
        uretprobe:FILE:walk { @id[retval] = 1; }
        uprobe:FILE:walk { @seen = has_key(@id, arg0); @id[arg0] = 2; }
    """
    item, following, seen = lines(program)  # the load has one item, and one that follows it
    assert sorted(re.sub("[0-9]{10,}", "N", line) for line in (item, following)) == ["@id[N]: 1", "@id[N]: 2"]
    assert seen == "@seen: true"


@pytest.mark.live
def test_functions_of_several_types_return_plain_numbers(lines):
    program = "uretprobe:FILE:negative,uretprobe:FILE:after,uretprobe:FILE:walk { @[func, retval > 1000] = count(); }"
    assert sorted(lines(program)) == ["@[after, false]: 2", "@[negative, true]: 2", "@[walk, true]: 2"]


@x86
@pytest.mark.live
def test_a_large_result_and_the_arguments_behind_its_address(lines):
    assert lines("uprobe:FILE:build { print(args); } uretprobe:FILE:build { print(*retval); }") == [
        "{ .seed = 20, .more = 30 }",
        "{ .first = 20, .second = 30, .third = 50 }",
        "{ .seed = 21, .more = 30 }",
        "{ .first = 21, .second = 30, .third = 51 }",
    ]


@pytest.mark.live
def test_types_of_the_program_by_name(lines):
    program = """uprobe:FILE:walk {
        $item = (struct item *)arg0;
        print(($item->id, $item->at.x, ((struct page *)arg3)->mine, sizeof(struct wide), sizeof(point_t), offsetof(struct item, state)));
        print(((enum state)arg1, arg1 == BUSY));
        @[(enum state)(arg1 | 0xff00000000)] = 1;
        @[args.state] = 1;
    }
    begin { print(sizeof(struct large)); }"""
    assert lines(program) == [
        *["24", "(0, -1, 42, 16, 4, 24)", "(IDLE, false)", "(1, -1, 43, 16, 4, 24)", "(BUSY, true)"],
        *["@[IDLE]: 1", "@[BUSY]: 1"],
    ]


@pytest.mark.live
def test_a_struct_that_the_program_defines_counts(lines):
    assert lines("struct page { int low; int high; }\nuprobe:FILE:walk { print((sizeof(struct page), args.page->low)); }") == [
        "(8, 42)",
        "(8, 43)",
    ]


@pytest.mark.live
def test_the_kernels_types_in_other_probes(lines):
    program = "uprobe:FILE:walk { print(sizeof(struct page)); } begin { print(sizeof(struct page) > 8); }"
    assert lines(program) == ["true", "8", "8"]


@pytest.mark.live
@pytest.mark.parametrize(
    "choice",
    [
        "$x = args.i < 0 ? args.u : args.s;",
        "$x = (uint64)0; if (args.i < 0) { $x = arg3; } else { $x = arg1; }",
    ],
)
def test_either_of_two_arguments(lines, choice):
    assert lines(f"uprobe:FILE:scalars {{ {choice} print((uint32)$x); }}") == ["4000000000"] * 2


@pytest.mark.live
def test_declared_variables_with_types_of_the_program(lines):
    program = """uprobe:FILE:walk {
        let $item : struct item * = args.item;
        let $at : point_t = $item->at;
        let $list : int32[3] = args.item->list;
        let $ring : struct item *[2] = args.item->ring;
        print(($item->next->id, $at.x, $list[1], $ring[1]->id));
    }"""
    assert lines(program) == ["(100, -1, 2, 100)", "(101, -1, 2, 101)"]


@pytest.mark.live
def test_usdt_probes_know_the_types_of_their_file(bttui, load):
    path = load.build("usdt", "bttui_usdt")  # its sigset_t is that of the C library; the kernel's has 8 bytes
    with load.start("1", path=path) as waiting:
        result, _ = bttui.trace(f"usdt:{path}:none {{ @ = sizeof(sigset_t); }}", "-p", str(waiting.pid), work=waiting.go)
    assert result.stdout.split() == ["@:", "128"], result.stderr


@pytest.mark.live
def test_maps_of_arguments(lines):
    assert lines("uprobe:FILE:walk { @state[args.state] = count(); @at[args.item->at] = args.item->id; @last = *args.page; }") == [
        *["@at[{ .x = -1, .y = 0 }]: 0", "@at[{ .x = -1, .y = 1 }]: 1"],
        "@last: { .mine = 43 }",
        *["@state[IDLE]: 1", "@state[BUSY]: 1"],
    ]


@pytest.mark.live
def test_functions_share_a_program_where_the_argument_is_at_the_same_place(bttui, typed):
    result = bttui("-d", "libbpf", "--dry-run", "-e", f"uprobe:{typed}:scalars,uprobe:{typed}:walk {{ @ = count(); }}")
    alike = bttui("--dry-run", "-e", f"uprobe:{typed}:scalars,uprobe:{typed}:mixed {{ @ = sum(args.i); }}")
    assert (result.returncode, alike.returncode) == (0, 0)


@pytest.mark.live
def test_several_functions_with_args_of_the_same_name(lines):
    assert lines("uprobe:FILE:scalars,uprobe:FILE:mixed { print(args.i); }") == ["-100000", "2", "-100000", "3"]


@pytest.mark.live
def test_a_command_and_a_process(bttui, load, typed):
    program = f"uprobe:{typed}:negative {{ @[args.value] = count(); }}"
    result = bttui("-q", "-c", f"{typed} 3", "-e", program)
    assert result.stdout.split("\n\n")[-1].split() == "@[5]: 1 @[6]: 1 @[7]: 1".split()
    with load.start("2", path=typed) as waiting, load.start("5", path=typed) as other:
        result, _ = bttui.trace(program, "-p", str(waiting.pid), work=lambda: (other.go(), waiting.go()))
    assert sorted(line for line in result.stdout.splitlines() if line) == ["@[5]: 1", "@[6]: 1"]


@pytest.mark.live
def test_debugging_information_in_another_folder(bttui, load, typed, tmp_path):
    stripped, folder = tmp_path / "typed", tmp_path / "debug"
    folder.mkdir()
    shutil.copy(typed, stripped)
    subprocess.run(["objcopy", "--only-keep-debug", stripped, folder / "typed.debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={folder / 'typed.debug'}", stripped], check=True)
    program = f"uprobe:{stripped}:negative {{ print(args.value); }}"
    assert "did you mean" not in (refusal := bttui("-e", program).stderr) and "negative" in refusal
    with load.start("1", path=stripped) as waiting:
        result, _ = bttui.trace(program, "--debuginfo", str(folder), work=waiting.go)
    assert result.stdout.split() == ["5"]
    listed = bttui("-lv", f"uprobe:{stripped}:negative", f"--debuginfo=/nowhere:{folder}")
    assert listed.stdout == f"uprobe:{stripped}:negative\n    int value\n"


# Inside of functions


@pytest.fixture(scope="module")
def at_line(bttui, load):
    """at_line(flag, word, body) -> what the body printed at the line of tests/load/kept.c that ends with the word, in two calls."""
    text = (ROOT / "tests" / "load" / "kept.c").read_text().splitlines()

    def run(flag, word, body):
        path = load.build("kept", f"bttui_kept{flag}", flag)
        place = f"{path}:{word}" if "+" in word else f"{path}@kept.c:{next(n for n, line in enumerate(text, 1) if f'/* {word} */' in line)}"
        with load.start("2", path=path) as waiting:
            result, _ = bttui.trace(f"uprobe:{place} {{ {body} }}", work=waiting.go)
        assert result.returncode == 0, result.stderr
        # A line may have several beginnings in a row.
        return list(dict.fromkeys(line for line in result.stdout.splitlines() if line))

    return run


@x86
@pytest.mark.live
@pytest.mark.parametrize("flag", ["-O0", "-O1", "-O2"])
def test_arguments_at_a_line(at_line, flag):
    assert at_line(flag, "end", "print(args.big);") == ["5"]


@x86
@pytest.mark.live
def test_arguments_in_the_frame(at_line):
    assert at_line("-O0", "loop", "print((args.n, args.big, args.pair->b));") == ["(3, 5, 4)", "(4, 5, 4)"]
    assert at_line("-O0", "end", "print((args.big, args.pair->a, args.pair->b));") == ["(5, 6, 4)", "(5, 10, 4)"]


@x86
@pytest.mark.live
def test_arguments_of_a_function_that_was_put_inline(at_line):
    assert at_line("-O1", "helper", "print((args.seed, args.pair->a));") == ["(3, 3)", "(4, 6)"]


@x86
@pytest.mark.live
def test_arguments_before_they_are_in_the_frame(at_line):
    assert at_line("-O0", "work+1", "print((args.n, args.pair->b));") == ["(3, 4)", "(4, 4)"]  # behind push %rbp


@x86
@pytest.mark.live
def test_an_argument_that_is_kept_no_more(bttui, load):
    path = load.build("kept", "bttui_kept-O2", "-O2")
    text = (ROOT / "tests" / "load" / "kept.c").read_text().splitlines()
    line = next(n for n, each in enumerate(text, 1) if "/* end */" in each)
    told = bttui("-e", f"uprobe:{path}@kept.c:{line} {{ print(args.text); }}").stderr
    assert "not supported: args.text is not kept at this instruction: the compiler needs it no more" in told


# What is wrong is told


@pytest.mark.live
@pytest.mark.parametrize(
    "body, message, hint",
    [
        ("print(args.stat);", "Can't find function parameter stat", "did you mean state?"),
        ("print(args.item->nam);", "Struct/union of type 'struct item' does not contain a field named 'nam'", "did you mean name?"),
        ("print(((struct itm *)arg0)->id);", 'Cannot resolve unknown type "struct itm"', "did you mean item?"),
    ],
)
def test_names_that_are_wrong(refused, body, message, hint):
    told = refused(f"uprobe:FILE:walk {{ {body} }}")
    assert f"ERROR: {message}\n" in told and f"HINT: {hint}\n" in told


@pytest.mark.live
def test_what_cannot_be_read(refused):
    told = refused("uprobe:FILE:mixed { print(args.real); }")
    assert "not supported: args.real is a floating point number, which programs in the kernel cannot read" in told
    assert "nothing() has no arguments" in refused("uprobe:FILE:nothing { print(args); }")


@x86
@pytest.mark.live
def test_32_bit_programs(bttui, load):
    path = load.build("compat", "bttui_compat", "-m32", "-nostdlib", "-static")
    told = bttui("-e", f"uprobe:{path}:_start {{ print(args); }}").stderr
    assert f"not supported yet: args of 32-bit programs ({path})" in told


@pytest.mark.live
def test_without_debugging_information(bttui, load, tmp_path):
    bare = tmp_path / "bare"
    shutil.copy(load.build("typed", "bttui_typed"), bare)
    subprocess.run(["strip", "--strip-debug", bare], check=True)
    program = f"uprobe:{bare}:negative {{ print(args.value); }}"
    told = bttui("-e", program).stderr
    at = program.index("args") + 1
    assert f"stdin:1:{at}-{at + 4}: ERROR: There is no debugging information about {bare}, and so no args" in told
    assert "HINT: compile it with -g, install the debugging symbols of its package, or name the folder that has it with --debuginfo" in told
    with load.start("1", path=bare) as waiting:
        result, _ = bttui.trace(f"uretprobe:{bare}:negative {{ print(retval & 0xffffffff); }}", work=waiting.go)
    assert result.stdout.split() == [str(2**32 - 5)]


# Listing


@pytest.mark.live
def test_names_in_a_file_do_nothing_to_a_terminal(bttui, load, tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(load.build("typed", "bttui_typed").read_bytes().replace(b"page\0", b"\x1b[1m\0"))
    command = [COMMAND, "-lv", f"uprobe:{path}:walk"]
    ours, theirs = pty.openpty()
    subprocess.run(command, stdout=theirs, env=bttui.env, check=True)
    os.close(theirs)
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert "\x1b" not in shown and "struct \\x1b[1m* \\x1b[1m" in shown
    assert "struct \x1b[1m* \x1b[1m" in subprocess.run(command, capture_output=True, text=True, env=bttui.env).stdout


@pytest.mark.live
def test_listing(bttui, typed):
    result = bttui("-lv", f"uprobe:{typed}:n*")
    assert result.stdout == (
        f"uprobe:{typed}:negative\n    int value\nuprobe:{typed}:nine\n"
        "    long int a\n    long int b\n    long int c\n    long int d\n    long int e\n    int f\n    short int g\n"
        f"    struct item* h\n    long int i\nuprobe:{typed}:nothing\n"
    )
    assert bttui("-lv", f"uretprobe:{typed}:walk").stdout == f"uretprobe:{typed}:walk\n    struct item*\n"
