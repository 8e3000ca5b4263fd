"""Record some facts of the running machine in a folder that bttui.host.facts.Host reads like a machine.

    python tests/facts/record.py tests/facts/6.18

So the compiler and the readers of facts are tested where there is no such kernel, and without root. Run as root, on a
kernel with type information. The same kernel gives the same bytes. Extend the lists below where a test needs more.
"""

import os
import re
import struct
import sys

from bttui.host import btf_blob as b
from bttui.host.facts import Host

EVENTS = """
    alarmtimer:alarmtimer_fired block:block_io_start block:block_rq_complete block:block_rq_issue dma:dma_map_sg
    exceptions:page_fault_user irq:irq_handler_entry irq:softirq_entry kmem:kmalloc kmem:mm_page_alloc net:netif_receive_skb
    oom:mark_victim power:cpu_frequency raw_syscalls:sys_enter raw_syscalls:sys_exit sched:sched_migrate_task sched:sched_process_exec
    sched:sched_process_exit sched:sched_process_fork sched:sched_stat_runtime sched:sched_switch sched:sched_wakeup
    sched:sched_wakeup_new signal:signal_generate skb:kfree_skb sock:inet_sock_set_state syscalls:sys_enter_close
    syscalls:sys_enter_connect syscalls:sys_enter_execve syscalls:sys_enter_getppid syscalls:sys_enter_kill syscalls:sys_enter_nanosleep
    syscalls:sys_enter_openat syscalls:sys_enter_ppoll syscalls:sys_enter_read syscalls:sys_enter_write syscalls:sys_exit_getppid
    syscalls:sys_exit_nanosleep syscalls:sys_exit_openat syscalls:sys_exit_read syscalls:sys_exit_write task:task_newtask
    task:task_rename tcp:tcp_probe timer:hrtimer_start timer:timer_start vmscan:mm_vmscan_direct_reclaim_begin xdp:xdp_exception
    xfs:xfs_iext_insert
""".split()

# With all that they contain by value. Other structs that they point to are left opaque.
STRUCTS = """
    address_space bio block_device bpf_iter__task bpf_iter__task_file bpf_iter__task_vma bpf_perf_link bpf_raw_tp_link cred css_set
    dentry device_driver ethhdr file files_struct fs_struct gendisk inode iphdr iovec iov_iter list_head mm_struct mount msghdr net
    net_device nsproxy page path pid pid_namespace pt_regs qstr request request_queue rq sched_entity sched_switch_args sembuf sk_buff
    sock sockaddr sockaddr_in sockaddr_in6 socket super_block sysinfo task_struct tcphdr tcp_sock timespec64 timer_list upid
    user_namespace uts_namespace vfsmount vm_area_struct
""".split()
# Only that they exist matters: their members are left out.
MARKERS = "bpf_kprobe_multi_link bpf_uprobe_multi_link btf_module".split()
ENUMS = "bpf_attach_type bpf_cmd bpf_func_id bpf_map_type bpf_prog_type dma_data_direction pid_type skb_drop_reason zone_type".split()
TYPEDEFS = """
    __be16 __be32 __le32 __s16 __s32 __s64 __s8 __u16 __u32 __u64 __u8 atomic64_t atomic_long_t atomic_t blk_opf_t bool clockid_t dev_t
    fl_owner_t fmode_t gfp_t gid_t ino_t int16_t int32_t int64_t int8_t ktime_t kuid_t loff_t off_t pgd_t pid_t ptrdiff_t s16 s32 s64 s8
    sector_t sigset_t size_t spinlock_t ssize_t stack_t time64_t u16 u32 u64 u8 uid_t uint16_t uint32_t uint64_t uint8_t uintptr_t
    umode_t xfs_exntst_t
""".split()
FUNCTIONS = """
    bio_add_page blk_account_io_start blk_mq_start_request bpf_get_func_ip_kprobe bpf_iter_task bpf_iter_task_file bpf_iter_task_vma
    bpf_trampoline_link_prog do_nanosleep do_sys_openat2 dput filp_close kfree __kmalloc_noprof ksys_read register_ftrace_direct
    schedule security_file_open sock_sendmsg submit_bio tcp_connect tcp_sendmsg tcp_v4_connect try_to_wake_up vfs_fsync vfs_open
    vfs_read vfs_unlink vfs_write wake_up_new_task
""".split()
RAW_TRACEPOINTS = """
    block_rq_complete block_rq_issue kfree_skb module_load page_fault_user sched_process_exec sched_process_exit sched_switch
    sched_wakeup softirq_entry sys_enter sys_exit task_rename
""".split()
SYMBOLS = (
    "_stext _text _etext do_syscall_64 entry_SYSCALL_64_after_hwframe __x64_sys_getppid __x64_sys_read bpf_get_current_comm".split()
    + FUNCTIONS
)
FILES = ["/sys/devices/system/cpu/possible", "/sys/devices/system/cpu/online", "/proc/sys/kernel/arch"]
PMUS = ["kprobe", "uprobe", "tracepoint", "software", "breakpoint"]


