"""Whether kernels take programs: compiles each, and loads it, without attaching anything.

    python tests/vm/loads.py FOLDER 6.1 6.12 7.2 here

FOLDER holds programs (*.bt). Boots those kernels one after the other ("here" is the running one), as root. For each it
prints how many load, and of the others what is said of them: a program that one kernel takes and another refuses should
be told what that kernel lacks.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from support import ROOT
from vm.machines import HERE

from bttui.compiler.options import CompileOptions
from bttui.compiler.pipeline import compile_program
from bttui.host.facts import Host
from bttui.loader.object import load
from bttui.model.diagnostic import DiagnosticError
from bttui.session.worker import in_child

OPTIONS = CompileOptions(unsafe=True)
SECONDS = 3600


def refusal(path, host):
    """What is said of a program, "" where it loads."""
    text = path.read_text()
    try:
        load(in_child(lambda: compile_program(text, path.name, host, OPTIONS))).close()
    except DiagnosticError as problem:
        return problem.diagnostics[0].message
    return ""


def inside(folder):
    host = Host()
    paths = sorted(folder.glob("*.bt"))
    refused = [(path.name, why) for path in paths if (why := refusal(path, host))]
    print(f"{len(paths) - len(refused)} of {len(paths)} load")
    for name, why in refused:
        print(f"  {name}: {why}")


def main(folder, kernels):
    for kernel in kernels:
        command = [sys.executable, __file__, folder]
        machine = [] if kernel == HERE else [ROOT / "tools/vm", kernel, "--timeout", str(SECONDS), "--"]
        print(f"{kernel}: ", end="", flush=True)
        subprocess.run([*machine, *command], check=True)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(sys.argv[1], sys.argv[2:])
    else:
        inside(Path(sys.argv[1]))
