"""Who is running: pid, tid, uid, gid, comm, cpu, cgroup, curtask and relatives."""

from bttui.compiler import ast
from bttui.compiler.emit import Helper, Value
from bttui.compiler.functions import Function
from bttui.compiler.functions.kernel import allowed
from bttui.compiler.infer.names import find_field
from bttui.compiler.infer.rules import describe
from bttui.model import types
from bttui.model.program import CHILD

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.compiler.infer.typer import Typer
    from bttui.compiler.lower.code import Code
    from bttui.model.types import Type


class Number(Function):
    """A helper call, a shift, a size."""

    builtin = True
    helper = 0
    shift = 0
    kind: types.Integer = types.UINT64

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return self.kind

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        number = code.f.call(self.helper)
        if self.shift:
            number = code.f.binary("lshr", 64, number, str(self.shift))
        return Value(self.kind, code.f.resize(number, 64, self.kind.size * 8, False))


class ProcessId(Number):
    name = "pid"
    signature = "pid or pid(curr_ns|init)"
    doc = "Process id (thread group id), as this tracer's own pid namespace sees it."
    example = "tracepoint:raw_syscalls:sys_enter { @[pid] = count(); }"
    most = 1
    helper = Helper.get_current_pid_tgid
    shift = 32
    kind = types.UINT32

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if call.arguments:
            word = call.arguments[0]
            if not isinstance(word, ast.Identifier) or word.name not in ("curr_ns", "init"):
                typer.error(f"Invalid PID namespace mode: {getattr(word, 'name', '')}", word, hint="use curr_ns or init")
            elif word.name == "init" or not own_namespace():
                call.note = ("init", word.name == "init")
                return self.kind
        call.note = ("own", own_namespace())
        return self.kind

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        namespace = call.note[1] if call.note and call.note[0] == "own" else None
        if not namespace:
            return super().lower(code, call)
        # struct bpf_pidns_info { u32 pid; u32 tgid; }: pid is the thread's
        return Value(self.kind, code.f.load(32, code.f.offset(_numbers(code, *namespace), 4 if self.shift else 0)))


def own_process(code: "Code") -> str:
    """The process that is running, by its number in our /proc: an i64; 0 where our pid namespace does not have it."""
    namespace = own_namespace()
    if not namespace:
        return code.f.binary("lshr", 64, code.f.call(Helper.get_current_pid_tgid), "32")
    return code.f.resize(code.f.load(32, code.f.offset(_numbers(code, *namespace), 4)), 32, 64, False)


def _numbers(code: "Code", device: int, inode: int) -> str:
    """struct bpf_pidns_info of who is running: the kernel clears it where the namespace is another one."""
    memory = code.temporary(8)
    code.f.call(Helper.get_ns_current_pid_tgid, f"i64 {device}", f"i64 {inode}", f"ptr {memory}", "i32 8")
    return memory


def own_namespace() -> "tuple[int, int] | None":
    """(device, inode) of our pid namespace where it is not the machine's first (inode PROC_PID_INIT_INO)."""
    import os

    status = os.stat("/proc/self/ns/pid")
    return None if status.st_ino == 0xEFFFFFFC else (status.st_dev, status.st_ino)


class ThreadId(ProcessId):
    name = "tid"
    signature = "tid or tid(curr_ns|init)"
    doc = "Thread id."
    example = "tracepoint:raw_syscalls:sys_enter { @[tid] = count(); }"
    shift = 0


class UserId(Number):
    name = "uid"
    signature = "uid"
    doc = "User id."
    example = "tracepoint:raw_syscalls:sys_enter { @[uid] = count(); }"
    helper = Helper.get_current_uid_gid
    kind = types.UINT32


class GroupId(UserId):
    name = "gid"
    signature = "gid"
    doc = "Group id."
    example = "tracepoint:raw_syscalls:sys_enter { @[gid] = count(); }"
    shift = 32


class Username(UserId):
    name = "username"
    signature = "username"
    doc = "Name of the user."
    example = "tracepoint:raw_syscalls:sys_enter { @[username] = count(); }"

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return types.Username()

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        uid = code.f.resize(code.f.call(self.helper), 64, 32, False)
        return Value(types.Username(), code.f.resize(uid, 32, 64, False))


class Cpu(Number):
    name = "cpu"
    signature = "cpu"
    doc = "Number of the CPU."
    example = "profile:hz:99 { @[cpu] = count(); }"
    helper = Helper.get_smp_processor_id
    kind = types.UINT32


class NumaNode(Number):
    name = "numaid"
    signature = "numaid"
    doc = "Number of the NUMA node."
    example = "profile:hz:99 { @[numaid] = count(); }"
    helper = Helper.get_numa_node_id
    kind = types.UINT32


