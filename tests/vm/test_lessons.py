"""The lessons that need kprobes, and the one whose disk should be nobody else's."""

import re

import pytest

READS = "reads 1 3 100 5 300 7 1999 2 2000 4 4096 11"
LINEAR = """

@bytes:
[0, 200)               8 |@@@@@@@@@@@@@@@@@@@@@@@@@@@                         |
[200, 400)             7 |@@@@@@@@@@@@@@@@@@@@@@@@                            |
[400, 600)             0 |                                                    |
[600, 800)             0 |                                                    |
[800, 1000)            0 |                                                    |
[1000, 1200)           0 |                                                    |
[1200, 1400)           0 |                                                    |
[1400, 1600)           0 |                                                    |
[1600, 1800)           0 |                                                    |
[1800, 2000)           2 |@@@@@@                                              |
[2000, ...)           15 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

"""
PAGES = """

@bytes:
[4K, 8K)              25 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@|

"""


# 6


@pytest.mark.vm(program="kretprobe:vfs_read /pid == PID/ { @bytes = lhist(retval, 0, 2000, 200); }", load=READS)
def test_linear_histogram_of_what_vfs_read_returns(traced):
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == LINEAR


@pytest.mark.vm(program="kretprobe:vfs_read { @bytes = lhist(retval, 0, 2000, 200); }", load="reads 700 1000")
def test_lesson_6_as_typed(traced):
    assert traced.returncode == 0, traced.stderr
    assert int(re.search(r"^\[600, 800\) +(\d+) \|", traced.stdout, re.M)[1]) >= traced.load["reads"] == 1000


# 7


@pytest.mark.vm(
    program="kprobe:vfs_read { @start[tid] = nsecs; } "
    "kretprobe:vfs_read /@start[tid]/ { @ns[comm] = hist(nsecs - @start[tid]); delete(@start[tid]); }",
    load=READS,
)
def test_times_vfs_read(traced):
    assert traced.returncode == 0, traced.stderr
    block = re.search(r"^@ns\[bttui_load\]:\n((?:\[.*\n)+)", traced.stdout, re.M)[1]
    assert sum(int(count) for count in re.findall(r"\) +(\d+) \|", block)) == traced.load["reads"] == 32
    assert f"@start[{traced.load['pid']}]" not in traced.stdout


@pytest.mark.vm(program="kprobe:vfs_rea* /pid == PID/ { @[probe] = count(); }", load="reads 100 7")
def test_counts_every_function_of_a_glob(traced):
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == "\n\n@[kprobe:vfs_read]: 7\n"


# 11


@pytest.mark.vm(program="tracepoint:block:block_rq_complete { @bytes = hist(args->nr_sector * 512); }", load="disk /dev/vda 25")
def test_sizes_of_disk_requests(traced):
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == PAGES


# 12


@pytest.mark.vm(program="kprobe:blk_mq_start_request { @bytes = hist(((struct request *)arg0)->__data_len); }", load="disk /dev/vda 25")
def test_sizes_in_the_kernels_own_structures(traced):
    assert traced.returncode == 0, traced.stderr
    assert traced.stdout == PAGES


@pytest.mark.vm(program="kprobe:blk_mq_start_reques { @ = count(); }")
def test_a_misspelt_function_names_its_neighbours(traced):
    assert traced.returncode != 0
    assert "blk_mq_start_request" in traced.stderr
    assert "Traceback" not in traced.stderr
