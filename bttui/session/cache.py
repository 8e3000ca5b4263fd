"""Compiled programs on disk: a program that ran before needs no compiler.

The folder is used only where it belongs to us and nobody else can write to it, nor put another one in its place. What
is read from it is trusted as much as our own code.
"""

import binascii
import marshal
import os
import stat

from bttui import __version__
from bttui.host.facts import DEEPEST_STACK
from bttui.model.data import pack, unpack

# Whose classes may be named in a file of the cache.
from bttui.model.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler.options import CompileOptions

MOST_FILES = 256
# What these stand for can change while the text and the kernel stay the same.
_FLEETING_PROVIDERS = frozenset({"uprobe", "uretprobe", "usdt", "xdp", "tc"})
_FLEETING_WORDS = ("cgroupid", "uaddr", "include", "import")


def folder() -> str:
    """Where programs are kept, "" where there is no safe place. A run by sudo stays out of the caller's home."""
    if "SUDO_UID" in os.environ and os.geteuid() == 0:
        base = "/root/.cache"
    else:
        base = os.environ.get("XDG_CACHE_HOME", "")
        base = base if os.path.isabs(base) else os.path.join(os.path.expanduser("~"), ".cache")
    if not _ours_alone(base):
        return ""
    path = os.path.join(base, "bttui")
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        try:
            if not os.path.isdir(base):
                os.mkdir(base, 0o700)  # but never a home that is not there, as nobody's
            os.mkdir(path, 0o700)
            found = os.lstat(path)
        except OSError:
            return ""
    except OSError:
        return ""
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
    return path if safe else ""


def _ours_alone(path: str) -> bool:
    """Whether nobody but us and root can rename what is in a folder or, as far as they are there, in those above it."""
    path = os.path.realpath(path)
    while True:
        try:
            found = os.stat(path)
        except FileNotFoundError:
            found = None
        except OSError:
            return False
        if found:
            writers = found.st_mode & (0o002 if found.st_gid in (0, os.getegid()) else 0o022)  # a user's own group is common
            if found.st_uid not in (0, os.geteuid()) or (writers and not found.st_mode & stat.S_ISVTX):
                return False
        if path == "/":
            return True
        path = os.path.dirname(path)


def key(text: str, file: str, options: "CompileOptions") -> bytes:
    """Everything that a Program depends on: the text, the options, our own code, and this boot of this kernel."""
    facts = (text, file, pack(options), __version__, _own_code(), _kernel())
    return repr(facts).encode(errors="surrogateescape")


def _name(key: bytes) -> str:
    """Of the file. Two keys may share one: the file holds its key, and the later program takes the place."""
    return f"{binascii.crc32(key):08x}"  # hashlib would take as long to import as all the rest of the cache


def _own_code() -> "list[tuple[str, int, int]]":
    """Name, size and time of each file that compiles."""
    root = os.path.dirname(os.path.dirname(__file__))
    found = []
    for room in ("compiler", "compiler/functions", "compiler/infer", "compiler/lower", "probes", "model", "host"):
        with os.scandir(os.path.join(root, room)) as files:
            for file in files:
                if file.name.endswith(".py"):
                    facts = file.stat()
                    found.append((f"{room}/{file.name}", facts.st_size, facts.st_mtime_ns))
    return sorted(found)


def _kernel() -> "tuple[object, ...]":
    """Build id, boot id (addresses differ from boot to boot), which modules brought types and events, the depth of stacks.

    And the pid namespace, which is in the code of programs that ask who is running.
    """
    modules = sorted(os.listdir("/sys/kernel/btf")) if os.path.isdir("/sys/kernel/btf") else []
    return (
        _bytes("/sys/kernel/notes"),
        _bytes("/proc/sys/kernel/random/boot_id"),
        tuple(modules),
        _bytes("/proc/modules", 1 << 20),
        _bytes(DEEPEST_STACK),
        os.stat("/proc/self/ns/pid").st_ino if os.path.exists("/proc/self/ns/pid") else 0,
    )


def _bytes(path: str, most: int = 4096) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read(most)
    except OSError:
        return b""


def read(key: bytes) -> "Program | None":
    place = folder()
    if not place:
        return None
    try:
        with open(os.path.join(place, _name(key)), "rb") as file:
            checksum, content = file.read(4), file.read()
        if binascii.crc32(content).to_bytes(4, "little") != checksum:  # marshal does not look where it reads
            return None
        its_key, packed = marshal.loads(content)
        program = unpack(packed) if its_key == key else None
        return program if isinstance(program, Program) else None
    except (OSError, ValueError, EOFError, TypeError, KeyError, IndexError):
        return None


def write(key: bytes, program: Program) -> None:
    """Keep a program, if it may be kept. Says nothing where that fails: the next run compiles again."""
    if any(attachment.provider in _FLEETING_PROVIDERS for attachment in program.attachments):
        return
    if any(spec.attach_program for spec in program.programs):
        return  # numbers of running programs
    if any(word in program.source for word in _FLEETING_WORDS):
        return
    place = folder()
    if not place:
        return
    fresh = os.path.join(place, f".{_name(key)}.{os.getpid()}")
    try:
        fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "wb") as file:
            content = marshal.dumps((key, pack(program)))
            file.write(binascii.crc32(content).to_bytes(4, "little") + content)
        os.replace(fresh, os.path.join(place, _name(key)))
        _shrink(place)
    except OSError:
        return


def _shrink(place: str) -> None:
    """Remove the oldest quarter when there are too many."""
    with os.scandir(place) as files:
        found = sorted((file.stat().st_mtime_ns, file.path) for file in files)
    if len(found) > MOST_FILES:
        for _, path in found[: MOST_FILES // 4]:
            os.unlink(path)
