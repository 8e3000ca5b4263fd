from bttui.compiler.dump import dump
from bttui.compiler.parser import parse


def test_the_layout_of_a_dump():
    text = """#define N 1
struct s { int x; }
config = { max_strlen = 0x40; license = "GPL v2" } import "a.bt";
let @m = lruhash(10);
macro f($a, b) { $b = b; $a + $b }
fn g($x : struct s *) : void { return -1; }
open=kprobe:a, kprobe:b /pid == 1 && comm != "x"/ {
  let $y : int32[4] = (int32[4])arg0;
  @x[tid, args->y.z] = a + b * c ?: -d;
  if ($x) { f(1) } else if $y { } else { $z = { 1 }; }
  for ($i : 0..$n) { continue; }
  while ($i < 10) { $i++; }
  unroll(3) { print((1, "\\xffé")); }
  delete(@x[1])
}
END { }
"""
    assert (
        dump(parse(text))
        == """#define N 1
struct s { int x; };
config = {
  max_strlen = 64;
  license = GPL v2;
}
import "a.bt";
let @m = lruhash(10);
macro f($a, b)
{
  $b = b;
  $a + $b
}
fn g($x : struct s*) : void
{
  return (-1);
}
open=kprobe:a,
kprobe:b
/pid == 1 && comm != "x"/
{
  let $y : int32[4] = (int32[4])arg0;
  @x[tid, args.y.z] = (a + (b * c)) ? (a + (b * c)) : (-d);
  if $x {
    f(1);
  } else if $y {} else {
    $z = { 1 };
  }
  for $i : 0..($n) {
    continue;
  }
  while ($i < 10) {
    $i++;
  }
  unroll (3) {
    print((1, "\\xff\\xc3\\xa9"));
  }
  delete(@x[1]);
}
END
{}
"""
    )


def test_long_lists_go_on_in_the_next_line():
    names = ", ".join(f"argument_number_{n}" for n in range(6))
    text = dump(parse(f"BEGIN {{ printf({names}); }}"))
    assert text.splitlines()[2:4] == [
        "  printf(argument_number_0, argument_number_1, argument_number_2,",
        "         argument_number_3, argument_number_4, argument_number_5);",
    ]
