"""What numbers in records and maps stand for: symbols, stacks, times, names. Looked up once each."""

import os
import struct
import time

from bttui.model.frame import Symbol
from bttui.model.program import BUILD_ID_FRAME, IN_SECOND, stack_map
from bttui.model.types import Array, Record, Stack, Tuple, UserSymbol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bttui.host.facts import Host
    from bttui.model.program import Program
    from bttui.model.types import Field, Struct, Type

_MOST_STACKS = 100_000  # remembered at a time
_BUILD_ID = struct.Struct("=i20sQ")  # see model.program.BUILD_ID_FRAME
_VALID, _ADDRESS = 1, 2  # BPF_STACK_BUILD_ID_VALID, BPF_STACK_BUILD_ID_IP


class Lookup:
    """``frames(map name, stack id)`` reads a stack from the kernel, b"" where it is gone."""

    def __init__(self, program: "Program", host: "Host", frames: "Callable[[str, int], bytes]" = lambda map, identity: b""):
        self.program = program
        self.host = host
        self._frames = frames
        self._probes = {attachment.cookie: attachment.name for attachment in program.attachments}  # one cookie for a place named twice
        self.longest = int(program.config.get("max_strlen", 1024))  # bytes of str(); see cut()
        self._fresh = program.config.get("cache_user_symbols") == "NONE"
        self._sources = bool(program.config.get("show_debug_info"))
        self._demangles = bool(program.config.get("cpp_demangle", True))
        self._trailer = str(program.config.get("str_trunc_trailer", ".."))
        self._stacks: "dict[tuple[object, ...], tuple[Symbol, ...]]" = {}
        self._users: "dict[int, str]" = {}
        self._offsets: "dict[int, int]" = {}
        self._cgroups: "dict[int, str]" = {}

    def fields(self, type_: "Struct") -> "tuple[Field, ...]":
        if type_.fields is not None:
            return type_.fields
        found = self.host.btf.struct(type_.name)
        return (found.fields or ()) if found else ()

    def probe(self, index: int) -> str:
        return self._probes.get(index, "")

    def cut(self, raw: bytes) -> str:
        """A string up to its NUL; one of str() that has none was longer, and says so (config variable str_trunc_trailer)."""
        whole, nul, _ = raw.partition(b"\0")
        text = whole.decode("utf-8", "surrogateescape")
        return text if nul or len(raw) != self.longest else text + self._trailer

    def string(self, index: int) -> str:
        return self.program.strings[index] if index < len(self.program.strings) else ""

    @property
    def needs_user_symbols(self) -> bool:
        """Whether the program records addresses of user code, which have names only while we follow its processes."""
        maps = [part for map in self.program.maps for part in (map.key, map.value) if part]
        arguments = [argument.type for output in self.program.outputs for argument in output.arguments]
        return any(
            isinstance(part, UserSymbol) or (isinstance(part, Stack) and part.space == "user" and part.mode in ("bpftrace", "perf"))
            for type_ in maps + arguments
            for part in _parts(type_)
        )

    def kernel_symbol(self, address: int) -> Symbol:
        return self.host.kernel_symbols.symbolize(address)

    def user_symbol(self, address: int, process: int, started: int) -> Symbol:
        symbol = self.host.user_symbols.symbolize(process, address, started, fresh=self._fresh)
        name = self._demangled(symbol.name)
        return symbol if name == symbol.name else symbol.replace(name=name)

    def _demangled(self, name: str) -> str:
        if self._demangles and name.startswith(("_Z", "_R")):
            from bttui.host.demangle import demangle

            return demangle(name)
        return name

    def stack(self, type_: "Stack", identity: int, process: int, started: int) -> "tuple[Symbol, ...]":
        """() for an id below 0: the error that bpf_get_stackid gave instead."""
        if identity < 0:
            return ()
        key = (type_.space, type_.mode, type_.depth, identity, process, started)
        known = self._stacks.get(key)
        if known is None:
            if len(self._stacks) >= _MOST_STACKS:
                self._stacks.clear()
            frames = self._frames(stack_map(type_.mode, type_.depth, bool(identity & IN_SECOND)), identity & ~IN_SECOND)
            addresses = () if type_.mode == "build_id" else _addresses(frames)
            if type_.mode == "build_id":
                known = _places(frames)
            elif type_.mode == "raw":
                known = tuple([Symbol(address) for address in addresses])
            elif type_.space == "kernel":
                known = tuple([self.kernel_symbol(address) for address in addresses])
            else:
                known = tuple([self.user_symbol(address, process, started) for address in addresses])
                if self._sources and type_.mode == "bpftrace":
                    known = tuple(
                        [s for at, symbol in enumerate(known) for s in self._with_source(symbol, process, started, caller=at > 0)]
                    )
            if not self._fresh or type_.space == "kernel":
                self._stacks[key] = known
        return known

    def _with_source(self, symbol: Symbol, process: int, started: int, caller: bool) -> "list[Symbol]":
        """The functions that were put inline there, innermost first, and the one whose code it is; each with its line."""
        # The address of a caller is behind its call, which may be another line's already.
        places = self.host.user_symbols.source(process, symbol.address - caller, started) if symbol.name else []
        if not places:
            return [symbol]
        inlined = [symbol.replace(name=self._demangled(name), offset=0, source=place, inlined=True) for name, place in places[:-1]]
        return [*inlined, symbol.replace(source=places[-1][1])]

    def username(self, number: int) -> str:
        known = self._users.get(number)
        if known is None:
            import pwd

            try:
                known = pwd.getpwuid(number).pw_name
            except KeyError:
                known = ""
            self._users[number] = known
        return known

    def timestamp(self, clock: int, nanoseconds: int, format: int) -> str:
        """``clock``: see model.types.Timestamp. %f in the format is microseconds."""
        wall = nanoseconds + self._wall_offset(clock)
        fraction = f"{wall // 1000 % 1_000_000:06d}"
        return time.strftime(self.string(format).replace("%f", fraction), time.localtime(wall // 10**9))

    def _wall_offset(self, clock: int) -> int:
        """Nanoseconds from the clock to CLOCK_REALTIME, measured once: differences between times stay exact."""
        if clock not in self._offsets:
            source = {0: time.CLOCK_MONOTONIC, 1: time.CLOCK_BOOTTIME}.get(clock, time.CLOCK_TAI)
            self._offsets[clock] = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.clock_gettime_ns(source)
        return self._offsets[clock]

    def cgroup_path(self, identity: int, pattern: int = 0) -> str:
        """HIERARCHY:PATH of each mounted hierarchy that has the id (the inode number of a folder of cgroupfs).

        ``pattern`` is the index of a glob in Program.strings that selects hierarchies; "" selects all.
        """
        glob = self.string(pattern)
        known = self._cgroups.get(identity)
        if known is None:
            known = self._cgroups[identity] = ",".join(_cgroup_paths(identity, glob))
        return known


def _addresses(frames: bytes) -> "tuple[int, ...]":
    found = struct.unpack(f"={len(frames) // 8}Q", frames)
    return found[: found.index(0)] if 0 in found else found


def _places(frames: bytes) -> "tuple[Symbol, ...]":
    """Of a stack by build id: ``module`` is the build id and ``offset`` the place in the file, where the kernel knew them."""
    found = []
    for at in range(0, len(frames), BUILD_ID_FRAME):
        status, build_id, place = _BUILD_ID.unpack_from(frames, at)
        if status == _VALID:
            found.append(Symbol(0, offset=place, module=build_id.hex()))
        elif status == _ADDRESS:
            found.append(Symbol(place))
        else:
            break
    return tuple(found)


def _parts(type_: "Type") -> "Iterator[Type]":
    """The type, and those that it is made of."""
    yield type_
    if isinstance(type_, Tuple):
        inner = type_.elements
    elif isinstance(type_, Record):
        inner = tuple(field.type for field in type_.fields)
    else:
        inner = (type_.element,) if isinstance(type_, Array) else ()
    for each in inner:
        yield from _parts(each)


def _cgroup_paths(identity: int, glob: str) -> "list[str]":
    found = []
    for name, root in _hierarchies():
        if glob and not _fits(name, glob):
            continue
        for folder, _, _ in os.walk(root):
            try:
                if os.stat(folder).st_ino == identity:
                    found.append(f"{name}:/{os.path.relpath(folder, root)}".removesuffix("."))
                    break
            except OSError:
                continue
    return found


def _fits(name: str, glob: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(name, glob)


def _hierarchies() -> "list[tuple[str, str]]":
    """(name, mount point) of each cgroup mount, by name; the one of version 2 is called "unified" and comes first.

    See proc_pid_mounts(5). A hierarchy that is mounted more than once counts once.
    """
    found: "dict[str, str]" = {}
    with open("/proc/self/mounts") as mounts:
        for line in mounts:
            _, point, kind, *_ = line.split()
            if kind in ("cgroup", "cgroup2"):
                found.setdefault("unified" if kind == "cgroup2" else os.path.basename(point), point)
    return sorted(found.items(), key=lambda entry: (entry[0] != "unified", entry[0]))
