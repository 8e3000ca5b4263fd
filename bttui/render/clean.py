"""What the traced world wrote, made safe for a terminal, and measured in its cells.

A process name may hold an escape sequence that sets the title, clears the screen or answers as if the person had
typed. Whatever is not drawn in place becomes a visible escape; letters of every script stay.
"""

import re

# Control characters (C0, DEL, C1), separators of lines, every format character: they reverse, join or hide what
# stands around them; halves of surrogate pairs, which is also how undecodable bytes come; U+FE0F, because terminals
# do not agree on the width of what stands before it. Compiled when first needed (a millisecond).
_UNSAFE = (
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\ud800-\udfff\ufe0f\ufeff\ufff0-\ufffb\U000110bd\U000110cd\U00013430-\U0001345f\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_UNSAFE_IN_LINES = _UNSAFE.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def clean(text: str) -> str:
    r"""The text on one line: nothing in it moves the cursor or changes a colour. \n, \x1b, \u202e become visible.

    An undecodable byte shows as \xHH.
    """
    return text if text.isascii() and text.isprintable() else re.sub(_UNSAFE, _visible, text)


def clean_lines(text: str) -> str:
    """The same, but line ends and tabs stay: for output that scrolls."""
    return re.sub(_UNSAFE_IN_LINES, _visible, text)


def cell_width(text: str) -> int:
    """How many cells of a terminal the text takes. Wants clean text."""
    return len(text) if text.isascii() else sum([_width(character) for character in text])


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """The text in exactly ``width`` cells: filled with spaces, or cut with an ellipsis at its end. Wants clean text.

    A wide character that would stand half outside leaves a space.
    """
    if width <= 0:
        return ""
    size = cell_width(text)
    if size <= width:
        return text + " " * (width - size)
    room, used, kept = width - cell_width(ellipsis), 0, ""
    if room < 0:
        room, ellipsis = width, ""
    for character in text:
        used += _width(character)
        if used > room:
            break
        kept += character
    kept += ellipsis
    return kept + " " * (width - cell_width(kept))


def fit_end(text: str, width: int) -> str:
    """As ``fit``, but what is cut off is the beginning: …syscalls:sys_enter_read. For names that differ in their ends."""
    if width <= 0 or cell_width(text) <= width:
        return fit(text, width)
    kept, used = "", 1
    for character in reversed(text):
        used += _width(character)
        if used > width:
            break
        kept = character + kept
    return fit("…" + kept, width)


def _visible(match: "re.Match[str]") -> str:
    character = match.group()
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _width(character: str) -> int:
    """Two cells for wide and full-width characters (Unicode Standard Annex #11), none for combining ones."""
    if character < "\u0300":
        return 1
    import unicodedata  # not needed for most programs

    if "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff":
        return 0  # vowels and finals of Hangul, drawn in the cell of the consonant before
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
