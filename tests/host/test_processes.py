"""What /proc says, and what the kernel tells of processes as they start and end."""

import ctypes
import mmap
import os
import select
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from bttui.host import processes
from bttui.host.mapping_events import MappingWatcher
from bttui.host.processes import Mapping, ProcessWatcher
from bttui.model.diagnostic import DiagnosticError

TRUE = os.path.realpath("/bin/true")


def test_maps_of_ourselves():
    page = mmap.mmap(-1, mmap.PAGESIZE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_EXEC | mmap.PROT_WRITE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    found = processes.maps(os.getpid())
    assert [each.start for each in found] == sorted(each.start for each in found)
    assert any(each.start <= address < each.end and not each.inode for each in found)
    program = os.stat("/proc/self/exe")
    ours = [each for each in processes.maps(os.getpid(), code_only=True) if each.path == os.path.realpath("/proc/self/exe")]
    assert ours and all((each.inode, each.device) == (program.st_ino, program.st_dev) for each in ours)
    with open("/proc/self/maps") as file:
        assert len(ours) == sum("r-xp" in line and line.endswith(ours[0].path + "\n") for line in file)


def test_paths_with_spaces_newlines_and_deleted_ones(tmp_path):
    for name in ("two words", "a\nb", "é (deleted"):
        path = tmp_path / name
        path.write_bytes(b"x" * mmap.PAGESIZE)
        with open(path, "r+b") as file:
            held = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        inode = path.stat().st_ino
        (found,) = [each for each in processes.maps(os.getpid()) if each.inode == inode]
        assert found == Mapping(found.start, found.start + mmap.PAGESIZE, 0, str(path), inode, path.stat().st_dev if found.device else 0)
        path.unlink()
        (found,) = [each for each in processes.maps(os.getpid()) if each.inode == inode]
        assert found.path == str(path)
        held.close()


def test_of_a_child(tmp_path):
    name = "(a) b) 1 2"
    program = tmp_path / name
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdin.write(b"x")
        child.stdin.flush()
        child.stdout.read(1)
        assert processes.exe(child.pid) == os.path.realpath("/bin/cat")
        assert processes.comm(child.pid) == name
        assert child.pid in processes.children(os.getpid())
        assert child.pid in processes.pids()
        started = processes.start_time(child.pid)
        assert processes.start_time(os.getpid()) < started == processes.start_time(child.pid)
    for gone in (processes.exe, processes.comm, processes.children, processes.maps, processes.start_time):
        assert not gone(child.pid)


# Live


def told(watcher, work):
    """What happened in the course of ``work()``, by its result's pid."""
    pid = work()
    return [event for event in watcher.read() if pid in (event.pid, event.parent)]


def run_true():
    child = subprocess.Popen(["/bin/true"])
    child.wait()
    return child.pid


@pytest.mark.live
def test_the_connector_tells_of_a_whole_life():
    with ProcessWatcher() as watcher:
        events = told(watcher, run_true)
        assert [event.kind for event in events] == ["fork", "exec", "exit"]
        assert all(event.tid == event.pid for event in events)
        assert [event.time for event in events] == sorted(event.time for event in events)
        assert (events[0].parent, events[2].parent) == (os.getpid(), os.getpid())
        assert watcher.lost == 0


@pytest.mark.live
def test_the_connector_tells_how_it_ended():
    def work():
        child = subprocess.Popen(["/bin/sh", "-c", "exit 7"])
        child.wait()
        return child.pid

    with ProcessWatcher() as watcher:
        assert os.waitstatus_to_exitcode(told(watcher, work)[-1].code) == 7


@pytest.mark.live
def test_the_connector_tells_of_threads_and_new_names():
    names = []

    def thread():
        with open("/proc/thread-self/comm", "w") as file:
            file.write("new name")
        names.append(threading.get_native_id())

    with ProcessWatcher() as watcher:
        worker = threading.Thread(target=thread)
        worker.start()
        worker.join()
        # It is waited for by a futex, which is set before the kernel tells of the end.
        events = []
        while not any(event.kind == "exit" for event in events):
            select.select([watcher], [], [])
            events += [event for event in watcher.read() if event.tid == names[0]]
    assert [(event.kind, event.pid) for event in events] == [(kind, os.getpid()) for kind in ("fork", "comm", "exit")]
    assert events[1].comm == "new name"


def lose_some(cpus):
    """(how many events a watcher with little room got and lost, how many there were)."""
    with ProcessWatcher() as watcher, ProcessWatcher() as slow:
        slow._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # room for some twenty events
        begin = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        for _ in range(20):
            run_true()
        end = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        sent, received = watcher.read(), slow.read()
        # That something is missing shows by the number of the next event of the same CPU.
        for cpu in cpus:
            os.sched_setaffinity(0, [cpu])
            run_true()
            received += slow.read()
        return [sum(begin < event.time <= end for event in events) for events in (sent, received)], slow.lost


@pytest.mark.live
def test_the_connector_counts_what_it_loses():
    cpus = os.sched_getaffinity(0)
    try:
        for _ in range(10):  # others may start processes where we do not count
            (sent, received), lost = lose_some(cpus)
            assert lost >= 20
            if sent == received + lost:
                break
            os.sched_setaffinity(0, cpus)
        assert sent == received + lost
    finally:
        os.sched_setaffinity(0, cpus)


@pytest.mark.live
def test_a_watcher_can_be_waited_for():
    with ProcessWatcher() as watcher:
        pid = run_true()
        assert select.select([watcher], [], [], 60)[0]
        assert pid in {event.pid for event in watcher.read()}


@pytest.mark.live
def test_the_kernel_tells_perf_what_is_mapped():
    with MappingWatcher(sorted(os.sched_getaffinity(0))) as watcher:
        events = told(watcher, run_true)
        assert watcher.lost == 0
    kinds = [event.kind for event in events]
    assert kinds[0] == "fork" and kinds[-1] == "exit" and kinds.count("exec") == 1
    assert next(event for event in events if event.kind == "exec").comm == "true"
    first = next(event.mapping for event in events if event.kind == "map")
    found = os.stat(TRUE)
    assert (first.path, first.inode, first.device) == (TRUE, found.st_ino, found.st_dev)
    mapped = {event.mapping.path for event in events if event.kind == "map"}
    assert any("libc" in path for path in mapped) and "[vdso]" in mapped


@pytest.mark.live
def test_perf_counts_what_it_loses(monkeypatch):
    monkeypatch.setattr("bttui.host.mapping_events._PAGES", (1,))
    cpu = min(os.sched_getaffinity(0))
    with MappingWatcher([cpu]) as watcher:
        for _ in range(30):
            subprocess.run(["taskset", "-c", str(cpu), "/bin/true"], check=True)
        read = watcher.read()
        subprocess.run(["taskset", "-c", str(cpu), "/bin/true"], check=True)
        read += watcher.read()
        assert watcher.lost > 0 and read


@pytest.mark.live
@pytest.mark.parametrize("watch", [ProcessWatcher, lambda: MappingWatcher([0])])
def test_who_may_not_watch_is_told(watch):
    # Since Linux 6.6 the connector tells everybody.
    may = watch is ProcessWatcher or int(Path("/proc/sys/kernel/perf_event_paranoid").read_text()) < 0
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            try:
                watch().close()
                os.write(writer, b"watched")
            except DiagnosticError as reason:
                os.write(writer, f"{reason.diagnostics[0].message}|{reason.diagnostics[0].hint}".encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    said = os.read(reader, 4096).decode()
    os.close(reader)
    if said == "watched":
        assert may
        return
    assert said.startswith("cannot watch ") and "run as root" in said
