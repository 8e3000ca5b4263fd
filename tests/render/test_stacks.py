import pytest
from hypothesis import given
from hypothesis import strategies as st

from bttui.model.frame import Symbol
from bttui.model.types import Average, Count, Histogram, Stack, String, make_tuple
from bttui.render.clean import cell_width
from bttui.render.stacks import Shape, block, folded, functions, has_stack, icicle, icicle_text, matching, merge, truncated
from tests.render.samples import snapshot

KERNEL, USER, NAME = Stack(space="kernel"), Stack(space="user"), String(size=16)


def stack(names):
    """Innermost first, as stacks are read."""
    return tuple(Symbol(at + 1, name) for at, name in enumerate(reversed(names.split())))


def kernel_map(rows):
    return snapshot("@", KERNEL, Count(), {stack(names): count for names, count in rows.items()})


READS = kernel_map({"syscall read vfs_read": 50, "syscall read sock_read": 25, "syscall write": 15, "idle": 10})


def test_a_tree_of_stacks_as_an_icicle():
    assert icicle_text(merge(READS), 60) == (
        "▏all 100%\n"
        "▏syscall 90%                                          ▏idle\n"
        "▏read 75%                                    ▏write\n"
        "▏vfs_read 50%                 ▏sock_read 25%\n"
    )


def test_weights():
    root = merge(READS)
    syscall = root.find((("syscall", "kernel"),))
    assert (root.weight, syscall.weight, syscall.own) == (100, 90, 0)
    assert [(node.name, node.weight, node.own) for node in syscall.ordered()] == [("read", 75, 0), ("write", 15, 15)]


def test_the_path_of_a_node_finds_it_again_in_the_next_tree():
    path = merge(READS).find((("syscall", "kernel"), "read", "vfs_read")).path
    assert merge(READS).find(path).name == "vfs_read"
    assert merge(kernel_map({"syscall write": 1})).find(path).name == "syscall"


def test_user_frames_stand_above_kernel_frames_and_other_key_parts_above_both():
    key = make_tuple([KERNEL, NAME, USER])
    tree = merge(snapshot("@", key, Count(), {(stack("read x"), "sh\x1b", stack("main read")): 3}))
    node, seen = tree, []
    while node.children:
        node = node.ordered()[0]
        seen.append((node.name, node.space))
    assert seen == [("sh\\x1b", "group"), ("main", "user"), ("read", "user"), ("read", "kernel"), ("x", "kernel")]


def test_user_and_kernel_frames_of_one_name_stay_apart():
    key = make_tuple([USER, KERNEL])
    tree = merge(snapshot("@", key, Count(), {(stack("main read"), ()): 1, (stack("main"), stack("read")): 2}))
    main = tree.ordered()[0]
    assert [(node.name, node.space, node.weight) for node in main.ordered()] == [("read", "kernel", 2), ("read", "user", 1)]


@pytest.mark.parametrize(
    ("type_", "value", "weight"), [(Count(), 7, 7), (Average(), (90, 3), 3), (Histogram(), {1: 2, 5: 3}, 5), (NAME, "x", 1)]
)
def test_what_a_row_weighs(type_, value, weight):
    assert merge(snapshot("@", KERNEL, type_, {stack("a"): value})).weight == weight


def test_folded():
    assert folded(READS) == "syscall;read;vfs_read 50\nsyscall;read;sock_read 25\nsyscall;write 15\nidle 10\n"
    assert folded(snapshot("@", make_tuple([NAME, KERNEL]), Count(), {("a b;c", stack("f")): 2})) == "a_b:c;f 2\n"


def test_frames_that_have_no_names():
    """Of a stack by build id, the build id and the place in the file; else the address."""
    frames = (Symbol(0, offset=0x1126, module="b1" * 20), Symbol(0x7F00))
    by_build_id = Stack(space="user", mode="build_id")
    assert folded(snapshot("@", by_build_id, Count(), {frames: 3})) == f"0x7f00;{'b1' * 20}_0x1126 3\n"


