"""Many questions asked at once: how sure one may be of a single yes among them. One rule for training's gates and monitoring's reports."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(chances: Sequence[float]) -> list[float]:
    """Adjust the chances of several questions asked at once, so that the chance of any false alarm among them stays what it says (Holm).

    It holds however the questions hang together.

    Notes
    -----
    Holm, Scandinavian Journal of Statistics 6 (1979).

    Examples
    --------
    >>> [round(chance, 3) for chance in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(chances, kind="stable")
    adjusted = np.empty(len(chances))
    adjusted[order] = np.maximum.accumulate(np.asarray(chances, dtype=np.float64)[order] * np.arange(len(chances), 0, -1))
    return [min(1.0, float(chance)) for chance in adjusted]
