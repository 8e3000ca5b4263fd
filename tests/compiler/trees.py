"""Random programs as trees, and the comparison of trees without their places in the text."""

import re

from bttui.compiler import ast
from bttui.model.data import Data
from bttui.model.diagnostic import Span

NOWHERE = Span(0, 0, 1, 1, 1, 1)
WORDS = "pid comm x y index SIZE let while return break import else".split()
NUMBERS = [("0", 0, ""), ("42", 42, ""), ("0x1F", 31, ""), ("017", 15, ""), ("1_000", 1000, ""), ("2e3", 2000, ""), ("7ul", 7, "ul")]
NUMBERS += [("5s", 5_000_000_000, "s"), ("18446744073709551615", 2**64 - 1, "")]
TEXTS = ["", "a b", 'say "hi"\n', "tab\there \\n", "naïve ✓", "\0\x1b[m\x7f", "\udcff\udc80", "%d */ // x", "/*"]
BINARY = "|| && | ^ & == != < > <= >= << >> + - * / %".split()
ASSIGNMENTS = "= += -= *= /= %= &= |= ^= <<= >>=".split()
POINTS = [
    ("BEGIN", "BEGIN"),
    ("kprobe:vfs_read+0x10", "kprobe", "vfs_read+0x10"),
    ("tracepoint:sched:sched_*", "tracepoint", "sched", "sched_*"),
    ('uprobe:/bin/x:"f(int, char)"', "uprobe", "/bin/x", "f(int, char)"),
]

# Text in pieces, and pieces to put between them.
PIECE = re.compile(r'"(?:[^"\\\n]|\\.)*"|[$@]?\w+|<<|>>|->|[=!<>]=|&&|\|\||\+\+|--|\s+|.', re.S)
PIECES = [
    *"(){}[]<>;:,.?!~*&|^%/\\\"'#$@=+-_ \n\0\x1bé",
    "if",
    "else",
    "let $x",
    "struct s",
    "(int32)",
    "0x",
    "/*",
    "//",
    "..",
    "1e",
    "sizeof(",
]


def shape(value):
    """A tree as nested tuples without spans: two texts mean the same when their shapes are equal."""
    if isinstance(value, Span):
        return None
    if isinstance(value, Data):
        return (type(value).__name__, *map(shape, value.contents()))
    if isinstance(value, tuple):
        return tuple(map(shape, value))
    return value


def nodes(value):
    """Every node of a tree."""
    if isinstance(value, ast.Node):
        yield value
        value = value.contents()
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)


