"""bttui: live tracing on Linux in a terminal, in the bpftrace language."""

__version__ = "0.1.0"
