"""Addresses and names: ksym, usym, kaddr, uaddr, and of the network: ntop, macaddr; cgroups."""

from bttui.compiler.emit import Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.probe import user_symbol
from bttui.compiler.infer.rules import describe
from bttui.model import types
from bttui.probes.registers import registers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.compiler import ast
    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.host.elf import Elf
    from bttui.model.types import Type


class KernelSymbol(Function):
    name = "ksym"
    signature = "ksym(address)"
    doc = "The kernel symbol at an address."
    example = 'interval:s:1 { print(ksym(kaddr("do_exit"))); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, (types.Integer, types.Pointer)):
            typer.error(f"{self.name}() expects an integer or pointer argument ({describe(type_)} provided)", call)
        return types.KernelSymbol()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.KernelSymbol(), code.integer(call.arguments[0]))


class UserSymbol(KernelSymbol):
    name = "usym"
    signature = "usym(address)"
    doc = "The symbol at an address of the process that is running."
    example = 'uprobe:/bin/bash:readline { print(usym(reg("ip"))); exit(); }'

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        super().check(typer, call)
        return types.UserSymbol()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        memory = code.memory(types.UserSymbol())
        user_symbol(code, memory, code.integer(call.arguments[0]))
        return Value(types.UserSymbol(), memory, "memory")


class KernelAddress(Function):
    name = "kaddr"
    signature = 'kaddr("symbol")'
    doc = "The address of a kernel symbol, known at compile time."
    example = 'interval:s:1 { print(kaddr("do_exit")); exit(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        name = typer.text(call.arguments[0], "kaddr() symbol")
        call.note = None
        if name is not None:
            address = typer.host.kernel_symbols.address(name)
            if address is None:
                typer.error(f"Failed to resolve kernel symbol: {name}", call.arguments[0])
            call.note = address or 0
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.literal(call.note, types.UINT64)


class UserAddress(Function):
    name = "uaddr"
    signature = 'uaddr("symbol")'
    doc = "The address of a symbol of the probed program or library, as a pointer to an integer of its size."
    example = 'uprobe:/bin/bash:readline { print(*uaddr("ps1_prompt")); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        name = typer.text(call.arguments[0], "uaddr() symbol")
        body = typer.body
        paths = sorted({attachment.options["path"] for attachment in body.attachments if "path" in attachment.options})
        if "uaddr" not in body.context.capabilities:
            typer.error(f"uaddr can not be used with {body.provider} probes", call, hint="it needs a uprobe, uretprobe or usdt probe")
        elif name is not None:
            with typer.host.elf(paths[0]) as elf:
                found = elf.symbol(name)
                if found is None:
                    typer.error(f"Could not resolve symbol: {paths[0]}:{name}", call.arguments[0])
                    return None
                call.note = ("address", found[0], self.start(typer, elf))
            size = found[1] if found[1] in (1, 2, 4, 8) else 8
            return types.Pointer(target=types.Integer(size=size), space="user")
        return None

    @staticmethod
    def start(typer: "Typer", elf: "Elf") -> "int | None":
        """Where the probe is in a file that is loaded anywhere; None where addresses need no correction, or cannot get one."""
        offset = typer.body.attachments[0].options.get("offset")  # those of a body are one place
        if offset is None or typer.body.provider != "uprobe" or not elf.is_position_independent:
            return None
        return elf.virtual(offset)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        _, address, start = call.note
        if start is None:
            return Value(call.type, str(address))
        register = registers(code.typer.host.machine).instruction
        here = code.f.load(64, code.f.offset("%ctx", code.body.context.registers[register]), volatile=True)
        return Value(call.type, code.f.binary("add", 64, here, str(address - start)))


