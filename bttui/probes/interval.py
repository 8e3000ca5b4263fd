"""interval: at fixed times, on one CPU."""

from bttui.probes.sampling import Clock

providers = (
    Clock(
        "interval",
        "i",
        False,
        "at fixed times, on one CPU: to print, clear and end",
        ("interval:s:1 { print(@); clear(@); }", "interval:100ms { print(@); }", "interval:hz:10 { print(@); }"),
    ),
)
