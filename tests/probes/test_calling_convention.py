"""Where arguments are at a function's first instruction, by the rules of each ABI."""

import pytest

from bttui.host.debug_types import Function, Parameter, Scalar
from bttui.model.types import VOID, Integer, Struct, Void
from bttui.probes.calling_convention import EMPTY, FLOATING, names, places


def integer(name="i", size=8):
    return Parameter(name, Integer(size=size), scalars=(Scalar(0, size, "integer"),))


def real(size=8):
    return Parameter("r", Void(size=size), scalars=(Scalar(0, size, "float" if size <= 8 else "long double"),))


def struct(*kinds, size=0, indirect=False):
    scalars = tuple(Scalar(8 * index, 8, kind) for index, kind in enumerate(kinds))
    return Parameter("s", Struct(name="struct s", size=size or 8 * len(kinds)), scalars=scalars, indirect=indirect)


def found(machine, *parameters, result=None):
    result = result or Parameter("", VOID)
    return [names(place) for place in places(Function("f", parameters, result), machine)]


def test_x86_integers_fill_registers_then_the_stack():
    assert found("x86_64", *[integer()] * 8) == ["di", "si", "dx", "cx", "r8", "r9", "[sp+8]", "[sp+16]"]


def test_x86_numbers_with_a_point_take_no_such_register():
    assert found("x86_64", real(), integer(), real(4), integer()) == [FLOATING, "di", FLOATING, "si"]


def test_x86_floating_point_numbers_beyond_eight_are_on_the_stack():
    assert found("x86_64", *[real()] * 9, *[integer()] * 7)[-1] == "[sp+16]"


@pytest.mark.parametrize(
    "kinds, expected",
    [
        (["integer"], ["di", "si"]),
        (["integer", "integer"], ["di si", "dx"]),
        (["integer", "float"], [FLOATING, "si"]),
        (["float", "float"], [FLOATING, "di"]),
        (["integer"] * 3, ["[sp+8]", "di"]),
    ],
)
def test_x86_structs_by_value(kinds, expected):
    assert found("x86_64", struct(*kinds), integer()) == expected


def test_x86_a_struct_that_does_not_fit_whole_leaves_its_register_to_the_next():
    assert found("x86_64", *[integer()] * 5, struct("integer", "integer"), integer())[5:] == ["[sp+8]", "r9"]


def test_x86_the_address_of_a_large_result_comes_first():
    assert found("x86_64", integer(), result=struct(*["integer"] * 3)) == ["si"]
    assert found("x86_64", integer(), result=struct("integer", "integer")) == ["di"]
    assert found("x86_64", integer(), result=struct("integer", indirect=True)) == ["si"]


def test_x86_long_doubles_are_aligned_on_the_stack():
    assert found("x86_64", *[integer()] * 7, real(16), integer())[6:] == ["[sp+8]", FLOATING, "[sp+40]"]


def test_x86_wide_integers():
    wide = Parameter("w", Void(size=16), scalars=(Scalar(0, 16, "integer"),))
    assert found("x86_64", wide, integer()) == ["di si", "dx"]


def test_objects_of_classes_come_by_address():
    assert found("x86_64", integer(), struct("integer", indirect=True), integer()) == ["di", "[si]", "dx"]


def test_structs_without_content():
    empty = Parameter("e", Struct(name="struct e", size=1))
    assert found("x86_64", empty, integer()) == [EMPTY, "di"]


def test_arm_registers_and_stack():
    assert found("aarch64", *[integer()] * 9) == [f"r{n}" for n in range(8)] + ["[sp]"]
    assert found("aarch64", real(), integer()) == [FLOATING, "r0"]


def test_arm_structs():
    assert found("aarch64", struct("integer", "integer"), struct(*["integer"] * 3), integer()) == ["r0 r1", "[r2]", "r3"]
    assert found("aarch64", *[integer()] * 7, struct("integer", "integer"), integer())[7:] == ["[sp]", "[sp+16]"]
    assert found("aarch64", integer(), result=struct(*["integer"] * 3)) == ["r0"]
