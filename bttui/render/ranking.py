"""Rows in an order of which mostly the beginning is looked at: to sort all of a large map would hold up the keys."""

import heapq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    Row = tuple[Any, Any]

SHARE = 16  # more than one in so many is sorted all: picking the first ones is quicker only while they are few


class Ranking:
    """``rows`` by ``keys``, which are as many and can be compared; equal ones stay in the order in which they came."""

    def __init__(self, rows: "Sequence[Row]", keys: "Sequence[Any]", descending: bool = False) -> None:
        self._rows, self._keys, self._descending = rows, keys, descending
        self._places: "list[int]" = []  # of the first ones, as many as somebody has asked for

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> "Row":
        self._sort(at + 1)
        return self._rows[self._places[at]]

    def first(self, count: int) -> "list[Row]":
        """The first ``count`` rows; all where there are not as many."""
        self._sort(count)
        return [self._rows[place] for place in self._places[:count]]

    def _sort(self, count: int) -> None:
        if count > len(self._places) < len(self._rows):
            everything, key = range(len(self._rows)), self._keys.__getitem__
            count = max(count, 2 * len(self._places))  # who scrolls goes on scrolling
            if count * SHARE >= len(self._rows):
                self._places = sorted(everything, key=key, reverse=self._descending)
            else:
                pick = heapq.nlargest if self._descending else heapq.nsmallest
                self._places = pick(count, everything, key=key)
