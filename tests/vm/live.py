"""Which live tests other kernels run too: of each provider and each family of functions, as few as show that it works.

Emulation makes each take some seconds; those of the loader, which need no process of their own, take less.
"""

import os

_LOADER = """
test_live.py
test_functions.py
"""
_PROBES = """
test_attach.py::test_tracepoint_and_rawtracepoint
test_attach.py::test_profile_has_every_cpu
test_attach.py::test_software_counts_page_faults
test_attach.py::test_uprobe_and_uretprobe
test_attach.py::test_uprobes_of_a_glob
test_attach.py::test_begin_comes_first_and_end_last
test_attach.py::test_the_tracer_got_a_signal
test_iter.py::test_task
test_iter.py::test_task_file
test_iter.py::test_task_vma
test_network.py::test_every_packet_is_counted_once
test_usdt.py::test_every_probe_counts
test_watchpoint.py::test_writes_of_one_process
"""
_FUNCTIONS = """
test_live_functions.py::test_the_path_of_an_open_file
test_live_functions.py::test_config_is_a_record
test_live_series.py::test_the_text
test_live_values.py::test_division_by_zero_gives_one_and_is_told
"""
SELECTION = [
    f"tests/{room}/{name}" for room, names in (("loader", _LOADER), ("probes", _PROBES), ("compiler", _FUNCTIONS)) for name in names.split()
]


def selected():
    """pytest's words: what BTTUI_VM_LIVE says, or the selection."""
    return os.environ.get("BTTUI_VM_LIVE", "").split() or SELECTION
