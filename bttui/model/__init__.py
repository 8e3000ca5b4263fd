"""The words every room shares. Pure data: no file descriptor, no pointer, no kernel."""
