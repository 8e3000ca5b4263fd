"""--fmt keeps every comment, in order, changes nothing of the program, and finds nothing more to do the second time."""

import random

import pytest
from compiler.trees import Trees
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.compiler.comments import format_text
from bttui.compiler.format import format_program
from bttui.compiler.lexer import scan
from bttui.compiler.parser import parse

PROGRAM = """\
#!/usr/bin/env bpftrace
// first
/* block
   comment */
config={max_strlen=64} // after config
macro m(x){x+1} // after m
begin /* inner */ /1/ // of the predicate
{
$a=1; // after a
/* before b */ $b=2;
if ($a) { // in if
print(1);
// end of if
} else {
// alone
}
print((1, // one
2)); // two
// last
}
// end
"""

FORMATTED = """\
#!/usr/bin/env bpftrace
// first
/* block
   comment */
config = {
  max_strlen = 64;
} // after config
macro m(x)
{
  x + 1
} // after m
begin /* inner */
/1/ // of the predicate
{
  $a = 1; // after a
  /* before b */
  $b = 2;
  if $a { // in if
    print(1);
    // end of if
  } else {
    // alone
  }
  print((1, 2)); // one
  // two
  // last
}
// end
"""


def comments(text):
    return [text[start:end] for kind, start, end in scan(text) if kind == "comment"]


def test_comments_stay_with_what_they_speak_of():
    assert format_text(PROGRAM) == FORMATTED
    assert format_text(FORMATTED) == FORMATTED


@pytest.mark.parametrize("text", ["// only\n", "/* only */", "begin { /*** ***/0; }", "begin {}//x", "begin { // a\n}"])
def test_small_ones(text):
    done = format_text(text)
    assert comments(done) == comments(text) and format_text(done) == done


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_nothing_is_lost(seed):
    chance = random.Random(seed)
    text = format_program(Trees(chance).root())
    places = sorted({end for _kind, _start, end in scan(text)}, reverse=True)
    for number, place in enumerate(sorted(chance.sample(places, min(len(places), 4)), reverse=True)):
        comment = chance.choice([f" // c{number}\n", f" /* c{number} */ ", f"\n/* c{number}\n*/\n", f"\n// c{number}\n"])
        text = text[:place] + comment + text[place:]
    done = format_text(text)
    assert comments(done) == comments(text)
    assert format_program(parse(done)) == format_program(parse(text))
    assert format_text(done) == done
