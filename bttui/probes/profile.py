"""profile: at fixed times, on every CPU."""

from bttui.probes.sampling import Clock

providers = (
    Clock(
        "profile",
        "p",
        True,
        "at fixed times, on every CPU: to see what runs",
        ("profile:hz:99 { @[kstack] = count(); }", "profile:10ms /pid == 1234/ { @[ustack] = count(); }"),
    ),
)
