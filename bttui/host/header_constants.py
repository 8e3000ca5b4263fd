"""Macros of the kernel's headers that programs use, as far as Python knows them: type information (BTF) has no macros."""

# What a name begins with: where its value is.
_MODULES = {
    "AF_": "socket",
    "E": "errno",
    "F_": "fcntl",
    "IPPROTO_": "socket",
    "O_": "os",
    "S_I": "stat",
    "SIG": "signal",
    "SOCK_": "socket",
    "SOL_": "socket",
    "SO_": "socket",
}


def constant(name: str) -> "int | None":
    """AF_INET -> 2: of this machine's own interface; None for a name that is none of these."""
    name = name.replace("PF_", "AF_", 1) if name.startswith("PF_") else name
    for start, module in _MODULES.items():
        if name.startswith(start):
            from importlib import import_module

            value = getattr(import_module(module), name, None)
            if isinstance(value, int):
                return int(value)
    return None
