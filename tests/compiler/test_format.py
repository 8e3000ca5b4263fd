import random

from compiler.trees import Trees, shape
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.compiler.format import format_program
from bttui.compiler.parser import parse


@settings(max_examples=500)
@given(st.integers(0, 2**32))
def test_a_printed_program_parses_to_the_same_tree(seed):
    root = Trees(random.Random(seed)).root()
    text = format_program(root)
    assert shape(parse(text)) == shape(root), text
