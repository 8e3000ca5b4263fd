"""Without a dashboard: output as bpftrace prints it, to a pipe, a file or a plain terminal."""
