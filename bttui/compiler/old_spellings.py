"""What the twelve classic lessons write that the language has since renamed: accepted with a hint, nowhere else.

This is the whole list. A program that defines such a name itself wins.
"""

IDENTIFIERS = {"name": "probe", "stack": "kstack"}  # builtins
FIELDS = {"retval": "ret"}  # of a tracepoint's args
OPTIONS = {"-n": "-e"}  # of the command line
