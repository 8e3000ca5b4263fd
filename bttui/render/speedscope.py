"""Stacks in the file format of speedscope (github.com/jlfwong/speedscope, src/lib/file-format-spec.ts): one sampled profile a map."""

from bttui.render.stacks import merge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.render.export import Export
    from bttui.render.stacks import Node

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


def speedscope(export: "Export") -> str:
    """Samples have their frames outermost first; the other parts of a key are frames above them."""
    from json import dumps

    frames: dict[str, int] = {}
    profiles = []
    for snapshot in export.maps:
        samples: list[list[int]] = []
        weights: list[int] = []
        pending: list[tuple[Node, list[int]]] = [(merge(snapshot), [])]
        while pending:
            node, above = pending.pop()
            if node.own and above:
                samples.append(above)
                weights.append(node.own)
            for child in reversed(node.ordered()):
                pending.append((child, [*above, frames.setdefault(child.name, len(frames))]))
        profile = {"type": "sampled", "name": snapshot.spec.name, "unit": "none", "startValue": 0, "endValue": sum(weights)}
        profiles.append({**profile, "samples": samples, "weights": weights})
    names = [{"name": name} for name in frames]
    file = {"$schema": SCHEMA, "shared": {"frames": names}, "profiles": profiles, "activeProfileIndex": 0, "exporter": "bttui"}
    return dumps(file, separators=(",", ":")) + "\n"
