import os
import random
import re

import pytest
from compiler.trees import PIECE, PIECES, Trees, nodes, shape
from hypothesis import given, settings
from hypothesis import strategies as st

from bttui.compiler import ast, make_tables, tables
from bttui.compiler.format import format_program
from bttui.compiler.parser import parse
from bttui.model.diagnostic import DiagnosticError

SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("seeds", [range(0, 1200), range(1200, 2400)], ids=["first", "second"])
def test_a_mutated_program_is_a_tree_or_one_diagnostic(seeds):
    refused = 0
    for seed in seeds:
        chance = random.Random(seed)
        pieces = PIECE.findall(format_program(Trees(chance).root()))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(pieces))
            pieces[at : at + chance.randint(0, 2)] = chance.choice([[], [chance.choice(PIECES)], [chance.choice(pieces)]])
        text = "".join(pieces)
        try:
            parse(text)
        except DiagnosticError as caught:
            refused += 1
            (diagnostic,) = caught.diagnostics
            span = diagnostic.span
            assert diagnostic.message and diagnostic.severity == "error"
            assert 0 <= span.start <= span.end <= len(text), text
            lines = text.split("\n")
            assert text[span.start :].startswith(lines[span.line - 1][span.column - 1 :]), text
    assert refused > len(seeds) / 4


@settings(max_examples=150)
@given(SEEDS)
def test_the_span_of_an_expression_is_its_text(seed):
    text = format_program(Trees(random.Random(seed)).root())
    for node in list(nodes(parse(text)))[1:]:
        written = text[node.span.start : node.span.end]
        assert written and not written[0].isspace() and not written[-1].isspace()
        before = text[: node.span.start]
        assert node.span.line == before.count("\n") + 1
        assert node.span.column == len(before) - (before.rfind("\n") + 1) + 1
        if isinstance(node, ast.Expression) and not isinstance(node, ast.TypeArgument | ast.TupleLiteral):
            (probe,) = parse(f"BEGIN {{ $_ = {written}; }}").items
            assert shape(probe.body.statements[0].value) == shape(node)


@settings(max_examples=100)
@given(SEEDS)
def test_comments_and_blanks_change_nothing(seed):
    chance = random.Random(seed)
    root = Trees(chance).root()
    root = root.replace(c_definitions=())
    text = format_program(root)
    pieces = re.findall(r'"(?:[^"\\\n]|\\.)*"|[^\s"]+|\s+', text)
    spread = "".join(chance.choice([" /* ; } */ ", "\n\t// {\n", "\n\n", p]) if p.isspace() else p for p in pieces)
    assert shape(parse(spread)) == shape(root)


def test_the_tables_are_those_of_the_grammar():
    with open(os.path.abspath(tables.__file__), encoding="utf-8") as file:
        assert file.read() == make_tables.tables(), "run python -m bttui.compiler.make_tables"
