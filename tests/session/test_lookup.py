"""Stacks: whose addresses need names, and how they get them."""

import os
import struct

import pytest
from host.test_user_symbols import needs_libstdcxx

from bttui.host.facts import Host
from bttui.model import types
from bttui.model.frame import Symbol
from bttui.model.program import IN_SECOND, Argument, MapSpec, Output, Program
from bttui.session.lookup import Lookup

USER, RAW = types.Stack(space="user"), types.Stack(space="user", mode="raw")
KERNEL = types.Stack(space="kernel")
COUNT = types.Count()


def frames(*addresses):
    """As the kernel stores a stack."""
    return struct.pack(f"={len(addresses)}Q", *addresses)


def program(key=None, value=COUNT, argument=None):
    spec = MapSpec("@", "at", 5, key.size if key else 4, 8, 10, key, value)
    outputs = (Output("printf", "%s", (Argument(argument, 8),)),) if argument else ()
    return Program(b"", "", (), (), (spec,), outputs)


@pytest.mark.parametrize(
    ("needs", "parts"),
    [
        (False, {}),
        (False, {"key": KERNEL}),
        (False, {"key": RAW}),
        (False, {"key": types.Stack(space="user", mode="build_id")}),
        (False, {"key": types.make_tuple([types.UINT64, KERNEL])}),
        (True, {"key": USER}),
        (True, {"key": types.make_tuple([types.UINT64, types.make_tuple([USER])])}),
        (True, {"key": types.make_record([("at", types.UserSymbol())])}),
        (True, {"value": types.UserSymbol()}),
        (True, {"argument": USER}),
        (True, {"argument": types.Array(element=types.UserSymbol(), count=2)}),
    ],
)
def test_processes_are_followed_for_user_code_only(needs, parts):
    assert Lookup(program(**parts), Host()).needs_user_symbols == needs


@pytest.mark.parametrize("space", ["user", "kernel"])
def test_raw_stacks_are_not_looked_up(space):
    lookup = Lookup(program(), Host("/nonexistent"), lambda map, identity: frames(3, 2) if (map, identity) == ("stacks2", 7) else b"")
    stack = types.Stack(space=space, mode="raw", depth=2)
    assert lookup.stack(stack, 7, os.getpid(), 0) == (Symbol(3), Symbol(2))
    assert "kernel_symbols" not in vars(lookup.host) and "user_symbols" not in vars(lookup.host)


def test_the_same_stack_in_two_modes(monkeypatch):
    host = Host("/nonexistent")
    lookup = Lookup(program(), host, lambda map, identity: frames(0xFFFFFFFF81000020))
    monkeypatch.setattr(type(host.kernel_symbols), "symbolize", lambda self, address: Symbol(address, "named"))
    raw, named = types.Stack(space="kernel", mode="raw"), types.Stack(space="kernel")
    assert [symbol.name for mode in (raw, named, raw) for symbol in lookup.stack(mode, 7, 0, 0)] == ["", "named", ""]


def test_stacks_by_build_id():
    """Where the kernel could not read the file, the address is left; where it has no frame, the stack ends."""
    build_id = bytes(range(20))
    kept = struct.pack("=i20sQ", 1, build_id, 0x1126) + struct.pack("=i20sQ", 2, b"", 0x7F00) + bytes(32)
    lookup = Lookup(
        program(), Host("/nonexistent"), lambda map, identity: kept if (map, identity) == ("stacks3_build_id_second", 7) else b""
    )
    stack = types.Stack(space="user", mode="build_id", depth=3)
    assert lookup.stack(stack, 7 | IN_SECOND, 1, 0) == (Symbol(0, offset=0x1126, module=build_id.hex()), Symbol(0x7F00))


@needs_libstdcxx
@pytest.mark.parametrize("demangles", [True, False])
def test_names_of_cpp_and_rust_are_shown_as_written_or_as_they_are(demangles, monkeypatch):
    host = Host("/nonexistent")
    mangled = {0x10: "_ZN3foo3barEi", 0x20: "_RNvCs6GmmlP4bgsG_1r4main", 0x30: "main"}
    monkeypatch.setattr(type(host.user_symbols), "symbolize", lambda *given, fresh: Symbol(given[2], mangled[given[2]], 3, "/bin/x"))
    lookup = Lookup(program().replace(config={"cpp_demangle": demangles}), host, lambda map, identity: frames(*mangled))
    plain = ["foo::bar(int)", "r::main", "main"] if demangles else list(mangled.values())
    assert [symbol.name for symbol in lookup.stack(USER, 7, 1, 0)] == plain
    assert lookup.user_symbol(0x10, 1, 0) == Symbol(0x10, plain[0], 3, "/bin/x")


@pytest.mark.parametrize("kept", ["PER_PID", "PER_PROGRAM", "NONE"])
def test_names_are_kept_or_looked_up_each_time(kept, monkeypatch):
    host = Host("/nonexistent")
    asked = []

    def symbolize(self, pid, address, started, fresh):
        asked.append((pid, address, started, fresh))
        return Symbol(address, f"name{len(asked)}")

    monkeypatch.setattr(type(host.user_symbols), "symbolize", symbolize)
    lookup = Lookup(program().replace(config={"cache_user_symbols": kept}), host, lambda map, identity: frames(0x10))
    names = [lookup.stack(USER, 7, 1, 5)[0].name for _ in range(2)]
    assert names == (["name1", "name2"] if kept == "NONE" else ["name1", "name1"])
    assert set(asked) == {(1, 0x10, 5, kept == "NONE")}
