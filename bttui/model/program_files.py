"""Files with the text of programs: read as a whole, or not at all."""

import errno
import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

LONGEST = 8  # MiB


def text_of(file: "BinaryIO") -> str:
    """What it holds, without the mark that some editors begin a file with. Raises OSError, also where it is too long."""
    content = file.read((LONGEST << 20) + 1)
    if len(content) > LONGEST << 20:
        raise OSError(errno.EFBIG, f"a program has {LONGEST} MiB at most")
    return content.removeprefix(b"\xef\xbb\xbf").decode(errors="surrogateescape")


def read(path: str) -> str:
    """The text of a file proper: a pipe might keep us waiting for ever. Raises OSError."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return text_of(file)
