"""Programs at random whose output is the same every time: what two tracers must agree on.

Most are right. Some ask for what the language refuses, for agreement on that too. Nothing in them depends on the
machine, the time, or the order in which a hash map gives its keys.
"""

WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = ("0", "1", "2", "3", "7", "10", "42", "63", "100", "127", "128", "200", "255", "256", "1000", "32767", "32768", "65535", "65536")
LARGE = ("2147483647", "2147483648", "4294967295", "4294967296", "1e6", "1_000", "0x7f", "0xff", "010", "5s", "3ms", "9223372036854775807")
WORDS = ("", "a", "b", "abc", "abd", "hello", "hello world", "%d", "x y", "tab\\there", "0", "Ab", "long-" * 6)
ARITHMETIC = ("+", "-", "*", "&", "|", "^")
COMPARED = ("==", "!=", "<", ">", "<=", ">=")
COMPOUND = ("+=", "-=", "*=", "|=", "&=", "^=")
DEPTH = 3
AGGREGATIONS = ("count()", "sum", "min", "max", "avg", "stats", "hist", "lhist")


class Programs:
    """``chance`` is a random.Random, or hypothesis' own."""

    def __init__(self, chance):
        self.chance = chance
        self.scopes: list[dict[str, str]] = [{}]
        self.maps: dict[str, tuple[str, str]] = {}  # name -> (kind of the key or "", kind of the value)
        self.names = 0
        self.macros: list[tuple[str, list[str], str]] = []
        self.loops = 0
        self.structs: list[tuple[str, int]] = []  # name, number of members

    # Small helpers

    def one(self, *choices):
        return self.chance.choice(choices)

    def odds(self, percent):
        return self.chance.randint(1, 100) <= percent

    def fresh(self, sigil):
        self.names += 1
        return f"{sigil}{'abcdefghijklmnop'[self.names % 16]}{self.names}"

    def visible(self, kind):
        return [name for scope in self.scopes for name, its in scope.items() if its == kind]

    # Expressions, by kind: int, bool, string, tuple

    def expression(self, kind, depth=DEPTH):
        if self.odds(2):
            kind = self.one("int", "bool", "string", "tuple")  # seldom what is wanted
        return getattr(self, f"{kind}_expression")(depth)

    def int_expression(self, depth):
        names = self.visible("int") + self.visible("counter")
        if depth <= 0 or self.odds(20):
            if names and self.odds(60):
                return self.chance.choice(names)
            text = self.chance.choice(NUMBERS if self.odds(75) else LARGE)
            return f"-{text}" if self.odds(15) else text
        deeper = depth - 1
        choice = self.chance.randint(0, 20)
        if choice == 18:
            return self.record_or_parameter(deeper)
        if choice == 19 and self.structs:
            name, members = self.chance.choice(self.structs)
            return self.one(f"sizeof(struct {name})", f"offsetof(struct {name}, m{self.chance.randint(0, members - 1)})")
        if choice == 20:
            text = self.string_expression(deeper)
            return self.one(f"strncmp({text}, {self.literal()}, {self.chance.randint(1, 5)})", f"strlen({text})")
        if choice <= 4:
            return f"({self.int_expression(deeper)} {self.chance.choice(ARITHMETIC)} {self.int_expression(deeper)})"
        if choice == 5:
            return f"({self.wide(deeper)} {self.one('/', '%')} {self.wide(deeper)})"
        if choice == 6:
            left, operator = self.one((self.int_expression(deeper), "<<"), (self.wide(deeper), ">>"))
            return f"({left} {operator} {self.chance.randint(0, 7)})"
        if choice <= 8:
            return f"({self.chance.choice(WIDTHS)}){self.int_expression(0) if self.odds(50) else '(' + self.int_expression(deeper) + ')'}"
        if choice == 9:
            return f"({self.expression('bool', deeper)} ? {self.expression('int', deeper)} : {self.expression('int', deeper)})"
        if choice == 10:
            return f"{self.one('-', '~')}{self.wide(deeper, signed=True)}"
        if choice == 11:
            return f"strlen({self.expression('string', deeper)})"
        if choice == 12:
            return f"{self.tuple_of(['int', 'int'], deeper)}.{self.chance.randint(0, 1)}"
        if choice == 13:
            return f"sizeof({self.one(*WIDTHS, self.int_expression(0))})"
        if choice == 14:
            scalars = [name for name, (key, value) in self.maps.items() if not key and value in ("int", "count()", "sum", "max", "min")]
            if scalars:
                name = self.chance.choice(scalars)
                return name if self.maps[name][1] == "int" else f"(int64){name}"
            return self.int_expression(0)
        if choice == 15:
            keyed = [name for name, (key, value) in self.maps.items() if key and value == "int"]
            if keyed:
                name = self.chance.choice(keyed)
                return f"{name}[{self.key(self.maps[name][0])}]"
            return self.int_expression(0)
        if choice == 16:
            return f"({{ {self.assignment_to_new('int', deeper)} {self.last_name} + 1 }})" if self.odds(30) else self.int_expression(deeper)
        if self.macros:
            name, parameters, kind = self.chance.choice(self.macros)
            if kind == "int":
                return f"{name}({', '.join(self.int_expression(deeper) for _ in parameters)})"
        return f"({self.expression('bool', deeper)} ? 1 : {self.int_expression(0)})"

    def record_or_parameter(self, depth):
        if self.odds(50):
            self.names += 1
            return f'getopt("n{self.names}", {self.chance.choice(NUMBERS)})'
        return f"(x={self.int_expression(depth)}, y={self.literal()}).x"

    def wide(self, depth, signed=False):
        """A number of 64 bits. Of others bpftrace divides and shifts right as if they had no sign, and cuts what - and ~ give."""
        return f"({'int64' if signed else 'uint64'})({self.int_expression(depth)})"

    def bool_expression(self, depth):
        names = self.visible("bool")
        if depth <= 0 or self.odds(15):
            return self.chance.choice(names) if names and self.odds(60) else self.one("true", "false")
        deeper = depth - 1
        choice = self.chance.randint(0, 8)
        if choice <= 3:
            return f"({self.int_expression(deeper)} {self.chance.choice(COMPARED)} {self.int_expression(deeper)})"
        if choice == 4:
            return f"({self.expression('bool', deeper)} {self.one('&&', '||')} {self.expression('bool', deeper)})"
        if choice == 5:
            return f"!{self.bool_expression(deeper)}"
        if choice == 6:
            return f"({self.string_expression(deeper)} {self.one('==', '!=')} {self.string_expression(deeper)})"
        if choice == 7:
            return f"strcontains({self.string_expression(deeper)}, {self.literal()})"
        return f"(bool){self.int_expression(0)}"

    def literal(self):
        return f'"{self.chance.choice(WORDS)}"'

    def string_expression(self, depth):
        names = self.visible("string")
        if depth <= 0 or self.odds(50):
            return self.chance.choice(names) if names and self.odds(60) else self.literal()
        if self.odds(70):
            return f"({self.expression('bool', depth - 1)} ? {self.string_expression(depth - 1)} : {self.string_expression(depth - 1)})"
        return f"str_concat({self.literal()}, {self.string_expression(0)})" if self.odds(30) else self.string_expression(0)

    def tuple_expression(self, depth):
        names = self.visible("tuple")
        if names and self.odds(40):
            return self.chance.choice(names)
        kinds = [self.one("int", "int", "bool", "string") for _ in range(self.chance.randint(1, 3))]
        return self.tuple_of(kinds, depth - 1)

    def tuple_of(self, kinds, depth):
        items = [self.expression(kind, max(0, depth - 1)) for kind in kinds]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"

    def key(self, kind):
        """Few different keys, so that they meet."""
        if kind == "int":
            return self.one("1", "2", "3")
        if kind == "string":
            return self.one('"a"', '"bb"', '"c c"')
        return f"{self.one('1', '2')}, {self.one(chr(34) + 'x' + chr(34), chr(34) + 'yy' + chr(34))}"

    # Statements

    def block(self, depth, most=3):
        self.scopes.append({})
        inside = " ".join(self.statement(depth - 1) for _ in range(self.chance.randint(1, most)))
        self.scopes.pop()
        return f"{{ {inside} }}"

    def assignment_to_new(self, kind, depth):
        value = self.expression(kind, depth)
        name = self.last_name = self.fresh("$")
        self.scopes[-1][name] = kind
        form = self.chance.randint(0, 5)
        if form == 0:
            return f"let {name} = {value};"
        if form == 1 and kind == "int":
            return f"let {name} : {self.chance.choice(WIDTHS)} = {value};"
        return f"{name} = {value};"

    def statement(self, depth):
        choice = self.chance.randint(0, 21)
        if choice <= 4:
            return self.assignment_to_new(self.one("int", "int", "bool", "string", "tuple"), depth)
        if choice <= 6:
            names = self.visible("int")
            if not names:
                return self.assignment_to_new("int", depth)
            name = self.chance.choice(names)
            form = self.chance.randint(0, 2)
            if form == 0:
                return f"{name} = {self.expression('int', depth)};"
            if form == 1:
                return f"{name} {self.chance.choice(COMPOUND)} {self.int_expression(depth - 1)};"
            return f"{name}{self.one('++', '--')};"
        if choice <= 9:
            return f"print({self.expression(self.one('int', 'int', 'bool', 'string', 'tuple'), depth)});"
        if choice <= 11:
            return self.printf(depth)
        if choice <= 13 and depth > 0:
            otherwise = f" else {self.block(depth)}" if self.odds(50) else ""
            return f"if ({self.expression(self.one('bool', 'bool', 'int'), depth)}) {self.block(depth)}{otherwise}"
        if choice == 14 and depth > 0 and self.loops < 2:
            return self.loop(depth)
        if choice <= 18:
            return self.map_statement(depth)
        if choice == 19 and self.maps:
            return self.map_call()
        if choice == 20:
            keyed = [name for name, (key, value) in self.maps.items() if key and value == "int"]
            if keyed:
                total, pair = self.fresh("$"), self.fresh("$")
                return f"{total} = 0; for ({pair} : {self.chance.choice(keyed)}) {{ {total} += {pair}.1; }} print({total});"
        return f"print({self.expression('int', depth)});"

    def printf(self, depth):
        pieces, arguments = [], []
        for _ in range(self.chance.randint(1, 3)):
            kind = self.one("int", "int", "string", "bool")
            if kind == "string":
                pieces.append(self.one("%s", "%10s", "%-8s|", "%.3s"))
                arguments.append(self.string_expression(depth - 1))
            elif kind == "bool":
                pieces.append(self.one("%d", "%s"))
                arguments.append(self.expression("bool", depth - 1))
            else:
                pieces.append(
                    self.one("%d", "%lld", "%u", "%x", "%5d", "%-5d|", "%05d", "%ld", "%lx", "%llu", "%hhd", "%hd", "%i", "%#x", "%o")
                )
                arguments.append(self.expression("int", depth - 1))
        text = self.one(" ", ",", " %% ").join(pieces)
        return f'printf("{text}\\n", {", ".join(arguments)});'

    def loop(self, depth):
        self.loops += 1
        form = self.chance.randint(0, 2)
        name = self.fresh("$")
        self.scopes.append({} if form == 2 else {name: "counter"})  # nothing but its own step changes what a loop counts
        if form == 0:
            text = f"for ({name} : {self.chance.randint(0, 3)}..{self.chance.randint(2, 6)}) {self.block(depth, 2)}"
        elif form == 1:
            text = f"unroll({self.chance.randint(1, 4)}) {self.block(depth, 2)}"
        else:
            inside = self.block(depth, 2)
            text = f"{name} = 0; while ({name} < {self.chance.randint(1, 4)}) {{ {name}++; {inside} }}"
        self.scopes.pop()
        self.loops -= 1
        if form == 2:
            self.scopes[-1][name] = "int"
        return text

    def map_statement(self, depth):
        if self.maps and self.odds(60):
            name = self.chance.choice(list(self.maps))
        else:
            name = self.fresh("@")
            self.maps[name] = (self.one("", "", "int", "string", "both"), self.one("int", "int", "string", "tuple", *AGGREGATIONS))
        key, value = self.maps[name]
        place = f"{name}[{self.key(key)}]" if key else name
        if value == "count()":
            return f"{place} = count();"
        if value == "lhist":
            return f"{place} = lhist({self.aggregated(depth - 1)}, 0, 100, 10);"
        if value in AGGREGATIONS:
            return f"{place} = {value}({self.aggregated(depth - 1)});"
        if value == "int" and self.odds(40):
            return (
                f"{place} {self.chance.choice(COMPOUND)} {self.int_expression(depth - 1)};"
                if self.odds(50)
                else f"{place}{self.one('++', '--')};"
            )
        if value == "string":
            return f"{place} = {self.literal()};"
        if value == "tuple":
            return f"{place} = ({self.chance.randint(0, 99)}, {self.literal()});"
        return f"{place} = {self.expression(value, depth - 1)};"

    def aggregated(self, depth):
        """Of a number that is short and has no sign bpftrace takes the highest bit for one where the map has a sign."""
        return self.chance.choice(NUMBERS) if self.odds(50) else self.wide(depth, signed=True)

    def map_call(self):
        name = self.chance.choice(list(self.maps))
        key, value = self.maps[name]
        form = self.chance.randint(0, 6)
        if value in ("hist", "lhist") and form in (2, 3):
            form = 5  # bpftrace looks for an entry without its bucket
        if form == 0:
            return f"clear({name});"
        if form == 1 and value in ("int", *AGGREGATIONS):
            return f"zero({name});"
        if form == 2 and key:
            return f"delete({name}, {self.wrapped(key)});"
        if form == 3 and key:
            return f"print(has_key({name}, {self.wrapped(key)}));"
        if form == 4 and key:
            return f"print(len({name}));"
        if form == 5:
            return f"print({name});"
        if value in ("hist", "lhist"):
            return f"clear({name});"  # the same
        if key and value == "stats":
            return f"print({name});"  # of one entry bpftrace prints zeros
        return f"delete({name});" if not key else f"print({name}[{self.key(key)}]);"

    def wrapped(self, kind):
        key = self.key(kind)
        return f"({key})" if kind == "both" else key

    def macro(self):
        name = f"twice{len(self.macros)}"
        parameters = [self.one("x", "y") + str(n) for n in range(self.chance.randint(1, 2))]
        body = self.one(f"{parameters[0]} + {parameters[-1]}", f"({parameters[0]} * 2) - {parameters[-1]}", f"{parameters[-1]} ? 1 : 2")
        self.macros.append((name, parameters, "int"))
        return f"macro {name}({', '.join(parameters)}) {{ {body} }}\n"

    def struct(self):
        name = f"fuzzed{len(self.structs)}"
        members = self.chance.randint(1, 4)
        self.structs.append((name, members))
        types = ("char", "short", "int", "long", "unsigned char", "int *", "struct { char a; int b; }")
        listed = [f"{self.one(*types)} m{n}{self.one('', '', '[3]')};" for n in range(members)]
        return f"struct {name} {{ {' '.join(listed)} }};\n"

    def program(self):
        head = "".join(self.struct() for _ in range(self.chance.choice([0, 0, 0, 1])))
        head += "".join(self.macro() for _ in range(self.chance.choice([0, 0, 0, 1])))
        probes = []
        for probe in ["begin", *(["end"] if self.odds(15) else [])]:
            self.scopes = [{}]
            predicate = f" /{self.bool_expression(2)}/" if self.odds(10) else ""
            statements = " ".join(self.statement(DEPTH) for _ in range(self.chance.randint(1, 6)))
            probes.append(f"{probe}{predicate} {{ {statements} }}\n")
        return head + "".join(probes)
