"""The files that processes run: held open while they can be reached, their symbols kept while they are in use."""

import os
import stat

from bttui.host.elf import Elf, identity
from bttui.model.diagnostic import DiagnosticError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.host.elf_symbols import Symbols
    from bttui.host.processes import Mapping
    from bttui.host.source_lines import SourceLines

_MOST_FILES = 4096
_MOST_OPEN = 256
_MOST_TABLES = 128
_MOST_LINES = 32
VDSO = "[vdso]"


class Binaries:
    def __init__(self) -> None:
        self._files: "dict[object, Elf | None]" = {}
        self._open: "dict[Elf, None]" = {}
        self._tables: "dict[object, Symbols]" = {}
        self._lines: "dict[object, SourceLines | None]" = {}

    def of(self, pid: int, mapping: "Mapping") -> "Elf | None":
        """The file that a process has mapped. To be asked while the process lives: later, only its path is left."""
        if mapping.path == VDSO:
            return self._known(VDSO) or self._keep(VDSO, _vdso())
        if not mapping.inode:
            return None
        inside = f"/proc/{pid}/root{mapping.path}"
        # map_files needs no path: the file may be deleted, or another one may have its name.
        exact = f"/proc/{pid}/map_files/{mapping.start:x}-{mapping.end:x}"
        for place, same_device in ((mapping.path, True), (inside, False), (exact, False), (mapping.path, False)):
            try:
                found = os.stat(place)
            except (OSError, ValueError):
                continue
            # On overlayfs and btrfs, what is mapped and what is seen by its path differ in their device.
            if found.st_ino == mapping.inode and stat.S_ISREG(found.st_mode) and (found.st_dev == mapping.device or not same_device):
                key = identity(found)
                return self._known(key) if key in self._files else self._keep(key, self._opened(place, inside))
        return None

    def _known(self, key: object) -> "Elf | None":
        """Once more the last to go."""
        if key not in self._files:
            return None
        elf = self._files[key] = self._files.pop(key)
        return elf

    def _keep(self, key: object, elf: "Elf | None") -> "Elf | None":
        self._files[key] = elf
        if len(self._files) > _MOST_FILES:
            del self._files[next(iter(self._files))]
        return elf

    def _opened(self, place: str, inside: str) -> "Elf | None":
        try:
            elf = Elf(place)
        except DiagnosticError:
            return None
        if "/map_files/" in place:
            elf.path = inside  # where its debug file may be
        self._open[elf] = None
        if len(self._open) > _MOST_OPEN:
            oldest = next(iter(self._open))
            del self._open[oldest]
            oldest.close()
        return elf

    def lines(self, elf: Elf) -> "SourceLines | None":
        """None where the file has no debugging information, or is gone."""
        key = elf.build_id or elf.identity
        if key not in self._lines:
            from bttui.host.debug_info import find
            from bttui.host.source_lines import SourceLines

            if len(self._lines) >= _MOST_LINES:
                del self._lines[next(iter(self._lines))]
            try:
                info = find(elf)
                self._lines[key] = SourceLines(elf, info) if info else None
            except DiagnosticError:
                self._lines[key] = None
        return self._lines[key]

    def symbols(self, elf: Elf) -> "Symbols":
        """Read when first asked; then the file is closed. Files of one build id share them."""
        key = elf.build_id or elf.identity
        found = self._tables.pop(key, None)
        if found is None:
            found = elf.read_symbols()
            if len(self._tables) >= _MOST_TABLES:
                del self._tables[next(iter(self._tables))]
        if self._open.pop(elf, 0) is None:
            elf.close()
        self._tables[key] = found
        return found


def _vdso() -> "Elf | None":
    """The page of code that the kernel maps into each process: ours is like all others of our kind."""
    from bttui.host.processes import maps

    for mapping in maps(os.getpid(), code_only=True):
        if mapping.path == VDSO:
            try:
                with open("/proc/self/mem", "rb", buffering=0) as memory:
                    memory.seek(mapping.start)
                    return Elf(VDSO, memory.read(mapping.end - mapping.start))
            except (OSError, DiagnosticError):
                return None
    return None
