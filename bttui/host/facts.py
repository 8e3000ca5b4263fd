"""The machine that programs are compiled for and run on. Reads only, and only what is asked for."""

import os
from functools import cached_property

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.host.btf import Btf
    from bttui.host.debug_types import DebugTypes
    from bttui.host.features import Features
    from bttui.host.kernel_symbols import KernelSymbols
    from bttui.host.tracefs import TraceFs


DEEPEST_STACK = "/proc/sys/kernel/perf_event_max_stack"


class Host:
    """Everything below ``root``: "/" for the running machine, or a folder with a recording of one.

    A recording holds files at their usual places (sys/kernel/btf/vmlinux, sys/kernel/tracing/events/...); what it
    lacks counts as absent. Each attribute is made when it is first used, and costs nothing before.
    """

    pointer_size = 8

    def __init__(self, root: str = "/") -> None:
        self.root = root

    def path(self, path: str) -> str:
        """Where the file with this absolute path lies below the root."""
        return path if self.root == "/" else os.path.join(self.root, path.lstrip("/"))

    def text(self, path: str) -> str:
        """The content of a small file, "" where it is absent or not for us."""
        try:
            with open(self.path(path), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    @property
    def live(self) -> bool:
        """Whether this is the running machine, not a recording of one."""
        return self.root == "/"

    @cached_property
    def btf(self) -> "Btf":
        from bttui.host.btf import Btf

        return Btf(self.path("/sys/kernel/btf"), os.environ.get("BPFTRACE_BTF", "") if self.live else "")

    @cached_property
    def tracefs(self) -> "TraceFs":
        from bttui.host.tracefs import TraceFs

        mounts = [self.path("/sys/kernel/tracing"), self.path("/sys/kernel/debug/tracing")]
        return TraceFs(next((m for m in mounts if os.path.isdir(m + "/events")), mounts[0]), self.btf)

    @cached_property
    def kernel_symbols(self) -> "KernelSymbols":
        from bttui.host.kernel_symbols import KernelSymbols

        return KernelSymbols(self.path("/proc/kallsyms"))

    @cached_property
    def features(self) -> "Features":
        from bttui.host.features import Features

        return Features(self)

    @cached_property
    def user_symbols(self) -> "Any":
        from bttui.host.user_symbols import UserSymbols

        return UserSymbols(self)

    def elf(self, path: str) -> "Any":
        """The ELF file at ``path`` (bttui.host.elf.Elf); "ARCHIVE!/ENTRY" is one in a zip archive."""
        from bttui.host.elf import Elf

        if "!/" in path and not os.path.exists(self.path(path)):
            from bttui.host.archives import entry

            return entry(self.path(path))
        return Elf(self.path(path))

    def debug_types(self, path: str) -> "DebugTypes | None":
        """The functions and types that the debugging information of the program at ``path`` knows; None without any.

        Kept until the file changes. Raises DiagnosticError for a file that cannot be read, or is damaged.
        """
        elf = self.elf(path)
        known = self._debug_types.get(path)
        if known is None or known[0] != elf.identity:
            from bttui.host.debug_info import find

            info = find(elf)
            if info is not None:
                from bttui.host.debug_types import DebugTypes
            known = self._debug_types[path] = elf.identity, DebugTypes(info, path) if info else None
        return known[1]

    @cached_property
    def _debug_types(self) -> "dict[str, tuple[object, DebugTypes | None]]":
        return {}

    @cached_property
    def cpus(self) -> int:
        """How many CPUs there can be: a per-CPU map has a value for each, also for those that are not there now."""
        return len(_cpu_list(self.text("/sys/devices/system/cpu/possible"))) or os.cpu_count() or 1

    @cached_property
    def online_cpus(self) -> "tuple[int, ...]":
        """Their numbers."""
        return _cpu_list(self.text("/sys/devices/system/cpu/online")) or tuple(range(self.cpus))

    @cached_property
    def deepest_stack(self) -> int:
        """The most frames of a stack that the kernel walks: the sysctl kernel.perf_event_max_stack."""
        limit = self.text(DEEPEST_STACK).strip()
        return int(limit) if limit.isdigit() and int(limit) else 127

    @cached_property
    def page_size(self) -> int:
        """Bytes."""
        return os.sysconf("SC_PAGE_SIZE")

    @cached_property
    def machine(self) -> str:
        """The architecture as uname(2) says it: "x86_64", "aarch64"."""
        # proc/sys/kernel/arch (Linux 6.1) holds it too, and can be recorded.
        return self.text("/proc/sys/kernel/arch").strip() or os.uname().machine


def _cpu_list(text: str) -> "tuple[int, ...]":
    """Parse the kernel's list format, "0-3,8" (Documentation/admin-guide/cputopology.rst)."""
    numbers: list[int] = []
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        if first.isdigit():
            numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)
