"""How a run stops whose links the kernel is slow to close."""

import os
from pathlib import Path

import pytest
from support import eventually

from bttui.host.facts import Host
from bttui.loader import bpf, closing, statistics
from bttui.render.text import formatted
from bttui.session.options import Options
from bttui.session.session import Session
from bttui.session.worker import compile_text

pytestmark = pytest.mark.live


@pytest.fixture
def calls(load):
    """A load that waits, and goes on to call first() and second() 50 times each."""
    with load.start(50, 1, path=load.build("calls", "bttui_calls")) as waiting:
        yield waiting


@pytest.fixture
def multi(calls, load, monkeypatch, tmp_path):
    """A Session that counts the calls by one link, of as many places as are worth a process of their own."""
    host = Host()
    if not host.features.has("uprobe_multi"):
        pytest.skip("this kernel has no uprobe multi links (Linux 6.6)")
    if not bpf.grace_period():
        pytest.skip("one processor, or a kernel that does not let us wait for programs (nohz_full)")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(closing, "_FEW_PLACES", 1)
    probe = f"uprobe:{load.build('calls', 'bttui_calls')}:[fs]*[td]"  # first and second
    options = Options(text=f"{probe} {{ @[probe] = count(); }} END {{ @end++; }}", file="stdin")
    with Session(compile_text(options, host), host, options, formatted) as session:
        session.start()
        yield session


def counts(session):
    return [count for _, count in session.snapshots.map("@").rows]


def test_an_open_link_counts(multi, calls):
    calls.go()
    assert counts(multi) == [50, 50]


def test_programs_do_nothing_before_their_link_is_closed(multi, calls, monkeypatch):
    held = []
    monkeypatch.setattr(closing, "_hand_over", lambda fds: held.extend(fds) or 1)
    multi.stop()
    assert len(held) == 1 and counts(multi) == []
    calls.go()
    assert counts(multi) == []
    assert multi.snapshots.map("@end").rows == [(None, 1)]  # end probes go on
    for fd in held:
        os.close(fd)


def test_the_reaper_closes_the_link(multi, monkeypatch):
    pids = []
    hand_over = closing._hand_over
    monkeypatch.setattr(closing, "_hand_over", lambda fds: pids.append(hand_over(fds)) or pids[-1])
    (link,) = multi._links
    number = statistics.link_id(link)
    multi.stop()
    assert len(pids) == 1 and pids[0] > 0
    eventually(lambda: number not in set(bpf.ids(bpf.LINK_GET_NEXT_ID)) and not Path(f"/proc/{pids[0]}").exists())


@pytest.mark.parametrize("reason", ["one processor", "refused"])
def test_where_nobody_can_wait_for_programs_the_link_is_closed_at_once(multi, calls, monkeypatch, reason):
    if reason == "refused":
        monkeypatch.setattr(bpf, "_MEMBARRIER_CMD_GLOBAL", 1 << 30)
    else:
        monkeypatch.setattr(os, "sysconf", lambda name: 1)
    monkeypatch.setattr(closing, "_hand_over", lambda fds: pytest.fail("handed over"))
    (link,) = multi._links
    number = statistics.link_id(link)
    multi.stop()
    assert number not in set(bpf.ids(bpf.LINK_GET_NEXT_ID))
    calls.go()
    assert counts(multi) == []
