"""hardware: events that the processor counts."""

from bttui.probes.sampling import PERF_TYPE_HARDWARE, Counter

# Numbers: enum perf_hw_id, <linux/perf_event.h>. Counts: the reference manual of the language.
EVENTS = {
    "cpu-cycles": (0, 1_000_000),
    "cycles": (0, 1_000_000),
    "instructions": (1, 1_000_000),
    "cache-references": (2, 1_000_000),
    "cache-misses": (3, 1_000_000),
    "branch-instructions": (4, 100_000),
    "branches": (4, 100_000),
    "branch-misses": (5, 100_000),
    "bus-cycles": (6, 100_000),
    "frontend-stalls": (7, 1_000_000),
    "backend-stalls": (8, 1_000_000),
    "ref-cycles": (9, 1_000_000),
}

providers = (
    Counter(
        "hardware",
        "h",
        PERF_TYPE_HARDWARE,
        EVENTS,
        "every COUNT events that the processor counts",
        ("hardware:cache-misses:1000000 { @[comm] = count(); }",),
    ),
)
