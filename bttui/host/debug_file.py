"""Where the symbols of a stripped file are: gdb(1) manual, "Debugging Information in Separate Files"."""

import os

from bttui.host.elf import Elf
from bttui.model.diagnostic import DiagnosticError

FOLDER = "/usr/lib/debug"
_CHUNK = 1 << 20


def find(elf: Elf) -> "Elf | None":
    """By build id, else by the file's .gnu_debuglink beside it, in .debug beside it, and below /usr/lib/debug.

    A file that is reached through /proc/PID/root is looked up there first, then as one of ours.
    """
    identity, link = elf.build_id, elf.debuglink
    root, path = split_root(elf.path)
    for base in dict.fromkeys((root, "")):
        if len(identity) > 2:
            found = _open(f"{base}{FOLDER}/.build-id/{identity[:2]}/{identity[2:]}.debug", elf)
            if found and found.build_id == identity:
                return found
        if link:
            folder = os.path.dirname(path if base else os.path.realpath(path))
            for place in (folder, f"{folder}/.debug", FOLDER + folder):
                found = _open(f"{base}{place}/{link[0]}", elf)
                if found and (found.build_id == identity if identity and found.build_id else _checksum(found) == link[1]):
                    return found
    return None


def split_root(path: str) -> "tuple[str, str]":
    """("/proc/PID/root", the rest); ("", path) for a path that does not begin so."""
    words = path.split("/", 4)
    if len(words) == 5 and words[:2] == ["", "proc"] and words[3] == "root":
        return "/".join(words[:4]), "/" + words[4]
    return "", path


def _open(path: str, elf: Elf) -> "Elf | None":
    try:
        found = Elf(path)
    except DiagnosticError:
        return None
    return found if (found.machine, found.word_size) == (elf.machine, elf.word_size) else None


def _checksum(elf: Elf) -> int:
    from zlib import crc32

    total = 0
    for at in range(0, elf.size, _CHUNK):
        total = crc32(elf.read(at, _CHUNK), total)
    return total
