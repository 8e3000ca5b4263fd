"""The table of functions: each is documented, and its example compiles."""

import pytest
from compiler.compiling import compile

from bttui.compiler.functions import table
from bttui.probes import registry

# nothing of these is in the recorded facts, or the machine must have the file
ELSEWHERE = (
    "argN",
    "sargN",
    "ctx",
    "func",
    "override",
    "reg",
    "retval",
    "is_err",
    "usym",
    "uaddr",
    "percpu_kaddr",
    "skboutput",
    "path",
    "write_user",
    "container_of",
    "socket_cookie",
    "cgroupid",
    "kaddr",
    "ksym",
)


@pytest.mark.parametrize("function", table().values(), ids=lambda f: f.name)
def test_documented(function):
    assert function.signature and function.doc.endswith(".") and function.example
    assert function.most is None or function.least <= function.most
    word = function.name.removesuffix("N")
    assert word in function.signature and (word in function.example or function.name in ("sargN",))


@pytest.mark.parametrize("function", [f for f in table().values() if f.name not in ELSEWHERE], ids=lambda f: f.name)
def test_the_example_compiles(function):
    program = compile(function.example, unsafe=True, child=1)
    assert program.object.startswith(b"\x7fELF")
    assert program.attachments


def test_every_probe_type_is_registered_once():
    names = [p.name for p in registry.all()]
    assert len(names) == len(set(names))
