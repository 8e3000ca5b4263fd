"""A base for plain data classes that costs nothing at import time.

``dataclasses`` takes 14 ms to import and half a millisecond a class, which a piped one-liner would feel;
this does the part of it that we use: fields from annotations, positional or keyword construction, equality,
hash, repr, ``replace``, and a form made of plain lists for caches and recordings.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, dataclass_transform
else:

    def dataclass_transform(**_options):
        return lambda cls: cls


_registry: "dict[str, type[Data]]" = {}


@dataclass_transform()
class Data:
    """Subclasses annotate their fields; a class attribute of the same name is the default."""

    _fields: "tuple[str, ...]" = ()

    def __init_subclass__(cls) -> None:
        own = [name for name in cls.__dict__.get("__annotations__", ()) if not name.startswith("_")]  # noqa: RUF063 - inspect costs start-up
        cls._fields = cls._fields + tuple(name for name in own if name not in cls._fields)
        _registry[f"{cls.__module__.rpartition('.')[2]}.{cls.__qualname__}"] = cls

    if not TYPE_CHECKING:

        def __init__(self, *values, **named):
            fields = self._fields
            own = self.__dict__
            if len(values) > len(fields):
                raise TypeError(f"{type(self).__name__} takes {len(fields)} values, got {len(values)}")
            own.update(zip(fields, values, strict=False))
            own.update(named)
            if len(own) != len(fields):
                for name in fields:
                    if name not in own:
                        try:
                            own[name] = getattr(type(self), name)
                        except AttributeError:
                            raise TypeError(f"{type(self).__name__} needs {name}") from None
                if len(own) != len(fields):
                    raise TypeError(f"{type(self).__name__} has no {sorted(set(own) - set(fields))}")

    def contents(self) -> "tuple[Any, ...]":
        """The field values in field order."""
        return tuple(map(self.__dict__.__getitem__, self._fields))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.contents() == other.contents()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self.contents()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in self._fields)})"

    def replace(self, **changes: "Any") -> "Self":
        """A copy with some fields changed."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy.__dict__.update(changes)
        return copy


def pack(value: "Any") -> "Any":
    """The value as plain lists, dicts and scalars, ready for ``marshal`` or JSON. ``unpack`` undoes it."""
    if isinstance(value, Data):
        cls = type(value)
        return ["!", f"{cls.__module__.rpartition('.')[2]}.{cls.__qualname__}", *(pack(v) for v in value.contents())]
    if isinstance(value, tuple):
        return ["()", *(pack(v) for v in value)]
    if isinstance(value, list):
        return ["[]", *(pack(v) for v in value)]
    if isinstance(value, dict):
        return ["{}", *([pack(k), pack(v)] for k, v in value.items())]
    return value


def unpack(value: "Any") -> "Any":
    """Undo ``pack``. Raises KeyError when it names a class that is not loaded."""
    if not isinstance(value, list):
        return value
    # Most of a large program is names and numbers: looking at them here saves a call for each.
    tag, *rest = [unpack(v) if isinstance(v, list) else v for v in value] if value[0] != "{}" else value
    if tag == "!":
        return _registry[rest[0]](*rest[1:])
    if tag == "()":
        return tuple(rest)
    if tag == "[]":
        return rest
    if tag == "b":  # bytes, where JSON stands between
        return bytes.fromhex(rest[0])
    return {unpack(k): unpack(v) for k, v in rest}