class NetworkAddress(Function):
    name = "ntop"
    signature = "ntop([family, ]address)"
    doc = "An IPv4 or IPv6 address as text; the address is a 4-byte integer, an array of 4 or 16 bytes, or that of a packet."
    example = "interval:s:1 { print(ntop((uint32)0x0100007f)); exit(); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if len(call.arguments) == 2:
            family = typer.expression(call.arguments[0])
            if family is not None and not isinstance(family, (types.Integer, types.Enum)):
                typer.error("ntop() expects an integer family", call.arguments[0])
        type_ = typer.expression(call.arguments[-1])
        if type_ is not None and not isinstance(type_, (types.Integer, types.Array, types.Pointer, types.String, types.Inet)):
            typer.error(f"ntop() expects an integer or array argument, got {describe(type_)}", call)
        if isinstance(type_, (types.Array, types.String)) and type_.size not in (4, 16):
            typer.error("ntop() argument must be 4 or 16 bytes in size", call)
        return types.Inet()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        memory = code.memory(types.Inet())
        value = code.load(code.expression(call.arguments[-1]))
        if isinstance(value.type, types.Inet):  # of a packet: it knows its family
            f.copy(memory, value.operand, 24)
            return Value(types.Inet(), memory, "memory")
        size = 4 if isinstance(value.type, types.Integer) else value.type.size
        family = code.integer(call.arguments[0]) if len(call.arguments) == 2 else "2" if size <= 4 else "10"
        f.zero(memory, 24, 1)
        f.store(64, family, memory, 1)
        if isinstance(value.type, types.Pointer):
            code.probe_read(f.offset(memory, 8), 16, code.pointed(value, types.Array(element=types.UINT8, count=16)))
        elif isinstance(value.type, types.Integer):
            f.store(32, code.as_integer(value, 32), f.offset(memory, 8), 1)
        else:
            f.copy(f.offset(memory, 8), value.operand, min(size, 16))
        return Value(types.Inet(), memory, "memory")


class MacAddress(Function):
    name = "macaddr"
    signature = "macaddr(char mac[6])"
    doc = "A hardware address as text."
    example = "interval:s:1 { print(macaddr((uint8[8])0x605040302010)); exit(); }"
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if (
            type_ is not None
            and not (isinstance(type_, (types.Array, types.String)) and type_.size >= 6)
            and not isinstance(type_, types.Pointer)
        ):
            typer.error(f"macaddr() only supports array or pointer arguments ({describe(type_)} provided)", call)
        return types.MacAddress()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        memory = code.memory(types.MacAddress())
        value = code.expression(call.arguments[0])
        if isinstance(value.type, types.Pointer):
            value = code.pointed(code.load(value), types.Array(element=types.UINT8, count=6))
        if value.place == "memory":
            code.f.copy(memory, value.operand, 6)
        else:
            code.probe_read(memory, 6, value)
        return Value(types.MacAddress(), memory, "memory")


class CgroupId(Function):
    name = "cgroupid"
    signature = 'cgroupid("path")'
    doc = "The id of a cgroup (version 2), known at compile time."
    example = 'tracepoint:raw_syscalls:sys_enter /cgroup == cgroupid("/sys/fs/cgroup")/ { @ = count(); }'
    least = most = 1

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        path = typer.text(call.arguments[0], "cgroupid() path")
        call.note = 0
        if path is not None:
            import os

            try:
                call.note = os.stat(path).st_ino
            except OSError as problem:
                typer.error(f"Cannot find the cgroup {path}: {problem.strerror}", call.arguments[0])
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.literal(call.note, types.UINT64)


class CgroupPath(Function):
    name = "cgroup_path"
    signature = "cgroup_path(id[, filter])"
    doc = "The path of a cgroup id; shown when it is printed."
    example = "tracepoint:raw_syscalls:sys_enter { @[cgroup_path(cgroup)] = count(); }"
    least, most = 1, 2

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, types.Integer):
            typer.error("cgroup_path() expects an integer id", call)
        text: str | None = ""
        if len(call.arguments) > 1:
            text = typer.text(call.arguments[1], "cgroup_path() filter")
        call.note = ("filter", text)
        return types.CgroupPath()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        memory = code.memory(types.CgroupPath())
        code.f.store(64, code.integer(call.arguments[0]), memory, 1)
        code.f.store(64, str(code.tables.string(call.note[1])), code.f.offset(memory, 8), 1)
        return Value(types.CgroupPath(), memory, "memory")
