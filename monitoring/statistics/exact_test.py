"""Fisher's exact test of two proportions: how often chance alone makes two groups differ this much, for ten people as for a million."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

_REACH = 40.0
"""Standard deviations of the count that are looked at on each side; what lies beyond is less than the smallest number there is."""

_TIE = 1 + 1e-7
"""Two tables as likely as this of each other are equally likely: the rest is rounding."""


def exact_p_value(k_a: int, n_a: int, k_b: int, n_b: int) -> float:
    """Give the chance of tables no likelier than this one, had both groups the same rate.

    Parameters
    ----------
    k_a, n_a
        How many of how many in one group.
    k_b, n_b
        How many of how many in the other.

    Returns
    -------
    Two-sided p-value; 1 where either group has nobody. It never claims more than its level, however few people there are.

    Notes
    -----
    Given how many there are in both groups together, the count in one of them is hypergeometric. Equal to
    ``scipy.stats.fisher_exact``, in a time that does not grow with the number of people but with its root.

    Examples
    --------
    >>> round(exact_p_value(8, 10, 1, 10), 5), exact_p_value(3, 10, 3, 10), exact_p_value(0, 0, 3, 10)
    (0.00548, 1.0, 1.0)
    """
    if not (0 <= k_a <= n_a and 0 <= k_b <= n_b):
        raise ValueError("expected counts with 0 <= k <= n")
    if not n_a or not n_b:
        return 1.0
    both, everybody = k_a + k_b, n_a + n_b
    mean = both * n_a / everybody
    spread = np.sqrt(mean * (n_b / everybody) * ((everybody - both) / max(everybody - 1, 1)))
    reach = int(np.ceil(_REACH * spread)) + 1
    first = max(0, both - n_b, min(k_a, int(mean)) - reach)
    last = min(both, n_a, max(k_a, int(np.ceil(mean))) + reach)
    count = np.arange(first, last + 1, dtype=np.float64)
    log_chance = _log_ways(n_a, count) + _log_ways(n_b, both - count) - _log_ways(everybody, np.array([both], dtype=np.float64))
    chance = np.exp(log_chance)
    return min(1.0, float(chance[chance <= chance[k_a - first] * _TIE].sum()))


def _log_ways(n: int, k: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Logarithm of the ways to choose k of n."""
    ways: np.ndarray[tuple[int], np.dtype[np.float64]] = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return ways
