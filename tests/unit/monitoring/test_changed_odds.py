import itertools
from fractions import Fraction
from math import comb

import numpy as np
import pytest

from monitoring.fairness.changed_odds import Fourfold, changed_odds_p_value

RANDOM = np.random.default_rng(20261122)


def by_hand(now: Fourfold, earlier: list[Fourfold]) -> float:
    """Go through every way the months could have gone, in whole numbers."""
    months = [now, *earlier]
    total = sum(month.k for month in months)
    ways: dict[int, int] = {}
    for numbers in itertools.product(*(range(month.n + 1) for month in months)):
        left = [month.k + month.rest_k - number for month, number in zip(months, numbers, strict=True)]
        if sum(numbers) == total and all(0 <= rest <= month.rest_n for rest, month in zip(left, months, strict=True)):
            here = 1
            for month, number, rest in zip(months, numbers, left, strict=True):
                here *= comb(month.n, number) * comb(month.rest_n, rest)
            ways[numbers[0]] = ways.get(numbers[0], 0) + here
    return float(Fraction(sum(way for way in ways.values() if way <= ways[now.k]), sum(ways.values())))


def any_table() -> Fourfold:
    n, rest_n = (int(size) for size in RANDOM.integers(1, 8, 2))
    return Fourfold(int(RANDOM.integers(0, n + 1)), n, int(RANDOM.integers(0, rest_n + 1)), rest_n)


@pytest.mark.parametrize("n_earlier", [1, 2, 3])
def test_equals_counting_every_way_by_hand(n_earlier):
    for _ in range(25):
        now, earlier = any_table(), [any_table() for _ in range(n_earlier)]
        assert changed_odds_p_value(now, earlier, cohorts=n_earlier) == pytest.approx(by_hand(now, earlier), rel=1e-9)


def test_large_months_are_as_sound_as_small_ones():
    """Ten times the people in each month, in the same shares: a change becomes clearer, no change does not."""
    shares = [Fourfold(30, 120, 60, 400), Fourfold(26, 110, 66, 420)]
    grown = [Fourfold(*(300 * count for count in (t.k, t.n, t.rest_k, t.rest_n))) for t in shares]
    assert changed_odds_p_value(grown[0], grown[:1]) == pytest.approx(1)
    assert changed_odds_p_value(shares[0], shares[1:]) > 0.4
    assert changed_odds_p_value(grown[0], grown[1:]) < 1e-9
    assert 0 <= changed_odds_p_value(Fourfold(4_000, 5_000, 1_000, 50_000), [Fourfold(100, 5_000, 20_000, 50_000)] * 11) < 1e-12


def test_a_month_that_could_not_have_gone_otherwise_says_nothing():
    assert changed_odds_p_value(Fourfold(0, 5, 0, 9), [Fourfold(3, 10, 4, 10)]) == 1
    assert changed_odds_p_value(Fourfold(3, 10, 4, 10), [Fourfold(5, 5, 9, 9)]) == 1
    assert changed_odds_p_value(Fourfold(3, 10, 4, 10), []) == 1


def test_another_capacity_is_no_change():
    """Twice as many are proposed of everybody, at the same odds ratio."""
    few, many = Fourfold(50, 550, 100, 2_100), Fourfold(100, 600, 200, 2_200)
    assert changed_odds_p_value(many, [few]) > 0.9


def test_counts_have_to_be_possible():
    with pytest.raises(ValueError, match="0 <= k <= n"):
        Fourfold(6, 5, 0, 1)