def test_which_keys_have_stacks():
    assert has_stack(KERNEL) and has_stack(make_tuple([NAME, USER]))
    assert not has_stack(NAME) and not has_stack(None)


def test_a_block_is_as_wide_as_asked():
    node = merge(kernel_map({"漢字漢字": 1})).ordered()[0]
    assert [block(node, cells, 1) for cells in (1, 2, 4, 6, 20)] == ["▏", "▏…", "▏漢…", "▏漢字…", "▏漢字漢字 100%      "]


STACKS = st.dictionaries(st.lists(st.sampled_from("abcde"), min_size=1, max_size=6).map(" ".join), st.integers(1, 1000), max_size=20)


@given(STACKS, st.integers(1, 120))
def test_an_icicle_never_overlaps_and_a_child_stays_below_its_parent(rows, width):
    tree = merge(kernel_map(rows))
    assert tree.weight == sum(rows.values())
    edges = {}
    for level in icicle(tree, width):
        at = 0
        for start, cells, node in level:
            assert cells > 0 and start >= at
            at = start + cells
            edges[id(node)] = (start, at)
            if node.parent is not None:
                assert edges[id(node.parent)][0] <= start and at <= edges[id(node.parent)][1]
        assert at <= width
    assert all(cell_width(line) <= width for line in icicle_text(tree, width).splitlines())


BOTH = make_tuple([KERNEL, NAME, USER])
MIXED = snapshot(
    "@",
    BOTH,
    Count(),
    {
        (stack("syscall read"), "sh", stack("main walk walk walk")): 6,
        (stack("syscall read"), "cat", stack("main copy")): 3,
        (stack("syscall write"), "cat", stack("main copy")): 1,
    },
)


def test_callers_of_the_innermost_function():
    assert icicle_text(merge(READS, Shape(inverted=True)), 60, 3) == (
        "▏all 100%\n▏vfs_read 50%                 ▏sock_read 25% ▏write   ▏idle\n▏read 50%                     ▏read 25%      ▏syscall\n"
    )


def test_inverted_kernel_frames_come_first():
    tree = merge(MIXED, Shape(inverted=True, group=-1))
    node = tree.ordered()[0]
    assert (node.name, node.space, node.weight) == ("read", "kernel", 9)
    assert [(n.name, n.space) for n in node.children[("syscall")].ordered()] == [("walk", "user"), ("copy", "user")]


def test_recursion_is_one_frame_when_folded():
    tree = merge(MIXED, Shape(folded=True, group=-1))
    main = tree.ordered()[0]
    assert [(n.name, n.weight) for n in main.ordered()] == [("walk", 6), ("copy", 4)]
    assert [n.name for n in main.ordered()[0].ordered()] == ["syscall"]


def test_hidden_part_and_chosen_group():
    assert [n.name for n in merge(MIXED).ordered()] == ["sh", "cat"]
    assert [n.name for n in merge(MIXED, Shape(group=-1)).ordered()] == ["main"]
    assert [n.name for n in merge(MIXED, Shape(hidden="user", group=-1)).ordered()] == ["syscall"]
    leaf = merge(MIXED, Shape(hidden="kernel", group=-1)).find((("main", "user"), "copy"))
    assert (leaf.own, leaf.children) == (4, {})


def test_functions_count_a_stack_once():
    found = {f.name: (f.own, f.total) for f in functions(MIXED)}
    assert found == {"main": (0, 10), "syscall": (0, 10), "read": (9, 9), "walk": (0, 6), "copy": (0, 4), "write": (1, 1)}
    assert {f.name: f.own for f in functions(MIXED, hidden="kernel")} == {"main": 0, "walk": 6, "copy": 4}


def test_matches_and_their_share():
    """A match below a match is not counted twice."""
    found, share = matching(merge(READS), lambda name: "read" in name)
    assert [node.name for node in found] == ["read", "vfs_read", "sock_read"] and share == 75


def test_share_of_truncated_stacks():
    short = Stack(space="kernel", depth=2)
    rows = {stack("a b"): 3, stack("a"): 1}
    assert truncated(snapshot("@", short, Count(), rows)) == 0.75
    assert truncated(READS) == 0.0
