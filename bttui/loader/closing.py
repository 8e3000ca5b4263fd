"""Closing many links without waiting for the kernel.

Closing the link of a perf event waits for one grace period (some 40 ms), and waits in many threads overlap: the programs
are off after that. Closing the perf event itself takes as long or twice as long, and one at a time for the whole machine
(kernel/trace/trace_event_perf.c holds event_mutex), but no program of ours hangs on it any more: so a child that
outlives us is left holding those. Whoever wants to attach a tracepoint meanwhile waits for the one that is being closed;
between two of them the child stays away for a moment, in which hundreds can be attached.

A multi link of many places takes the kernel as long, for it changes the code at every one. Where its program can be told to
do nothing (LoadedObject.silence), nobody has to wait for that either: the child is left holding the link.

The child needs two grace periods of the kernel and PAUSE for each event: docs/architecture.md has figures.
"""

import _thread
import ctypes
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bttui.loader.links import Link

REAPER = "bttui-reaper"
_PR_SET_NAME = 15
_prctl = ctypes.CDLL(None).prctl  # looked up here: the child of a threaded process had better not
_MOST_THREADS = 256
PAUSE = 0.02  # seconds between two events
_FEW = 2  # events: closing so many costs less than it would look odd to leave a process behind
_FEW_PLACES = 32  # of multi links: the same


def close_all(links: "Iterable[Link]", *, leave: bool = True, silence: "Callable[[], bool]" = lambda: False) -> int:
    """Detach all links; on return none of their programs does anything any more. The links are closed, as by Link.close().

    With ``leave``, more than a few perf events go to a child process named "bttui-reaper", which ends when the kernel
    is done with them. So do multi links of many places, if ``silence()``, called once, can say that all programs
    of multi links do nothing from then on. Returns its pid, or 0 where there is none.
    """
    waiting: "list[int]" = []
    events: "list[int]" = []
    left: "list[int]" = []  # to the child
    links = list(links)
    multi = [link for link in links if link.slow and link.event_fd < 0]
    quiet = leave and sum(link.places for link in multi) > _FEW_PLACES and silence()
    for link in links:
        if not link.slow:
            link.close()
            continue
        if link.event_fd >= 0:
            # A program that hangs on the event alone (before 5.15) has no link: it goes with the event.
            (events if link.fd >= 0 else waiting).append(link.event_fd)
        if link.fd >= 0:
            (left if quiet and link.event_fd < 0 else waiting).append(link.fd)
        link.fd = link.event_fd = -1
    _close_together(waiting)
    if leave and len(events) > _FEW:
        left += events
    else:
        _close_together(events)
    return _hand_over(left) if left else 0


def _close_together(fds: "Sequence[int]") -> None:
    """Close descriptors in parallel, and wait until all are."""
    left = list(fds)
    running = 0
    change, done = _thread.allocate_lock(), _thread.allocate_lock()
    done.acquire()

    def work() -> None:
        nonlocal running
        while True:
            with change:
                fd = left.pop() if left else -1
                if fd < 0:
                    running -= 1
                    if not running:
                        done.release()
                    return
            os.close(fd)

    running = 1  # this thread, so that the last to finish is never counted too early
    for _ in range(min(len(left), _MOST_THREADS) - 1):
        with change:
            running += 1
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:
            with change:
                running -= 1
            break
    work()
    done.acquire()


def _hand_over(fds: "Sequence[int]") -> int:
    """Close our copies of the descriptors while a child still has its own; the pid of that child."""
    told, tell = os.pipe()
    hold, release = os.pipe()
    try:
        between = os.fork()
    except OSError:  # no room for another process: then we wait
        for fd in (told, tell, hold, release, *fds):
            os.close(fd)
        return 0
    if not between:
        try:
            os.setsid()
            # A child of a child: nobody has to wait for it, and no zombie stays in a dashboard that runs for days.
            child = os.fork()
            if child:
                os.write(tell, child.to_bytes(4, "little"))
            else:
                _reap(hold, fds)
        finally:
            os._exit(0)
    os.close(tell)
    os.close(hold)
    pid = int.from_bytes(os.read(told, 4), "little")
    os.close(told)
    os.waitpid(between, 0)
    for fd in fds:
        os.close(fd)
    os.close(release)
    return pid


def _reap(hold: int, fds: "Sequence[int]") -> None:
    """Keep only these, wait until the parent has closed its own, and close them, so that others get their turn."""
    _call_ourselves(REAPER.encode())
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    last = 2
    for fd in sorted({hold, *fds}):
        os.closerange(last + 1, fd)
        last = fd
    os.closerange(last + 1, os.sysconf("SC_OPEN_MAX"))
    os.read(hold, 1)
    for fd in fds:
        os.close(fd)
        time.sleep(PAUSE)


def _call_ourselves(name: bytes) -> None:
    """What ps shows: the name of the process, and its arguments (those lie where the kernel put them, proc_pid_stat(5))."""
    _prctl(_PR_SET_NAME, name, 0, 0, 0)
    try:
        with open("/proc/self/stat", "rb") as file:
            start, end = map(int, file.read().rsplit(b")", 1)[1].split()[45:47])
    except (OSError, ValueError):
        return
    if start > 0 and len(name) < end - start:
        ctypes.memset(start, 0, end - start)
        ctypes.memmove(start, name, len(name))
