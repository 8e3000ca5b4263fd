"""Programs of BEGIN probes through the running kernel: what they print, to the letter."""

import pytest

pytestmark = pytest.mark.live


@pytest.fixture
def printed(bttui):
    """The standard output of BEGIN { statements }, without empty lines."""

    def run(statements):
        result = bttui("-e", f"BEGIN {{ {statements} }}")
        assert result.returncode == 0, result.stderr
        assert "ERROR" not in result.stderr
        return "".join(line for line in result.stdout.splitlines(keepends=True) if line.strip())

    return run


CASES = {
    "unsigned arithmetic": (
        "$a = (uint64)7; $b = (uint64)3; print(($a + $b, $a - $b, $a * $b, $a / $b, $a % $b));"
        "print(($b - $a, $a & $b, $a | $b, $a ^ $b, $a << $b, $a >> 1, ~$b));",
        "(10, 4, 21, 2, 1)\n(-4, 3, 7, 4, 56, 3, 18446744073709551612)\n",
    ),
    "signed arithmetic": (
        "$a = (int64)-7; $b = (int64)2; print(($a + $b, $a - $b, $a * $b, $a / $b, $a % $b, $a >> 1, $a << 1, -$a, ~$a));"
        "$c = (int64)-2; print((7 / $c, 7 % $c, $a / $c, $a % $c));",
        "(-5, -9, -14, -3, -1, -4, -14, 7, 6)\n(-3, 1, 3, -1)\n",
    ),
    "widths": (
        "$a = (uint8)200; $b = (uint8)100; print(($a + $b, $b - $a, $a * $b)); $c = (int8)100; print($c + $c);"
        "print(((uint8)300, (int8)200, (uint16)-1, (int16)40000, (uint32)-1, (int32)4294967295, (uint64)-1));"
        "$d = -1; print(((uint8)$d, (uint16)$d, (uint32)$d, (uint64)$d));",
        "(300, -100, 20000)\n200\n(44, -56, 65535, -25536, 4294967295, -1, 18446744073709551615)\n"
        "(255, 65535, 4294967295, 18446744073709551615)\n",
    ),
    "comparison": (
        "$a = (uint64)10; $b = (int64)-5; print(($a > $b, $a < $b, $a == $b, $b < 0, $b <= -5, $a >= 10, $a != 10));"
        "$u = (uint64)0xffffffffffffffff; print(($u > 5, $u == 0xffffffffffffffff));",
        "(true, false, false, true, true, true, false)\n(true, true)\n",
    ),
    "logic": (
        "$a = 5; $z = 0; print(($a && $z, $a || $z, !$a, !$z, $a && $a)); print($a > 3 && $z == 0);"
        '$z && { print("never"); 1 }; $a || { print("never"); 1 };',
        "(false, true, false, true, true)\ntrue\n",
    ),
    "compound": (
        "$a = 1; $a += 5; print($a); $a -= 2; print($a); $a *= 10; print($a); $a /= 3; print($a); $a %= 4; print($a);"
        "$a <<= 3; print($a); $a >>= 1; print($a); $a |= 3; print($a); $a &= 6; print($a); $a ^= 5; print($a);",
        "6\n4\n40\n13\n1\n8\n4\n7\n6\n3\n",
    ),
    "steps of a variable": ("$a = 5; print($a++); print($a); print(++$a); print($a--); print(--$a);", "5\n6\n7\n7\n5\n"),
    "steps of a map": (
        '@a = 5; printf("%d ", @a++); printf("%d ", @a); printf("%d ", ++@a); printf("%d ", @a--); printf("%d\\n", --@a); clear(@a);',
        "5 6 7 7 5\n",
    ),
    "steps of keys": ("@a[1]++; @a[2]--; ++@a[1]; @a[3] += 5; @a[3] -= 7;", "@a[3]: -2\n@a[2]: -1\n@a[1]: 2\n"),
    "a loop in an unrolled one": (
        "unroll(3) { $i = 0; while ($i < 2) { let $twice = $i * 2; @sum += $twice + 1; $i++; } }",
        "@sum: 12\n",
    ),
    "signs of casts": (
        "@s = stats(~(int64)200); @m = sum(~(int8)2); @u = max(~(uint8)5); print((uint64)-2 < (int64)42);",
        "true\n@m: -3\n@s: { .count = 1, .average = -201, .total = -201 }\n@u: 250\n",
    ),
    "pointers": (
        "$p = (uint32 *)16; print($p + 1); print($p - 1); $p++; print($p); print(--$p); print($p == 16); @=(int16 *)0x32; @++; @ += 2;",
        "0x14\n0xc\n0x14\n0x10\ntrue\n@: 0x38\n",
    ),
    "booleans": (
        '$a = 1 < 2; print(($a, !$a, (bool)5, (bool)0, (int32)true, (bool)"a", (bool)"", 1 == true)); @[true] = false;',
        "(true, false, true, false, 1, true, false, true)\n@[true]: false\n",
    ),
    "literals": (
        "print((1e6, 1_000, 010, 0x1F, 5s, 3ms, 2us, 7ns, 1m)); print((0xffffffffffffffff, -9223372036854775808, ~0, -(-5)));",
        "(1000000, 1000, 8, 31, 5000000000, 3000000, 2000, 7, 60000000000)\n"
        "(18446744073709551615, -9223372036854775808, 18446744073709551615, 5)\n",
    ),
    "strings": (
        '$a = "hello"; $b = "hello"; $c = "hellp"; $d = "h"; print(($a == $b, $a == $c, $a != $c, $d == $a, $a == "hello", $a == "hell"));'
        'print((strlen($a), strlen(""), sizeof($a), strcap(comm))); $a = "bye"; print($a); print("a" + "b"); print("hello"[1]);',
        "(true, false, true, false, true, false)\n(5, 0, 6, 16)\nbye\nab\n101\n",
    ),
    "long strings": (
        f'$a = "{"x" * 300}"; $b = $a; print($a == $b); print(strlen($b)); $b = "y"; print($a == $b); print(strlen($b));',
        "true\n300\nfalse\n1\n",
    ),
    "strncmp": (
        '$a = "abc"; print((strncmp("hello", "help", 3), strncmp("hello", "help", 4), strncmp($a, "abd", 2), strncmp($a, "abd", 3)));'
        'print((strncmp($a, "ab", 5), strncmp($a, $a, 10), strncmp("a", "b", 0)));',
        "(0, 1, 0, 1)\n(1, 0, 0)\n",
    ),
    "the same or not": (
        "$n = 2; print((usym(1) == usym(1), usym(1) != usym(2), ksym(1) == ksym(1), ksym(1) == ksym(2)));"
        "print((ntop(1) == ntop(1), ntop(1) == ntop(2), macaddr((uint8[8])1) == macaddr((uint8[8])1), macaddr((uint8[8])1) == macaddr((uint8[8])2)));"
        'print((buf("abz", $n) == buf("aby", $n), buf("abz", $n + 1) == buf("aby", $n + 1), buf("ab", $n) == buf("ab", $n - 1)));'
        'print((probe == probe, username != username, strftime("%s", 1) == strftime("%s", 2), cgroup_path(1) == cgroup_path(1)));',
        "(true, true, true, false)\n(true, false, true, false)\n(true, false, false)\n(true, false, false, true)\n",
    ),
    "search": (
        '$a = "hello"; print((strcontains($a, "lo"), strcontains($a, "ol"), strcontains($a, ""), strcontains("", "a"), strcontains("", "")));'
        'print((strstr($a, "l"), strstr($a, "x"))); print((memcmp($a, "help", 3), memcmp($a, "help", 4)));',
        "(true, false, true, false, true)\n(2, -2)\n(0, -4)\n",
    ),
    "str": (
        '$a = "hello"; $n = 3; print(str($a)); print(str($a, 3)); print(str($a, $n)); print(str("hello", 3)); print(str_concat($a, "!"));'
        'print(str(5)); print(str(0x10)); print(str(-2 - 3)); print(str(12, 1)); print((sizeof(str(0)), str(sizeof(int32)) == "4"));',
        "hello\nhe\nhe\nhel\nhello!\n5\n16\n-5\n1\n(2, true)\n",
    ),
    "tuples": (
        '$t = (1, (2, "x"), true); print($t); print($t.0); print($t.1); print($t.1.1); print((1, 2)[1]); print((1, "a") == (1, "a"));'
        'print((1, (2, "b")) != (1, (2, "c"))); $t = (70000, (3, "longer"), false); print($t); @[1, (2, "y")] = (3, 4); print(@[1, (2, "y")].1);',
        "(1, (2, x), true)\n1\n(2, x)\nx\n2\ntrue\ntrue\n(70000, (3, longer), false)\n4\n@[1, (2, y)]: (3, 4)\n",
    ),
    "records": (
        '$r = (a=1, b=(c=2, d="z")); print($r); print($r.b.d); $r = (b=(d="longer", c=3), a=9); print($r); print((a=1, b=2) == (b=2, a=1));'
        '$x = (foo={ printf("1"); 1 }, bar={ printf("2"); 2 }); $x = (bar={ printf("3"); 3 }, foo={ printf("4\\n"); 4 }); print($x);',
        "{ .a = 1, .b = { .c = 2, .d = z } }\nz\n{ .a = 9, .b = { .c = 3, .d = longer } }\ntrue\n1234\n{ .foo = 4, .bar = 3 }\n",
    ),
    "arrays": (
        "$a = (uint8[4])0x04030201; print($a); print($a[0]); $i = 2; print($a[$i]); print((uint32)$a); print($a == (uint8[4])0x04030201);"
        'print((int8[])"hi"); print((uint16[2])(uint32)0x12345678);',
        "[1,2,3,4]\n1\n3\n67305985\ntrue\n[104,105,0]\n[22136,4660]\n",
    ),
    "tasks": (
        "print((curtask.pid == tid, curtask->tgid == pid, curtask.comm == comm, curtask.real_parent.tgid == ppid, (*curtask).pid == tid));"
        "$t = curtask; print(($t.group_leader.pid == leader_tid, $t.mm != 0, pcomm == $t.real_parent.comm)); let $f : struct task_struct *;"
        "$f = curtask; print($f.tgid == pid); $p = (int8 *)$t.comm; print(str($p) == comm);",
        "(true, true, true, true, true)\n(true, true, true)\ntrue\ntrue\n",
    ),
    "choices": (
        '$a = 5; print($a > 3 ? "yes" : "no"); print($a ?: 7); print(0 ?: 7); if ($a == 1) { print(1); } else if ($a == 5) { print(2); } else { print(3); }'
        '$b = if ($a > 10) { "big" } else { "small" }; print($b); $c = { $d = 2; $d * 3 }; print($c); print($a == 5 ? 100000 : -1);',
        "yes\n5\n7\n2\nsmall\n6\n100000\n",
    ),
    "for": (
        "for ($i : 0..2) { for ($j : 3..1) { print(0); } } "
        'for ($i : 0..3) { printf("%d ", $i); } $low = -2; for ($i : $low..1) { printf("%d ", $i); } for ($i : 3..1) { printf("never "); }'
        'for ($i : 0..9) { if ($i == 1) { continue; } if ($i == 4) { break; } for ($j : 0..2) { printf("%d%d ", $i, $j); } } $s = 0;'
        "for ($i : 0..1000) { $s += $i; } print($s); for ($i : 0..3) { if ($i == 1) { return; } print($i); } print(99);",
        "0 1 2 -2 -1 0 00 01 20 21 30 31 499500\n0\n",
    ),
    "while": (
        "$i = 0; while (1) { $i++; if ($i == 3) { continue; } if ($i > 500) { break; } if ($i < 6) { print($i); } } print($i);"
        "$n = 0; while ($n < 3) { $m = 0; while ($m < 2) { $m++; @[$n, $m]++; } $n++; } print(len(@)); clear(@);",
        "1\n2\n4\n5\n501\n6\n",
    ),
    "unroll": ("$i = 0; unroll(4) { $i += 2; print($i); }", "2\n4\n6\n8\n"),
    "over a map": (
        '@a[1, "x"] = 5; for ($kv : @a) { print($kv); print($kv.0.1); @b[$kv.1] = $kv.0.0; } @c[7] = count(); @c[7] = count();'
        "$n = 0; for ($kv : @c) { $n += $kv.1; } print($n); clear(@a); clear(@c);",
        "((1, x), 5)\nx\n2\n@b[5]: 1\n",
    ),
    "maps": (
        "@a[1] = 1; @a[2] = 2; @a[3] = 3; print((len(@a), delete(@a, 2), delete(@a, 9), has_key(@a, 1), has_key(@a, 2), len(@a)));"
        "print(@a[7]); @s = 5; print(delete(@s)); $v = 0; print(find(@a, 3, $v)); print($v); print((is_scalar(@s), is_scalar(@a)));",
        "(3, true, false, true, false, 2)\n0\ntrue\ntrue\n3\n(true, false)\n@a[1]: 1\n@a[3]: 3\n",
    ),
    "keys": (
        '@[-1] = 1; @[300] = 2; @[0xffffffff] = 3; @s["a"] = 1; @s["longer"] = 2; print(@[-1]); print(@s["a"]); @t[1, "a"] = 1; @t[2, "bc"] = 2; print(@t[1, "a"]);',
        "1\n1\n1\n@[-1]: 1\n@[300]: 2\n@[4294967295]: 3\n@s[a]: 1\n@s[longer]: 2\n@t[1, a]: 1\n@t[2, bc]: 2\n",
    ),
    "values that nobody wrote": ("if (@a) { print(1); } print(@a + 1); $x = @b[5]; print($x); @c[1] = @d;", "1\n0\n@c[1]: 0\n"),
    "printf": (
        'printf("%d %5d|%-5d|%05d|%+d %x %#x %X %o %c %u\\n", -1, 42, 42, 42, 42, 255, 255, 255, 8, 65, 7);'
        'printf("%hhd %hd %ld %lu %lx\\n", 300, 70000, -1, -1, -1); printf("%s|%6s|%-6s|%p 100%%\\n", "abc", "abc", "abc", 255);'
        'printf("%s %s %s\\n", (1, "x"), true, 7); printf("%r %rx\\n", buf("a\\x01", 2), buf("ab", 2));',
        "-1    42|42   |00042|+42 ff 0xff FF 10 A 7\n44 4464 -1 18446744073709551615 ffffffffffffffff\nabc|   abc|abc   |0xff 100%\n"
        "(1, x) true 7\na\\x01 \\x61\\x62\n",
    ),
    "names and numbers": (
        "$n = 15; $e = 13; $c = 1; print((signal_name(9), signal_name($n), signal_name(99))); print((strerror(2), strerror($e), strerror(99999)));"
        "print((syscall_name(0), syscall_name($c), syscall_name(99999)));",
        "(Killed, Terminated, N/A)\n(No such file or directory, Permission denied, Unknown error)\n(read, write, Unknown syscall)\n",
    ),
    "names are strings": (
        '$n = 1; $s = syscall_name($n); print(($s == "write", strlen($s), strcontains($s, "rit"), str_concat("sys_", $s), strstr(syscall_name(0), "d")));'
        '$e = -13; print(strerror($e)); print(strerror(-2)); $k = 9; print((signal_name($k) == "Killed", strlen(strerror(1))));'
        '@x = syscall_name($n); @x = "abc"; @y[syscall_name($n)] = 1; @y["abc"] = 2;',
        "(true, 5, true, sys_write, 3)\nPermission denied\nNo such file or directory\n(true, 23)\n@x: abc\n@y[write]: 1\n@y[abc]: 2\n",
    ),
    "the probe is a string": (
        'print((strlen(probe), strcontains(probe, "eg"), str_concat(probe, "!"), strncmp(probe, "be", 2), str(probe)));',
        "(5, true, begin!, 0, begin)\n",
    ),
    "a buffer ends with what it is of": (
        '$n = 100; print(buf("abc", 100)); print(buf("abc", $n)); print(buf("abc", 2));',
        "abc\\x00\nabc\\x00\nab\n",
    ),
    "addresses": (
        'print(ntop(0x0100007f)); print(ntop(2, pton("127.0.0.1"))); print(ntop(10, pton("::1"))); print(pton("1.2.3.4")); print(bswap((uint32)0x12345678));'
        "print(macaddr((uint8[8])0x060504030201)); print((is_err(5), is_err((void *)0xffffffffffffffff)));",
        "127.0.0.1\n127.0.0.1\n::1\n[1,2,3,4]\n2018915346\n01:02:03:04:05:06\n(false, true)\n",
    ),
    "enums": (
        'print(BPF_MAP_TYPE_HASH); $a = BPF_MAP_TYPE_ARRAY; printf("%d %s\\n", $a, $a); print($a + 1); print((enum bpf_map_type)1); @[$a] = BPF_MAP_TYPE_HASH;',
        "BPF_MAP_TYPE_HASH\n2 BPF_MAP_TYPE_ARRAY\n3\nBPF_MAP_TYPE_HASH\n@[BPF_MAP_TYPE_ARRAY]: BPF_MAP_TYPE_HASH\n",
    ),
    "scalar aggregations": (
        "@n = count(); @n = count(); @s = sum(5); @s = sum(-7); @i = min(5); @i = min(-7); @x = max(-3); @x = max(-4); @v = avg(5); @v = avg(-8);"
        "@t = stats(5); @t = stats(-8); @u = max((uint64)0xffffffffffffffff); print(((int64)@n, (int64)@s, @i, @x, @v, @n + 1, @s < 0));",
        "(2, -2, -7, -3, -1, 3, true)\n@i: -7\n@n: 2\n@s: -2\n@t: { .count = 2, .average = -1, .total = -3 }\n@u: 18446744073709551615\n@v: -1\n@x: -3\n",
    ),
    "keyed aggregations": (
        "@n[1] = count(); @n[1] = count(); @n[2] = count(); @s[1] = sum(3); @s[1] = sum(-4); @i[1] = min(3); @i[1] = min(4); @x[1] = max(3); @x[1] = max(4);"
        "@v[1] = avg(3); @v[1] = avg(4); @t[1] = stats(3); @t[1] = stats(4); print((@n[1], @s[1], @i[1], @x[1], @v[1], @n[9] == 0)); delete(@n, 2);",
        "(2, -1, 3, 4, 3, true)\n@i[1]: 3\n@n[1]: 2\n@s[1]: -1\n@t[1]: { .count = 2, .average = 3, .total = 7 }\n@v[1]: 3\n@x[1]: 4\n",
    ),
    "stats in a format": (
        '@s = stats(4); @s = stats(-9); @k["x"] = stats(5); printf("%s|%s|%s\\n", @s, @k["x"], @k["y"]); clear(@s); clear(@k);',
        "{ .count = 2, .average = -2, .total = -5 }|{ .count = 1, .average = 5, .total = 5 }|{ .count = 0, .average = 0, .total = 0 }\n",
    ),
    "addresses of variables": (
        '$a = (1, "hello"); print(*(&$a)); $s = "hi"; $p = (int8 *)&$s; printf("%c", *$p); printf("%c\\n", *++$p); $n = 5; $q = &$n; $n = 6; print(*$q);',
        "(1, hello)\nhi\n6\n",
    ),
    "a stack's length": ("print(len(kstack) > 0); print(len(kstack(1))); $k = kstack(2); print(len($k));", "true\n1\n2\n"),
    "written numbers beside one above int64": (
        "$b = (uint64)-1; $a = 7; @a = 7; print(($a < $b, @a < $b, $b / $a, $b % @a)); for ($i : 0..1) { print($i < $b); } $a = -7; print($a < $b);",
        "(false, true, 0, 1)\ntrue\ntrue\n@a: 7\n",
    ),
    "ranges of other widths": (
        "for ($i : (uint8)254..(uint16)257) { print($i); } for ($i : (int8)-1..1) { print($i); }",
        "254\n255\n256\n-1\n0\n",
    ),
    "what is cut": ('let $a : int8 = getopt("n", 300); let $b : uint8 = -300 + getopt("m", 1); print(($a, $b));', "(44, 213)\n"),
    "an index of two that are known": (
        "$a = (uint8[4])0x04030201; $i = pid > 0 ? 1 : 2; print(($a[$i], $a[pid > 0 ? 2 : 1]));",
        "(2, 3)\n",
    ),
    "str() of a literal is one": ('printf(str("a%dbc", 3), 5); print(str("abc") + "d");', "a5abcd\n"),
    "join of two": ('$a = pid > 0 ? (1, "a") : (70000, "abc"); print($a); print(sizeof($a.0));', "(1, a)\n4\n"),
}


