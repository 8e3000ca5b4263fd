"""Maps: keys and values found from their uses."""

from bttui.compiler import ast
from bttui.compiler.infer.names import Names
from bttui.compiler.infer.rules import describe, is_stringlike
from bttui.compiler.infer.scope import MapInfo
from bttui.model import types
from bttui.model.diagnostic import near
from bttui.model.types import Type

TYPE_CHECKING = False
if TYPE_CHECKING:
    pass


class Maps(Names):
    """Every use of a map tells something about it."""

    def map(self, node: ast.Map) -> MapInfo:
        """The map as a whole: says nothing about its key."""
        info = self.maps.get(node.name)
        if info is None:
            info = self.maps[node.name] = MapInfo(node.name, node.span)
            self.changed = True
        node.note = info
        return info

    def own_scalar(self, name: str, type_: types.Integer, where: ast.Node) -> types.Integer:
        """An internal scalar that the runner writes (model.program): the program has it from now on."""
        info = self.map(ast.Map(where.span, None, None, name))
        info.key, info.value = None, type_
        return type_

    def scalar(self, node: ast.Map) -> MapInfo:
        info = self.map(node)
        if info.key == "unknown":
            info.key = None
            self.changed = True
        elif info.key is not None:
            self.error(
                f"{info.name} used as a map without an explicit key (scalar map), previously used with an explicit key (non-scalar map)",
                node,
            )
        return info

    def access(self, node: ast.MapAccess) -> MapInfo:
        info = self.map(node.map)
        node.note = info
        key = self.expression(node.key)
        if isinstance(key, types.Array) and is_stringlike(key):
            key = types.String(key.size)
        key = self.countable(key)
        if isinstance(key, (types.Void, types.Aggregation)):
            self.error(f"Value '{describe(key)}' cannot be used as a map key.", node.key)
            return info
        self.key(info, key, node)
        return info

    def key(self, info: MapInfo, key: "Type | None", node: ast.MapAccess) -> None:
        if info.key is None:
            self.error(
                f"{info.name} used as a map with an explicit key (non-scalar map), previously used without an explicit key (scalar map)",
                node,
            )
            return
        if key is None:
            return
        if isinstance(info.key, str):
            info.key = key
            self.changed = True
            return
        joined = self.join(info.key, key, node.key)
        if joined is None:
            self.error(
                f"Argument mismatch for {info.name}: trying to access with arguments: '{describe(key)}' when map expects arguments: '{describe(info.key)}'",
                node,
            )
        elif self.grows(info, info.key, joined, key, node):
            info.key = joined

    def target(self, node: "ast.Map | ast.MapAccess") -> MapInfo:
        return self.scalar(node) if isinstance(node, ast.Map) else self.access(node)

    def store(self, info: MapInfo, value: "Type | None", node: "ast.Node | None", where: ast.Node) -> None:
        if value is None:
            return
        if isinstance(value, types.Array) and is_stringlike(value):
            value = types.String(value.size)
        if info.value is None:
            info.value = value
            self.changed = True
            return
        if isinstance(info.value, types.Aggregation):
            self.mismatch("map", info.name, info.value, value, where)
            return
        joined = self.join(info.value, value, node)
        if joined is None:
            self.mismatch("map", info.name, info.value, value, where)
        elif self.grows(info, info.value, joined, value, where):
            info.value = joined

    def Map(self, node: ast.Map) -> "Type | None":
        info = self.scalar(node)
        return self.read(info, node)

    def MapAccess(self, node: ast.MapAccess) -> "Type | None":
        info = self.access(node)
        return self.read(info, node)

    def read(self, info: MapInfo, node: ast.Expression) -> "Type | None":
        if info.value is None and self.settled:
            # as in bpftrace: an entry that nobody writes reads as 0
            info.value = types.INT64
            self.changed = True
        if self.final and not info.assigned:
            close = near(info.name, [name for name, other in self.maps.items() if other.assigned])
            self.warn(f"{info.name} is never written: it reads as 0", node, hint=f"did you mean {close[0]}?" if close else "")
        return info.value
