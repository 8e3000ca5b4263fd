"""python -m bttui"""

from bttui.cli import main

main()
