"""The people around a cut-off, where being wrong decides who is proposed: one window for training's papers and monitoring's reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WINDOW = 0.2
"""Share of all people, those nearest in rank, that a look at a cut-off takes in."""


def window_around(probability: NDArray[np.float64], *, share: float, width: float = WINDOW) -> tuple[float, float]:
    """Lowest and highest probability among the people ranked nearest to a cut-off; at an end of the ranking the window moves inwards.

    Parameters
    ----------
    probability
        Of everybody, shape (n_people,), not empty.
    share
        Share of the people who are above the cut-off.

    Examples
    --------
    >>> window_around(np.arange(100) / 100, share=0.15)
    (0.75, 0.94)
    """
    ordered = np.sort(probability)[::-1]
    first = float(np.clip(share - width / 2, 0.0, 1.0 - width))
    top = round(first * len(ordered))
    bottom = min(len(ordered), round((first + width) * len(ordered))) - 1
    return float(ordered[max(top, bottom)]), float(ordered[top])
