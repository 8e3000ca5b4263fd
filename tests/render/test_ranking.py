from hypothesis import given
from hypothesis import strategies as st

from bttui.render.ranking import Ranking


class Counted:
    """Compares as its number does, and counts how often."""

    compared = 0

    def __init__(self, number):
        self.number = number

    def __lt__(self, other):
        Counted.compared += 1
        return self.number < other.number


@given(st.lists(st.integers(0, 50)), st.booleans(), st.lists(st.integers(0, 60), max_size=5))
def test_the_first_rows_are_those_of_the_whole_order(keys, descending, counts):
    rows = [(at, key) for at, key in enumerate(keys)]
    whole = sorted(rows, key=lambda row: row[1], reverse=descending)
    ranking = Ranking(rows, keys, descending)
    for count in counts:
        assert ranking.first(count) == whole[:count]
    assert [ranking[at] for at in range(len(ranking))] == whole


def test_a_large_map_is_not_sorted_for_its_first_rows():
    many = 20_000
    numbers = [(at * 7919) % many for at in range(many)]
    ranking = Ranking(list(enumerate(numbers)), [Counted(number) for number in numbers], True)
    Counted.compared = 0
    assert [value for _, value in ranking.first(50)] == list(range(many - 1, many - 51, -1))
    assert Counted.compared < 2 * many
    assert ranking[many - 1][1] == 0