@pytest.mark.parametrize(("statements", "expected"), CASES.values(), ids=CASES)
def test_prints(printed, statements, expected):
    assert printed(statements) == expected


def test_division_by_zero_gives_one_and_is_told(bttui):
    result = bttui("-e", "BEGIN { $z = 0; print((5 / $z, 5 % $z)); }")
    assert result.stdout.startswith("(1, 1)\n")
    assert result.stderr.count("Divide or modulo by 0 detected.") == 2


def test_an_index_outside_gives_zero_and_is_told(bttui):
    result = bttui("-e", "BEGIN { $a = (uint8[4])0x04030201; for ($i : 3..6) { print($a[$i]); } }")
    assert result.stdout.startswith("4\n0\n0\n")
    assert result.stderr.count("Array access out of bounds.") == 2


def test_parameters(bttui):
    program = (
        """BEGIN { print(($1, str($2), $#)); print((getopt("name", "x"), getopt("flag"), getopt("number", 1), getopt("other", 2))); }"""
    )
    result = bttui("-e", program, "5", "word", "--", "--name=value", "--flag", "--number=0x10")
    assert result.stdout.splitlines()[:2] == ["(5, word, 2)", "(value, true, 16, 2)"]


def test_assert_ends_the_program(bttui):
    result = bttui("-e", 'BEGIN { assert(1 == 1, "fine"); $a = 1; assert($a == 2, "not 100% two"); print(1); }')
    assert result.returncode == 1 and "assert failed: not 100% two" in result.stderr and "1\n" not in result.stdout


