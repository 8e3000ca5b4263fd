import os

import pytest

from bttui.host import features
from bttui.host.facts import Host

FACTS = os.path.join(os.path.dirname(__file__), "..", "facts")


def answers(name):
    host = Host(os.path.join(FACTS, name))
    return {test for test in features.TESTS if host.features.has(test)}


def test_a_kernel_without_kprobes():
    assert answers("6.18") == set(features.TESTS) - {"kprobe", "kprobe_multi", "kprobe_session", "module_btf"}


def test_a_kernel_of_a_distribution():
    assert answers("6.12") == set(features.TESTS) - {"uprobe_session"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("helper:get_func_ip", True),
        ("helper:ktime_get_tai_ns", True),
        ("helper:make_coffee", False),
        ("map_type:ringbuf", True),
        ("map_type:shoebox", False),
        ("program_type:tracing", True),
        ("attach_type:trace_uprobe_multi", True),
        ("kfunc:vfs_read", True),
        ("kfunc:make_coffee", False),
    ],
)
def test_what_the_kernels_interface_has(name, expected):
    assert Host(os.path.join(FACTS, "6.18")).features.has(name) is expected


@pytest.mark.parametrize("name", ["coffee", "coffee:black"])
def test_a_name_without_a_meaning_is_a_mistake(name):
    with pytest.raises(KeyError):
        Host(os.path.join(FACTS, "6.18")).features.has(name)


def test_without_type_information_symbols_tell(tmp_path):
    (tmp_path / "proc").mkdir()
    names = ["bpf_loop", "bpf_iter_task", "bpf_uprobe_multi_link_release", "bpf_perf_link_release"]
    (tmp_path / "proc/kallsyms").write_text("".join(f"ffffffff8100{i:04x} t {name}\n" for i, name in enumerate(names)))
    host = Host(str(tmp_path))
    assert [
        host.features.has(n) for n in ("helper:loop", "helper:get_func_ip", "iter", "uprobe_multi", "kprobe_multi", "perf_link", "btf")
    ] == [
        True,
        False,
        True,
        True,
        False,
        True,
        False,
    ]


def test_info_has_the_sections_of_bpftrace():
    sections = dict(features.info(Host(os.path.join(FACTS, "6.12"))))
    assert list(sections) == ["System", "Kernel helpers", "Kernel features", "Probe types"]
    assert dict(sections["Kernel helpers"]) == {
        "dpath": "yes",
        "get_tai_ns": "yes",
        "get_func_ip": "yes",
        "lookup_percpu_elem": "yes",
        "loop": "yes",
    }
    assert dict(sections["Kernel features"]) == {"Instruction limit": "1000000", "btf": "yes", "module btf": "yes"}
    assert dict(sections["Probe types"]) == {"kprobe_multi": "yes", "uprobe_multi": "yes", "kprobe_session": "yes", "iter": "yes"}


@pytest.mark.live
def test_this_kernel_has_what_its_files_show():
    has = Host().features.has
    assert has("btf") and has("tracefs")
    for pmu in ("kprobe", "uprobe"):
        assert has(pmu) == os.path.exists(f"/sys/bus/event_source/devices/{pmu}")
    assert has("helper:probe_read_kernel") and has("map_type:percpu_hash")
