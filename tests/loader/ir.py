"""Small BPF objects for the loader's tests, from LLVM IR written by hand: what the compiler makes, without the compiler."""

import re

from bttui.loader import bpf
from bttui.model.diagnostic import Span
from bttui.model.program import BpfProgram, MapSpec, Program


class Module:
    """Collects maps and programs; ``program()`` compiles them. In a body, ``@@3`` ends a line that belongs to source line 3."""

    def __init__(self, source="// nothing\n"):
        self.source = source
        self.maps = []
        self.programs = []
        self._text = []
        self._metadata = []
        self._globals = []
        escaped = "".join(c if c.isalnum() or c in " @.:;{}()[]=,/" else f"\\{ord(c):02X}" for c in source)
        self._file = self._node(f'!DIFile(filename: "stdin", directory: "", source: "{escaped}")')
        self._int = self._node('!DIBasicType(name: "int", size: 32, encoding: DW_ATE_signed)')
        self._function = self._node(f"!DISubroutineType(types: !{{{self._int}}})")
        # Filled in by text(), when the globals are known.
        self._unit = self._node("")

    def _node(self, text):
        self._metadata.append(text)
        return f"!{len(self._metadata) - 1}"

    def map(self, name, type, entries, key_size=0, value_size=0, symbol=""):
        symbol = symbol or re.sub(r"\W", "m_", name)
        spec = MapSpec(name, symbol, type, key_size, value_size, entries)
        numbers = {"type": type, "max_entries": entries} | ({"key_size": key_size, "value_size": value_size} if key_size else {})
        members = []
        for i, (member, number) in enumerate(numbers.items()):
            count = self._node(f"!DISubrange(count: {number})")
            array = self._node(f"!DICompositeType(tag: DW_TAG_array_type, baseType: {self._int}, size: 32, elements: !{{{count}}})")
            pointer = self._node(f"!DIDerivedType(tag: DW_TAG_pointer_type, baseType: {array}, size: 64)")
            member = f'name: "{member}", baseType: {pointer}, size: 64, offset: {64 * i}'
            members.append(self._node(f"!DIDerivedType(tag: DW_TAG_member, {member})"))
        shape = f"file: {self._file}, size: {64 * len(members)}, elements: !{{{', '.join(members)}}}"
        struct = self._node(f"!DICompositeType(tag: DW_TAG_structure_type, {shape})")
        self._global(symbol, f"global [{len(members)} x i64] zeroinitializer", ".maps", struct)
        self.maps.append(spec)
        return f"@{symbol}"

    def variable(self, name, section=".bss", value=0):
        """An i32 in a section of global variables."""
        self._global(name, f"global i32 {value}", section, self._int)
        return f"@{name}"

    def _global(self, name, initial, section, type):
        place = f"scope: {self._unit}, file: {self._file}, line: 1, type: {type}"
        variable = self._node(f'distinct !DIGlobalVariable(name: "{name}", {place}, isLocal: false, isDefinition: true)')
        expression = self._node(f"!DIGlobalVariableExpression(var: {variable}, expr: !DIExpression())")
        self._globals.append(expression)
        self._text.append(f'@{name} = {initial}, section "{section}", align 8, !dbg {expression}')

    def function(self, name, type, section, body, attach_type=0, attach_to="", line=1):
        subprogram = self._node(
            f'distinct !DISubprogram(name: "{name}", scope: {self._file}, file: {self._file}, line: {line}, type: {self._function},'
            f" scopeLine: {line}, spFlags: DISPFlagDefinition | DISPFlagOptimized, unit: {self._unit})"
        )
        locations = {}

        def location(found):
            number = found[1] or str(line)
            if number not in locations:
                locations[number] = self._node(f"!DILocation(line: {number}, column: 1, scope: {subprogram})")
            return f", !dbg {locations[number]}"

        body = re.sub(r"@@(\d*)", location, body)
        self._text.append(f'define i32 @{name}(ptr %ctx) nounwind section "{section}" !dbg {subprogram} {{\n{body}\n}}')
        start = sum(len(text) + 1 for text in self.source.split("\n")[: line - 1])
        self.programs.append(BpfProgram(name, type, attach_type, attach_to, Span(start, start + 1, line, 1, line, 2)))

    def text(self):
        self._metadata[int(self._unit[1:])] = (
            f'distinct !DICompileUnit(language: DW_LANG_C11, file: {self._file}, producer: "tests", isOptimized: true, runtimeVersion: 0,'
            f" emissionKind: FullDebug, globals: !{{{', '.join(self._globals)}}}, splitDebugInlining: false)"
        )
        flags = [self._node('!{i32 7, !"Dwarf Version", i32 5}'), self._node('!{i32 2, !"Debug Info Version", i32 3}')]
        return "\n".join(
            [
                'target datalayout = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"',
                'target triple = "bpf"',
                '@LICENSE = global [4 x i8] c"GPL\\00", section "license"',
                *self._text,
                f"!llvm.dbg.cu = !{{{self._unit}}}",
                f"!llvm.module.flags = !{{{', '.join(flags)}}}",
                *(f"!{i} = {text}" for i, text in enumerate(self._metadata)),
            ]
        )

    def program(self):
        return Program(compile_object(self.text()), self.source, tuple(self.programs), (), tuple(self.maps), ())


