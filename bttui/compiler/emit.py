"""Text of an LLVM module for the BPF target: functions, maps, globals, and the debug metadata libbpf needs.

Values are operand strings ("%7", "42"). Everything that BPF's back end would end the process on (large stack use,
memset of unknown size, floats, 128-bit integers) cannot be said here. Metadata follows what libbpf reads: BTF-defined
maps carry numbers as array lengths (tools/lib/bpf/bpf_helpers.h, __uint), programs have no argument types.
"""

from bttui.model import types
from bttui.model.data import Data
from bttui.model.diagnostic import Span
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LAYOUT = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
STACK_LIMIT = 512  # bytes, MAX_BPF_STACK of <linux/filter.h>, for a whole chain of calls
COPY_INLINE = 128  # bytes; longer ones go through a helper, the back end has no memcpy to call


class Helper:
    """Numbers of enum bpf_func_id, <linux/bpf.h>."""

    map_lookup_elem = 1
    map_update_elem = 2
    map_delete_elem = 3
    probe_read = 4
    ktime_get_ns = 5
    trace_printk = 6
    get_prandom_u32 = 7
    get_smp_processor_id = 8
    get_current_pid_tgid = 14
    get_current_uid_gid = 15
    get_current_comm = 16
    skb_load_bytes = 26
    get_stackid = 27
    get_current_task = 35
    probe_write_user = 36
    get_numa_node_id = 42
    override_return = 58
    get_stack = 67
    get_current_cgroup_id = 80
    send_signal = 109
    probe_read_user = 112
    probe_read_kernel = 113
    probe_read_user_str = 114
    probe_read_kernel_str = 115
    send_signal_thread = 117
    jiffies64 = 118
    get_ns_current_pid_tgid = 120
    ktime_get_boot_ns = 125
    seq_printf = 126
    seq_write = 127
    ringbuf_output = 130
    ringbuf_reserve = 131
    ringbuf_submit = 132
    d_path = 147
    this_cpu_ptr = 154
    per_cpu_ptr = 153
    for_each_map_elem = 164
    get_func_ip = 173
    get_attach_cookie = 174
    get_current_task_btf = 158
    loop = 181
    get_func_ret = 184
    xdp_load_bytes = 189
    map_lookup_percpu_elem = 195
    ktime_get_tai_ns = 208


def quote(text: "str | bytes") -> str:
    """As an LLVM string."""
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    return '"' + "".join(chr(b) if 32 <= b < 127 and b not in (34, 92) else f"\\{b:02x}" for b in raw) + '"'


class Value(Data):
    """What an expression became.

    ``place`` is "value" (``operand`` is an SSA integer of the type's size; bool is i8), "memory" (a ptr that may be
    read directly: stack, scratch, map value), "context" (the same in the program's context), or "kernel" / "user"
    (``operand`` is an i64 address that must be read through a helper).
    """

    type: "Type"
    operand: str
    place: str = "value"
    length: str = ""  # for a string in memory: an i64, the bytes used with the NUL, where that is known


