"""Functions that look at the kernel and at processes, against what is known of them."""

import os
import re
import socket
import struct
import subprocess

import pytest

pytestmark = pytest.mark.live


def lines(result):
    assert result.returncode == 0, result.stderr
    return result.stdout.split("\n\n")[0].splitlines()


@pytest.mark.parametrize("flags", [("-no-pie",), ("-pie", "-fPIE")], ids=["executable", "pie"])
def test_variables_and_stack_arguments_of_a_program(bttui, load, flags):
    name = "bttui_" + flags[-1].strip("-").replace("-", "")
    path = load.build("variables", name, *flags)
    program = f'uprobe:{path}:step {{ printf("%d %c %d %d\\n", *uaddr("counter"), *uaddr("letter"), sarg0, (int64)sarg1); }}'
    result = bttui("-e", program, "-c", f"{path} 3")
    ours = [line for line in lines(result) if line.count(" ") == 3]  # the load prints as well, when it likes to
    assert ours == ["7 x 1 -1", "8 x 2 -2", "10 x 3 -3"]


@pytest.mark.parametrize("flags", [("-no-pie",), ("-pie", "-fPIE")], ids=["executable", "pie"])
def test_variables_of_a_program_at_several_places(bttui, load, flags):
    """Where it is loaded follows from each place by itself; the places may be in several files."""
    path = load.build("variables", "bttui_" + flags[-1].strip("-").replace("-", ""), *flags)
    other = load.build("variables", "bttui_other", "-pie", "-fPIE")
    program = f'uprobe:{path}:step, uprobe:{path}:ma*n, uprobe:{other}:step {{ printf("%s %d\\n", probe, *uaddr("counter")); }}'
    result = bttui("-e", program, "-c", f"{path} 2")
    ours = [line for line in lines(result) if line.startswith("uprobe:")]
    assert ours == [f"uprobe:{path}:main 7", f"uprobe:{path}:step 7", f"uprobe:{path}:step 8"]


def test_names_of_probes_that_share_a_program_are_strings(bttui, load):
    with load.start("syscalls", "1000") as waiting:
        program = (
            f"tracepoint:raw_syscalls:sys_* /pid == {waiting.pid}/"
            ' { @[str_concat(probe, "!"), strlen(probe), strcontains(probe, "exit")] = count(); }'
        )
        result, _did = bttui.trace(program, work=waiting.go)
    keys = sorted(line.split("]")[0] for line in result.stdout.splitlines() if line)
    enter, leave = "tracepoint:raw_syscalls:sys_enter", "tracepoint:raw_syscalls:sys_exit"
    assert keys == [f"@[{enter}!, {len(enter)}, false", f"@[{leave}!, {len(leave)}, true"], result.stderr


def test_pointers_to_characters_are_strings(bttui):
    result = bttui("-e", 'begin { $p = (int8 *)curtask.comm; print((strlen($p), strcontains($p, "tt"), str_concat($p, "!"))); }')
    assert lines(result) == ["(5, true, bttui!)"]


def test_unwatch_ends_a_watchpoint(bttui, load):
    path = load.build("variables", "bttui_nopie", "-no-pie")
    symbols = subprocess.run(["nm", path], check=True, capture_output=True, text=True).stdout
    (address,) = [int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" counter")]
    result = bttui("-e", f"watchpoint:{address}:4:w {{ @++; unwatch({address}); }}", "-c", f"{path} 30 20000")
    written = int(result.stdout.split("@: ")[1])
    assert 1 <= written < 30  # the tracer hears of it, and the kernel lets go, some tens of milliseconds later


def test_the_path_of_an_open_file(bttui, tmp_path):
    place = tmp_path / "open \x1b[31m file"
    with open(place, "w") as file:
        program = (
            f"iter:task_file {{ if (ctx.task.tgid == {os.getpid()} && ctx.fd == {file.fileno()}) {{ print(path(ctx.file.f_path)); }} }}"
        )
        result = bttui("-e", program)
    assert lines(result) == [str(place)]


def test_a_path_with_no_room_is_empty(bttui, tmp_path):
    with open(tmp_path / ("a" * 40), "w") as file:
        text = (
            f"iter:task_file {{ if (ctx.task.tgid == {os.getpid()} && ctx.fd == {file.fileno()}) {{ @[path(ctx.file.f_path, 32)] = 1; }} }}"
        )
        assert bttui("-e", text).stdout.strip() == "@[]: 1"


def test_packets_become_a_file(bttui, tmp_path):
    """Each datagram over the loopback device, in order, whole."""
    file = tmp_path / "loopback.pcap"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        text = f'rawtracepoint:netif_receive_skb /pid == {os.getpid()}/ {{ @ += (int64)skboutput("{file}", args.skb, args.skb.len, 0); }}'

        def work():
            for size in (10, 1000, 3000):
                sender.sendto(bytes([size % 251]) * size, ("127.0.0.1", port))
                receiver.recv(4096)

        result, _ = bttui.trace(text, work=work)
    assert result.stdout == "\n\n@: 0\n"
    content = file.read_bytes()
    assert struct.unpack_from("=IHHiIII", content) == (0xA1B23C4D, 2, 4, 0, 0, 1 << 16, 1)
    at, packets = 24, []
    while at < len(content):
        _, _, captured, whole = struct.unpack_from("=IIII", content, at)
        packets.append((captured, whole, content[at + 16 + 28 : at + 16 + captured]))  # behind the IP and UDP headers
        at += 16 + captured
    assert [(whole, data) for _, whole, data in packets] == [(28 + size, bytes([size % 251]) * size) for size in (10, 1000, 3000)]


