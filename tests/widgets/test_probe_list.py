"""The probe tree without a screen."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from widgets.driving import PROBES

from bttui.widgets.probe_list import OpenTree, ProbeList, glob_pattern


def found(query, names=PROBES):
    probes = ProbeList(names)
    return [probes.names[at] for at in probes.search(query)]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("vfs_read", ["fentry:vmlinux:vfs_read", "kprobe:vfs_read"]),
        ("vfs_*", ["fentry:vmlinux:vfs_read", "kprobe:vfs_open", "kprobe:vfs_read"]),
        ("vfs_ kprobe", ["kprobe:vfs_open", "kprobe:vfs_read"]),
        ("*tcp*conn*", ["kprobe:tcp_connect"]),
        ("tracepoint:syscalls:sys_e?it_*", [f"tracepoint:syscalls:sys_exit_{n}" for n in ("openat", "read", "write")]),
        ("sys_enter_[o-r]*", ["tracepoint:syscalls:sys_enter_openat", "tracepoint:syscalls:sys_enter_read"]),
        ("sys_enter_[!o-r]*", ["tracepoint:syscalls:sys_enter_write"]),
        ("VFS", []),
        ("[", []),
        (".*", []),
        ("nothing at all", []),
    ],
)
def test_search(query, names):
    assert found(query) == names


def test_an_empty_query_finds_everything():
    assert sorted(found("  ")) == sorted(PROBES)


@given(st.lists(st.text("abc:_[]*?!-x.", max_size=12), max_size=20), st.text("abc:*?_.", min_size=1, max_size=8))
def test_a_glob_with_a_colon_is_what_a_shell_would_match(names, glob):
    names = sorted({name for name in names if name})
    glob = f":{glob}*"
    assert sorted(found(glob, names)) == [name for name in names if fnmatch.fnmatchcase(name, glob)]


def test_glob_pattern_has_no_way_out_of_its_line():
    assert re.findall(glob_pattern("k:[!a]b"), "k:xb\nk:\nb\nk:ab", re.MULTILINE) == ["k:xb"]


def rows(tree):
    return [("  " * row.level + (row.group.title if row.group else row.text), row.matches) for row in map(tree.row, range(tree.count))]


def test_closed_tree_shows_providers_with_their_totals():
    probes = ProbeList(PROBES)
    tree = OpenTree(probes, probes.search(""), set())
    assert rows(tree) == [("fentry", 2), ("kprobe", 3), ("software", 1), ("tracepoint", 8)]


def test_groups_open_one_by_one():
    probes = ProbeList(PROBES)
    tree = OpenTree(probes, probes.search(""), {"kprobe", "tracepoint", "tracepoint:tcp"})
    assert rows(tree) == [
        ("fentry", 2),
        ("kprobe", 3),
        ("  tcp_connect", 0),
        ("  vfs_open", 0),
        ("  vfs_read", 0),
        ("software", 1),
        ("tracepoint", 8),
        ("  syscalls", 6),
        ("  tcp", 2),
        ("    tcp_probe", 0),
        ("    tcp_retransmit_skb", 0),
    ]


def test_a_search_opens_what_it_finds():
    probes = ProbeList(PROBES)
    tree = OpenTree(probes, probes.search("vfs_read"), None)
    assert rows(tree) == [("fentry", 1), ("  vmlinux", 1), ("    vfs_read", 0), ("kprobe", 1), ("  vfs_read", 0)]
    assert tree.row(tree.first_probe()).probe == "fentry:vmlinux:vfs_read"


NAMES = st.lists(
    st.builds(":".join, st.lists(st.sampled_from(["k", "t", "vfs", "tcp", "a1", "b"]), min_size=1, max_size=3)), unique=True, max_size=40
)


@given(NAMES, st.data())
def test_lines_of_any_tree_are_its_parts_in_order(names, data):
    """Every match is under its open groups exactly once; nothing else is; each count is the number of matches below."""
    probes = ProbeList(names)
    matches = data.draw(st.lists(st.sampled_from(range(len(names))), unique=True).map(sorted)) if names else []
    paths = [group.path for group in probes.groups]
    is_open = data.draw(st.one_of(st.none(), st.sets(st.sampled_from(paths)))) if paths else None
    tree = OpenTree(probes, matches, is_open)
    shown = [tree.row(y) for y in range(tree.count)]
    visible = [row.probe for row in shown if row.group is None]
    closed = [g for g in probes.groups if is_open is not None and g.path not in is_open]
    assert visible == [probes.names[at] for at in matches if not any(g.first <= at < g.last for g in closed)]
    for row in shown:
        if row.group:
            assert row.matches == sum(row.group.first <= at < row.group.last for at in matches) > 0


FUNCTIONS = ProbeList(
    ["kprobe:tcp_connect", "kprobe:tcp_v4_connect", "kprobe:__tcp_connect_x", "fentry:vmlinux:tcp_connect", "fentry:nf_conntrack:nf_ct_get",
     "tracepoint:tcp:tcp_probe", "kprobe:VFS_Read", "kprobe:vfs_read", "kprobe:vfs_readv", "kprobe:do_vfs_read", "kprobe:inet_csk"]
)  # fmt: skip


def searched(query, probes=FUNCTIONS):
    return sorted(probes.names[at] for at in probes.search(query))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("tcp v4", ["kprobe:tcp_v4_connect"]),
        ("/tcp_(v4|probe)/", ["kprobe:tcp_v4_connect", "tracepoint:tcp:tcp_probe"]),
        ("/_connect$/ type:kprobe", ["kprobe:tcp_connect", "kprobe:tcp_v4_connect"]),
        ("type:fentry", ["fentry:nf_conntrack:nf_ct_get", "fentry:vmlinux:tcp_connect"]),
        ("type:f*y tcp", ["fentry:vmlinux:tcp_connect"]),
        ("mod:nf_*", ["fentry:nf_conntrack:nf_ct_get"]),
        ("mod:nf", ["fentry:nf_conntrack:nf_ct_get"]),
        ("mod:tcp", ["tracepoint:tcp:tcp_probe"]),
        ("VFS", ["kprobe:VFS_Read"]),
        ("vfs_read", ["kprobe:VFS_Read", "kprobe:do_vfs_read", "kprobe:vfs_read", "kprobe:vfs_readv"]),
        ("type:", FUNCTIONS.names),
    ],
)
def test_words_of_a_query(query, found):
    assert searched(query) == sorted(found)


def test_arguments_and_return_values():
    probes = ProbeList(["kprobe:a", "kprobe:b", "kprobe:c"])
    assert searched("arg:sock", probes) == probes.names, "until they are read"
    probes.facts = {"kprobe:a": ("struct sock * sk", False), "kprobe:b": ("int fd struct socket * s", True)}
    probes.last = ("", [])
    assert searched("arg:sock", probes) == ["kprobe:a", "kprobe:b"]
    assert searched("arg:sock has:ret", probes) == ["kprobe:b"]
    assert searched("arg:fd a", probes) == []


def test_a_regular_expression_that_is_none():
    with pytest.raises(re.error):
        FUNCTIONS.search("/tcp_(/")
    assert searched("/usr/bin") == []


@pytest.mark.parametrize(
    ("query", "best"), [("vfs_read", "kprobe:vfs_read"), ("tcp_conn", "kprobe:tcp_connect"), ("csk", "kprobe:inet_csk")]
)
def test_the_likeliest_match(query, best):
    """The whole name before its beginning, the beginning before a later part; VFS_Read is written otherwise."""
    assert FUNCTIONS.names[FUNCTIONS.best(query, FUNCTIONS.search(query))].lower() == best


@given(st.lists(st.sampled_from(["t", "c", "p", "_", " ", "v", "r", "/", "*", "type:", "x"]), max_size=8))
def test_typing_finds_what_the_whole_query_finds(letters):
    """Each key looks among what the one before left; nothing is lost or kept by that."""
    typed = ProbeList(FUNCTIONS.names)
    for end in range(len(letters) + 1):
        query = "".join(letters[:end])
        assert searched(query, typed) == searched(query, ProbeList(FUNCTIONS.names))
