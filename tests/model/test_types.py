"""Types as data: each comes back from the plain form that is kept on disk and goes between processes."""

import marshal

import pytest

from bttui.model import types
from bttui.model.data import pack, unpack


@pytest.mark.parametrize(
    "type_",
    [
        types.Array(element=types.Array(element=types.INT32, count=2), count=3),
        types.Pointer(target=types.Struct(name="struct s", size=8), space="user"),
        types.make_tuple([types.INT8, types.String(4)]),
        types.make_record([("x", types.UINT64), ("y", types.Bool())]),
        types.Integer(size=2, signed=True, flexible=True),
    ],
    ids=repr,
)
def test_comes_back_as_it_was(type_):
    found = unpack(marshal.loads(marshal.dumps(pack(type_))))
    assert (found, found.size, repr(found)) == (type_, type_.size, repr(type_))


def test_an_array_is_as_large_as_its_elements():
    assert types.Array(element=types.INT32, count=3).size == 12
    assert types.Array(element=types.INT32, count=3) != types.Array(element=types.INT32, count=4)
