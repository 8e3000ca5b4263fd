"""Flags of the kernel's page allocator by name, for %gr (include/linux/gfp_types.h)."""

_COMBINED = {
    "GFP_TRANSHUGE": 0x21C24CA,
    "GFP_TRANSHUGE_LIGHT": 0x21C20CA,
    "GFP_HIGHUSER_MOVABLE": 0x2100CCA,
    "GFP_HIGHUSER": 0x100CC2,
    "GFP_USER": 0x100CC0,
    "GFP_KERNEL_ACCOUNT": 0x400CC0,
    "GFP_KERNEL": 0xCC0,
    "GFP_NOFS": 0xC40,
    "GFP_ATOMIC": 0x820,
    "GFP_NOIO": 0xC00,
    "GFP_NOWAIT": 0x2800,
    "GFP_DMA": 0x1,
    "GFP_DMA32": 0x4,
}
_BITS = {
    1: "HIGHMEM",
    5: "HIGH",
    6: "IO",
    7: "FS",
    8: "ZERO",
    10: "DIRECT_RECLAIM",
    11: "KSWAPD_RECLAIM",
    12: "WRITE",
    13: "NOWARN",
    14: "RETRY_MAYFAIL",
    15: "NOFAIL",
    16: "NORETRY",
    17: "MEMALLOC",
    18: "COMP",
    19: "NOMEMALLOC",
    20: "HARDWALL",
    21: "THISNODE",
    22: "ACCOUNT",
    23: "ZEROTAGS",
    24: "SKIP_ZERO",
    25: "SKIP_KASAN",
    26: "NO_OBJ_EXT",
}


def gfp_text(flags: int) -> str:
    """The widest combinations first, then single bits, then what has no name in hexadecimal."""
    flags &= 0xFFFFFFFFFFFFFFFF
    names = []
    for name, mask in _COMBINED.items():
        if flags & mask == mask:
            names.append(name)
            flags &= ~mask
    for bit, name in _BITS.items():
        if flags >> bit & 1:
            names.append(f"__GFP_{name}")
            flags &= ~(1 << bit)
    if flags or not names:
        names.append(f"{flags:#x}" if flags else "0")
    return "|".join(names)
