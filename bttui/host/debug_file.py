"""Where the symbols of a stripped file are: gdb(1) manual, "Debugging Information in Separate Files"."""

import os

from bttui.host.elf import Elf
from bttui.model.diagnostic import DiagnosticError

FOLDER = "/usr/lib/debug"
more_folders: "list[str]" = []  # of --debuginfo; they come first
_CHUNK = 1 << 20


def find(elf: Elf) -> "Elf | None":
    """By build id, else by the file's .gnu_debuglink beside it, in .debug beside it, and below the folders.

    A file that is reached through /proc/PID/root is looked up there first, then as one of ours.
    """
    identity, link = elf.build_id, elf.debuglink
    root, path = split_root(elf.path)
    for base in dict.fromkeys((root, "")):
        found = _by_build_id(base, identity, elf)
        if found:
            return found
        if link:
            folder = os.path.dirname(path if base else os.path.realpath(path))
            # Whoever names a folder need not repeat the path below it.
            below = [place for each in more_folders for place in (each + folder, each)]
            places = [*below, *(base + place for place in (folder, f"{folder}/.debug", FOLDER + folder))]
            for place in places:
                found = _open(f"{place}/{link[0]}", elf)
                if found and (found.build_id == identity if identity and found.build_id else _checksum(found) == link[1]):
                    return found
    return None


def folders() -> "list[str]":
    """Where debugging information is, besides near the program."""
    return [*more_folders, FOLDER]


def find_shared(elf: Elf, name: str, identity: str) -> "Elf | None":
    """The file that .gnu_debugaltlink of ``elf`` names: relative to it, or by build id."""
    found = _by_build_id(split_root(elf.path)[0], identity, elf) or _by_build_id("", identity, elf)
    if found:
        return found
    found = _open(os.path.join(os.path.dirname(os.path.realpath(elf.path)), name), elf)
    return found if found and found.build_id == identity else None


def _by_build_id(base: str, identity: str, elf: Elf) -> "Elf | None":
    if len(identity) > 2:
        for folder in (*more_folders, base + FOLDER):
            found = _open(f"{folder}/.build-id/{identity[:2]}/{identity[2:]}.debug", elf)
            if found and found.build_id == identity:
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
