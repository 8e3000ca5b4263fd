"""What integer and string literals mean."""

import re

_INTEGER = re.compile(r"0[xX](?P<hex>[0-9a-fA-F_]*)|(?P<digits>[0-9][0-9_]*)(?:[eE](?P<exponent>[0-9_]+))?")
_SUFFIXES = frozenset(("u", "ul", "ull", "l", "ll"))
_NANOSECONDS = {
    "ns": 1,
    "us": 1000,
    "ms": 1000_000,
    "s": 1000_000_000,
    "m": 60 * 1000_000_000,
    "h": 3600 * 1000_000_000,
    "d": 86400 * 1000_000_000,
}
MAXIMUM = 2**64 - 1

_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.?)", re.S)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def integer(text: str) -> "tuple[int, str]":
    """The value of an integer literal (durations in nanoseconds) and its suffix.

    Decimal, 0x, 0 (octal), 2e3 (one digit, then a power of ten), "_" between digits, then u ul ull l ll or a unit of time.
    Raises ValueError(what is wrong, offset in the text, length).
    """
    match = _INTEGER.match(text)
    assert match
    end = match.end()
    suffix = text[end:]
    if match[0].endswith("_"):
        raise ValueError("a number cannot end with an underscore", end - 1, 1)
    if match["hex"] is not None:
        digits = match["hex"].replace("_", "")
        if suffix:
            raise ValueError(f"{suffix!r} does not belong to a hexadecimal number, which takes no suffix", end, len(suffix))
        if not digits:
            raise ValueError("the digits are missing after 0x", 0, end)
        value = int(digits, 16)
    else:
        digits = match["digits"].replace("_", "")
        exponent = match["exponent"]
        if exponent is not None:
            power = int(exponent.replace("_", "")[:4] or "0")
            if not 1 <= int(digits[:99]) <= 9:
                raise ValueError("one digit from 1 to 9 stands before the exponent", 0, end)
            if power == 0:
                raise ValueError("the exponent is 1 or more", 0, end)
            value = int(digits[:99]) * 10 ** min(power, 99)
        elif digits[0] == "0" and digits.strip("01234567"):
            raise ValueError("a number that starts with 0 is octal: it has no digits 8 and 9", 0, end)
        else:
            value = int(digits[:99], 8 if digits[0] == "0" else 10)
    if suffix in _NANOSECONDS:
        value *= _NANOSECONDS[suffix]
    elif suffix and suffix not in _SUFFIXES:
        raise ValueError(f"{suffix!r} is no suffix of a number: there are u ul ull l ll and ns us ms s m h d", end, len(suffix))
    most = {"u": 2**32 - 1, "l": 2**63 - 1, "ll": 2**63 - 1}.get(suffix, MAXIMUM)
    if value > most:
        raise ValueError(f"the number is too large: the largest here is {most}", 0, len(text))
    return value, suffix


def string(text: str) -> str:
    """The value of a string literal with its quotes. Bytes above 0x7f that were written as escapes become surrogates.

    Raises ValueError(what is wrong, offset of the escape in the text, its length).
    """
    return _ESCAPE.sub(_unescape, text[1:-1]) if "\\" in text else text[1:-1]


def _unescape(match: "re.Match[str]") -> str:
    what = match[1]
    if what in _ESCAPED:
        return _ESCAPED[what]
    if what[:1] == "x" and len(what) > 1:
        number = int(what[1:], 16)
    elif "0" <= what[:1] <= "7":
        number = int(what, 8)
    elif what == "x":
        raise ValueError("\\x needs one or two hexadecimal digits", match.start() + 1, 2)
    else:
        raise ValueError(f"\\{what} is not an escape sequence", match.start() + 1, len(match[0]))
    if number > 0xFF:
        raise ValueError("this octal escape is larger than a byte", match.start() + 1, len(match[0]))
    return chr(number if number < 0x80 else 0xDC00 + number)
