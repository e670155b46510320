"""Whom the registers tell anything of, by group."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.fairness.groups import MUNICIPALITY
from monitoring.fairness.known_inputs import Known, known_content, measure_known, sectors_known


def published(n_people: dict[str, int | None]) -> list[dict[str, object]]:
    return [{"attribute": "sex", "groups": [{"group": group, "n_people": n} for group, n in n_people.items()]}]


def counted(*counts: tuple[str, int, int]) -> list[Known]:
    return [Known("sex", "health", group, known, people) for group, known, people in counts]


def test_a_sector_that_says_something_of_everybody_is_not_asked() -> None:
    rows = np.array([[0.0, np.nan], [3.0, 2.0], [0.0, np.nan]])
    found = sectors_known(rows, ["education", "health"])
    assert {name: known.tolist() for name, known in found.items()} == {"health": [False, True, False]}


@pytest.mark.requirement("R-11")
def test_a_group_that_is_seen_less_is_named_and_others_are_not() -> None:
    random = np.random.default_rng(1)
    sex = random.choice(np.array(["boy", "girl"], dtype=object), 2_000)
    health = random.uniform(size=2_000) < np.where(sex == "boy", 0.5, 0.65)
    family = random.uniform(size=2_000) < 0.3
    groups = {"sex": sex.tolist(), MUNICIPALITY: ["9901"] * 2_000}
    content = known_content(measure_known({"health": health, "family": family}, groups), published({"boy": 1, "girl": 1}))
    assert {(row["sector"], row["group"]): row["differs"] for row in content} == {
        ("health", "boy"): True,
        ("health", "girl"): True,
        ("family", "boy"): False,
        ("family", "girl"): False,
    }
    (boys,) = (row for row in content if (row["sector"], row["group"]) == ("health", "boy"))
    assert boys["point"] == pytest.approx(health[sex == "boy"].mean())
    assert boys["low"] < boys["point"] < boys["high"]


@pytest.mark.requirement("R-09")
def test_fewer_than_ten_are_withheld_with_what_gives_them_away() -> None:
    content = known_content(counted(("boy", 7, 200), ("girl", 90, 200)), published({"boy": 200, "girl": 200}))
    assert [row["point"] for row in content] == [None, None]  # everybody's 97 less the girls' 90 would be the boys' 7


def test_a_group_whose_size_is_not_told_has_no_share() -> None:
    content = known_content(
        counted(("boy", 60, 200), ("girl", 90, 200), ("other", 20, 40)), published({"boy": 200, "girl": None, "other": 40})
    )
    assert {row["group"]: row["point"] is None for row in content}["girl"]


@pytest.mark.requirement("R-09")
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=5))
def test_a_reader_who_subtracts_finds_no_number_under_ten(cells: list[tuple[int, int]]) -> None:
    table = counted(*((f"g{place}", known, known + unknown) for place, (known, unknown) in enumerate(cells)))
    content = known_content(table, published({one.group: one.n_people if one.n_people >= 10 else None for one in table}))
    told = {row["group"] for row in content if row["point"] is not None}
    left = [one for one in table if one.group not in told]
    for one in table:
        if one.group in told:
            assert min(one.n_known, one.n_people - one.n_known) >= 10
    if len(left) == 1:  # what everybody has less all the others have
        assert min(left[0].n_known, left[0].n_people - left[0].n_known) >= 10