def test_a_packet_that_is_not_kept_whole_is_said_once(bttui, tmp_path):
    """What a stream sends lies in pages of its own; the headers are in the buffer."""
    file = tmp_path / "stream.pcap"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sender:
        receiver, _ = server.accept()
        text = f"""rawtracepoint:netif_receive_skb /args.skb.len > 4040 && args.skb.len < 4060/
            {{ _ = skboutput("{file}", args.skb, args.skb.len, 0); @lengths[args.skb.len] = count(); }}"""

        def work():
            for _ in range(2):
                sender.sendall(bytes(4000))
                received = 0
                while received < 4000:
                    received += len(receiver.recv(4096))

        result, _ = bttui.trace(text, work=work)
        receiver.close()
    length = 4000 + 20 + 32  # headers of IP, and of TCP with a time stamp
    assert f"@lengths[{length}]: 2" in result.stdout
    (warning,) = re.findall(r"WARNING: skboutput\(\) kept (\d+) of (\d+) bytes", result.stderr)
    _, _, captured, whole = struct.unpack_from("=IIII", file.read_bytes(), 24)
    assert warning == (str(captured), str(whole)) == (str(captured), str(length))
    assert 52 <= captured < length


def test_a_file_of_packets_that_cannot_be_written(bttui):
    text = 'rawtracepoint:sys_enter { $task = curtask; $r = skboutput("/nowhere/x.pcap", (struct sk_buff *)$task, 0, 0); exit(); }'
    assert "ERROR: failed to write to file '/nowhere/x.pcap' (No such file or directory)" in bttui("-e", text).stderr


def test_config_is_a_record(bttui):
    text = "config = { max_strlen = 99 } begin { print(config.max_strlen); $c = config; print($c.stack_mode); print(config.max_map_keys + 1); }"
    assert lines(bttui("-e", text, env={"BPFTRACE_MAX_MAP_KEYS": "7"})) == ["99", "bpftrace", "8"]


def test_what_the_kernel_lets_programs_call(bttui):
    text = 'print(kfunc_exist("bpf_task_from_pid")); print(kfunc_exist("no_such")); print(kfunc_allowed("bpf_task_from_pid"));'
    assert lines(bttui("-e", f"begin {{ {text} }}")) == ["true", "false", "false"]
    assert bttui("-e", 'iter:task { @ = kfunc_allowed("bpf_task_from_pid"); }').stdout.strip() == "@: true"


def test_the_struct_around_a_member(bttui):
    text = "begin { $p = (uint64)curtask + offsetof(struct task_struct, tasks); print(container_of($p, task_struct, tasks).pid == tid); }"
    assert lines(bttui("-e", text)) == ["true"]


def test_clocks_agree(bttui):
    text = "begin { $d = (int64)(nsecs(sw_tai) - nsecs(tai)); print($d < 1000000 && $d > -1000000); }"
    assert lines(bttui("-e", text)) == ["true"]


def test_names_of_other_processes(bttui):
    with open(f"/proc/{os.getpid()}/comm") as file:
        name = file.read().strip()
    program = f"iter:task {{ @a = comm({os.getpid()}); @b = comm(4194304); @c = comm(pid); @d = comm(curtask); }}"
    assert bttui("-e", program).stdout == f"\n\n@a: {name}\n@b: \n@c: bttui\n@d: bttui\n"
    assert "comm(PID) is not supported in begin probes" in bttui("-e", "begin { print(comm(1)); }").stderr


def test_relatives_of_other_processes(bttui, load):
    """Of a process, by its id; of one that is not there, nothing."""
    with load.start("syscalls", "1") as waiting:
        pid = waiting.pid
        words = ["ppid", "pcomm", "leader_comm", "leader_tid"]
        program = "iter:task { " + " ".join(f"@{word} = {word}({pid}); @{word}_none = {word}(4194304);" for word in words) + " }"
        found = dict(line[1:].split(": ", 1) for line in bttui("-e", program).stdout.split("\n") if line)
    with open(f"/proc/{os.getpid()}/comm") as file:
        name = file.read().strip()
    assert found == {
        "ppid": str(os.getpid()),
        "pcomm": name,
        "leader_comm": "bttui_load",
        "leader_tid": str(pid),
        **{"ppid_none": "0", "pcomm_none": "", "leader_comm_none": "", "leader_tid_none": "0"},
    }


@pytest.mark.parametrize("probe", ["begin", "end", "interval:s:1", "self:signal:SIGUSR1"])
@pytest.mark.parametrize("call", ["signal", "signal_thread"])
def test_a_signal_to_nobody(call, probe, bttui):
    result = bttui("--unsafe", "-e", f"{probe} {{ {call}(15); }}")
    assert result.returncode == 1
    assert f"{call}() can not be used in {probe.partition(':')[0]} probes: there is no process" in result.stderr