def compile_object(text):
    import llvmlite.binding as llvm

    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_triple("bpf").create_target_machine(cpu="v3", opt=2)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=2))
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    return machine.emit_object(module)


def helper(number, arguments="", result="i64"):
    return f"call {result} inttoptr (i64 {number} to ptr)({arguments})"


_counter = 0


def add_one(map, key):
    """Code that adds 1 to a u64 at ``key`` (an i32 or i64 alloca) of a map; continues at a block of its own."""
    global _counter
    _counter += 1
    n = f"c{_counter}"
    return f"""
  store i64 1, ptr %one @@
  %{n}.old = {helper(1, f"ptr {map}, ptr {key}", "ptr")} @@
  %{n}.found = icmp ne ptr %{n}.old, null @@
  br i1 %{n}.found, label %{n}.add, label %{n}.insert @@
{n}.add:
  %{n}.sum = atomicrmw add ptr %{n}.old, i64 1 monotonic @@
  br label %{n}.done @@
{n}.insert:
  %{n}.error = {helper(2, f"ptr {map}, ptr {key}, ptr %one, i64 1")} @@
  br label %{n}.done @@
{n}.done:"""


def of_process(pid, then):
    """A program's body: ``then`` for that process only, with allocas %key (i32, holds pid), %wide (i64) and %one (i64)."""
    return f"""
  %key = alloca i32, align 8
  %wide = alloca i64, align 8
  %one = alloca i64, align 8
  %both = {helper(14)} @@
  %high = lshr i64 %both, 32 @@
  %pid = trunc i64 %high to i32 @@
  store i32 %pid, ptr %key @@
  %mine = icmp eq i32 %pid, {pid} @@
  br i1 %mine, label %body, label %out @@
body:
{then}
  br label %out @@
out:
  ret i32 0 @@"""


def syscall_is(number, load, then):
    """``then`` only in system call ``number``; ``load`` computes %id (i64)."""
    return f"""
  {load}
  %wanted = icmp eq i64 %id, {number} @@
  br i1 %wanted, label %match, label %other @@
match:
{then}
  br label %other @@
other:"""


# Where the number of the system call lies: the second u64 of a raw tracepoint, after the common fields of a tracepoint.
ID = "%at = getelementptr i8, ptr %ctx, i64 8 @@\n  %id = load i64, ptr %at @@"


def send(ring, words):
    """Code that writes i64 values (IR operands) as one record without a wake-up, or drops it where the ring is full."""
    global _counter
    _counter += 1
    n = f"r{_counter}"
    lines = [
        f"  %{n}.record = {helper(131, f'ptr {ring}, i64 {8 * len(words)}, i64 0', 'ptr')} @@",
        f"  %{n}.got = icmp ne ptr %{n}.record, null @@",
        f"  br i1 %{n}.got, label %{n}.fill, label %{n}.done @@",
        f"{n}.fill:",
    ]
    for i, word in enumerate(words):
        lines.append(f"  %{n}.at{i} = getelementptr i8, ptr %{n}.record, i64 {8 * i} @@")
        lines.append(f"  store i64 {word}, ptr %{n}.at{i} @@")
    lines += [f"  {helper(132, f'ptr %{n}.record, i64 1', 'void')} @@", f"  br label %{n}.done @@", f"{n}.done:"]
    return "\n".join(lines)


def raw_tracepoint(module, name, body, **more):
    module.function(name, bpf.RAW_TRACEPOINT, "raw_tp", body, **more)


def tracepoint(module, name, body, **more):
    module.function(name, bpf.TRACEPOINT, "tracepoint", body, **more)