class Module:
    def __init__(self, file: str, source: str, licence: str = "GPL"):
        self._metadata: list[str] = []
        self._memo: dict[str, str] = {}
        self._globals: list[str] = []
        self._global_nodes: list[str] = []
        self._functions: list[Function] = []
        self._declarations: set[str] = set()
        self.file = self.node(f'!DIFile(filename: {quote(file)}, directory: "", source: {quote(source)})')
        self.integer = self.node('!DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)')
        self._unit = self.reserve()
        self._routine = self.node(f"!DISubroutineType(types: !{{{self.integer}}})")
        name = licence.encode() + b"\0"
        debug = self._variable("_license", '!DIBasicType(name: "license", size: 32, encoding: DW_ATE_unsigned)')
        self._globals.append(f'@_license = global [{len(name)} x i8] c{quote(name)}, section "license", align 1, !dbg {debug}')

    def reserve(self) -> str:
        self._metadata.append("")
        return f"!{len(self._metadata) - 1}"

    def node(self, text: str, distinct: bool = False) -> str:
        """Metadata as written; equal nodes are one."""
        if not distinct and text in self._memo:
            return self._memo[text]
        self._metadata.append(("distinct " if distinct else "") + text)
        name = f"!{len(self._metadata) - 1}"
        self._memo[text] = name
        return name

    def declare(self, text: str) -> None:
        self._declarations.add(text)

    def _variable(self, name: str, type_text: str, defined: str = "true") -> str:
        type_ = type_text if type_text[1:].isdigit() else self.node(type_text)
        variable = self.node(
            f'!DIGlobalVariable(name: "{name}", scope: {self._unit}, file: {self.file}, line: 1, type: {type_}, isLocal: false, isDefinition: {defined})',
            distinct=True,
        )
        expression = self.node(f"!DIGlobalVariableExpression(var: {variable}, expr: !DIExpression())")
        self._global_nodes.append(expression)
        return expression

    def map(self, symbol: str, bpf_type: int, key_size: int, value_size: int, max_entries: int, flags: int = 0) -> None:
        members, offset = [], 0
        values = {"type": bpf_type, "max_entries": max_entries, "key_size": key_size, "value_size": value_size, "map_flags": flags}
        for name, number in values.items():
            if not number:
                continue
            subrange = self.node(f"!DISubrange(count: {number})")
            array = self.node(
                f"!DICompositeType(tag: DW_TAG_array_type, baseType: {self.integer}, size: {32 * number}, elements: !{{{subrange}}})"
            )
            pointer = self.node(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {array}, size: 64)")
            members.append(
                self.node(
                    f'!DIDerivedType(tag: DW_TAG_member, name: "{name}", file: {self.file}, baseType: {pointer}, size: 64, offset: {offset})'
                )
            )
            offset += 64
        struct = self.node(
            f"!DICompositeType(tag: DW_TAG_structure_type, file: {self.file}, size: {offset}, elements: !{{{', '.join(members)}}})",
            distinct=True,
        )
        debug = self._variable(symbol, struct)
        self._globals.append(f'@{symbol} = global [{len(members)} x i64] zeroinitializer, section ".maps", align 8, !dbg {debug}')

    def constant(self, data: bytes) -> str:
        """A pointer to read-only bytes (a global of .rodata)."""
        key = "@data:" + data.hex()
        if key not in self._memo:
            name = f"rodata{len(self._globals)}"
            size = self.node(f"!DISubrange(count: {len(data)})")
            byte = self.node('!DIBasicType(name: "char", size: 8, encoding: DW_ATE_signed_char)')
            type_ = self.node(f"!DICompositeType(tag: DW_TAG_array_type, baseType: {byte}, size: {8 * len(data)}, elements: !{{{size}}})")
            debug = self._variable(name, type_)
            self._globals.append(f'@{name} = constant [{len(data)} x i8] c{quote(data)}, section ".rodata", align 8, !dbg {debug}')
            self._memo[key] = f"@{name}"
        return self._memo[key]

    def variable(self, name: str) -> str:
        """A u32 that all programs share (a global of .bss); 0 at first."""
        key = "@variable:" + name
        if key not in self._memo:
            debug = self._variable(name, '!DIBasicType(name: "unsigned int", size: 32, encoding: DW_ATE_unsigned)')
            self._globals.append(f'@{name} = global i32 0, section ".bss", align 4, !dbg {debug}')
            self._memo[key] = f"@{name}"
        return self._memo[key]

    def kernel_variable(self, name: str, type_: Type) -> str:
        """A variable of the kernel, by the name that its BTF has; libbpf finds it, and wants a type of the same kind."""
        key = "@kernel:" + name
        if key not in self._memo:
            debug = self._variable(name, self._kind(type_), "false")
            self._globals.append(f'@{name} = external global [{max(type_.size, 1)} x i8], section ".ksyms", align 8, !dbg {debug}')
            self._memo[key] = f"@{name}"
        return self._memo[key]

    def _kind(self, type_: Type) -> str:
        """Debug metadata of a type of this kind and size."""
        if isinstance(type_, types.Pointer):
            target = "null" if isinstance(type_.target, types.Void) else self._kind(type_.target)
            return self.node(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {target}, size: 64)")
        if isinstance(type_, types.Array):
            count = self.node(f"!DISubrange(count: {type_.count})")
            element = self._kind(type_.element)
            return self.node(
                f"!DICompositeType(tag: DW_TAG_array_type, baseType: {element}, size: {8 * type_.size}, elements: !{{{count}}})"
            )
        if isinstance(type_, types.Struct):
            tag = "union" if type_.name.startswith("union") else "structure"
            return self.node(
                f'!DICompositeType(tag: DW_TAG_{tag}_type, name: "kernel", file: {self.file}, size: {8 * type_.size}, elements: !{{}})'
            )
        return self.node(f'!DIBasicType(name: "number{type_.size}", size: {8 * type_.size}, encoding: DW_ATE_unsigned)')

    def function(self, name: str, section: str = "", span: "Span | None" = None, parameters: str = "ptr %ctx") -> "Function":
        """A program (with a section) or a local function that libbpf links in (without)."""
        flags = "DISPFlagDefinition" if section else "DISPFlagLocalToUnit | DISPFlagDefinition"
        line = span.line if span else 1
        scope = self.node(
            f'!DISubprogram(name: "{name}", scope: {self.file}, file: {self.file}, line: {line}, type: {self._routine}, '
            f"scopeLine: {line}, spFlags: {flags}, unit: {self._unit})",
            distinct=True,
        )
        function = Function(self, name, section, scope, parameters)
        self._functions.append(function)
        return function

    def kernel_function(self, name: str, returns: Type, *parameters: Type) -> str:
        """Declare a function of the kernel that programs may call (kfunc): the start of a call of it."""
        kinds = ", ".join("null" if isinstance(each, types.Void) else self._kind(each) for each in (returns, *parameters))
        routine = self.node(f"!DISubroutineType(types: !{{{kinds}}})")
        scope = self.node(f'!DISubprogram(name: "{name}", scope: {self.file}, file: {self.file}, line: 1, type: {routine}, spFlags: 0)')
        result, *arguments = map(self._machine_type, (returns, *parameters))
        self.declare(f'declare !dbg {scope} {result} @{name}({", ".join(arguments)}) section ".ksyms"')
        return f"call {result} @{name}"

    @staticmethod
    def _machine_type(type_: Type) -> str:
        if isinstance(type_, types.Bool):
            return "zeroext i1"
        return "void" if isinstance(type_, types.Void) else "ptr" if isinstance(type_, types.Pointer) else f"i{8 * type_.size}"

    def text(self) -> str:
        self._metadata[int(self._unit[1:])] = (
            f'distinct !DICompileUnit(language: DW_LANG_C11, file: {self.file}, producer: "bttui", isOptimized: true, runtimeVersion: 0, '
            f"emissionKind: FullDebug, globals: !{{{', '.join(self._global_nodes)}}})"
        )
        functions = [function.text() for function in self._functions]
        flags = [self.node('!{i32 2, !"Dwarf Version", i32 5}'), self.node('!{i32 2, !"Debug Info Version", i32 3}')]
        return "\n".join(
            [
                f'target datalayout = "{LAYOUT}"\ntarget triple = "bpf"',
                *self._globals,
                *functions,
                *sorted(self._declarations),
                f"!llvm.dbg.cu = !{{{self._unit}}}",
                f"!llvm.module.flags = !{{{', '.join(flags)}}}",
                *(f"!{number} = {text}" for number, text in enumerate(self._metadata)),
                "",
            ]
        )


