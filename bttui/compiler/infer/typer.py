"""The pass itself: over all bodies until maps and variables stop changing."""

from bttui.compiler.infer.rules import base_type
from bttui.compiler.infer.scope import Body
from bttui.compiler.infer.subprograms import Subprograms
from bttui.model.diagnostic import Diagnostic, DiagnosticError
from bttui.model.types import Aggregation

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass

PHASES = ((False, False), (True, False), (True, True))  # of asking and settled
ROUNDS = 12  # a chain of assignments longer than this between maps is not seen in practice


class Typer(Subprograms):
    """Types every body of a program."""

    def run(self, bodies: "list[Body]") -> "list[Diagnostic]":
        """Types every body. Returns warnings; raises DiagnosticError with all errors."""
        self.bodies = bodies
        for self.asking, self.settled in PHASES:
            for number in range(ROUNDS):
                self.changed = False
                self.forget()
                self.early = number == 0 and not self.asking and not self.settled
                self.all(bodies)
                if not self.changed and not self.early:
                    break
        self.final = True
        self.forget()
        self.all(bodies)
        for slot, declaration in self.empty:
            if not slot.assigned:
                self.warn(f"Variable {slot.name} was never assigned to.", declaration)
        self.declared_kinds()
        errors = [p for p in self.problems if p.severity == "error"]
        if errors:
            raise DiagnosticError(*self.problems)
        return self.problems

    def declared_kinds(self) -> None:
        """A declared map keeps one value for each CPU exactly where its values are aggregations."""
        for info in self.maps.values():
            if info.kind and info.key == "unknown":
                self.error(f"Unused map: {info.name}", info.span, severity="warning")
            if not info.kind or info.value is None:
                continue
            wanted = (
                "percpu" + info.kind.removeprefix("percpu") if isinstance(info.value, Aggregation) else info.kind.removeprefix("percpu")
            )
            if info.kind != wanted:
                self.error(
                    f"Incompatible map types. Type from declaration: {info.kind}. Type from value/key type: {wanted}",
                    info.span,
                    hint=f"declare it as {wanted}",
                )

    def forget(self) -> None:
        """What a round found holds for that round; a hint stays, since its old spelling is mended at once."""
        self.empty = []
        self.problems = [problem for problem in self.problems if problem.severity == "hint"]

    def all(self, bodies: "list[Body]") -> None:
        for body in bodies:
            self.one(body)
        for body in self.subprograms:
            self.subprogram(body)

    def one(self, body: Body) -> None:
        self.body = body
        self.scopes = [{}]
        self.loops = 0
        if body.predicate is not None:
            type_ = self.expression(body.predicate)
            if type_ is not None and not self.truthy(type_) and self.constant(body.predicate) is None:
                self.error(f"Invalid condition: {base_type(type_)}", body.predicate)
        self.block(body.block)
