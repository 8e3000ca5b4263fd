"""Numbers as people read them at a glance."""

from time import localtime, strftime


def grouped(number: int) -> str:
    """1234567 as 1,234,567."""
    return f"{number:,}"


def short(number: float) -> str:
    """At most five cells: 999, 1.2k, 34.5k, 1.2M."""
    size = abs(number)
    if size < 1000:
        return f"{number:.0f}"
    unit = ""
    for unit in "kMGTPE":  # noqa: B007
        size /= 1000
        if size < 999.5:
            break
    text = f"{size:.1f}" if size < 99.95 else f"{size:.0f}"
    return f"{'-' if number < 0 else ''}{text}{unit}"


def clock(seconds: float) -> str:
    """mm:ss, h:mm:ss from an hour on."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60:02}:{rest % 60:02}"


BLOCKS = " ▁▂▃▄▅▆▇█"
# What a number may be a number of. Nothing but the way it is written depends on it.
UNITS = ("", "ns", "us", "ms", "bytes")
_NANOSECONDS = {"ns": 1, "us": 1000, "ms": 1_000_000}
STEPS = (("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000), ("h", 3_600_000_000_000))


def nanoseconds(unit: str) -> int:
    """What one of ``unit`` is; 0 for what is no time."""
    return _NANOSECONDS.get(unit, 0)


def quantity(number: float, unit: str) -> str:
    """A number of ``unit`` (of UNITS): 2048 bytes is 2KiB, 1500 us is 1.5ms; without a unit, what ``short`` writes."""
    if unit == "bytes":
        size, name = float(number), "B"
        for larger in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
            if abs(size) < 1024:
                break
            size, name = size / 1024, larger
        return f"{size:.3g}{name}" if abs(size) < 1000 else f"{size:.0f}{name}"
    if unit in _NANOSECONDS:
        whole = number * _NANOSECONDS[unit]
        name, step = next((s for s in reversed(STEPS) if abs(whole) >= s[1]), (unit, _NANOSECONDS[unit]))
        value = whole / step
        return f"{value:.3g}{name}" if abs(value) < 999.5 else f"{value:.0f}{name}"
    return short(number)


def rate(amount: float, seconds: float) -> str:
    """A change over some time, per second and with its sign: +962/s; 0 is empty."""
    if not amount or seconds <= 0:
        return ""
    each = amount / seconds
    return f"{'+' if each > 0 else ''}{short(each) if abs(each) >= 10 else f'{each:.1f}'}/s"


def signed(amount: float) -> str:
    """A change with its sign: +962, -1.2k; 0 is empty."""
    return f"{'+' if amount > 0 else ''}{short(amount)}" if amount else ""


def spark(values: "list[float | None]") -> str:
    """A cell a value, as high as its share of the highest; what is not zero shows, what is not known is blank."""
    most = max((value for value in values if value is not None), default=0)
    cells = []
    for value in values:
        if value is None:
            cells.append(" ")
        elif value <= 0 or most <= 0:
            cells.append("▁")
        else:
            cells.append(BLOCKS[max(2, min(8, round(value * 8 / most)))])
    return "".join(cells)


def time_of_day(wall: int) -> str:
    """Nanoseconds of CLOCK_REALTIME as 12:01:44, in local time."""
    return strftime("%H:%M:%S", localtime(wall // 1_000_000_000))
