"""Functions of one's own. They are checked like probes; nothing can call them yet, in bpftrace neither."""

from bttui.compiler import ast
from bttui.compiler.infer.rules import describe
from bttui.compiler.infer.scope import Body
from bttui.compiler.infer.statements import Statements
from bttui.model import types
from bttui.model.types import Type
from bttui.probes.provider import Context


class Subprograms(Statements):
    """``subprograms`` are their bodies, in order of writing; ``returns`` is what the one being checked has to return."""

    def add_subprogram(self, subprogram: ast.Subprogram) -> None:
        self.subprograms.append(Body(subprogram.name, subprogram, subprogram.body, Context(type=0, section=""), []))

    def subprogram(self, body: Body) -> None:
        self.body, self.scopes, self.loops = body, [{}], 0
        node = body.probe
        assert isinstance(node, ast.Subprogram)
        for parameter in node.parameters:  # all names first: a type may be that of a later one
            self.declare(parameter.variable, None).declared = True
        for parameter in node.parameters:
            self.declare(parameter.variable, self.type_name(parameter.type))
        self.returns = self.type_name(node.returns)
        self.block(node.body)
        if not isinstance(self.returns, types.Void):
            end = self.falls_through(node.body)
            if end is not None:
                self.wrong_return(types.VOID, end)
        self.returns = None

    def Return(self, node: ast.Return) -> None:
        value = self.expression(node.value) if node.value is not None else types.VOID
        if not isinstance(self.body.probe, ast.Subprogram) or self.returns is None:
            return
        fits = type(value) is type(self.returns) if isinstance(value, types.Void) else None
        if fits is None and value is not None:
            fits = self.assignable(self.returns, value, node.value)
        if not fits and (self.final or value is not None):
            self.wrong_return(value, node)

    def wrong_return(self, value: "Type | None", where: ast.Node) -> None:
        self.error(f"Function {self.body.name} is of type {describe_return(self.returns)}, cannot return {describe_return(value)}", where)

    def falls_through(self, node: ast.Node) -> "ast.Node | None":
        """Where a way through a block or an if ends without a return statement."""
        if isinstance(node, ast.Block):
            return self.falls_through(node.statements[-1]) if node.statements else node
        if isinstance(node, ast.If):
            return self.falls_through(node.then) or (node if node.otherwise is None else self.falls_through(node.otherwise))
        return None if isinstance(node, ast.Return) else node


def describe_return(type_: "Type | None") -> str:
    return "void" if isinstance(type_, types.Void) else describe(type_)
