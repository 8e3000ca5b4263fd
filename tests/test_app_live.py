"""The dashboard on the running kernel, in a real terminal: exact counts, a new program over a running one, a way out
that leaves nothing attached."""

import re
import shlex

import pytest
from support import COMMAND
from widgets.terminal import Terminal

pytestmark = [pytest.mark.screen, pytest.mark.live]


@pytest.fixture
def terminal(bttui):
    terminal = Terminal(120, 36)
    scratch = bttui.env["XDG_CACHE_HOME"]
    terminal.type(f"export XDG_CACHE_HOME={scratch} XDG_CONFIG_HOME={scratch} LC_ALL=C.UTF-8; clear")
    terminal.press("Enter")
    yield terminal
    terminal.close()


def open_dashboard(terminal, *arguments):
    terminal.type(shlex.join([COMMAND, *map(str, arguments)]) + "; echo status $?")
    terminal.press("Enter")


def leave(terminal):
    """Quit; everything that is then on the normal screen."""
    terminal.press("C-q")
    terminal.until(r"^status 0")
    terminal.is_sane()
    return terminal.everything()


def test_counts_of_a_known_load_are_exact_on_the_screen_and_after_it(terminal, load):
    with load.start("syscalls", "1234") as waiting:
        open_dashboard(
            terminal, "--interval", "0.2", "-e", f"tracepoint:raw_syscalls:sys_enter /pid == {waiting.pid}/ {{ @[comm] = count(); }}"
        )
        terminal.until("● LIVE")
        total = waiting.go()["total"]
        terminal.until(rf"bttui_load +{total:,}")
    assert re.search(rf"^@\[bttui_load\]: {total}$", leave(terminal), re.MULTILINE)


def test_histogram_of_a_known_load(terminal, load):
    program = "tracepoint:syscalls:sys_exit_read /pid == PID/ { @bytes = hist(args.ret); }"
    with load.start("reads", "100", "7", "5000", "3") as waiting:
        open_dashboard(terminal, "--interval", "0.2", "-e", program.replace("PID", str(waiting.pid)))
        terminal.until("● LIVE")
        waiting.go()
        terminal.until(r"\[4K, 8K\) +3 ")
        terminal.until(r"\[64, 128\) +7 ")
    leave(terminal)


def test_printed_lines_come_to_the_log(terminal):
    open_dashboard(terminal, "-e", 'BEGIN { printf("hello %s\\n", "world"); }')
    terminal.until(r"\d\d:\d\d:\d\d\.\d{3} hello world")
    terminal.until("■ ended")
    leave(terminal)


def test_a_wrong_program_leaves_the_one_before_alive(terminal):
    open_dashboard(terminal, "-e", 'interval:ms:100 { @ticks["all"] = count(); }')
    terminal.until(r"● LIVE")
    terminal.until(r"all +[1-9]")
    terminal.type("x")
    terminal.press("F5")
    terminal.until("✗")
    terminal.until("previous run is still live")
    terminal.until("● LIVE")
    terminal.press("DC", "F5")
    terminal.until(r"(?s)\A(?!.*✗).*● LIVE 00:0[0-9]")
    leave(terminal)


def test_stop_keeps_the_maps_and_run_starts_anew(terminal):
    open_dashboard(terminal, "--interval", "0.2", "-e", 'interval:ms:50 { @ticks["all"] = count(); }')
    terminal.until("● LIVE 00:0[1-9]")
    terminal.press("F6")
    terminal.until("■ ended")
    terminal.until(r"@ticks")
    stopped = int(terminal.until(r"all +(\d+)")[1])
    assert stopped >= 5
    terminal.press("F5")
    terminal.until("● LIVE 00:00")
    terminal.until(r"all +[1-9]")
    leave(terminal)


def test_example_waits_for_f5_and_the_probe_tree_knows_this_machine(terminal):
    open_dashboard(terminal)
    terminal.until("○ idle")
    terminal.press("F2")
    terminal.until(r"of [\d,]{5,}")
    terminal.type("tracepoint:syscalls:sys_enter_opena?")
    terminal.until(r"1 of [\d,]+")
    terminal.until("filename")
    terminal.press("Enter")
    terminal.until(r"┃ ?4 +tracepoint:syscalls:sys_enter_openat {")  # before the first probe
    terminal.press("C-z", "F5")
    terminal.until("● LIVE")
    terminal.until(r"@us\[comm\]")
    leave(terminal)


def test_a_program_from_stdin_takes_its_keys_from_the_terminal(terminal):
    terminal.type(f"echo 'interval:ms:100 {{ @x = count(); }}' | {shlex.join([COMMAND, '-'])}; echo status $?")
    terminal.press("Enter")
    terminal.until("● LIVE")
    terminal.until(r"@x  count")
    terminal.until("█")
    assert re.search(r"^@x: \d+$", leave(terminal), re.MULTILINE)


def test_the_output_of_a_child_goes_to_the_log(terminal):
    open_dashboard(terminal, "-c", "/bin/echo from the child", "-e", "tracepoint:raw_syscalls:sys_enter /pid == cpid/ { @ = count(); }")
    terminal.until(r"\d\d:\d\d:\d\d\.\d{3} from the child")
    terminal.until("■ ended")
    leave(terminal)
