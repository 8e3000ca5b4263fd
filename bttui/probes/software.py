"""software: events that the kernel counts."""

from bttui.probes.sampling import PERF_TYPE_SOFTWARE, Counter

# Numbers: enum perf_sw_ids, <linux/perf_event.h>. Counts: the reference manual of the language.
EVENTS = {
    "cpu-clock": (0, 1_000_000),
    "cpu": (0, 1_000_000),
    "task-clock": (1, 1_000_000),
    "page-faults": (2, 100),
    "faults": (2, 100),
    "context-switches": (3, 1000),
    "cs": (3, 1000),
    "cpu-migrations": (4, 1),
    "minor-faults": (5, 100),
    "major-faults": (6, 1),
    "alignment-faults": (7, 1),
    "emulation-faults": (8, 1),
    "dummy": (9, 1),
    "bpf-output": (10, 1),
}

providers = (
    Counter(
        "software",
        "s",
        PERF_TYPE_SOFTWARE,
        EVENTS,
        "every COUNT events that the kernel counts",
        ("software:page-faults:100 { @[comm] = count(); }", "software:major-faults { @[ustack] = count(); }"),
    ),
)
