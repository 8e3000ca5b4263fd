"""Expressions."""

from bttui.compiler import ast
from bttui.compiler.functions import PLANNED, Function
from bttui.compiler.infer.maps import Maps
from bttui.compiler.infer.names import find_field
from bttui.compiler.infer.rules import COUNTABLE, SAME_BYTES, Unfoldable, base_type, describe, flexible, fold, is_stringlike, literal_type
from bttui.compiler.infer.scope import MapInfo
from bttui.compiler.old_spellings import FIELDS, IDENTIFIERS
from bttui.host import header_constants
from bttui.model import types
from bttui.model.diagnostic import Fix, near
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

MOST_SHOWN = 2000  # characters of a string in a message


ONE = literal_type(1)


class Expressions(Maps):
    """One method for each kind."""

    def IntegerLiteral(self, node: ast.IntegerLiteral) -> Type:
        return literal_type(node.value)

    def BooleanLiteral(self, node: ast.BooleanLiteral) -> Type:
        return types.BOOL

    def StringLiteral(self, node: ast.StringLiteral) -> Type:
        size = len(node.value.encode("utf-8", "surrogateescape")) + 1
        limit = int(self.config["max_strlen"])
        if size > limit:
            shown = node.value if len(node.value) <= MOST_SHOWN else f"{node.value[:MOST_SHOWN]}…"
            self.error(f"String is too long (over {limit} bytes): {shown}", node, hint="raise the config variable max_strlen")
        return types.String(size)

    def Identifier(self, node: ast.Identifier) -> "Type | None":
        name = node.name
        function = self.function_named(name)
        if function is not None and not function.aggregation and (function.builtin or function.least == 0):
            call = node.note if isinstance(node.note, ast.Call) else ast.Call(node.span, None, None, name, ())
            node.note = call
            call.type = self.check(function, call)
            return call.type
        if function is None and name in IDENTIFIERS and name not in self.constants:
            self.error(f"{name} is now called {IDENTIFIERS[name]}", node, severity="hint", fix=Fix(node.span, IDENTIFIERS[name]))
            node.name = IDENTIFIERS[name]
            return self.Identifier(node)
        if name in self.constants:
            node.note = self.constants[name]
            return literal_type(self.constants[name])
        if name in self.enumerators or self.host.btf.exists or self.body.context.binary:
            found = self.enumerators.get(name) or self.binary_constant(name)
            found = found or (self.host.btf.enum_constant(name) if self.host.btf.exists else None)
            if found is not None:
                node.note = found[0]
                # a constant is as large as C's arithmetic makes it; only in a struct it has the enum's size
                return found[1].replace(size=8)
        if self.planned(name, node):
            return None
        if self.headers and (value := header_constants.constant(name)) is not None:
            node.note = value
            return literal_type(value)
        names = [*self.functions, *self.constants, *self.enumerators]
        from bttui.compiler import mistakes

        found_names = near(name, names)
        hint = f"did you mean {found_names[0]}?" if found_names else ""
        hint = mistakes.called(name) or hint
        arguments = self.body.context.arguments
        if arguments is not None and any(field.name == name for field in arguments.fields or ()):
            self.error(f"Unknown identifier: '{name}'", node, f"did you mean args.{name}?", fix=Fix(node.span, f"args.{name}"))
            return None
        if self.headers and name.isupper():
            hint = f"macros of <{'>, <'.join(self.headers)}> are not in BTF: add #define {name} with its value"
        self.error(f"Unknown identifier: '{name}'", node, hint=hint, fix=self.slip(node, name, names))
        return None

    def planned(self, name: str, node: ast.Node) -> bool:
        """Whether this is a name of the language that waits for its turn; says so."""
        if name in PLANNED or name.startswith("__builtin_"):
            self.error(f"not supported yet: {name}", node, hint=PLANNED.get(name, ""))
            return True
        return False

    def Variable(self, node: ast.Variable) -> "Type | None":
        slot = self.find(node.name)
        if slot is None:
            self.error(f"Undefined or undeclared variable: {node.name}", node)
            return None
        node.note = slot
        if self.final and not slot.assigned and slot.type is not None:
            self.warn(f"Variable used before it was assigned: {node.name}", node)
        if slot.type is None and self.final and not any(p.severity == "error" for p in self.problems):
            self.error(f"Variable used before it was assigned: {node.name}", node)
        return slot.type

    def Positional(self, node: ast.Positional) -> "Type | None":
        raise AssertionError("positional parameters are replaced before this pass")

    def Comptime(self, node: ast.Comptime) -> "Type | None":
        type_ = self.expression(node.operand)
        if self.final and type_ is not None and not self.known(node.operand, casts=True):
            self.error("Unable to resolve comptime expression", node)
        return type_

    def Unary(self, node: ast.Unary) -> "Type | None":
        if node.operator in ("++", "--", "x++", "x--"):
            return self.increment(node)
        if node.operator == "&":
            return self.address_of(node)
        operand = self.expression(node.operand)
        if operand is None:
            return None
        if node.operator == "*":
            if isinstance(operand, types.Pointer):
                return self.dereferenced(operand, node)
            if isinstance(operand, types.Integer) and operand.size == 8:
                return types.UINT64
            self.error(f"Can not dereference value of type '{describe(operand)}' (not a pointer)", node)
            return None
        if node.operator == "!":
            good = isinstance(operand, (types.Integer, types.Bool, types.Enum))
        else:
            good = isinstance(operand, (types.Integer, types.Enum))
        if not good:
            self.error(f"The {node.operator} operator can not be used on expressions of type '{describe(operand)}'", node)
            return None
        if node.operator == "!":
            return types.BOOL
        value = self.literal(node)
        if isinstance(value, int):
            if value < -(1 << 63):
                self.error("unable to fold literals due to overflow or underflow", node)
                return None
            return types.UINT64 if node.operator == "~" else literal_type(value)
        return types.INT64 if isinstance(operand, types.Integer) and operand.signed else types.UINT64

    def dereferenced(self, pointer: types.Pointer, node: ast.Node) -> "Type | None":
        if isinstance(pointer.target, types.Void):
            self.error("Can not dereference a void pointer", node, hint="cast it to a pointer to a type first")
            return None
        return pointer.target

    def increment(self, node: ast.Unary) -> "Type | None":
        operand = node.operand
        if isinstance(operand, ast.Variable):
            slot = self.find(operand.name)
            if slot is None:
                self.error(f"Undefined or undeclared variable: {operand.name}", operand)
                return None
            operand.note, operand.type = slot, slot.type
            slot.assigned = True
            if isinstance(slot.type, types.Enum):
                slot.type = types.UINT64
                self.changed = True
            if slot.type is not None and not isinstance(slot.type, (types.Integer, types.Pointer)):
                self.error(f"The {node.operator.strip('x')} operator can not be used on expressions of type '{describe(slot.type)}'", node)
            elif isinstance(slot.type, types.Integer) and not slot.declared and not self.early:
                self.widen(slot, self.arithmetic(node.operator.strip("x")[0], slot.type, ONE), None, node)
            return slot.type
        if isinstance(operand, (ast.Map, ast.MapAccess)):
            info = self.target(operand)
            info.assigned = True
            if isinstance(info.value, types.Aggregation):
                self.error(f"The {node.operator.strip('x')} operator can not be used on a map of type {describe(info.value)}", node)
            elif info.value is None or isinstance(info.value, types.Integer):
                self.calculated(info, node.operator.strip("x")[0], ONE, node)
            elif not isinstance(info.value, types.Pointer):
                self.error(f"The {node.operator.strip('x')} operator can not be used on expressions of type '{describe(info.value)}'", node)
            operand.type = info.value
            return info.value
        self.error(f"The {node.operator.strip('x')} operator must be applied to a map or variable", node)
        return None

    def calculated(self, info: MapInfo, operator: str, value: "Type | None", where: ast.Node) -> None:
        """A map is changed by an operator. One that nothing else is known of counts from 0."""
        if info.value is None:
            if self.settled:
                self.store(info, types.INT64, None, where)
            return
        if self.early:
            return
        result = self.arithmetic(operator, info.value, value)
        if result != info.value:
            self.store(info, result, None, where)

    def address_of(self, node: ast.Unary) -> "Type | None":
        if isinstance(node.operand, (ast.Map, ast.MapAccess)):
            return self.address_of_map(node.operand)
        if not isinstance(node.operand, ast.Variable):
            self.error("Only variables and maps have an address (&)", node)
            return None
        type_ = self.expression(node.operand)
        return types.Pointer(target=type_, space="kernel") if type_ is not None else None

    def address_of_map(self, node: "ast.Map | ast.MapAccess") -> "Type | None":
        """The kernel's struct bpf_map."""
        if isinstance(node, ast.MapAccess):
            self.error("An entry of a map has no address (&)", node, hint=f"&{node.map.name} is the map's")
            return None
        info = self.map(node)
        if self.final and not info.assigned:
            self.undefined_map(info.name, node)
        return types.Pointer(target=types.VOID, space="kernel")

    def Binary(self, node: ast.Binary) -> "Type | None":
        left, right = self.countable(self.expression(node.left)), self.countable(self.expression(node.right))
        operator = node.operator
        constants = self.constant(node.left), self.constant(node.right)
        if operator in ("&&", "||") and isinstance(left, types.String) != isinstance(right, types.String) and left and right:
            other, value = (right, constants[1]) if isinstance(left, types.String) else (left, constants[0])
            if other != types.BOOL or value is None:  # a text beside a truth that is written is folded
                self.error(f"Type mismatch for '{operator}': comparing {describe(left)} with {describe(right)}", node)
                return types.BOOL
        if None not in constants and self.castless(node):
            folded = self.folded(node, *constants)
            if folded is not None:
                return folded
        comparison = operator in ("==", "!=", "<", ">", "<=", ">=")
        if left is None or right is None:
            return types.BOOL if comparison or operator in ("&&", "||") else None
        if operator in ("&&", "||"):
            for side, type_, value in ((node.left, left, constants[0]), (node.right, right, constants[1])):
                if not self.truthy(type_) and value is None:
                    self.error(f"The {operator} operator can not be used on expressions of type '{describe(type_)}'", side)
            return types.BOOL
        if operator in ("==", "!="):
            if self.comparable(left, right):
                return types.BOOL
            if isinstance(node.left, ast.TupleLiteral) and isinstance(node.right, ast.TupleLiteral):
                node.note = operator == "!="  # two tuples of different shapes are never the same
                return types.BOOL
        if isinstance(left, types.Pointer) or isinstance(right, types.Pointer):
            return self.pointer_arithmetic(node, left, right)
        plain = (types.Integer, types.Enum, types.Bool)
        if not (isinstance(left, plain) and isinstance(right, plain)):
            self.error(
                f"Type mismatch for '{operator}': comparing {describe(left)} with {describe(right)}"
                if comparison or type(left) is not type(right)
                else f"The {operator} operator can not be used on expressions of types {describe(left)}, {describe(right)}",
                node,
            )
            return None
        sides = ((left, node.left), (right, node.right))
        if operator not in ("<<", ">>") and any(self.signed(type_) for type_, _side in sides):
            for type_, side in sides:
                if type_ == types.UINT64 and self.literal(side) is None:
                    self.warn_cast(type_, types.INT64, side)
        if comparison:
            return types.BOOL
        return self.arithmetic(operator, left, right)

    def arithmetic(self, operator: str, left: "Type | None", right: "Type | None") -> Type:
        """The type of an operation on two integers. Two that are flexible are signed; ``right`` is that for a one that is nowhere written."""
        both = flexible(left) and flexible(right)
        return types.INT64 if both or operator == "-" or self.signed(left) or self.signed(right) else types.UINT64

    def folded(self, node: ast.Binary, left: "int | str | bool | None", right: "int | str | bool | None") -> "Type | None":
        """The type of an operation on literals, None where it is none."""
        assert left is not None and right is not None
        try:
            value = fold(node.operator, left, right)
        except Unfoldable:
            self.error("unable to fold literals due to overflow or underflow", node)
            return None
        if isinstance(value, str):
            return types.String(len(value.encode("utf-8", "surrogateescape")) + 1)
        return types.BOOL if isinstance(value, bool) else None if value is None else literal_type(value)

    def signed(self, type_: "Type | None") -> bool:
        """Whether a side of an operation makes it signed: what is flexible goes with the other side."""
        type_ = self.countable(type_)
        return isinstance(type_, types.Integer) and type_.signed and not type_.flexible

    def comparable(self, left: Type, right: Type) -> bool:
        if is_stringlike(left) and is_stringlike(right):
            return True
        if isinstance(left, types.ProbeName) and isinstance(right, types.String):
            return True
        if isinstance(left, types.String) and isinstance(right, types.ProbeName):
            return True
        if isinstance(left, (types.Tuple, types.Record)) and type(left) is type(right):
            return self.join(left, right, None) is not None
        if isinstance(left, SAME_BYTES) and left == right:
            return True
        return isinstance(left, types.Bool) and isinstance(right, types.Bool)

    def pointer_arithmetic(self, node: ast.Binary, left: Type, right: Type) -> "Type | None":
        operator = node.operator
        if operator in ("==", "!=", "<", ">", "<=", ">="):
            if (
                (isinstance(left, types.Pointer) and isinstance(right, types.Pointer))
                or isinstance(left, types.Integer)
                or isinstance(right, types.Integer)
            ):
                return types.BOOL
        elif operator in ("+", "-"):
            if isinstance(left, types.Pointer) and isinstance(right, types.Integer):
                return left
            if isinstance(right, types.Pointer) and isinstance(left, types.Integer) and operator == "+":
                return right
        self.error(f"The {operator} operator can not be used on expressions of types {describe(left)}, {describe(right)}", node)
        return None

    def Ternary(self, node: ast.Ternary) -> "Type | None":
        condition = self.expression(node.condition)
        known = self.constant(node.condition)
        if condition is not None and known is None and not self.truthy(condition):
            self.error(f"Invalid condition: {base_type(condition)}", node.condition)
        then = node.then or node.condition
        decided = isinstance(node.condition, ast.Comptime) or all(self.known(part) for part in (node.condition, then, node.otherwise))
        if known is not None and decided:
            node.note = bool(known)
            return self.expression(then if known else node.otherwise)
        then_type = self.expression(node.then) if node.then is not None else condition
        otherwise = self.expression(node.otherwise)
        return self.merge(then_type, otherwise, then, node.otherwise, node)

    def IfExpression(self, node: ast.IfExpression) -> "Type | None":
        self.condition(node.condition)
        known = self.decided(node.condition)
        if known is not None:
            chosen = node.then if known else node.otherwise
            return self.expression(chosen) if chosen is not None else types.VOID
        then = self.expression(node.then)
        if node.otherwise is None:
            return types.VOID
        return self.merge(then, self.expression(node.otherwise), node.then, node.otherwise, node)

    def merge(self, then: "Type | None", otherwise: "Type | None", a: ast.Expression, b: ast.Expression, node: ast.Node) -> "Type | None":
        then, otherwise = self.countable(then), self.countable(otherwise)
        if then is None or otherwise is None:
            return then or otherwise
        orders = [(then, otherwise, b), (otherwise, then, a)]
        if then == types.UINT64:
            orders.reverse()  # of an unsigned and a signed one the unsigned one is cast
        joined = self.join(*orders[0])
        if joined is None and not (isinstance(then, types.Integer) and isinstance(otherwise, types.Integer)):
            joined = self.join(*orders[1])
        if joined is None:
            self.error(f"Branches must return the same type or compatible types: have '{describe(then)}' and '{describe(otherwise)}'", node)
        return joined

    def BlockExpression(self, node: ast.BlockExpression) -> "Type | None":
        self.scopes.append({})
        for statement in node.statements:
            self.statement(statement)
        type_ = self.expression(node.value) if node.value is not None else types.VOID
        self.scopes.pop()
        return type_

    def Expansion(self, node: ast.Expansion) -> "Type | None":
        self.expansions.append(node.span)
        type_ = self.BlockExpression(node)
        self.expansions.pop()
        return type_

    def TupleLiteral(self, node: ast.TupleLiteral) -> "Type | None":
        elements = [self.element(e) for e in node.elements]
        return None if any(e is None for e in elements) else types.make_tuple(elements)  # type: ignore[arg-type]

    def RecordLiteral(self, node: ast.RecordLiteral) -> "Type | None":
        named = [(name, self.element(value)) for name, value in node.fields]
        names = [name for name, _value in node.fields]
        for name in names:
            if names.count(name) > 1:
                self.error(f"Duplicate field: {name}", node)
        return None if any(t is None for _n, t in named) else types.make_record(named)  # type: ignore[arg-type]

    def element(self, node: ast.Expression) -> "Type | None":
        type_ = self.expression(node)
        if isinstance(type_, types.Array) and is_stringlike(type_):
            return types.String(type_.size)
        type_ = self.countable(type_)
        if isinstance(type_, types.Aggregation):
            self.error(f"Map type {describe(type_)} cannot exist inside a tuple.", node)
            return None
        if isinstance(type_, types.Void):
            self.error(f"Tuple element can not be of type '{describe(type_)}'", node)
            return None
        return type_

    def FieldAccess(self, node: ast.FieldAccess) -> "Type | None":
        operand = self.expression(node.operand)
        if operand is None:
            return None
        while isinstance(operand, types.Pointer):
            operand = operand.target
        if isinstance(operand, types.Tuple) and node.name.isdigit():
            index = int(node.name)
            if index >= len(operand.elements):
                self.error(f"Invalid tuple index: {index}. Found {len(operand.elements)} elements in tuple.", node)
                return None
            return operand.elements[index]
        if isinstance(operand, types.Record):
            field = next((f for f in operand.fields if f.name == node.name), None)
            if field is None:
                self.error(f"Record has no field '{node.name}'", node, hint="it has " + ", ".join(f.name for f in operand.fields))
                return None
            node.note = field
            return field.type
        if not isinstance(operand, types.Struct):
            untyped = isinstance(node.operand, ast.Identifier) and node.operand.name == "curtask"
            hint = self.host.btf.absence if untyped else ""
            self.error(f"Can not access field '{node.name}' on expression of type '{describe(operand)}'", node, hint=hint)
            return None
        struct = self.resolve(operand)
        if struct is None or struct.fields is None:
            self.error(
                f"Struct/union of type '{operand.name}' does not contain a field named '{node.name}'"
                if struct
                else f"Unknown struct: {operand.name}",
                node,
                hint="" if struct else "its members are not in this kernel's BTF: define it in the program",
            )
            return None
        found = find_field(struct, node.name, self)
        if found is None and operand == self.body.context.arguments and node.name in FIELDS:
            found = find_field(struct, FIELDS[node.name], self)
            if found:
                fix = self.slip(node, node.name, [node.name], at_end=True)
                self.error(
                    f"args.{node.name} is now args.{FIELDS[node.name]}",
                    node,
                    severity="hint",
                    fix=fix and fix.replace(text=FIELDS[node.name]),
                )
        places = self.body.context.argument_places if operand == self.body.context.arguments else ()
        if found is None:
            names = [f.name for f in struct.fields if f.name]
            close = near(node.name, names)
            self.error(
                f"Can't find function parameter {node.name}"
                if places
                else f"Struct/union of type '{struct.name}' does not contain a field named '{node.name}'",
                node,
                hint=f"did you mean {close[0]}?" if close else "it has " + ", ".join(names[:12]) + (" ..." if len(names) > 12 else ""),
                fix=self.slip(node, node.name, names, at_end=True),
            )
            return None
        node.note = found
        if places and found in struct.fields:
            problem = places[struct.fields.index(found)][0].problem
            if problem:
                self.error(f"not supported: args.{node.name} {problem}", node)
                return None
        if found.data_location:
            return types.Pointer(target=types.INT8, space="kernel")
        return found.type

    def Index(self, node: ast.Index) -> "Type | None":
        operand, index = self.expression(node.operand), self.expression(node.index)
        if operand is None:
            return None
        if isinstance(operand, types.Tuple):
            place = self.integer_constant(node.index, "The index of a tuple")
            if place is None:
                return None
            if not 0 <= place < len(operand.elements):
                self.error(f"Invalid tuple index: {place}. Found {len(operand.elements)} elements in tuple.", node)
                return None
            return operand.elements[place]
        if index is not None and not isinstance(index, (types.Integer, types.Enum, types.Bool)):
            self.error("The array index operator [] only accepts positive (unsigned) integer indices. Got: " + describe(index), node)
        number = self.constant(node.index)
        if isinstance(number, int) and number < 0 and not isinstance(operand, types.Pointer):
            self.error(f"The array index operator [] only accepts non-negative integer indices. Got: {number}", node.index)
            return None
        if isinstance(operand, (types.Array, types.String)):
            count = operand.count if isinstance(operand, types.Array) else operand.size
            if isinstance(number, int) and count and number >= count:
                self.error(f"the index {number} is out of bounds for array of size {count}", node)
            return operand.element if isinstance(operand, types.Array) else types.INT8
        if isinstance(operand, types.Pointer):
            return self.dereferenced(operand, node)
        self.error(f"The array index operator [] can not be used on expressions of type '{describe(operand)}'.", node)
        return None

    def Cast(self, node: ast.Cast) -> "Type | None":
        operand = self.expression(node.operand)
        to = self.type_name(node.to, node.operand)
        if isinstance(to, types.Enum):
            to = self.as_constant(to)
        if to is None or operand is None:
            return to
        if isinstance(operand, types.Aggregation) and isinstance(to, (types.Integer, types.Bool)):
            if not isinstance(operand, COUNTABLE):
                self.error(f'Cannot cast from "{describe(operand)}" to "{describe(to)}"', node)
            return to
        scalar = (types.Integer, types.Bool, types.Enum, types.Pointer)
        if isinstance(to, types.Array) and to.count == 0 and isinstance(operand, (types.Integer, types.String)):
            to = types.Array(element=to.element, count=max(1, operand.size // to.element.size))
        ok = (
            (isinstance(to, scalar) and isinstance(operand, scalar))
            or (
                isinstance(to, types.Integer)
                and isinstance(operand, types.Array)
                and operand.size in (1, 2, 4, 8)
                and isinstance(operand.element, types.Integer)
            )
            or (isinstance(to, types.Array) and isinstance(operand, (types.Integer, types.Array)) and to.size <= max(operand.size, 8))
            or (isinstance(to, types.Array) and isinstance(operand, types.String) and to.element.size == 1 and to.size <= operand.size)
            or (isinstance(to, types.Pointer) and isinstance(operand, (types.Array, types.String)))
            or (
                isinstance(to, types.String)
                and is_stringlike(operand)
                and (to.size >= operand.size or not isinstance(operand, types.String))
            )
            or (isinstance(to, types.String) and isinstance(operand, types.Pointer))
            or (isinstance(to, types.Buffer) and isinstance(operand, (types.Pointer, types.Array, types.String)))
            or (isinstance(to, types.Bool) and isinstance(operand, types.String))
            or (isinstance(to, types.Struct) and isinstance(operand, (types.Struct, types.Integer, types.Pointer)))
            or (isinstance(to, (types.Tuple, types.Record)) and type(to) is type(operand))
            or to == operand
        )
        if (
            isinstance(to, types.Enum)
            and isinstance(node.operand, ast.IntegerLiteral)
            and to.members
            and node.operand.value not in [v for _n, v in to.members]
        ):
            self.error(f"Enum: {to.name} doesn't contain a variant value of {node.operand.value}", node)
        if isinstance(to, types.Struct) and not isinstance(operand, types.Struct):
            self.error(f'Cannot cast to struct "{to.name}"', node, hint=f"cast to a pointer: ({to.name} *)")
            return None
        if not ok:
            self.error(f'Cannot cast from "{describe(operand)}" to "{describe(to)}"', node)
        elif type(to) is type(operand) and describe(to) == describe(operand) and not self.expansions:  # a macro takes other types, too
            self.warn(f"Unnecessary cast: expression is already of type {describe(operand)}", node)
        return to

    def TypeArgument(self, node: ast.TypeArgument) -> "Type | None":
        return self.type_name(node.name)

    def count_arguments(self, function: Function, call: ast.Call) -> bool:
        count = len(call.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            if function.least == function.most:
                wanted = f"{function.name}() requires {['no', 'one'][function.least] if function.least < 2 else function.least} argument{'' if function.least == 1 else 's'}"
            elif count < function.least:
                wanted = f"{function.name}() requires at least {function.least} argument{'' if function.least == 1 else 's'}"
            else:
                wanted = f"{function.name}() takes up to {'one' if function.most == 1 else function.most} argument{'' if function.most == 1 else 's'}"
            self.error(f"{wanted} ({count} provided)", call, hint=function.signature)
            return False
        return True

    def Call(self, node: ast.Call) -> "Type | None":
        function = self.function_named(node.name)
        if function is None and self.planned(node.name, node):
            return None
        if function is None:
            close = near(node.name, list(self.functions))
            from bttui.compiler import mistakes

            hint = mistakes.called(node.name) or (f"did you mean {close[0]}()?" if close else "")
            if any(body.name == node.name for body in self.subprograms):
                hint = f"a fn is checked but cannot be called yet, as in bpftrace: write macro {node.name}(...) instead"
            self.error(f"Unknown function: '{node.name}'", node, hint=hint, fix=self.slip(node, node.name, list(self.functions)))
            return None
        if function.aggregation:
            self.error(f"{function.name}() should be directly assigned to a map", node, hint=function.signature)
            return None
        if function.unsafe and not self.options.unsafe:
            self.error(f"{function.name}() is an unsafe function being used in safe mode", node, hint="run with --unsafe")
        if not self.count_arguments(function, node):
            return None
        return self.check(function, node)