class Function:
    """Instructions are appended to the current block; each carries the source place set by ``at``."""

    def __init__(self, module: Module, name: str, section: str, scope: str, parameters: str):
        self.module, self.name, self.section, self.scope, self.parameters = module, name, section, scope, parameters
        self._entry: list[str] = []
        self.prologue: list[str] = []  # complete lines that run first
        self.result = "0"  # what it returns where nothing else is said
        self._lines: list[str] = []
        self._count = 0
        self._place = ""
        self.stack_used = 0
        self.terminated = False
        self.at(None)

    def at(self, span: "Span | None") -> None:
        """Instructions from here on come from this place in the program text; what is imported has none there."""
        if span is not None and span.source and self._place:
            return
        line, column = (span.line, min(span.column, 1000)) if span else (1, 1)
        self._place = self.module.node(f"!DILocation(line: {line}, column: {column}, scope: {self.scope})")

    def name_for(self, hint: str) -> str:
        self._count += 1
        return f"{hint}{self._count}"

    def line(self, text: str) -> None:
        if self.terminated:
            self.label(self.name_for("dead"))
        self._lines.append(f"  {text}, !dbg {self._place}")

    def value(self, text: str) -> str:
        name = "%" + self.name_for("v")
        self.line(f"{name} = {text}")
        return name

    # --- blocks

    def block(self, hint: str = "b") -> str:
        """A label to be placed later with ``label``."""
        return self.name_for(hint)

    def label(self, name: str) -> None:
        if not self.terminated:
            if self._lines:
                self.jump(name)
            else:
                self._lines.append(f"  br label %{name}, !dbg {self._place}")
        self._lines.append(f"{name}:")
        self.terminated = False

    def jump(self, name: str) -> None:
        self.line(f"br label %{name}")
        self.terminated = True

    def branch(self, condition: str, then: str, otherwise: str) -> None:
        """``condition`` is an i1."""
        self.line(f"br i1 {condition}, label %{then}, label %{otherwise}")
        self.terminated = True

    def ret(self, operand: str = "") -> None:
        self.line(f"ret i64 {operand or self.result}")
        self.terminated = True

    # --- memory

    def stack(self, size: int, align: int = 8) -> str:
        """Stack memory for the whole function; the caller keeps it small."""
        name = "%" + self.name_for("s")
        size = max(size, 1)
        self._entry.append(f"  {name} = alloca [{size} x i8], align {align}")
        self.stack_used += -(-size // 8) * 8
        return name

    def offset(self, pointer: str, offset: "int | str") -> str:
        if offset == 0:
            return pointer
        return self.value(f"getelementptr i8, ptr {pointer}, i64 {offset}")

    def opaque(self, number: str) -> str:
        """The same 64 bits, of which LLVM knows nothing: else it adds to an address by setting bits, which the verifier refuses."""
        return self.value(f'call i64 asm "", "=r,0"(i64 {number})')

    def load(self, bits: int, pointer: str, align: int = 0, volatile: bool = False) -> str:
        """``volatile``: of the context, which is to be read where it is said and at a fixed place."""
        number = self.value(f"load {'volatile ' if volatile else ''}i{bits}, ptr {pointer}, align {align or bits // 8}")
        if volatile:
            # LLVM would make one read of two in different branches, from either place, and the verifier refuses that.
            # Instructions that are no instructions keep them apart, as no two have the same operand.
            self.line(f'call void asm sideeffect "", "i"(i64 {self._count})')
        return number

    def load_pointer(self, pointer: str) -> str:
        return self.value(f"load ptr, ptr {pointer}, align 8")

    def store(self, bits: int, operand: str, pointer: str, align: int = 0, volatile: bool = False) -> None:
        self.line(f"store {'volatile ' if volatile else ''}i{bits} {operand}, ptr {pointer}, align {align or bits // 8}")

    def store_pointer(self, operand: str, pointer: str) -> None:
        self.line(f"store ptr {operand}, ptr {pointer}, align 8")

    def zero(self, pointer: str, size: int, align: int = 8) -> None:
        if size > COPY_INLINE:
            # reading from address 0 fails at once and leaves the destination zeroed (kernel/trace/bpf_trace.c)
            self.call(Helper.probe_read_kernel, f"ptr {pointer}", f"i32 {size}", "ptr null")
        elif size:
            self.module.declare("declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)")
            self.line(f"call void @llvm.memset.p0.i64(ptr align {align} {pointer}, i8 0, i64 {size}, i1 false)")

    def copy(self, to: str, source: str, size: int, align: int = 1) -> None:
        """Between memory that may be accessed directly."""
        if size > COPY_INLINE:
            self.call(Helper.probe_read_kernel, f"ptr {to}", f"i32 {size}", f"ptr {source}")
        elif size:
            self.module.declare("declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")
            self.line(f"call void @llvm.memcpy.p0.p0.i64(ptr align {align} {to}, ptr align {align} {source}, i64 {size}, i1 false)")

    # --- arithmetic

    def binary(self, operation: str, bits: int, left: str, right: str) -> str:
        return self.value(f"{operation} i{bits} {left}, {right}")

    def compare(self, predicate: str, bits: "int | str", left: str, right: str) -> str:
        """An i1. ``bits`` may be "ptr"."""
        kind = bits if isinstance(bits, str) else f"i{bits}"
        return self.value(f"icmp {predicate} {kind} {left}, {right}")

    def resize(self, operand: str, bits: int, to_bits: int, signed: bool) -> str:
        if bits == to_bits:
            return operand
        if bits > to_bits:
            return self.value(f"trunc i{bits} {operand} to i{to_bits}")
        return self.value(f"{'sext' if signed and bits > 1 else 'zext'} i{bits} {operand} to i{to_bits}")

    def select(self, condition: str, bits: int, then: str, otherwise: str) -> str:
        return self.value(f"select i1 {condition}, i{bits} {then}, i{bits} {otherwise}")

    def to_pointer(self, operand: str) -> str:
        return self.value(f"inttoptr i64 {operand} to ptr")

    def to_integer(self, operand: str) -> str:
        return self.value(f"ptrtoint ptr {operand} to i64")

    # --- calls

    def call(self, helper: int, *arguments: str) -> str:
        """A kernel helper by number; arguments with their LLVM types ("ptr %x", "i64 5"). Returns an i64."""
        return self.value(f"call i64 inttoptr (i64 {helper} to ptr)({', '.join(arguments)})")

    def call_pointer(self, helper: int, *arguments: str) -> str:
        """The same for a helper that returns a pointer or null."""
        return self.value(f"call ptr inttoptr (i64 {helper} to ptr)({', '.join(arguments)})")

    def call_function(self, name: str, arguments: "Sequence[str]") -> str:
        return self.value(f"call i64 @{name}({', '.join(arguments)})")

    def text(self) -> str:
        kind = "" if self.section else "internal "
        section = f' section "{self.section}"' if self.section else " noinline"
        if not self.terminated:
            self.ret()
        return "\n".join(
            [
                f"define {kind}i64 @{self.name}({self.parameters}){section} !dbg {self.scope} {{",
                "entry:",
                *self._entry,
                *self.prologue,
                *self._lines,
                "}",
            ]
        )
