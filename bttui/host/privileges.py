"""Whether this process may trace."""

from bttui.model.diagnostic import Diagnostic

_CAPABILITIES = "CapEff:"  # of /proc/PID/status: proc_pid_status(5)
_SYS_ADMIN, _PERFMON_AND_BPF = 1 << 21, 3 << 38  # bits of <linux/capability.h>: the first includes the others
HINT = "run it as root, or with CAP_BPF and CAP_PERFMON"


def refusal() -> "Diagnostic | None":
    """Why it may not, None where it may."""
    with open("/proc/self/status") as file:
        held = next((int(line.split()[1], 16) for line in file if line.startswith(_CAPABILITIES)), 0)
    if held & _SYS_ADMIN or held & _PERFMON_AND_BPF == _PERFMON_AND_BPF:
        return None
    return Diagnostic("bttui needs the privilege to trace", hint=HINT)
