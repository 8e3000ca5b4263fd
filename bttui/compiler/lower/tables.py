"""What all bodies of a program share: output formats, strings, counters, and the maps that they ask for."""

from bttui.compiler.emit import Module
from bttui.compiler.infer.scope import MapInfo
from bttui.compiler.infer.typer import Typer
from bttui.model import types
from bttui.model.buckets import bucket_count
from bttui.model.program import BUILD_ID_FRAME, COUNTERS, RINGBUF, SCRATCH, Counter, MapSpec, Output, stack_map

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from bttui.model.diagnostic import Span

HASH, ARRAY, PERCPU_HASH, PERCPU_ARRAY, STACK_TRACE, LRU_HASH, LRU_PERCPU_HASH, RING = 1, 2, 5, 6, 7, 9, 10, 27  # enum bpf_map_type
DECLARED_KINDS = {"hash": HASH, "lruhash": LRU_HASH, "percpuhash": PERCPU_HASH, "percpulruhash": LRU_PERCPU_HASH}
STACK_ENTRIES = 16384
BUILD_IDS = 1 << 5  # BPF_F_STACK_BUILD_ID


class Tables:
    """What all bodies of a program share: output formats, strings, counters, and the maps that they ask for."""

    def __init__(self, module: Module, typer: Typer):
        self.module, self.typer = module, typer
        self.outputs: list[Output] = []
        self.strings: list[str] = []
        self.counters: list[Counter] = []
        self.scratch_sizes: list[int] = []
        self.stacks: set[tuple[int, str]] = set()  # depth, "build_id" or ""
        self.uses_ring = False
        self.exits = False  # the program has an exit() somewhere
        self.counting = False
        self._symbols: dict[str, str] = {}
        self._places: dict[object, int] = {}  # of strings and counters, in their lists

    def output(self, output: Output) -> int:
        whole = tuple(a.replace(type=self.typer.complete(a.type)) for a in output.arguments)
        output = output.replace(arguments=whole)
        for index, known in enumerate(self.outputs):
            if known.text == output.text and known.contents() == output.contents():
                return index
        self.outputs.append(output)
        return len(self.outputs) - 1

    def string(self, text: str) -> int:
        return self._place(self.strings, text)

    def counter(self, kind: str, subject: str, span: "Span | None" = None) -> int:
        return self._place(self.counters, Counter(kind, subject, span))

    def _place(self, known: "list[Any]", entry: "Any") -> int:
        """Where it is among those known; added where it is new."""
        place = self._places.setdefault(entry, len(known))
        if place == len(known):
            known.append(entry)
        return place

    def symbol(self, map_name: str) -> str:
        """The ELF symbol of a map of the program."""
        if map_name not in self._symbols:
            self._symbols[map_name] = "AT_" + map_name[1:]
        return self._symbols[map_name]

    def specs(self, ring_pages: int) -> "list[MapSpec]":
        """All maps of the program, ours last."""
        found = []
        for info in self.typer.maps.values():
            if info.value is None or isinstance(info.key, str):
                continue
            spec = self.spec(info)
            found.append(
                spec.replace(
                    key=self.typer.complete(spec.key) if spec.key is not None else None,
                    value=self.typer.complete(spec.value) if spec.value is not None else None,
                )
            )
        if self.uses_ring:
            found.append(MapSpec(RINGBUF, RINGBUF, RING, 0, 0, ring_pages * 4096))
        if self.counters:
            found.append(MapSpec(COUNTERS, COUNTERS, PERCPU_ARRAY, 4, 8, len(self.counters)))
        if any(self.scratch_sizes):
            size = types.align_up(max(self.scratch_sizes), 8)
            found.append(MapSpec(SCRATCH, SCRATCH, PERCPU_ARRAY, 4, size, len(self.scratch_sizes)))
        for depth, mode in sorted(self.stacks):
            frame, flags = (BUILD_ID_FRAME, BUILD_IDS) if mode else (8, 0)
            for name in (stack_map(mode, depth), stack_map(mode, depth, second=True)):
                found.append(MapSpec(name, name, STACK_TRACE, 4, frame * depth, STACK_ENTRIES, flags=flags))
        return found

    def spec(self, info: MapInfo) -> MapSpec:
        value = info.value
        assert value is not None and not isinstance(info.key, str)
        aggregation = isinstance(value, types.Aggregation)
        keys = int(self.typer.config["max_map_keys"])
        symbol = self.symbol(info.name)
        if info.key is None:
            if isinstance(value, types.Bucketed):
                return MapSpec(info.name, symbol, PERCPU_ARRAY, 4, value.size, bucket_count(value), None, value, info.span)
            size = types.align_up(value.size, 8) + 8
            return MapSpec(info.name, symbol, PERCPU_ARRAY if aggregation else ARRAY, 4, size, 1, None, value, info.span)
        kind = PERCPU_HASH if aggregation else HASH
        if info.kind:
            kind, keys = DECLARED_KINDS[info.kind], info.size
            if aggregation and kind in (HASH, LRU_HASH):
                kind = PERCPU_HASH if kind == HASH else LRU_PERCPU_HASH
        key_size = info.key.size
        if isinstance(value, types.Bucketed):
            return MapSpec(info.name, symbol, kind, types.align_up(key_size, 8) + 8, value.size, keys, info.key, value, info.span)
        return MapSpec(info.name, symbol, kind, max(key_size, 1), max(value.size, 1), keys, info.key, value, info.span)
