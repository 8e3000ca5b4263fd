"""tools/vm itself."""

import subprocess

import pytest
from support import ROOT

TOOL = ROOT / "tools" / "vm"


@pytest.mark.vm
def test_output_and_exit_code_come_back(tmp_path):
    file = tmp_path / "file"
    file.write_text("before\n")
    script = f"uname -r; pwd; cat {file}; echo inside > {file}; cat {file}; echo wrong >&2; head -c 300000 /dev/zero | tr '\\0' x; exit 7"
    done = subprocess.run([TOOL, "6.12", "--", "bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    release, folder, *rest, flood = done.stdout.splitlines()
    assert release.startswith("6.12.")
    assert folder == str(tmp_path)
    assert rest == ["before", "inside"]
    assert flood == "x" * 300000
    assert done.stderr == "wrong\n"
    assert done.returncode == 7
    assert file.read_text() == "before\n"


def test_a_kernel_nobody_knows_is_refused():
    done = subprocess.run([TOOL, "2.4", "--", "true"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("tools/vm KERNEL")
