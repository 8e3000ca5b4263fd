"""python -m bttui"""

import sys

from bttui.cli import main

sys.exit(main())
