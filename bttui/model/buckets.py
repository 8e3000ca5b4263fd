"""Which values a histogram bucket holds. The compiler computes the same indices in BPF (compiler/functions)."""

from bttui.model.types import Histogram, TimeSeries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bttui.model.types import Bucketed, LinearHistogram


def histogram_buckets(bits: int) -> int:
    """How many bucket indices hist(n, bits) can produce."""
    return 2 + ((64 - bits) << bits) + (1 << bits)


def bucket_count(type_: "Bucketed") -> int:
    """How many buckets an aggregation may have."""
    if isinstance(type_, Histogram):
        return histogram_buckets(type_.bits)
    return type_.count if isinstance(type_, TimeSeries) else linear_buckets(type_)  # type: ignore[arg-type]


def histogram_index(value: int, bits: int) -> int:
    """0 holds negative values. Below 2**(bits+1) every value has its own bucket (index value + 1).

    Above, each power of two is split in 2**bits equal parts, as hist(n, bits) of the language says.
    """
    if value < 0:
        return 0
    if value < 1 << (bits + 1):
        return value + 1
    power = value.bit_length() - 1
    return ((power - bits) << bits) + (value >> (power - bits)) + 1


def histogram_range(index: int, bits: int) -> "tuple[int | None, int]":
    """(lowest, highest) value of the bucket, both included; lowest None means no bound."""
    if index == 0:
        return None, -1
    index -= 1
    if index < 1 << (bits + 1):
        return index, index
    shift = (index >> bits) - 1
    low = ((index & ((1 << bits) - 1)) | (1 << bits)) << shift
    return low, low + (1 << shift) - 1


def linear_buckets(type_: "LinearHistogram") -> int:
    return (type_.maximum - type_.minimum) // type_.step + 2


def linear_index(value: int, type_: "LinearHistogram") -> int:
    if value < type_.minimum:
        return 0
    if value >= type_.maximum:
        return linear_buckets(type_) - 1
    return (value - type_.minimum) // type_.step + 1


def linear_range(index: int, type_: "LinearHistogram") -> "tuple[int | None, int | None]":
    """(lowest, highest) value of the bucket, both included; None means no bound.

    Where the step does not divide the range, the last bucket begins below the maximum: with lhist(n, 0, 10, 3)
    9 falls in it.
    """
    if index == 0:
        return None, type_.minimum - 1
    low = type_.minimum + (index - 1) * type_.step
    return low, None if index == linear_buckets(type_) - 1 else low + type_.step - 1