def test_exit_in_loops(bttui):
    """It leaves all of them, and the block."""
    step = "print(($i, $j));"
    program = (
        f"begin {{ $i = 0; while ($i < 2) {{ $i++; $j = 0; while ($j < 5) {{ $j++; if ($j == 3) {{ exit(7); }} {step} }} }} print(0); }}"
    )
    result = bttui("-e", program)
    assert (result.returncode, result.stdout) == (7, "(1, 1)\n(1, 2)\n\n\n")


def test_assert_in_loops(bttui):
    result = bttui("-e", 'begin { for ($i : 0..5) { assert($i < 2, "too far"); print($i); } print("never"); }')
    assert (result.returncode, result.stdout) == (1, "0\n1\n\n\n")
    assert "ERROR: assert failed: too far" in result.stderr


def test_exit_is_the_last_that_happens(bttui):
    """Probes that fire before we hear of it stay silent; end probes run."""
    result = bttui("-e", 'interval:us:100 { @ = count(); exit(7); } END { printf("end\\n"); }')
    assert (result.returncode, result.stdout) == (7, "end\n\n\n@: 1\n")


def test_a_string_key_of_the_largest_size(printed):
    text = "k" * 1000
    assert printed(f'@["{text}"] = 1; print(@["{text}"]);') == f"1\n@[{text}]: 1\n"
