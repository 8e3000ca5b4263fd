"""Macros of the kernel's headers that programs use: type information (BTF) has no macros.

Python knows most of them. The others are part of what the kernel promises to user programs, or have not changed since
Linux 4.14; each line says where they stand.
"""

# What a name begins with: where its value is.
_MODULES = {
    "AF_": "socket",
    "E": "errno",
    "F_": "fcntl",
    "IPPROTO_": "socket",
    "MADV_": "mmap",
    "MAP_": "mmap",
    "O_": "os",
    "PROT_": "mmap",
    "SCHED_": "os",
    "S_I": "stat",
    "SIG": "signal",
    "SOCK_": "socket",
    "SOL_": "socket",
    "SO_": "socket",
}

_OTHERS = {
    # linux/icmp.h, linux/icmpv6.h
    **{"ICMP_ECHOREPLY": 0, "ICMP_DEST_UNREACH": 3, "ICMP_REDIRECT": 5, "ICMP_ECHO": 8, "ICMP_TIME_EXCEEDED": 11},
    **{"ICMPV6_DEST_UNREACH": 1, "ICMPV6_PKT_TOOBIG": 2, "ICMPV6_TIME_EXCEED": 3},
    **{"ICMPV6_ECHO_REQUEST": 128, "ICMPV6_ECHO_REPLY": 129},
    # linux/if_ether.h
    **{"ETH_ALEN": 6, "ETH_HLEN": 14, "ETH_P_IP": 0x0800, "ETH_P_ARP": 0x0806, "ETH_P_8021Q": 0x8100, "ETH_P_IPV6": 0x86DD},
    # linux/fs.h, linux/kdev_t.h, linux/limits.h
    **{"FMODE_READ": 1, "FMODE_WRITE": 2, "MINORBITS": 20, "MINORMASK": (1 << 20) - 1, "NAME_MAX": 255, "PATH_MAX": 4096},
    # linux/sched.h
    **{"TASK_RUNNING": 0, "TASK_INTERRUPTIBLE": 1, "TASK_UNINTERRUPTIBLE": 2, "PF_EXITING": 4, "PF_KTHREAD": 0x200000},
    **{"CLONE_VM": 0x100, "CLONE_FS": 0x200, "CLONE_FILES": 0x400, "CLONE_VFORK": 0x4000, "CLONE_THREAD": 0x10000},
    **{"CLONE_NEWNS": 0x20000, "CLONE_NEWUSER": 0x10000000, "CLONE_NEWPID": 0x20000000, "CLONE_NEWNET": 0x40000000},
    # vdso/time64.h
    **{"NSEC_PER_SEC": 1_000_000_000, "NSEC_PER_MSEC": 1_000_000, "NSEC_PER_USEC": 1000, "USEC_PER_SEC": 1_000_000},
}


def constant(name: str) -> "int | None":
    """AF_INET -> 2: of this machine's own interface; None for a name that is none of these."""
    if name in _OTHERS:
        return _OTHERS[name]
    name = name.replace("PF_", "AF_", 1) if name.startswith("PF_") else name
    for start, module in _MODULES.items():
        if name.startswith(start):
            from importlib import import_module

            value = getattr(import_module(module), name, None)
            if isinstance(value, int):
                return int(value)
    return None
