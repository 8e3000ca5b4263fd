"""The examples that come with the command: each compiles on this kernel, attaches and begins with what it shows."""

from pathlib import Path

import pytest

EXAMPLES = sorted((Path(__file__).parent.parent / "bttui" / "examples").glob("*.bt"))


@pytest.mark.live
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_attaches(bttui, path):
    assert path.read_text().startswith("// ")
    result = bttui("--dry-run", str(path))
    assert result.returncode == 0 and result.stderr == ""
