"""How people use the proposals: how often a reviewer's own view, written before the score was seen, and the decision agree with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from monitoring.intervals import proportion
from monitoring.suppression import Count, withheld_counts


@dataclass(frozen=True)
class Oversight:
    """Counts over the finished reviews of one model and month.

    Parameters
    ----------
    n_reviews
        Finished reviews of people the model had proposed.
    n_agreed
        Of these, those that ended in more support, as the proposal suggested.
    n_own_view
        Reviews with an own view that says yes or no.
    n_own_agreed
        Of these, those whose own view, before the score was seen, leant towards support.
    """

    n_reviews: int
    n_agreed: int
    n_own_view: int = 0
    n_own_agreed: int = 0


def count_oversight(decided_support: ArrayLike, own_view: ArrayLike) -> Oversight:
    """Count reviews of proposals.

    Parameters
    ----------
    decided_support
        Whether the review ended in support, shape (n_reviews,).
    own_view
        1.0 leant towards support, 0.0 against, NaN did not say, shape (n_reviews,).
    """
    decided, own = np.asarray(decided_support, dtype=bool), np.asarray(own_view, dtype=float)
    said = ~np.isnan(own)
    return Oversight(len(decided), int(decided.sum()), int(said.sum()), int((own[said] == 1).sum()))


def publish_oversight(oversight: Oversight) -> dict[str, Any]:
    """Give each share with its interval, withheld where fewer than five reviews say yes, or no."""
    return {
        "after": _publish_share(oversight.n_agreed, oversight.n_reviews),
        "before": _publish_share(oversight.n_own_agreed, oversight.n_own_view),
    }


def _publish_share(k: int, n: int) -> Mapping[str, Any]:
    counts = [Count(("yes",), (0,), k), Count(("no",), (1,), n - k), Count(("all",), (0, 1), n)]
    hidden = withheld_counts(counts)
    total = None if ("all",) in hidden else n
    if hidden & {("yes",), ("no",)} or total is None:
        return {"n": total, "point": None, "low": None, "high": None, "verdict": "too small"}
    point, low, high = (float(value) for value in proportion(k, n))
    return {"n": total, "point": point, "low": low, "high": high, "verdict": "measured"}
