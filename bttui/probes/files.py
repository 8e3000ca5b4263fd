"""Which files a uprobe's target means: a path, a glob of paths, the name of a program or of a library."""

import os
import struct

from bttui.host.archives import SEPARATOR
from bttui.probes.matching import is_glob, matcher, select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARY_FOLDERS = ("/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64")
_DELETED = " (deleted)"  # d_path(9) appends it
_CACHE = "/etc/ld.so.cache"
_MAGIC = b"glibc-ld.so.cache1.1"  # struct cache_file_new, sysdeps/generic/dl-cache.h of glibc
_HEADER, _ENTRY = 48, struct.Struct("=iIIIQ")


def find_files(target: str, pid: int = 0) -> "list[str]":
    """Paths of the files, as they were given, [] where there is none.

    With a process: as it sees them, and "*" is all that it has mapped.
    """
    root = process_root(pid)
    if SEPARATOR in target and not os.path.isfile(root + target):
        archive, _, entry = target.partition(SEPARATOR)
        return list(_in_archives(archive, entry, pid))
    if "/" in target:
        if is_glob(target):
            return sorted(path for path in _glob(target, root) if os.path.isfile(root + path))  # libraries need not be executable
        path = os.path.abspath(target) if root else target
        return [path] if os.path.isfile(root + path) or path in deleted(pid) else []
    if is_glob(target):
        fits = matcher(target)
        if pid:
            return sorted(path for path in _mapped(pid) if fits(path) or fits(os.path.basename(path)))
        return sorted(path for path in _programs() if fits(os.path.basename(path)))
    library = _library(target, root)
    if library:
        return [library]
    if not root and os.path.isfile(target):
        return [target]
    return next(([path] for path in (f"{folder}/{target}" for folder in _search_path()) if _is_program(root + path)), [])


def split_source(target: str, pid: int) -> "tuple[str, str, str]":
    """FILE@SOURCE as str.partition() gives it; a file of that name with its @ is no such thing."""
    head, at, tail = target.partition("@")
    return (target, "", "") if not at or os.path.isfile(process_root(pid) + target) else (head, at, tail)


def _in_archives(archive: str, entry: str, pid: int) -> "Iterator[str]":
    """ARCHIVE!/ENTRY of the entries that are meant, both of which may be globs."""
    from bttui.host.archives import names

    root = process_root(pid)
    for path in find_files(archive, pid):
        for name in sorted(select(entry, names(root + path))) if is_glob(entry) else [entry]:
            yield f"{path}{SEPARATOR}{name}"


def container(path: str) -> str:
    """The file to attach to: of an entry of an archive, the archive."""
    return path if os.path.exists(path) else path.partition(SEPARATOR)[0]


def executable(pid: int) -> str:
    """The path of the program that a process runs, as the process sees it; "" where that cannot be told."""
    try:
        return os.readlink(f"/proc/{pid}/exe").removesuffix(_DELETED)
    except OSError:
        return ""


def reachable(path: str, pid: int) -> str:
    """Where the file that a process means by ``path`` can be opened, also one that was deleted or replaced while it runs."""
    return deleted(pid).get(path) or process_root(pid) + path


def deleted(pid: int) -> "dict[str, str]":
    """{path: where it can be opened} of files that the process runs and that are not at their path any more."""
    found: "dict[str, str]" = {}
    there = set()
    for start_end, path in _mappings(pid) if pid else ():
        if path.endswith(_DELETED):
            # A link to the file itself, proc_pid_map_files(5).
            found.setdefault(path.removesuffix(_DELETED), f"/proc/{pid}/map_files/{start_end}")
        else:
            there.add(path)
    return {path: link for path, link in found.items() if path not in there}


def process_root(pid: int) -> str:
    """What to put before a path to reach the file that the process means by it; "" where that is the file itself."""
    if not pid:
        return ""
    try:
        # The same root may have other things mounted below it.
        (here, mounts), (there, theirs) = [(os.stat(f"/proc/{each}/root/"), os.stat(f"/proc/{each}/ns/mnt")) for each in ("self", pid)]
    except OSError:
        return ""
    same = (here.st_dev, here.st_ino, mounts.st_ino) == (there.st_dev, there.st_ino, theirs.st_ino)
    return "" if same else f"/proc/{pid}/root"


def _glob(pattern: str, root: str) -> "Iterator[str]":
    import glob

    for path in glob.iglob(glob.escape(root) + pattern):
        yield path[len(root) :]


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _search_path() -> "list[str]":
    return [folder for folder in os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin").split(":") if folder.startswith("/")]


def _programs() -> "Iterator[str]":
    for folder in dict.fromkeys(_search_path()):
        try:
            names = os.listdir(folder)
        except OSError:
            continue
        for name in names:
            if _is_program(f"{folder}/{name}"):
                yield f"{folder}/{name}"


def _mapped(pid: int) -> "set[str]":
    """Files whose code the process has mapped."""
    return {path.removesuffix(_DELETED) for _, path in _mappings(pid)}


def _mappings(pid: int) -> "list[tuple[str, str]]":
    """(addresses, path) of the code that the process has mapped from files (proc_pid_maps(5))."""
    found = []
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8", errors="surrogateescape") as file:
            for line in file:
                words = line.rstrip("\n").split(maxsplit=5)
                if len(words) == 6 and "x" in words[1] and words[5].startswith("/"):
                    start, _, end = words[0].partition("-")
                    found.append((f"{int(start, 16):x}-{int(end, 16):x}", words[5]))
    except OSError:
        pass
    return found


def _library(name: str, root: str) -> str:
    """The library with this soname ("libc.so.6"), or with this name before ".so" ("libc"); "" where there is none."""
    wanted = name if ".so" in name else name + ".so"
    for soname, path in _cached(root + _CACHE):
        if (soname in (name, wanted) or soname.startswith(wanted + ".")) and os.path.isfile(root + path):
            return path if root else os.path.realpath(path)
    for folder in _LIBRARY_FOLDERS:
        try:
            names = sorted(os.listdir(root + folder))
        except OSError:
            continue
        for each in names:
            if each in (name, wanted) or each.startswith(wanted + "."):
                return f"{folder}/{each}" if root else os.path.realpath(f"{folder}/{each}")
    return ""


def _cached(path: str) -> "list[tuple[str, str]]":
    """(soname, path) of the dynamic loader's cache; libraries for this kind of machine come first."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError:
        return []
    start = data.find(_MAGIC)
    if start < 0 or len(data) < start + _HEADER:
        return []
    (count,) = struct.unpack_from("=I", data, start + len(_MAGIC))
    if len(data) < start + _HEADER + count * _ENTRY.size:
        return []
    entries = []
    for flags, key, value, _, _ in _ENTRY.iter_unpack(data[start + _HEADER : start + _HEADER + count * _ENTRY.size]):
        # Bits 8-15 name the architecture; 0 is the machine's oldest one (32 bits).
        entries.append((not flags >> 8 & 0xFF, _text(data, start + key), _text(data, start + value)))
    return [(soname, path) for _, soname, path in sorted(entries, key=lambda entry: entry[0])]


def _text(data: bytes, at: int) -> str:
    return data[at : data.find(b"\0", at)].decode("utf-8", "surrogateescape")