class Cgroup(Number):
    name = "cgroup"
    signature = "cgroup"
    doc = "Id of the cgroup (version 2)."
    example = "tracepoint:raw_syscalls:sys_enter { @[cgroup] = count(); }"
    helper = Helper.get_current_cgroup_id


class Random(Number):
    name = "rand"
    signature = "rand"
    doc = "A pseudo-random number."
    example = "interval:s:1 { print(rand % 6 + 1); exit(); }"
    helper = Helper.get_prandom_u32
    kind = types.UINT32


class CpuCount(Function):
    name = "ncpus"
    signature = "ncpus"
    doc = "How many CPUs there may be."
    example = "interval:s:1 { print(ncpus); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        return types.UINT64

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.UINT64, str(code.typer.host.cpus))


class ChildId(Function):
    name = "cpid"
    signature = "cpid"
    doc = "Process id of the command started with -c."
    example = "tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @ = count(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        if not typer.options.child and not typer.asks_for_child:
            typer.warn("No child command (`-c`); cpid is zero", call)
        return typer.own_scalar(CHILD, types.UINT32, call)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return code.own_scalar(CHILD, types.UINT32, call)


class HasChild(Function):
    name = "has_cpid"
    signature = "has_cpid"
    doc = "Whether a command was started with -c."
    example = "interval:s:1 { print(has_cpid); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        typer.asks_for_child = True
        call.note = int(bool(typer.options.child))
        return types.BOOL

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        return Value(types.BOOL, str(call.note))


class CurrentTask(Function):
    name = "curtask"
    signature = "curtask"
    doc = "The kernel's struct task_struct of the thread that is running."
    example = "interval:s:1 { print(curtask.pid); exit(); }"
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type":
        struct = typer.host.btf.type("struct task_struct") if typer.host.btf.exists else None
        if struct is None:
            return types.UINT64
        return types.Pointer(target=types.Struct(name="struct task_struct", size=struct.size), space="kernel")

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        return Value(call.type, code.f.call(Helper.get_current_task))


class ParentId(Function):
    name = "ppid"
    signature = "ppid or ppid(pid | task)"
    doc = "Process id of the parent."
    example = "tracepoint:syscalls:sys_enter_execve { @[ppid] = count(); }"
    most = 1
    builtin = True
    path: "tuple[str, ...]" = ("real_parent", "tgid")

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        node: ast.Expression = ast.Identifier(call.span, None, None, "curtask")
        if call.arguments:
            task = typer.expression(call.arguments[0])
            if task is not None and not isinstance(task, types.Pointer):
                return self._of_number(typer, call, task)
            node = call.arguments[0]  # type: ignore[assignment]
        for name in self.path:
            node = ast.FieldAccess(call.span, None, None, node, name)
        call.note = node
        type_ = typer.expression(node)
        if isinstance(type_, types.Array):
            return types.String(type_.size)
        return types.UINT32 if isinstance(type_, types.Integer) else type_

    def _of_number(self, typer: "Typer", call: "ast.Call", task: "Type") -> "Type | None":
        if not find_task(typer, call, task):
            return None
        struct = task_struct(typer)
        places = []
        for name in self.path:
            field = find_field(struct, name, typer) if struct else None
            if field is None:
                typer.error(f"{self.name}() needs a kernel whose struct task_struct has {'.'.join(self.path)}", call)
                return None
            places.append(field.offset)
        call.note = tuple(places)
        return types.String(16) if self.path[-1] == "comm" else types.UINT32

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        assert call.type is not None
        memory = code.memory(call.type) if isinstance(call.type, types.String) else ""
        if isinstance(call.note, tuple):
            memory = memory or code.temporary(4)
            code.f.zero(memory, call.type.size, 1)
            task_of(code, call, lambda task: self._follow(code, call, task, memory))
            return Value(call.type, memory, "memory") if isinstance(call.type, types.String) else Value(call.type, code.f.load(32, memory))
        value = code.load(code.expression(call.note), memory)
        return Value(call.type, value.operand, value.place)

    @staticmethod
    def _follow(code: "Code", call: "ast.Call", task: str, memory: str) -> None:
        """The other task that this one points to, and what stands there."""
        f = code.f
        assert call.type is not None
        other, there = call.note
        pointer = code.temporary(8)
        f.call(Helper.probe_read_kernel, f"ptr {pointer}", "i32 8", f"ptr {f.offset(task, other)}")
        address = f.binary("add", 64, f.load(64, pointer), str(there))
        f.call(Helper.probe_read_kernel, f"ptr {memory}", f"i32 {call.type.size}", f"i64 {address}")


