"""How many people it would take to be tested before what is too few is enough: a reader can plan by that, and not by *too few*."""

from __future__ import annotations

import math
from collections.abc import Sequence


def people_needed(counts: Sequence[int | None], *, enough: int, n_tested: int) -> int | None:
    """Say about how many people have to be tested for each of these counts to be enough, were their shares the same.

    Parameters
    ----------
    counts
        Numbers of people that are told; None where one is withheld: then nothing follows from it.

    Returns
    -------
    int or None
        Rounded up to two figures, since shares are not known better; None where a count is withheld or nobody, or all are enough.

    Examples
    --------
    >>> people_needed([12, 300], enough=50, n_tested=4_012)
    17000
    >>> people_needed([None, 300], enough=50, n_tested=4_012) is None
    True
    """
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or not known or not 0 < min(known) < enough:
        return None
    exact = n_tested * enough / min(known)
    step = int(10 ** max(0, math.floor(math.log10(exact)) - 1))
    return math.ceil(exact / step) * step
