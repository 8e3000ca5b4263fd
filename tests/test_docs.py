"""The pages under docs/ are true: what is generated is current, what is shown as a program is one, and what is linked exists."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from compiler.compiling import compile
from support import ROOT

from bttui.compiler.functions import table
from bttui.compiler.options import CONFIG
from bttui.probes import registry

DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"])
BLOCKS = [text for _, text in re.findall(r"^```(\w*)\n(.*?)^```", (DOCS / "programs.md").read_text(), re.M | re.S)]
# Their places are not on every machine: kernels without kprobes, files that need not be installed, interfaces.
ELSEWHERE = re.compile(r"\b(kprobe|kretprobe|fentry|fexit):|cgroupid|percpu_kaddr|socket_cookie|write_user")


def test_the_language_page_is_current():
    done = subprocess.run([sys.executable, ROOT / "tools" / "reference.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, f"run tools/reference.py\n{done.stderr}"


def test_the_language_page_has_everything():
    text = (DOCS / "language.md").read_text()
    headings = set(re.findall(r"^### (\S+)", text, re.M))
    assert headings == {function.name for function in table().values()}
    assert all(f"| `{name}` |" in text for name in CONFIG)
    assert all(f"`{provider.synopsis}`".replace("|", "\\|") in text for provider in registry.all())


@pytest.mark.parametrize("text", BLOCKS, ids=range(len(BLOCKS)))
def test_programs_on_the_page_compile(text):
    assert compile(text).attachments


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.live
def test_the_examples_of_the_functions_run(bttui):
    """To their own end, or until they are attached."""
    examples = {function.name: function.example for function in table().values() if not ELSEWHERE.search(function.example)}
    assert len(examples) > 80

    def run(example):
        arguments = ("--unsafe", "-c", "sleep 5", "-e", example)
        if "exit()" in example and "interval:" in example:
            return bttui(*arguments)
        with bttui.start(*arguments) as process:
            return process.stop()

    with ThreadPoolExecutor(8) as pool:
        results = dict(zip(examples, pool.map(run, examples.values()), strict=True))
    refused = {name: result for name, result in results.items() if result.returncode or "ERROR" in result.stderr}
    assert list(refused) == ["errorf"], refused  # whose output that is
    silent = {name for name in results if re.search(r"interval:s:\d \{.*\b(print|printf|cat|time)\(.*exit\(", examples[name])}
    assert len(silent) > 25
    assert [name for name in silent if not results[name].stdout.strip()] == []
