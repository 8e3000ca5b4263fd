"""Which kernel functions can be traced."""

import os
import sys
from bisect import bisect_left
from functools import lru_cache

from bttui.probes.matching import literal_beginning, matcher, near_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bttui.host.facts import Host
    from bttui.probes.provider import Options

# RCU's own functions are called by the tracing itself; the idle functions run where RCU does not watch; the last is
# rewritten at run time. The kernel lists them as traceable all the same.
_UNSAFE = frozenset(("arch_cpu_idle", "default_idle", "bpf_dispatcher_xdp_func"))
_UNSAFE_PREFIX = "rcu_"


@lru_cache(maxsize=4)
def traceable(host: "Host", file: str = "") -> "dict[str, tuple[str, ...]]":
    """Function -> the modules that have one of this name ("vmlinux" for the kernel proper, first), sorted.

    From ``file`` (--traceable-functions), else from ftrace's list; where that may not be read, the functions that
    have both types and a symbol.
    """
    text, given = "", False
    try:
        with open(file or host.tracefs.path + "/available_filter_functions", encoding="utf-8", errors="replace") as source:
            text, given = source.read(), bool(file)
    except OSError:
        pass
    # Some forty thousand lines: what can be done to all of them by one call is.
    found: "dict[str, tuple[str, ...]]" = {}
    functions: "Iterable[tuple[str, str]]"
    if text or given:
        lines = text.splitlines()
        found = dict.fromkeys([line for line in lines if " " not in line], ("vmlinux",))
        words = (line.split(" ", 1) for line in lines if " " in line)
        functions = ((name, module[1:-1]) for name, module in words)
    else:
        typed = set(host.btf.functions())
        functions = ((name, module) for name, module in host.kernel_symbols.functions() if name in typed)
    for name, module in functions:
        homes = found.get(name, ())
        if module not in homes:
            found[name] = (*homes, module)
    for name in _UNSAFE.intersection(found):
        del found[name]
    names = sorted(found)
    first, end = _beginning(_UNSAFE_PREFIX, names)
    del names[first:end]
    return dict(zip(names, map(found.__getitem__, names), strict=True))


def _beginning(text: str, names: "list[str]") -> "tuple[int, int]":
    """Where the names that begin so lie in a sorted list."""
    return bisect_left(names, text), bisect_left(names, text + chr(sys.maxunicode))


@lru_cache(maxsize=4)
def forbidden(host: "Host") -> "frozenset[str]":
    """Functions in which the kernel allows no kprobe: they would be called by the handling of one. See kernel/kprobes.c."""
    lines = (line.split() for line in host.text("/sys/kernel/debug/kprobes/blacklist").splitlines())
    return frozenset(words[1] for words in lines if len(words) >= 2)


def _traceable(host: "Host", options: "Options | None") -> "dict[str, tuple[str, ...]]":
    return traceable(host, options.traceable_functions if options else "")


def select_functions(module: str, function: str, host: "Host", options: "Options | None" = None) -> "Iterator[tuple[str, str]]":
    """(module, function) of the traceable functions that two globs mean."""
    function_fits, module_fits = matcher(function), matcher(module)
    known = _traceable(host, options)
    names = list(known)
    first, end = _beginning(literal_beginning(function), names)
    for name in filter(function_fits, names[first:end]):
        for home in known[name]:
            if module_fits(home):
                yield home, name


def exists(name: str, host: "Host") -> bool:
    """Whether the kernel has such a function, as far as one can see without reading long lists."""
    if host.btf.function(name) is not None or host.kernel_symbols.address(name) is not None:
        return True
    return not host.btf.exists and host.kernel_symbols.hidden  # nobody can tell: attaching will


def without_kprobes(host: "Host", options: "Options") -> bool:
    return "kprobe" in options.no_features or not host.features.has("kprobe")


def fentry_works(host: "Host", options: "Options") -> bool:
    """Whether the kernel lets us trace functions by trampolines; some are built with them and forbid it."""
    if "fentry" in options.no_features or not host.features.has("fentry"):
        return False
    from bttui.loader.attempts import fentry

    return host.features.tried("fentry works", lambda: fentry(host))


def module_loaded(name: str, host: "Host") -> bool:
    return name == "vmlinux" or os.path.isdir(host.path(f"/sys/module/{name}"))


def alternatives(function: str, host: "Host", returns: bool = False) -> "list[str]":
    """Tracepoints that seem to be about the same as a function, for a kernel that cannot trace functions; best first.

    Their names share whole words: vfs_read and sys_enter_read, blk_account_io_start and block_io_start.
    """
    words = set(function.split("_"))
    scored = []
    for subsystem, event in host.tracefs.events():
        theirs = event.split("_")
        common = len(words.intersection(theirs))
        if common and not (subsystem == "syscalls" and theirs[1] == ("enter" if returns else "exit")):
            # A system call's first two words say nothing about it.
            length = len(theirs) - 2 if subsystem == "syscalls" else len(theirs)
            scored.append((-common / (len(words) + length - common), event, f"tracepoint:{subsystem}:{event}"))
    scored.sort()
    return [name for score, _, name in scored[:3] if score <= scored[0][0] / 1.5]


def near_functions(name: str, host: "Host", options: "Options | None" = None) -> "list[str]":
    """Functions that look like this one, for "did you mean"."""
    return near_names(name, list(_traceable(host, options)))
