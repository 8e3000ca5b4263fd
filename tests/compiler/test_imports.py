"""import: files, headers and folders beside the program; what is refused, and where the diagnostic points."""

import os

import pytest
from compiler.compiling import host

from bttui.compiler import pipeline
from bttui.compiler.options import CompileOptions
from bttui.model.diagnostic import DiagnosticError, in_program
from bttui.render.diagnostics import format_diagnostic


@pytest.fixture
def compiled(tmp_path):
    """Writes files ({name: text}) beside a program and compiles it."""

    def run(program, **files):
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/").replace("_dot_", ".")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        return pipeline.lower(program, str(tmp_path / "main.bt"), host(), CompileOptions())

    return run


def refused(run, program, **files):
    with pytest.raises(DiagnosticError) as caught:
        run(program, **files)
    return caught.value.diagnostics


def test_macros_of_a_file_and_of_what_it_imports(compiled):
    files = {"a_dot_bt": "macro double(x) { x * 2 }", "b_dot_bt": 'import "a.bt"; macro four(x) { double(double(x)) }'}
    compiled('import "b.bt"; begin { print(four(4)); }', **files)


def test_probes_of_an_import_come_first_and_each_file_counts_once(compiled):
    lowered = compiled('import "p.bt"; import "./p.bt"; begin { print(2); }', p_dot_bt="begin { print(1); }")
    assert [b.probe.span.file.rpartition("/")[2] for b in lowered.bodies] == ["p.bt", "main.bt"]


def test_headers_and_definitions(compiled):
    compiled(
        'import "h.h"; begin { static_assert(sizeof(struct mine) == SEVEN + 1, "no"); }',
        h_dot_h="#define SEVEN 7\nstruct mine { int a, b; };",
    )
    compiled('import "c.bt"; begin { print(size()); }', c_dot_bt="struct q { int a; } macro size() { sizeof(struct q) }")


def test_the_files_of_a_folder_but_not_of_its_folders(compiled):
    files = {"d__x_dot_bt": "macro xx() { 1 }", "d__y_dot_bt": "macro yy() { 2 }", "d__r_dot_txt": "not a program"}
    compiled('import "d"; begin { print(xx() + yy()); }', **files)


def test_the_standard_library_is_there_already(compiled):
    compiled('import "stdlib"; import "stdlib/strings"; begin { print(strlen("a")); }')


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ('import "none.bt"; begin { }', "Unable to find suitable path for import"),
        ('import "t.txt"; begin { }', 'unknown import type: "t.txt"'),
        ('import "k.bpf.c"; begin { }', 'not supported: import of C code ("k.bpf.c")'),
        ('import "c.bt"; begin { }', "invalid `config` within import"),
        ('begin { import "a.bt"; }', "An import inside a block is not enabled"),
    ],
)
def test_refused(compiled, program, message):
    files = {"t_dot_txt": "", "k.bpf.c": "", "c_dot_bt": "config = { max_strlen = 64 } macro m() { 1 }", "a_dot_bt": ""}
    assert refused(compiled, program, **files)[0].message == message


@pytest.mark.parametrize("what", ["a.bt", "."])
def test_not_where_anybody_can_write(compiled, tmp_path, what):
    compiled("begin { }", a_dot_bt="macro m() { 1 }")
    (tmp_path / what).chmod(0o777)
    (problem,) = refused(compiled, 'import "a.bt"; begin { print(m()); }')
    assert "global write permissions" in problem.hint


def test_a_mistake_in_an_import_is_shown_there_and_where_it_came_from(compiled, tmp_path):
    main = 'import "bad.bt"; begin { }'
    (problem,) = refused(compiled, main, bad_dot_bt="\nmacro bad( {\n")
    shown = format_diagnostic(problem, main).splitlines()
    assert shown[0].startswith(f"{tmp_path}/bad.bt:2:12-13: ERROR: ")
    assert shown[1] == "macro bad( {"
    assert in_program(problem).span == problem.trail[-1][1]
    assert shown[3:5] == [f"{tmp_path}/main.bt:1:1-16: ERROR: imported from", main]


def test_a_mistake_in_a_macro_of_an_import(compiled, tmp_path):
    main = 'import "bad.bt"; begin { print(bad()); }'
    problem = refused(compiled, main, bad_dot_bt="macro bad() { nosuch_thing }")[0]
    assert problem.span.file == f"{tmp_path}/bad.bt" and problem.trail[0][1].file == f"{tmp_path}/main.bt"


def test_what_cannot_be_read_is_said(compiled, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "loop.bt").symlink_to("loop.bt")
    os.mkfifo(tmp_path / "pipe.bt", 0o600)
    with open(tmp_path / "long.bt", "wb") as file:
        file.truncate(9 << 20)
    for name, message in (("folder", "Too many levels"), ("pipe.bt", "not a regular file"), ("long.bt", "8 MiB at most")):
        (found,) = refused(compiled, f'import "{name}"; begin {{ }}')
        assert found.message.startswith(f"Cannot read {tmp_path}/{name}") and message in found.message


def test_a_long_way_of_imports_ends(compiled):
    files = {f"i{n}_dot_bt": f'import "i{n + 1}.bt";' for n in range(300)}
    found = refused(compiled, 'import "i0.bt"; begin { }', **files)
    assert found[0].message == "files import one another more than 64 deep"
