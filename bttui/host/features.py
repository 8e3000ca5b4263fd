"""What this kernel can do, each thing under a name, found by looking it up and never by the kernel's version.

Type information says which helpers, structs and constants a kernel was built with; without it, the symbols do.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bttui.host.facts import Host


class Features:
    """``has(name)``: a key of TESTS, or "helper:NAME" (a BPF helper without the bpf_), "map_type:NAME",

    "program_type:NAME", "attach_type:NAME" (of enum bpf_map_type and so on, lower case), "kfunc:NAME".
    Says what the kernel was built with. Whether it lets this user do it is another question, answered by trying.
    """

    def __init__(self, host: "Host") -> None:
        self._host = host
        self._known: dict[str, bool] = {}

    def tried(self, name: str, attempt: "Callable[[], bool]") -> bool:
        """What ``attempt()`` found out, once. On a recording nothing works."""
        if name not in self._known:
            self._known[name] = self._host.live and attempt()
        return self._known[name]

    def has(self, name: str) -> bool:
        """Raises KeyError for a name that means nothing here."""
        known = self._known.get(name)
        if known is None:
            kind, colon, rest = name.partition(":")
            known = self._known[name] = _KINDS[kind](self._host, rest) if colon else TESTS[name](self._host)
        return known


def _constant(host: "Host", name: str) -> bool:
    """Whether the kernel's interface has this constant."""
    return host.btf.enum_constant(name) is not None


def _structure(host: "Host", name: str, member: str = "", symbol: str = "") -> bool:
    """Whether the kernel was built with this struct (and member); ``symbol`` is a function that tells the same."""
    if not host.btf.exists:
        return bool(symbol) and host.kernel_symbols.address(symbol) is not None
    found = host.btf.struct("struct " + name)
    return found is not None and (not member or any(f.name == member for f in found.fields or ()))


def _function(host: "Host", name: str) -> bool:
    if host.btf.exists:
        return host.btf.id("func", name) is not None
    return host.kernel_symbols.address(name) is not None


def _helper(host: "Host", name: str) -> bool:
    if host.btf.exists:
        return _constant(host, "BPF_FUNC_" + name)
    return host.kernel_symbols.address("bpf_" + name) is not None


def _pmu(host: "Host", name: str) -> bool:
    """Whether perf_event_open(2) knows this kind of event."""
    return os.path.exists(host.path(f"/sys/bus/event_source/devices/{name}/type"))


def _kprobe_multi(host: "Host") -> bool:
    # These structs are compiled in only with CONFIG_FPROBE and CONFIG_UPROBES (kernel/trace/bpf_trace.c);
    # the attach types are numbers of the interface, and there either way.
    return _structure(host, "bpf_kprobe_multi_link", symbol="bpf_kprobe_multi_link_release")


def _uprobe_multi(host: "Host") -> bool:
    return _structure(host, "bpf_uprobe_multi_link", symbol="bpf_uprobe_multi_link_release")


_KINDS: "dict[str, Callable[[Host, str], bool]]" = {
    "helper": _helper,
    "map_type": lambda host, name: _constant(host, "BPF_MAP_TYPE_" + name.upper()),
    "program_type": lambda host, name: _constant(host, "BPF_PROG_TYPE_" + name.upper()),
    "attach_type": lambda host, name: _constant(host, "BPF_" + name.upper()),
    "kfunc": _function,
}
TESTS: "dict[str, Callable[[Host], bool]]" = {
    "btf": lambda host: host.btf.exists,
    "module_btf": lambda host: _structure(host, "btf_module"),  # CONFIG_DEBUG_INFO_BTF_MODULES
    "tracefs": lambda host: host.tracefs.exists,
    "kprobe": lambda host: _pmu(host, "kprobe"),
    "uprobe": lambda host: _pmu(host, "uprobe"),
    "kprobe_multi": _kprobe_multi,
    "uprobe_multi": _uprobe_multi,
    "kprobe_session": lambda host: _kprobe_multi(host) and _constant(host, "BPF_TRACE_KPROBE_SESSION"),
    "uprobe_session": lambda host: _uprobe_multi(host) and _constant(host, "BPF_TRACE_UPROBE_SESSION"),
    "fentry": lambda host: _function(host, "bpf_trampoline_link_prog") and _function(host, "register_ftrace_direct"),
    "iter": lambda host: _function(host, "bpf_iter_task"),
    # BPF_LINK_CREATE for perf events, and with it cookies for tracepoints, kprobes and uprobes (Linux 5.15)
    "perf_link": lambda host: _structure(host, "bpf_perf_link", symbol="bpf_perf_link_release"),
    "raw_tp_cookie": lambda host: _structure(host, "bpf_raw_tp_link", "cookie"),
    # The verifier's limit went from 4096 instructions to a million together with this helper (Linux 5.2).
    "large_programs": lambda host: _helper(host, "strtol"),
}


def info(host: "Host") -> "list[tuple[str, list[tuple[str, str]]]]":
    """What --info tells of the machine: sections of (label, value), in the order to be shown."""
    system = os.uname()
    has = host.features.has

    def rows(*named: "tuple[str, str]") -> "list[tuple[str, str]]":
        return [(label, "yes" if has(name) else "no") for label, name in named]

    return [
        ("System", [("OS", f"{system.sysname} {system.release} {system.version}"), ("Arch", host.machine)]),
        (
            "Kernel helpers",
            rows(
                ("dpath", "helper:d_path"),
                ("get_tai_ns", "helper:ktime_get_tai_ns"),
                ("get_func_ip", "helper:get_func_ip"),
                ("lookup_percpu_elem", "helper:map_lookup_percpu_elem"),
                ("loop", "helper:loop"),
            ),
        ),
        (
            "Kernel features",
            [("Instruction limit", "1000000" if has("large_programs") else "4096"), *rows(("btf", "btf"), ("module btf", "module_btf"))],
        ),
        (
            "Probe types",
            rows(
                ("kprobe_multi", "kprobe_multi"),
                ("uprobe_multi", "uprobe_multi"),
                ("kprobe_session", "kprobe_session"),
                ("iter", "iter"),
            ),
        ),
    ]
