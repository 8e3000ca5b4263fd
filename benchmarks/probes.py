#!/usr/bin/env python3
"""The probe browser's search over 150,000 names: CPU of making the list and of each query as it is typed.

Budget: 25 ms a query.
"""

import random
import re
import time

from terminal import ROOT  # noqa: F401 - the package comes from this checkout

from bttui.widgets.probe_list import OpenTree, ProbeList

NAMES = 150_000
PARTS = "tcp udp ext4 vfs page alloc free read write sock inode dentry sched wake timer irq net skb map bpf lock".split()
QUERIES = ["vfs_r", "tcp sock", "*tcp*read*", "kprobe:vfs_*", "/tcp_(read|write)/", "type:kprobe vfs read"]


def names() -> "list[str]":
    chance = random.Random(7)
    made = set()
    while len(made) < NAMES:
        word = "_".join(chance.choices(PARTS, k=chance.randint(2, 4))) + str(chance.randint(0, 400))
        made.add(chance.choice(("kprobe:", "fentry:vmlinux:", "fentry:ext4:", "rawtracepoint:vmlinux:", "tracepoint:syscalls:")) + word)
    return sorted(made)


def main() -> None:
    all_names = names()
    before = time.process_time()
    probes = ProbeList(all_names)
    print(f"list of {NAMES:,}: {(time.process_time() - before) * 1000:.0f} ms")
    for query in QUERIES:
        costs = []
        for typed in (query[:end] for end in range(1, len(query) + 1)):
            before = time.process_time()
            try:
                matches = probes.search(typed)
            except re.error:
                continue
            OpenTree(probes, matches, None)
            probes.best(typed, matches)
            costs.append((time.process_time() - before) * 1000)
        print(
            f"{query!r:24} {len(matches):7,} matches; typed letter by letter: {max(costs):5.1f} ms the dearest, {costs[-1]:5.1f} ms the last"
        )


if __name__ == "__main__":
    main()
