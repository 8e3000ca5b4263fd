#!/usr/bin/env python3
"""Writes docs/language.md: the probes, functions and config variables of the language, from their own tables.

tools/reference.py           writes the page
tools/reference.py --check   says whether it is as it should be
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "language.md"
sys.path.insert(0, str(ROOT))

from bttui.compiler.functions import table  # noqa: E402
from bttui.compiler.options import CHOICES, CONFIG  # noqa: E402
from bttui.probes import registry  # noqa: E402

FAMILIES = {
    "probe": "Where the probe is",
    "process": "Who is running",
    "clock": "Time",
    "output": "Output",
    "aggregations": "Aggregations",
    "maps": "Maps",
    "stacks": "Stacks",
    "strings": "Strings",
    "memory": "Memory",
    "symbols": "Addresses and names",
    "packets": "Packets",
    "kernel": "What the kernel offers",
    "control": "Acting",
    "types": "Types",
    "literals": "Known when the program is compiled",
}
OPENING = """\
# The language

Probes, functions and config variables, as bttui itself knows them: `tools/reference.py` writes this page. Statements, types and
operators are in [Programs](programs.md), the differences in [Coming from bpftrace](coming-from-bpftrace.md).

A function marked *unsafe* needs `--unsafe`; a *builtin* may stand without parentheses.
"""
PID = {"attach": "the kernel looks at that process only", "predicate": "the program passes over all others", "none": "no difference"}


def page() -> str:
    return OPENING + "".join([probes(), functions(), config()])


def code(text: str) -> str:
    """As code inside a table's cell."""
    return "`" + text.replace("|", "\\|") + "`"


def probes() -> str:
    lines = ["\n## Probes\n\n", "| probe | fires when | with `-p PID` |\n|---|---|---|\n"]
    for provider in registry.all():
        short = "".join(f", {code(alias)}" for alias in provider.aliases)
        lines.append(f"| {code(provider.synopsis)}{short} | {provider.doc.replace('|', chr(92) + '|')} | {PID[provider.pid_filter]} |\n")
    lines.append("\n```\n" + "".join(f"{example}\n" for provider in registry.all() for example in provider.examples) + "```\n")
    return "".join(lines)


def functions() -> str:
    families: dict[str, list] = {}
    for function in table().values():
        families.setdefault(type(function).__module__.rpartition(".")[2], []).append(function)
    unknown = set(families) - set(FAMILIES)
    assert not unknown, f"families without a heading here: {unknown}"
    text = ""
    for family, heading in FAMILIES.items():
        text += f"\n## {heading}\n"
        for function in sorted(families[family], key=lambda function: function.name):
            marks = [word for word in ("builtin", "unsafe") if getattr(function, word)]
            text += f"\n### {function.name}\n\n{code(function.signature).replace(chr(92), '')}"
            text += f" *({', '.join(marks)})*" if marks else ""
            text += f"\n\n{function.doc}\n\n```\n{function.example}\n```\n"
    return text


def config() -> str:
    lines = [
        "\n## Config variables\n\nSet in the program, `config = { max_map_keys = 10000; }`, or in the environment, ",
        "`BPFTRACE_MAX_MAP_KEYS=10000`, which wins.\n\n| name | default | what it is |\n|---|---|---|\n",
    ]
    for name, (default, doc) in sorted(CONFIG.items()):
        choices = f" ({', '.join(CHOICES[name])})" if name in CHOICES and not any(word in doc for word in CHOICES[name]) else ""
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        lines.append(f"| `{name}` | `{shown}` | {doc}{choices} |\n")
    return "".join(lines)


def main() -> int:
    if sys.argv[1:] == ["--check"]:
        return 0 if PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
