import numpy as np
import pytest
from scipy import stats

from monitoring.statistics.exact_test import exact_p_value


def test_p_values_equal_scipys_fisher_test():
    random = np.random.default_rng(3)
    for _ in range(300):
        n_a, n_b = (int(n) for n in random.integers(1, 80, 2))
        k_a, k_b = int(random.integers(0, n_a + 1)), int(random.integers(0, n_b + 1))
        theirs = stats.fisher_exact([[k_a, n_a - k_a], [k_b, n_b - k_b]]).pvalue
        assert exact_p_value(k_a, n_a, k_b, n_b) == pytest.approx(theirs, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize(("k_a", "n_a", "k_b", "n_b"), [(400, 2_000, 2_300, 9_000), (30, 20_000, 900, 400_000), (5, 12, 100_000, 400_000)])
def test_and_of_many_people(k_a: int, n_a: int, k_b: int, n_b: int):
    theirs = stats.fisher_exact([[k_a, n_a - k_a], [k_b, n_b - k_b]]).pvalue
    assert exact_p_value(k_a, n_a, k_b, n_b) == pytest.approx(theirs, rel=1e-5)


def test_no_difference_is_clear_between_few_or_none():
    assert exact_p_value(3, 3, 0, 1) > 0.2
    assert exact_p_value(0, 0, 5, 5) == 1.0
    assert exact_p_value(0, 10, 0, 10) == 1.0


def test_a_difference_beyond_all_doubt_is_told_without_a_warning():
    assert exact_p_value(100_000, 1_000_000, 400_000, 1_000_000) == 0.0


def test_impossible_counts_are_refused():
    with pytest.raises(ValueError, match="0 <= k <= n"):
        exact_p_value(3, 2, 1, 5)
