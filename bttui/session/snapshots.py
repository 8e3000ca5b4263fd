"""What the maps of a loaded program hold, as Python values."""

import struct
import sys

from bttui.loader import maps as kernel_maps
from bttui.model.frame import MapSnapshot
from bttui.model.program import COUNTERS
from bttui.model.types import Bucketed, TimeSeries
from bttui.session.decode import map_decoder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from bttui.loader.maps import LoadedMap
    from bttui.loader.object import LoadedObject
    from bttui.model.program import Counter, Program
    from bttui.session.lookup import Lookup

_FIRST = struct.pack("=I", 0)


class Snapshots:
    def __init__(self, program: "Program", loaded: "LoadedObject", lookup: "Lookup"):
        self._loaded = loaded
        self._program = program
        self._decoders: "dict[str, Callable[[int, memoryview, memoryview], MapSnapshot]]" = {}
        self._lookup = lookup
        self._zeroed: "set[str]" = set()
        self.names = [spec.name for spec in program.maps if spec.name.startswith("@") and not spec.name.startswith("@__")]

    def loaded(self, name: str) -> "LoadedMap":
        return self._loaded.maps[name]

    def map(self, name: str) -> MapSnapshot:
        decode = self._decoders.get(name)
        if decode is None:
            decode = self._decoders[name] = map_decoder(self.loaded(name), self._lookup)
        snapshot = decode(*kernel_maps.columns(self.loaded(name)))
        if name in self._zeroed and not snapshot.rows:
            snapshot.rows.append((None, () if isinstance(snapshot.spec.value, TimeSeries) else {}))
        return snapshot

    def all(self) -> "dict[str, MapSnapshot]":
        return {name: self.map(name) for name in self.names}

    def empty(self, name: str) -> "Any":
        """The value that an entry of zero bytes has."""
        map = self.loaded(name)
        zeros, key = memoryview(bytes(map.stride)), memoryview(bytes(map.spec.key_size))
        return map_decoder(map, self._lookup)(1, key, zeros).rows[0][1]

    def zero(self, name: str) -> None:
        """Values become 0, and keys stay. A scalar that was written to counts as written."""
        map = self.loaded(name)
        written = map.spec.key is None and bool(self.map(name).rows)
        kernel_maps.zero(map)
        if written and isinstance(map.spec.value, Bucketed):
            self._zeroed.add(name)
        elif written:
            kernel_maps.update(map, _FIRST, bytes(map.spec.value_size - 8) + struct.pack("=Q", 1))

    def set_scalar(self, name: str, value: int) -> None:
        """Write an integer to a scalar map, if the program has it."""
        if name in self._loaded.maps:
            map = self.loaded(name)
            size = map.spec.value_size
            kernel_maps.update(map, _FIRST, value.to_bytes(size - 8, sys.byteorder) + struct.pack("=Q", 1))

    def clear(self, name: str) -> None:
        kernel_maps.clear(self.loaded(name))
        self._zeroed.discard(name)

    def counters(self) -> "dict[Counter, int]":
        """Our own counts, all CPUs together."""
        if not self._program.counters:
            return {}
        map = self.loaded(COUNTERS)
        _, _, values = kernel_maps.columns(map)
        flat = values.cast("Q").tolist()
        slots = map.stride // 8
        return {counter: sum(flat[at * slots : (at + 1) * slots]) for at, counter in enumerate(self._program.counters)}

    def stack(self, map: str, identity: int) -> bytes:
        """The frames of a stack, innermost first, zeros behind the last; b"" where it is gone."""
        return kernel_maps.lookup(self.loaded(map), struct.pack("=I", identity)) or b""
