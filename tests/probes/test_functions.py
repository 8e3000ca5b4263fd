"""Which functions of the kernel are offered, by kprobes and by trampolines."""

import os

import pytest
from host.btf_bytes import FUNC, FUNC_PROTO, UNION, Builder
from probes.conftest import FACTS

from bttui.host.facts import Host
from bttui.model.diagnostic import DiagnosticError
from bttui.probes import registry
from bttui.probes.listing import list_probes
from bttui.probes.provider import Options

BLACKLIST = "0xffffffff81008940-0xffffffff81008970\tvfs_open\n0xffffffff81e01030-0xffffffff81e01050\tksys_read\n"
FUNCTIONS = "vfs_open\nvfs_read\nvfs_read [overlay]\nvfs_show\nvfs_show [overlay]\nvfs_show\n"


@pytest.fixture
def machine(tmp_path):
    """The recorded kernel that has kprobes, with ftrace's list, a module, and functions in which kprobes are forbidden."""
    for path in (FACTS / "6.12").rglob("*"):
        if not path.is_dir():
            copied = tmp_path / path.relative_to(FACTS / "6.12")
            copied.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(path, copied)
    (tmp_path / "sys/kernel/debug/kprobes").mkdir(parents=True)
    (tmp_path / "sys/kernel/debug/kprobes/blacklist").write_text(BLACKLIST)
    (tmp_path / "sys/kernel/tracing/available_filter_functions").write_text(FUNCTIONS)
    (tmp_path / "sys/module/overlay").mkdir(parents=True)
    return Host(str(tmp_path))


def expand(text, host, **options):
    return [target for _, target in registry.expand(text.split(":"), None, host, Options(**options))]


def refusal(text, host):
    with pytest.raises(DiagnosticError) as caught:
        expand(text, host)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.message, diagnostic.hint


def test_where_kprobes_are_forbidden(machine):
    assert list(list_probes("kprobe:*", machine)) == ["kprobe:vfs_read", "kprobe:vfs_show"]
    assert [target.name for target in expand("kretprobe:*:vfs_*", machine)] == [
        f"kretprobe:{name}" for name in ("vmlinux:vfs_read", "overlay:vfs_read", "vmlinux:vfs_show", "overlay:vfs_show")
    ]
    why = "the kernel forbids kprobes in ksys_read (/sys/kernel/debug/kprobes/blacklist)"
    assert refusal("kprobe:ksys_read", machine) == ("No matches for kprobe ksys_read.", why)
    assert refusal("kretprobe:ksys_read", machine) == ("No matches for kretprobe ksys_read.", why)


def test_trampolines_may_be_where_kprobes_are_forbidden(machine):
    assert list(list_probes("fentry:*", machine)) == ["fentry:vmlinux:vfs_open", "fentry:vmlinux:vfs_read"]
    machine.features._known["fentry works"] = True
    assert refusal("kretprobe:vfs_open", machine)[1].endswith("blacklist): use fexit:vfs_open")


def test_who_insists_may_try(machine):
    assert [target.name for target in expand("kprobe:ksys_read", machine, unsafe=True)] == ["kprobe:ksys_read"]


def test_functions_of_tracing_itself_are_left_out(tmp_path):
    listed = tmp_path / "functions"
    listed.write_text("rcv\nrcu_read\nrcu_\narch_cpu_idle\nrcu\nrcu_of [overlay]\nrcuwait [overlay]\n")
    host = Host(str(FACTS / "6.12"))
    wanted = {
        "*": ["rcu", "rcuwait", "rcv"],
        "rc*": ["rcu", "rcuwait", "rcv"],
        "rcu*": ["rcu", "rcuwait"],
        "rcu?*": ["rcuwait"],
        "?cv": ["rcv"],
        "rc[v]": ["rcv"],
        "rcw*": [],
    }
    assert {glob: [t.target for t in expand(f"kprobe:{glob}", host, traceable_functions=str(listed))] for glob in wanted} == wanted


def test_functions_of_one_name_in_several_modules(machine):
    """A link for many finds functions by name: those of modules are attached one by one."""
    found = expand("kprobe:*:vfs_*", machine)
    assert [(target.target, *target.options) for target in found] == [
        ("vfs_read", "multi"),
        ("overlay:vfs_read", "glob"),
        ("vfs_show", "multi"),
        ("overlay:vfs_show", "glob"),
    ]
    assert [target.name for target in expand("kprobe:vfs_*", machine)] == ["kprobe:vfs_read", "kprobe:vfs_show"]
    assert [target.target for target in expand("kprobe:overlay:vfs_*", machine)] == ["overlay:vfs_read", "overlay:vfs_show"]


@pytest.fixture
def strange(tmp_path):
    """A kernel whose functions take and return what trampolines cannot pass on, and one ("plain") that they can."""
    b = Builder()
    number = b.integer("int", 4, 1)
    pair = b.struct("pair", 16, ("x", number, 0), ("y", number, 64))
    large = b.struct("large", 24, ("x", number, 0))
    either = b.struct("either", 8, ("x", number, 0), kind=UNION)
    for name, result, *arguments in (
        ("plain", 0, number, pair),
        ("variadic", 0, number, 0),
        ("takes_large", 0, large),
        ("takes_union", number, either),
        ("returns_pair", pair, number),
        ("seven", 0, *[number] * 7),
        ("slots", 0, *[pair] * 4),
        ("thirteen", 0, *[number] * 13),
    ):
        parameters = [word for at, type in enumerate(arguments) for word in (f"p{at}" if type else "", type)]
        b.add(FUNC, name, b.add(FUNC_PROTO, "", result, *parameters, count=len(arguments)))
    (tmp_path / "sys/kernel/btf").mkdir(parents=True)
    (tmp_path / "sys/kernel/btf/vmlinux").write_bytes(b.bytes())
    names = ("plain", "variadic", "takes_large", "takes_union", "returns_pair", "seven", "slots", "thirteen")
    (tmp_path / "sys/kernel/tracing").mkdir(parents=True)
    (tmp_path / "sys/kernel/tracing/available_filter_functions").write_text("".join(f"{name}\n" for name in names))
    return Host(str(tmp_path))


def test_what_trampolines_can_pass_on(strange, monkeypatch):
    assert list(list_probes("fentry:*", strange)) == [f"fentry:vmlinux:{name}" for name in ("plain", "seven", "slots")]
    monkeypatch.setattr("bttui.probes.fentry._takes_many", lambda host: False)
    assert [target.name for target in expand("fexit:*", strange)] == ["fexit:vmlinux:plain"]
    assert refusal("fentry:seven", strange)[1] == "the kernel cannot trace seven so, which takes 7 arguments"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("variadic", "takes a variable number of arguments"),
        ("takes_large", "takes a structure of 24 bytes by value"),
        ("takes_union", "takes a union by value"),
        ("returns_pair", "returns a structure"),
        ("thirteen", "takes 13 arguments"),
    ],
)
def test_a_function_that_trampolines_cannot_serve_says_why(name, why, strange):
    hint = f"the kernel cannot trace {name} so, which {why}"
    assert refusal(f"fentry:{name}", strange) == (f"No matches for fentry {name}.", hint)
