#!/usr/bin/env python3
"""What it costs to attach many probes and to let go of them, against another tracer of the same language.

    sudo benchmarks/attach.py [--only REGEX] [--runs N] [--ours COMMAND] OTHER

OTHER is the other tracer's command, up to where -e PROGRAM follows. Both are run in turn, so that a ratio is of two runs
under the same load. A run is: start it, wait until it says that it is attached, interrupt it, wait until it has ended.
Columns: attach points; seconds from start to attached; the CPU seconds until then; seconds from the interrupt to the end;
the most memory that it (and what it waited for) ever had. A bar is the most that the median ratio may be. Stopping takes
some tracers minutes: run few cases, few times. Where kprobes exist, so does a case of theirs.
"""

import argparse
import os
import re
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ATTACHED = "__BPFTRACE_NOTIFY_PROBES_ATTACHED"
ENVIRONMENT = os.environ | {ATTACHED: "1", "BPFTRACE_MAX_PROBES": "100000", "BPFTRACE_MAX_BPF_PROGS": "100000"}
TRACEFS = Path("/sys/kernel/tracing")
MEASURES = ("attach", "cpu", "stop", "memory")
FUNCTIONS = 1000
MIXED = "syscalls sched block ext4 net sock tcp workqueue writeback filemap signal task".split()


def with_field(field, *subsystems):
    """The tracepoints that have this field."""
    formats = (path for subsystem in subsystems for path in sorted((TRACEFS / "events" / subsystem).glob("*/format")))
    return ", ".join(f"tracepoint:{path.parts[-3]}:{path.parts[-2]}" for path in formats if re.search(rf" {field};", path.read_text()))


def binary(folder):
    """A file with many functions that nobody calls."""
    source = folder / "many.c"
    source.write_text("".join(f"int many_{n}(int a) {{ return a + {n}; }}\n" for n in range(FUNCTIONS)) + "int main(void) { return 0; }\n")
    subprocess.run(["gcc", "-O1", "-o", folder / "many", source], check=True)
    return folder / "many"


def cases(folder):
    """name -> (program, bars of the measures)."""
    whole = {"stop": 0.02, "attach": 0.3, "memory": 0.25}
    mixed = ", ".join(f"tracepoint:{subsystem}:*" for subsystem in MIXED)
    found = {
        "one tracepoint": ("tracepoint:sched:sched_switch { @ = count(); }", {}),
        "system calls entered": ("tracepoint:syscalls:sys_enter_* { @[probe] = count(); }", whole),
        "system calls": ("tracepoint:syscalls:* { @ = count(); }", whole),
        "tracepoints": (f"{mixed} {{ @[probe] = count(); }}", {"stop": 0.02}),
        "tracepoints with args": (f"{with_field('dev', 'ext4', 'jbd2', 'block')} {{ @[args.dev] = count(); }}", {"stop": 0.05}),
        "uprobes": (f"uprobe:{binary(folder)}:many_* {{ @[probe] = count(); }}", {"stop": 0.02}),
    }
    if Path("/sys/bus/event_source/devices/kprobe").exists():
        functions = "kprobe:__x64_sys_*,kprobe:vfs_*,kprobe:tcp_s*"
        found["kprobes by name"] = (f"{functions} {{ @[probe] = count(); }}", {"stop": 0.2, "attach": 0.2})
        found["kprobes"] = (f"{functions} {{ @ = count(); }}", {"stop": 0.2, "attach": 0.2})
    return found


def run(command, program):
    """Measures of one run, and how many attach points it says there are."""
    started = time.monotonic()
    process = subprocess.Popen(
        [*command, "-e", program], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    )
    out = b""
    while ATTACHED.encode() not in out:
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            sys.exit(f"{shlex.join(command)} did not attach: {process.stderr.read().decode(errors='replace')[-600:]}")
        out += part
    attached = time.monotonic()
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    cpu = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # its own and its children's, user and system
    drain = subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL)
    time.sleep(0.3)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    said = process.stderr.read().decode(errors="replace")
    _, _, usage = os.wait4(process.pid, 0)
    ended = time.monotonic()
    drain.wait()
    process.returncode = 0
    count = re.search(r"Attach(?:ed|ing) (\d+) probe", said + out.decode(errors="replace"))
    return {"attach": attached - started, "cpu": cpu, "stop": ended - asked, "memory": usage.ru_maxrss / 1024}, int(
        count[1]
    ) if count else 0


def settle():
    """Wait until what a run left behind has ended: it would be in the way of the next."""
    while subprocess.run(["pgrep", "-x", "bttui-reaper"], stdout=subprocess.DEVNULL).returncode == 0:
        time.sleep(0.2)


def row(name, attached, measures):
    seconds = "".join(f"{measures[m]:10.3f}" for m in MEASURES[:3])
    print(f"  {name:<8}{attached:>7} {seconds}{measures['memory']:9.0f} MB", flush=True)


def compare(name, program, bars, commands, runs):
    """Print a case; whether every bar was kept."""
    print(f"{name}\n  {'':<8}{'points':>7} {'attach s':>10}{'CPU s':>10}{'stop s':>10}{'memory':>12}", flush=True)
    ratios = {measure: [] for measure in MEASURES}
    for _ in range(runs):
        pair = {}
        for tracer, command in commands.items():
            settle()
            pair[tracer], attached = run(command, program)
            row(tracer, attached, pair[tracer])
        for measure in MEASURES if len(pair) == 2 else ():
            ratios[measure].append(pair["ours"][measure] / max(pair["other"][measure], 1e-9))
    kept = True
    for measure, found in ratios.items():
        if found:
            ratio, bar = statistics.median(found), bars.get(measure)
            said = "" if bar is None else f", bar {bar}: {'kept' if ratio <= bar else 'MISSED'}"
            kept = kept and (bar is None or ratio <= bar)
            print(f"  {measure} ratio {ratio:.5f} ({min(found):.5f} to {max(found):.5f}){said}", flush=True)
    return kept


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("other", nargs="?", help="the other tracer's command; without it only ours is measured")
    parser.add_argument("--ours", default=str(Path(sys.executable).parent / "bttui"), help="our command (default: beside this Python)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--only", default="", metavar="REGEX", help="the cases to run, by name")
    wanted = parser.parse_args()
    commands = {"ours": shlex.split(wanted.ours)} | ({"other": shlex.split(wanted.other)} if wanted.other else {})
    kept = True
    for command in commands.values():  # so that nobody has to read its own files from the disk
        subprocess.run([*command, "-e", "BEGIN { exit(); }"], capture_output=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, (program, bars) in cases(Path(folder)).items():
            if re.search(wanted.only, name):
                kept &= compare(name, program, bars, commands, wanted.runs)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