def task_struct(typer: "Typer") -> "Any":
    return typer.host.btf.struct("struct task_struct")


def find_task(typer: "Typer", call: "ast.Call", argument: "Type") -> bool:
    """Whether a task can be looked up by what is a process id; says so where it can not."""
    if not isinstance(argument, types.Integer):
        typer.error(f"{call.name}() expects a process id or a struct task_struct * ({describe(argument)} provided)", call)
    elif not allowed(typer, "bpf_task_from_pid"):
        typer.error(f"{call.name}(PID) is not supported in {typer.body.provider} probes by this kernel", call, hint="iter probes have it")
    else:
        return True
    return False


def task_of(code: "Code", call: "ast.Call", use: "Callable[[str], object]") -> None:
    """``use`` the task whose id is the first argument; nothing where there is none."""
    f, module = code.f, code.tables.module
    struct = task_struct(code.typer)
    task = types.Pointer(target=types.Struct(name=struct.name, size=struct.size))
    number = code.integer(call.arguments[0], 32)
    pointer = f.value(f"{module.kernel_function('bpf_task_from_pid', task, types.INT32)}(i32 {number})")

    def read() -> None:
        use(pointer)
        f.line(f"{module.kernel_function('bpf_task_release', types.VOID, task)}(ptr {pointer})")

    code.when(f.compare("ne", "ptr", pointer, "null"), read)


class Command(Function):
    name = "comm"
    signature = "comm or comm(pid | task)"
    doc = "Name of the thread that is running (15 characters), or of another one, where the probe allows to look it up."
    example = "tracepoint:raw_syscalls:sys_enter { @[comm] = count(); }"
    most = 1
    builtin = True

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        if call.arguments:
            type_ = typer.expression(call.arguments[0])
            if isinstance(type_, types.Pointer):
                call.note = ast.FieldAccess(call.span, None, None, call.arguments[0], "comm")  # type: ignore[arg-type]
                typer.expression(call.note)
            elif type_ is not None:
                find_task(typer, call, type_)
        return types.String(16)

    def lower(self, code: "Code", call: "ast.Call") -> Value:
        f = code.f
        memory = code.memory(types.String(16))
        # 5.17 to 6.5 leave what is behind the NUL as it was (strscpy instead of strscpy_pad): two keys for one name
        f.zero(memory, 16, 1)
        if isinstance(call.note, ast.FieldAccess):
            code.convert(code.load(code.expression(call.note)), types.String(16), memory)
        elif call.arguments:
            field = find_field(task_struct(code.typer), "comm", code.typer)
            assert field is not None
            at = field.offset
            task_of(code, call, lambda task: f.call(Helper.probe_read_kernel_str, f"ptr {memory}", "i32 16", f"ptr {f.offset(task, at)}"))
        else:
            f.call(Helper.get_current_comm, f"ptr {memory}", "i32 16")
        return Value(types.String(16), memory, "memory")


class ParentCommand(ParentId):
    name = "pcomm"
    signature = "pcomm or pcomm(pid | task)"
    doc = "Name of the parent process."
    example = "tracepoint:syscalls:sys_enter_execve { @[pcomm] = count(); }"
    path = ("real_parent", "comm")


class LeaderCommand(ParentId):
    name = "leader_comm"
    signature = "leader_comm or leader_comm(pid | task)"
    doc = "Name of the process's main thread."
    example = "tracepoint:raw_syscalls:sys_enter { @[leader_comm] = count(); }"
    path = ("group_leader", "comm")


class LeaderId(ParentId):
    name = "leader_tid"
    signature = "leader_tid or leader_tid(pid | task)"
    doc = "Thread id of the process's main thread."
    example = "tracepoint:raw_syscalls:sys_enter { @[leader_tid] = count(); }"
    path = ("group_leader", "pid")


class SocketCookie(ParentId):
    name = "socket_cookie"
    signature = "socket_cookie(struct sock *)"
    doc = "The number that the kernel gave to a socket, 0 while it has none."
    example = "rawtracepoint:tcp_probe { print(socket_cookie(args.sk)); exit(); }"
    least = most = 1
    builtin = False
    path = ("__sk_common", "skc_cookie", "counter")

    def check(self, typer: "Typer", call: "ast.Call") -> "Type | None":
        type_ = typer.expression(call.arguments[0])
        if type_ is not None and not isinstance(type_, types.Pointer):
            typer.error(f"socket_cookie() expects a struct sock * ({describe(type_)} provided)", call)
            return types.UINT64
        return types.UINT64 if super().check(typer, call) is not None else None
