"""The BPF programs that the machine runs, and the functions they consist of."""

import ctypes
import os
import struct

from bttui.host.btf_blob import Blob
from bttui.loader import bpf

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

# struct bpf_prog_info and bpf_btf_info, <linux/bpf.h>
_INFO_SIZE, _TYPE, _BTF, _FUNCTIONS = 232, 0, 128, 132
_RECORD = 8  # struct bpf_func_info: an instruction's offset, a type's number


class RunningProgram:
    """``numbers`` of ``types`` are its functions: the program itself first, then what it calls."""

    def __init__(self, ident: int, type: int, types: Blob, numbers: "list[int]"):
        self.id, self.type, self.types, self.numbers = ident, type, types, numbers

    def names(self) -> "list[str]":
        return [self.types.name(number) for number in self.numbers]

    def number(self, name: str) -> "int | None":
        """The type of this function of it."""
        return next((number for number in self.numbers if self.types.name(number) == name), None)


def running() -> "Iterator[RunningProgram]":
    """Those that say what their functions are called. Nothing where we may not ask (CAP_SYS_ADMIN is needed)."""
    types: "dict[int, Blob]" = {}
    try:
        for ident in bpf.ids(bpf.PROG_GET_NEXT_ID):
            found = _program(ident, types)
            if found:
                yield found
    except PermissionError:
        return


def find(ident: int) -> "RunningProgram | None":
    """One of them by its number."""
    try:
        return _program(ident, {})
    except PermissionError:
        return None


def _program(ident: int, types: "dict[int, Blob]") -> "RunningProgram | None":
    """``types``: blobs by number, as far as they are known; the programs of one object share one."""
    try:
        program = bpf.by_id(bpf.PROG_GET_FD_BY_ID, ident)
    except FileNotFoundError:
        return None  # it has ended meanwhile
    try:
        information = bpf.info(program, _INFO_SIZE)
        (type,) = struct.unpack_from("=I", information, _TYPE)
        (btf,) = struct.unpack_from("=I", information, _BTF)
        (count,) = struct.unpack_from("=I", information, _FUNCTIONS + 12)
        if not btf or not count:
            return None
        if btf not in types:
            types[btf] = Blob(f"BPF program {ident}", data=_type_information(btf))
        return RunningProgram(ident, type, types[btf], _function_types(program, count))
    except FileNotFoundError:
        return None
    finally:
        os.close(program)


def _function_types(program: int, count: int) -> "list[int]":
    records = ctypes.create_string_buffer(_RECORD * count)
    asked = bytearray(_INFO_SIZE)
    struct.pack_into("=IQI", asked, _FUNCTIONS, _RECORD, bpf.address(records), count)
    bpf.info(program, _INFO_SIZE, bytes(asked))
    return [number for _, number in struct.iter_unpack("=II", records.raw)]


def _type_information(ident: int) -> bytes:
    fd = bpf.by_id(bpf.BTF_GET_FD_BY_ID, ident)
    try:
        _, size = struct.unpack_from("=QI", bpf.info(fd, 16))
        held = ctypes.create_string_buffer(size)
        bpf.info(fd, 16, struct.pack("=QII", bpf.address(held), size, 0))
        return held.raw
    finally:
        os.close(fd)