class Reduced:
    """A smaller copy of a blob of types: what was asked for, and all that is needed to understand it."""

    def __init__(self, blob: b.Blob) -> None:
        self.blob = blob
        self.full: set[int] = set()  # structs and unions with their members
        self.prototypes: set[int] = set()
        self.numbers: dict[object, int] = {}
        self.order: list[object] = []
        self.strings = {"": 0}
        self.size = 1

    def contain(self, ident: int) -> None:
        """Keep this type, and all that lies in it by value, in full."""
        kind = self.blob.kind(ident)
        if kind in (b.STRUCT, b.UNION):
            if ident not in self.full:
                self.full.add(ident)
                for member in self.blob.entries(ident)[1::3]:
                    self.contain(member)
        elif kind == b.ARRAY:
            self.contain(self.blob.entries(ident)[0])
        elif kind in (b.TYPEDEF, *b.QUALIFIERS, b.TYPE_TAG):
            self.contain(self.blob.target(ident))

    def number(self, ident: int) -> int:
        """The number in the copy of what this type becomes there."""
        if not ident:
            return 0
        key: object = ident
        kind = self.blob.kind(ident)
        if kind == b.FUNC_PROTO and ident not in self.prototypes:
            return 0
        if kind in (b.STRUCT, b.UNION) and ident not in self.full and self.blob.name(ident):
            key = (kind, self.blob.name(ident), self.blob.target(ident) if self.blob.name(ident) in MARKERS else 0)
        elif kind in (b.STRUCT, b.UNION):
            self.contain(ident)
        if key not in self.numbers:
            self.order.append(key)
            self.numbers[key] = len(self.order)
        return self.numbers[key]

    def string(self, text: str) -> int:
        if text not in self.strings:
            self.strings[text] = self.size
            self.size += len(text.encode()) + 1
        return self.strings[text]

    def encode(self, key: object) -> list[int]:
        if isinstance(key, tuple):
            kind, name, size = key
            return [self.string(name), b.STRUCT << 24 if size else b.FWD << 24 | (kind == b.UNION) << 31, size]
        assert isinstance(key, int)
        kind, third, rest = self.blob.kind(key), self.blob.target(key), self.blob.entries(key)
        name = self.string(self.blob.name(key))
        if kind in (b.STRUCT, b.UNION):
            rest[0::3] = [self.string(self.blob.string(n)) for n in rest[0::3]]
            rest[1::3] = [self.number(t) for t in rest[1::3]]
        elif kind == b.ARRAY:
            rest[:2] = [self.number(t) for t in rest[:2]]
        elif kind == b.FUNC_PROTO:
            third = self.number(third)
            rest[0::2] = [self.string(self.blob.string(n)) for n in rest[0::2]]
            rest[1::2] = [self.number(t) for t in rest[1::2]]
        elif kind in (b.ENUM, b.ENUM64):
            step = 2 if kind == b.ENUM else 3
            rest[0::step] = [self.string(self.blob.string(n)) for n in rest[0::step]]
        elif kind not in (b.INT, b.FWD, b.FLOAT):
            third = self.number(third)
        return [name, self.blob.info(key), third, *rest]

    def bytes(self) -> bytes:
        """In the format of the original. Encoding a type may ask for more types."""
        words: list[int] = []
        at = 0
        while at < len(self.order):
            words += self.encode(self.order[at])
            at += 1
        types = struct.pack(f"={len(words)}I", *words)
        strings = b"".join(text.encode() + b"\0" for text in self.strings)
        return struct.pack("=HBBIIIII", b.MAGIC, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings


def reduce(blob: b.Blob) -> bytes:
    reduced = Reduced(blob)
    roots = [*blob.of_kind(b.INT)]

    def want(kinds: tuple[int, ...], names: list[str]) -> list[int]:
        found = [i for name in names for i in blob.find(kinds, name)]
        roots.extend(found)
        return found

    want((b.STRUCT,), MARKERS)
    want((b.ENUM, b.ENUM64), ENUMS)
    for ident in want((b.STRUCT, b.UNION), STRUCTS) + want((b.TYPEDEF,), TYPEDEFS):
        reduced.contain(ident)
    stubs = [prefix + name for name in RAW_TRACEPOINTS for prefix in ("__probestub_", "__bpf_trace_")]
    for ident in want((b.FUNC,), FUNCTIONS + stubs):
        reduced.prototypes.add(blob.target(ident))
    for ident in want((b.TYPEDEF,), ["btf_trace_" + name for name in RAW_TRACEPOINTS]):
        reduced.prototypes.add(blob.behind(blob.target(blob.behind(ident))))
    for ident in roots:
        reduced.number(ident)
    return reduced.bytes()


def write(root: str, path: str, content: "bytes | str") -> None:
    place = os.path.join(root, path.lstrip("/"))
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)


def symbols(text: bytes) -> bytes:
    """The lines of the chosen symbols, and the one after each: it says where the symbol ends."""
    wanted = re.compile(rb"[0-9a-f]+ \w (" + b"|".join(re.escape(n.encode()) for n in SYMBOLS) + rb")$")
    lines = text[: text.find(b"\t[")].splitlines()[:-1] if b"\t[" in text else text.splitlines()
    keep = {i + step for i, line in enumerate(lines) if wanted.match(line) for step in (0, 1)}
    return b"".join(line + b"\n" for i, line in enumerate(lines) if i in keep)


def main(root: str) -> None:
    host = Host()
    recorded = []
    for event in EVENTS:
        place = f"{host.tracefs.path}/events/{event.replace(':', '/')}/format"
        if os.path.exists(place):
            with open(place) as file:
                # How the kernel prints the event takes most of the file, and does not matter.
                content = file.read().partition("\nprint fmt:")[0]
            write(root, f"/sys/kernel/tracing/events/{event.replace(':', '/')}/format", content)
            recorded.append(event)
    write(root, "/sys/kernel/tracing/available_events", "".join(event + "\n" for event in recorded))
    write(root, "/sys/kernel/btf/vmlinux", reduce(next(host.btf.blobs())))
    write(root, "/proc/kallsyms", symbols(host.kernel_symbols.text))
    for path in FILES:
        if text := host.text(path):
            write(root, path, text)
    for pmu in PMUS:
        if text := host.text(f"/sys/bus/event_source/devices/{pmu}/type"):
            write(root, f"/sys/bus/event_source/devices/{pmu}/type", text)


if __name__ == "__main__":
    main(sys.argv[1])
