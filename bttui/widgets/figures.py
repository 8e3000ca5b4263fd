"""Numbers as people read them at a glance."""


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
