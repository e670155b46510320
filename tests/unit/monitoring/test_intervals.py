import math

import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.intervals import difference, proportion, ratio


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (47, 400)])
def test_proportion_equals_scipys_exact_interval(k: int, n: int):
    theirs = stats.binomtest(k, n).proportion_ci(method="exact")
    ours = proportion(k, n)
    assert (float(ours.low), float(ours.high)) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_nobody_counted_gives_nan_and_not_zero():
    assert all(math.isnan(value) for value in proportion(0, 0))


def test_a_numerator_above_its_denominator_is_refused():
    with pytest.raises(ValueError, match="0 <= k <= n"):
        proportion(3, 2)


def test_arrays_give_what_single_values_give():
    many = proportion(np.array([1, 5]), np.array([10, 50]))
    assert [float(x[1]) for x in many] == [float(x) for x in proportion(5, 50)]


def test_neutral_values():
    same = proportion(20, 100)
    gap, share = difference(same, same), ratio(same, same)
    assert gap.low < 0 == gap.point < gap.high
    assert share.low < 1 == share.point < share.high


def test_ratio_to_a_rate_that_may_be_zero_is_unbounded_above():
    share = ratio(proportion(5, 20), proportion(0, 20))
    assert share.high == math.inf
    assert share.low > 1


def test_ratio_turned_round_is_the_inverse():
    a, b = proportion(12, 80), proportion(33, 90)
    one, other = ratio(a, b), ratio(b, a)
    assert float(one.low) == pytest.approx(1 / float(other.high))
