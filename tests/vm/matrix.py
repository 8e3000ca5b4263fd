"""The kernels page: which Feature works where, found by running each.

    python tests/vm/matrix.py 5.10 6.1 6.12 7.2 here > docs/kernels.md

boots those kernels (as root; "here" is the running one) and prints the page. A feature works where it prints what its
load did; else the page has what bttui says about it there.
"""

import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from vm.features import FEATURES
from vm.machines import HERE, Machine, case

YES, NO = "yes", "–"
TEXT = """\
# Kernels

bttui asks no kernel for its version. It looks for each thing that it needs, or tries it, and says what is missing and
what there is instead. This page is written by running one small program for each line, in the stated kernels of
Debian (x86_64, the "cloud" flavour), and in a kernel that has been built without kprobes and that forbids fentry. "{yes}"
means that the program printed exactly what its load did; else the note has what bttui says there.

`python tests/vm/matrix.py {kernels} > docs/kernels.md` writes the page again.

"""
REQUIREMENTS = """\
Whatever the kernel: BTF (`CONFIG_DEBUG_INFO_BTF`) is what most of this is built on, and libbpf 1.0 or newer is needed. The ring
buffer that carries events came with Linux 5.8; older kernels are not supported.

On 5.10 a kretprobe has room for as many calls at a time as there are processors (`register_kretprobe` of
kernel/kprobes.c, without preemption): while so many tasks wait inside the function, other returns are not seen, and not counted either.
"""


def works(feature, answer):
    if answer.get("failure") or answer["returncode"]:
        return False
    return bool(feature.expected(re.sub(r"^Attached .*\n", "", answer["stdout"]), answer["load"]))


def reason(answer):
    """What was said about it: the first error, without its place in the text."""
    text = answer.get("failure") or answer["stderr"]
    found = re.search(r"ERROR: (.*)", text)
    if found:
        return re.sub(r"0x[0-9a-f]+|\b\d{4,}\b", "…", found[1])
    if not answer.get("stdout", text).strip():
        return "printed nothing"
    return f"printed something else: `{(answer.get('stdout') or text).strip()[:200]}`"


def page(kernels, results):
    """``results``: {kernel: {label: (whether it works, reason)}}."""
    names = {HERE: "6.18, no kprobes"}
    notes = []
    out = [TEXT.format(yes=YES, kernels=" ".join(kernels))]
    for group in dict.fromkeys(feature.group for feature in FEATURES):
        out.append(f"## {group}\n\n| | {' | '.join(names.get(kernel, kernel) for kernel in kernels)} |\n")
        out.append("|---|" + "---|" * len(kernels) + "\n")
        for feature in FEATURES:
            if feature.group != group:
                continue
            cells = []
            for kernel in kernels:
                good, why = results[kernel][feature.label]
                if not good and why not in notes:
                    notes.append(why)
                cells.append(YES if good else f"{NO} [{notes.index(why) + 1}](#notes)")
            out.append(f"| {feature.label} | {' | '.join(cells)} |\n")
        out.append("\n")
    out.append("## Notes\n\n" + "".join(f"{number}. {note}\n" for number, note in enumerate(notes, 1)))
    out.append("\n" + REQUIREMENTS)
    return "".join(out)


def read(text):
    """{kernel: {label: whether the page says that it works}}"""
    found, kernels = {}, []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if cells and not cells[0]:
            kernels = cells[1:]
        elif cells and not set(cells[0]) <= {"-"}:
            for kernel, cell in zip(kernels, cells[1:], strict=True):
                found.setdefault(kernel, {})[cells[0]] = cell == YES
    return found


def observed(answers):
    return {feature.label: works(feature, answers[feature.label]) for feature in FEATURES}


def main(kernels):
    traces = {feature.label: case(*feature[2:4], *feature[5:]) for feature in FEATURES}
    with tempfile.TemporaryDirectory() as folder:
        machines = [Machine(kernel, {"traces": traces, "live": []}, folder) for kernel in kernels]
        results = {}
        for machine in machines:
            answers = {feature.label: machine.answer(feature.label) for feature in FEATURES}
            if None in answers.values():
                sys.exit(f"{machine.kernel}: {machine.end}")
            results[machine.kernel] = {f.label: (works(f, answers[f.label]), reason(answers[f.label])) for f in FEATURES}
    sys.stdout.write(page(kernels, results))


if __name__ == "__main__":
    main(sys.argv[1:])
