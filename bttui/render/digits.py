"""Numbers in letters three lines high."""

_FORMS = {
    "0": ("█▀█", "█ █", "▀▀▀"),
    "1": ("▀█ ", " █ ", "▀▀▀"),
    "2": ("▀▀█", "█▀▀", "▀▀▀"),
    "3": ("▀▀█", " ▀█", "▀▀▀"),
    "4": ("█ █", "▀▀█", "  ▀"),
    "5": ("█▀▀", "▀▀█", "▀▀▀"),
    "6": ("█▀▀", "█▀█", "▀▀▀"),
    "7": ("▀▀█", "  █", "  ▀"),
    "8": ("█▀█", "█▀█", "▀▀▀"),
    "9": ("█▀█", "▀▀█", "▀▀▀"),
    ",": (" ", " ", "▞"),
    ".": (" ", " ", "▄"),
    "-": ("  ", "▀▀", "  "),
}


def big(text: str) -> "tuple[str, str, str]":
    """Three lines; what has no form of its own (a unit) stands small on the last one."""
    forms = [_FORMS.get(character, (" ", " ", character)) for character in text]
    top, middle, bottom = (" ".join(form[row] for form in forms) for row in range(3))
    return top, middle, bottom