class Trees:
    """Makes trees as the parser makes them, from a ``random.Random``; ``depth`` keeps them small."""

    def __init__(self, random):
        self.random = random
        self.depth = 0

    def any(self, *makers):
        return self.random.choice(makers)()

    def some(self, make, least=0, most=3):
        return tuple(make() for _ in range(self.random.randint(least, most)))

    def maybe(self, make):
        return make() if self.random.random() < 0.5 else None

    def word(self):
        return self.random.choice(WORDS)

    # --- expressions

    def variable(self):
        return ast.Variable(NOWHERE, name=self.random.choice(["$x", "$y", "$_", "$a1"]))

    def map(self):
        return ast.Map(NOWHERE, name=self.random.choice(["@", "@x", "@bytes_1"]))

    def number(self):
        text, value, suffix = self.random.choice(NUMBERS)
        return ast.IntegerLiteral(NOWHERE, text=text, value=value, suffix=suffix)

    def identifier(self):
        return ast.Identifier(NOWHERE, name=self.word())

    def leaf(self):
        return self.any(
            self.variable,
            self.map,
            self.number,
            self.identifier,
            lambda: ast.StringLiteral(NOWHERE, value=self.random.choice(TEXTS)),
            lambda: ast.BooleanLiteral(NOWHERE, value=self.random.random() < 0.5),
            lambda: ast.Positional(NOWHERE, index=self.random.randint(0, 12)),
        )

    def place(self):
        return self.any(self.variable, self.map, self.map_access)

    def map_access(self):
        return ast.MapAccess(NOWHERE, map=self.map(), key=self.expression())

    def expression(self):
        if self.random.random() < self.depth / 6:
            return self.leaf()
        self.depth += 1
        try:
            return self.larger()
        finally:
            self.depth -= 1

    def larger(self):
        one, choose = self.expression, self.random.choice
        return self.any(
            self.leaf,
            self.map_access,
            lambda: ast.Binary(NOWHERE, operator=choose(BINARY), left=one(), right=one()),
            lambda: ast.Binary(NOWHERE, operator=choose(BINARY), left=one(), right=one()),
            lambda: ast.Unary(NOWHERE, operator=choose("-!~*"), operand=one()),
            lambda: ast.Unary(NOWHERE, operator="&", operand=self.any(self.variable, self.map)),
            lambda: ast.Unary(NOWHERE, operator=choose(["++", "--", "x++", "x--"]), operand=self.place()),
            lambda: ast.Ternary(NOWHERE, condition=one(), then=self.maybe(one), otherwise=one()),
            self.field,
            lambda: ast.Index(NOWHERE, operand=one(), index=one()),
            lambda: ast.TupleLiteral(NOWHERE, elements=self.some(one)),
            lambda: ast.RecordLiteral(NOWHERE, fields=tuple((name, one()) for name in self.random.sample([*WORDS, "if"], 2))),
            lambda: ast.Cast(NOWHERE, to=self.type(), operand=one()),
            lambda: ast.Call(NOWHERE, name=self.word(), arguments=self.some(one)),
            lambda: ast.Call(NOWHERE, name=choose(["sizeof", "typeinfo"]), arguments=(self.measured(),)),
            lambda: ast.Call(NOWHERE, name="offsetof", arguments=(self.measured(), self.path())),
            lambda: ast.TypeArgument(NOWHERE, name=self.type_of()),
            lambda: ast.Comptime(NOWHERE, operand=one()),
            self.valued_block,
            lambda: self.conditional(2),
        )

    def valued_block(self):
        return ast.BlockExpression(NOWHERE, statements=self.some(self.statement, most=2), value=self.maybe(self.expression))

    def conditional(self, more):
        otherwise = self.any(lambda: None, self.valued_block, lambda: self.conditional(more - 1) if more else None)
        return ast.IfExpression(NOWHERE, condition=self.expression(), then=self.valued_block(), otherwise=otherwise)

    def field(self):
        name = self.random.choice([*WORDS, "0", "12", "if", "timestamp"])
        arrow = self.random.random() < 0.5 and not name.isdigit()
        return ast.FieldAccess(NOWHERE, operand=self.expression(), name=name, arrow=arrow)

    def path(self):
        path = self.identifier()
        for name in self.some(self.word, most=2):
            path = ast.FieldAccess(NOWHERE, operand=path, name=name)
        return path

    def measured(self):
        """What stands in sizeof(): an expression, or a type that looks like none."""
        name = self.random.choice(["struct s", "int32"])
        return self.any(self.expression, lambda: ast.TypeArgument(NOWHERE, name=ast.TypeName(NOWHERE, name, self.suffixes())))

    def suffixes(self):
        return self.some(lambda: self.random.choice(["*", None, 4]))

    def type(self):
        name = self.random.choice(["int32", "uint64", "string", "foo_t", "struct task_struct", "union u", "enum e"])
        return self.any(lambda: ast.TypeName(NOWHERE, name, self.suffixes()), self.type_of)

    def type_of(self):
        return ast.TypeName(NOWHERE, "typeof", of=self.expression())

    # --- statements

    def block(self):
        self.depth += 1
        block = ast.Block(NOWHERE, self.some(self.statement))
        self.depth -= 1
        return block

    def statement(self):
        if self.random.random() < self.depth / 6:
            return self.simple()
        one = self.expression
        return self.any(
            self.simple,
            self.simple,
            self.block,
            lambda: self.condition(2),
            lambda: ast.While(NOWHERE, one(), self.block()),
            lambda: ast.Unroll(NOWHERE, one(), self.block()),
            lambda: ast.ForMap(NOWHERE, self.variable(), self.map(), self.block()),
            lambda: ast.ForRange(NOWHERE, self.variable(), self.bound(), self.bound(), self.block()),
        )

    def condition(self, more):
        otherwise = self.any(lambda: None, self.block, lambda: self.condition(more - 1) if more else None)
        return ast.If(NOWHERE, self.expression(), self.block(), otherwise)

    def bound(self):
        call = ast.Call(NOWHERE, name=self.word(), arguments=self.some(self.expression))
        return self.random.choice([self.number(), self.variable(), call])

    def simple(self):
        one = self.expression
        discard = ast.Identifier(NOWHERE, name="_")
        return self.any(
            self.expression_statement,
            lambda: ast.Assignment(NOWHERE, self.place(), self.random.choice(ASSIGNMENTS), one()),
            lambda: ast.Assignment(NOWHERE, discard, "=", one()),
            lambda: ast.Let(NOWHERE, self.variable(), self.maybe(self.type), self.maybe(one)),
            lambda: ast.Return(NOWHERE, self.maybe(one)),
            lambda: ast.Break(NOWHERE),
            lambda: ast.Continue(NOWHERE),
            lambda: ast.ImportStatement(NOWHERE, "lib/x.bt"),
        )

    def expression_statement(self):
        expression = self.expression()
        if isinstance(expression, ast.BlockExpression | ast.IfExpression):  # these are statements themselves
            expression = self.leaf()
        return ast.ExpressionStatement(NOWHERE, expression)

    # --- the root

    def attach_point(self):
        text, *parts = self.random.choice(POINTS)
        return ast.AttachPoint(NOWHERE, text, tuple(parts), tuple('"' in piece for piece in text.split(":")))

    def parameter(self):
        return ast.Identifier(NOWHERE, name=self.random.choice(["x", "comm", "let"]))

    def probe(self):
        return ast.Probe(NOWHERE, self.some(self.attach_point, 1, 2), self.maybe(self.expression), self.block())

    def macro(self):
        body = self.valued_block()
        body = body if body.value is not None else self.block()
        return ast.Macro(NOWHERE, self.word(), self.some(lambda: self.any(self.variable, self.map, self.parameter)), body)

    def subprogram(self):
        parameters = self.some(lambda: ast.Parameter(NOWHERE, self.variable(), self.type()))
        return ast.Subprogram(NOWHERE, self.word(), parameters, self.type(), self.block())

    def map_declaration(self):
        return ast.MapDeclaration(NOWHERE, self.map(), "lruhash", self.number())

    def setting(self):
        return ast.ConfigSetting(NOWHERE, "max_strlen", self.random.choice([7, True, False, "perf", "a b", "true", ""]))

    def root(self):
        definitions = ["#include <linux/sched.h>", "#define X 1", "struct s { int x; };", "enum e { A, B = 2 };"]
        return ast.Root(
            NOWHERE,
            tuple(ast.CDefinition(NOWHERE, text) for text in self.random.sample(definitions, 2)),
            self.maybe(lambda: self.some(self.setting)),
            self.some(lambda: ast.ImportStatement(NOWHERE, "a.bt"), most=1),
            self.some(lambda: self.any(self.probe, self.macro, self.subprogram, self.map_declaration), 1),
        )
