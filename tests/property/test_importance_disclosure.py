"""What moves a model is told of many people: a reader who knows the model can't read one to four of them out of a size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.small_cells import SMALLEST_CELL
from training.evaluation.importance import told_sizes

N = 60


def column(moved: int, size: float) -> np.ndarray:
    return np.r_[np.full(moved, size), np.zeros(N - moved)]


@pytest.mark.requirement("R-09")
@given(
    st.dictionaries(
        st.sampled_from("abcdefgh"), st.tuples(st.integers(0, N), st.floats(0.01, 3).map(lambda one: round(one, 2))), min_size=1
    ),
    st.integers(1, 8),
)
def test_whoever_divides_a_size_by_what_one_person_adds_never_gets_one_to_four(flags: dict[str, tuple[int, float]], most: int) -> None:
    told = told_sizes({name: column(moved, size) for name, (moved, size) in flags.items()}, most=most)

    for name, size in told.items():
        if name is not None:
            people = round(size * N / flags[name][1])
            assert people == flags[name][0]
            assert people >= SMALLEST_CELL
            assert N - people == 0 or N - people >= SMALLEST_CELL
    rest = [name for name, (moved, _) in flags.items() if moved not in (0, N) and name not in told]
    if told and rest:
        assert len({row for name in rest for row in _movers(flags[name][0])}) >= SMALLEST_CELL


def _movers(moved: int) -> range:
    """Rows that differ from most: the moved ones, or where these are most, the others."""
    return range(moved) if moved <= N - moved else range(moved, N)


@pytest.mark.requirement("R-09")
def test_all_that_moves_is_told_of_somewhere_or_nothing_is() -> None:
    columns = {"a": column(30, 1.0), "b": column(2, 1.0), "c": column(3, 0.5)}

    assert told_sizes(columns, most=15) == {None: pytest.approx(30 / N + 2 / N + 1.5 / N)}
    assert told_sizes({"b": column(2, 1.0)}, most=15) == {}
    assert set(told_sizes({**columns, "d": column(20, 0.1)}, most=15)) == {"a", None}
