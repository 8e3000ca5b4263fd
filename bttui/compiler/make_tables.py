"""Turn grammar.lark into tables.py: ``python -m bttui.compiler.make_tables``. Needs lark; the parser itself does not.

lark works out the LALR(1) tables; keeping them saves its import and their computation (a third of a second) on every start.
"""

import os
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.lexer import Lexer, PatternStr
from lark.parsers.lalr_analysis import Reduce, Shift

HEADER = '''"""Made by make_tables.py from grammar.lark: change that.

RULES has a line for each rule: the nonterminal, how many symbols it takes, the method of parser.Builder ("-": passes its child on).
STATES has a paragraph for each state: tokens and the states they lead to, nonterminals and the states they lead to, then a line for
each rule with the tokens it is reduced on.
"""
'''
FOLDER = os.path.dirname(os.path.abspath(__file__))


class _NoLexer(Lexer):
    """lexer.py cuts the text; lark only needs to know the names of the terminals."""

    def __init__(self, conf: object):
        pass

    def lex(self, *_: object) -> "list[object]":  # type: ignore[override]
        return []


def tables() -> str:
    """The source of tables.py. Raises lark's GrammarError on conflicts between reductions."""
    with open(os.path.join(FOLDER, "grammar.lark"), encoding="utf-8") as file:
        lark = Lark(file.read(), parser="lalr", lexer=_NoLexer)
    spelling = {t.name: t.pattern.value for t in lark.terminals if isinstance(t.pattern, PatternStr)}
    table = lark.parser.parser._parse_table
    (start,) = table.start_states.values()
    (end,) = table.end_states.values()
    rules = sorted(lark.rules, key=lambda rule: (rule.origin.name, rule.order))
    order = [start]
    for state in order:  # grows while it runs: breadth first, so that the same grammar always gives the same numbers
        order += [to for _, (action, to) in sorted(table.states[state].items()) if action is Shift and to not in order]
    numbers = {state: number for number, state in enumerate(dict.fromkeys(order))}
    lines = [HEADER, 'RULES = """\\']
    lines += [f"{rule.origin.name} {len(rule.expansion)} {rule.alias or '-'}" for rule in rules]
    lines += ['"""', 'STATES = """\\']
    for state in dict.fromkeys(order):
        lines += ["$END 0", "-", ""] if state == end else _row(table.states[state], numbers, rules, spelling)
    return "\n".join([*lines, '"""', ""])


def _row(actions: "dict[str, Any]", numbers: "dict[Any, int]", rules: "list[Rule]", spelling: "dict[str, str]") -> "list[str]":
    """One state as a paragraph: tokens to shift, nonterminals to go to, then for each rule what it is reduced on."""
    shifts: list[str] = []
    gotos: list[str] = []
    reductions: dict[int, list[str]] = {}
    nonterminals = {rule.origin.name for rule in rules}
    for symbol, (action, target) in sorted(actions.items()):
        name = spelling.get(symbol, symbol)
        if action is Reduce:
            reductions.setdefault(rules.index(target), []).append(name)
        else:
            (gotos if symbol in nonterminals else shifts).append(f"{name} {numbers[target]}")
    return [
        " ".join(shifts) or "-",
        " ".join(gotos) or "-",
        *(f"{rule} {' '.join(names)}" for rule, names in sorted(reductions.items())),
        "",
    ]


def main() -> None:
    with open(os.path.join(FOLDER, "tables.py"), "w", encoding="utf-8") as file:
        file.write(tables())


if __name__ == "__main__":
    main()
