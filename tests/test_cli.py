"""What the command line understands, and what it answers to what it does not."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bttui import __version__
from bttui.arguments import OPTIONS, UsageError, parse
from bttui.model.diagnostic import DiagnosticError


def test_options_may_be_combined_mixed_with_words_and_shortened():
    options = parse(["-kve", "BEGIN { }", "1", "--unsa", "-ofile", "two", "-c", "sleep 1", "--no-feat=uprobe_multi,kprobe_multi"])
    assert (options.text, options.file, options.parameters) == ("BEGIN { }", "stdin", ("1", "two"))
    assert options.helper_errors and options.verbose and options.unsafe
    assert (options.output, options.command) == ("file", "sleep 1")
    assert options.no_features == {"uprobe_multi", "kprobe_multi"}


def test_the_first_word_is_the_file_and_the_others_are_parameters():
    options = parse(["-p", "17", "trace.bt", "a", "-q", "b", "--", "--name=value", "c", "--flag"])
    assert (options.text, options.file, options.pid) == (None, "trace.bt", 17)
    assert options.parameters == ("a", "b", "c")
    assert options.named == {"name": "value", "flag": True}


def test_the_last_program_wins_and_a_dash_is_a_file():
    assert parse(["-e", "one", "-etwo"]).text == "two"
    assert parse(["-"]).file == "-"


def test_debug_stages_come_in_the_order_they_happen():
    assert parse(["-d", "codegen,ast", "-e", ""]).stages == ("ast", "codegen")
    assert parse(["-d", "all", "-e", ""]).stages == ("ast", "types", "codegen", "codegen-opt", "libbpf", "verifier")


@pytest.mark.parametrize(
    ("arguments", "headless"),
    [
        (["-e", "x"], False),
        (["-e", "x", "-v", "--unsafe", "-p", "1", "--interval", "2"], False),
        *((["-e", "x", *more], True) for more in (["--no-tui"], ["-f", "text"], ["-o", "f"], ["-q"], ["-d", "ast"], ["--dry-run"])),
        (["--info"], True),
        (["-l"], True),
    ],
)
def test_what_asks_for_plain_output(arguments, headless):
    assert parse(arguments).headless is headless


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-Z"], "invalid option -- 'Z'"),
        (["-kZ"], "invalid option -- 'Z'"),
        (["--zork"], "unrecognized option '--zork'"),
        (["-e"], "option requires an argument -- 'e'"),
        (["--pid"], "option '--pid' requires an argument"),
        (["--ver"], "option '--ver' is ambiguous; possibilities: '--verbose' '--verify-llvm-ir' '--version'"),
        (["--dry-run=1"], "option '--dry-run' doesn't allow an argument"),
        (["-c", "true", "-p", "1"], "USAGE: Cannot use both -c and -p."),
        (["-l", "a", "b"], ""),
    ],
)
def test_misuse_shows_the_usage(bttui, arguments, complaint):
    with pytest.raises(UsageError) as raised:
        parse(arguments)
    assert str(raised.value) == complaint
    result = bttui(*arguments)
    assert (result.returncode, result.stdout) == (1, "")
    assert complaint in result.stderr and "USAGE:" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["-p", "abc"], "Failed to parse pid: invalid integer: abc"),
        (["-p", "12x3"], "Failed to parse pid: invalid trailing bytes: 12x3"),
        (["-p", "99999999"], "Pid out of range: 99999999"),
        (["-p", "-1"], "Pid out of range: -1"),
        (["-f", "xml"], 'Invalid output format "xml"'),
        (["-B", "some"], "USAGE: -B must be either 'line', 'full', or 'none'."),
        (["-d", "foo"], "USAGE: invalid option for -d: foo"),
        (["--no-feature", "foo"], "USAGE: --no-feature can only have values 'fentry,kprobe,kprobe_multi,kprobe_session,uprobe_multi'."),
        (["-k", "--no-warnings"], "USAGE: -k, --warnings conflicts with --no-warnings"),
        (["--interval", "soon"], "--interval is a number of seconds, 0.01 or more: soon"),
        (["--mode", "foo"], "USAGE: --mode can only be 'codegen', 'compiler-bench', 'bench', 'test' or 'format'."),
    ],
)
def test_values_that_make_no_sense_are_explained(bttui, arguments, complaint):
    with pytest.raises(DiagnosticError) as raised:
        parse([*arguments, "-e", "BEGIN { }"])
    assert raised.value.diagnostics[0].message == complaint
    result = bttui(*arguments, "-e", "BEGIN { }")
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == f"ERROR: {complaint}"


@given(some.lists(some.text(max_size=6) | some.sampled_from([f"--{long}" for long, _, _ in OPTIONS] + ["--", "-", "-e", "-p", "-"])))
def test_any_words_are_understood_or_refused_in_order(arguments):
    with contextlib.suppress(UsageError, DiagnosticError):
        parse(arguments)


def test_help_names_every_option_that_works(bttui):
    result = bttui("-h")
    assert (result.returncode, result.stderr) == (0, "")
    for long, short, _ in OPTIONS:
        if long not in ("btf", "dwarf-pid", "usdt-file-activation"):  # these change nothing
            assert f"-{short}" in result.stdout if short else f"--{long}" in result.stdout


def test_version(bttui):
    assert bttui("-V") == (f"bttui v{__version__}\n", "", 0)


def test_nothing_at_all_in_a_pipe_shows_the_usage(bttui):
    result = bttui()
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("bttui - ")


def test_a_file_that_is_not_there(bttui):
    assert bttui("/nonexistent.bt") == ("", "ERROR: failed to open file '/nonexistent.bt': No such file or directory\n", 1)


def test_a_file_without_end(bttui):
    for file in ("/dev/zero", "-"):
        result = bttui(file, stdin="\0" * (9 << 20))
        assert result == ("", f"ERROR: failed to open file '{file}': a program has 8 MiB at most\n", 1)


def test_a_mark_at_the_beginning_of_a_file(bttui, tmp_path):
    (tmp_path / "program.bt").write_text("\ufeffbegin{}", encoding="utf-8")
    assert bttui("--fmt", tmp_path / "program.bt").stdout == "begin\n{}\n"


def test_options_without_a_program(bttui):
    assert bttui("-q") == ("", "ERROR: USAGE: filename or -e 'program' required.\n", 1)


def test_a_program_is_laid_out(bttui, tmp_path):
    """From a file, from standard input, from -e; --mode format is the same."""
    text, layout = 'begin{printf("x");}', 'begin\n{\n  printf("x");\n}\n'
    (tmp_path / "program.bt").write_text(text)
    for arguments in (
        ("--fmt", tmp_path / "program.bt"),
        ("--fmt", "-"),
        ("--fmt", "-e", text),
        ("--mode", "format", tmp_path / "program.bt"),
    ):
        assert bttui(*arguments, stdin=text) == (layout, "", 0)
    assert bttui("--fmt", tmp_path / "none.bt").returncode == 1
    assert bttui("--fmt").returncode == 1
