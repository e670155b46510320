"""How long reviews take and how they are spread over reviewers: quartiles with limits, told only of enough of them.

A distribution says how the work goes. Who works how is no business of a report: no figure here is of fewer than five reviewers (R-32).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.statistics.clusters import clustered, widening
from monitoring.statistics.intervals import proportion

MIN_FOR_QUARTILES = 4 * SMALLEST_CELL
"""Values that quartiles need, so that at least five lie in each quarter."""

MIN_DECISIONS = 10
"""Decisions for or against a proposal that was seen, from which on one can be said to always do the same."""


@dataclass(frozen=True)
class Quartile:
    """A quartile with its limits; a limit is None where fewer than five values lie beyond it.

    `widening` is how many values weigh as one in the limits; None where they are of these reviewers alone, or of single values.
    """

    point: float
    low: float | None
    high: float | None
    widening: float | None = None


@dataclass(frozen=True)
class Workload:
    """Full counts of the reviewers of one screening's decided reviews.

    Parameters
    ----------
    reviews
        Reviews of each reviewer, in no telling order.
    always_agree, always_override, mixed
        Reviewers with at least `MIN_DECISIONS` decisions, by what they did in them.
    """

    reviews: tuple[int, ...]
    always_agree: int
    always_override: int
    mixed: int


def quartiles(values: ArrayLike, *, reviewer: ArrayLike | None = None, confidence: float = 0.95) -> dict[str, Quartile] | None:
    """Give the quartiles of known values in whole units, with exact limits; None with fewer than `MIN_FOR_QUARTILES`.

    Parameters
    ----------
    values
        NaN where not known, shape (n_values,).
    reviewer
        Number of the reviewer that each value is of; then limits are of other reviewers like these, where they are enough.

    Notes
    -----
    Each is the value of one order statistic, and its limits are two others, between which the quartile of the population lies with at
    least this confidence whatever the distribution (Conover, Practical Nonparametric Statistics, §3.2). Limits are not told where fewer
    than five values lie at or beyond them. With reviewers the order statistics are those of as many fewer values as the share at or below
    the quartile is widened by (Woodruff, Journal of the American Statistical Association 47 (1952) 635-646).

    Examples
    --------
    >>> quartiles(range(1, 100))["median"]
    Quartile(point=50.0, low=40.0, high=60.0, widening=None)
    >>> quartiles([3.0] * 19) is None
    True
    """
    known = np.asarray(values, dtype=float)
    is_known = ~np.isnan(known)
    order = np.argsort(known[is_known], kind="stable")
    who = None if reviewer is None else np.asarray(reviewer, dtype=np.int64)[is_known][order]
    known = known[is_known][order]
    if len(known) < MIN_FOR_QUARTILES:
        return None
    shares = {"lower": 0.25, "median": 0.5, "upper": 0.75}
    return {name: _quartile(known, who, share, confidence) for name, share in shares.items()}


def _quartile(ordered: NDArray[np.float64], who: NDArray[np.int64] | None, share: float, confidence: float) -> Quartile:
    n, tail = len(ordered), (1 - confidence) / 2
    place = int(np.ceil(n * share))
    widen = None if who is None else _widening(who, place)
    fewer = max(int(n / (widen or 1.0)), 1)
    low = int(stats.binom.ppf(tail, fewer, share) * n / fewer)
    high = int(np.ceil((stats.binom.ppf(1 - tail, fewer, share) + 1) * n / fewer))
    return Quartile(
        point=float(np.round(ordered[place - 1])),
        low=float(np.round(ordered[low - 1])) if low >= SMALLEST_CELL else None,
        high=float(np.round(ordered[high - 1])) if n - high + 1 >= SMALLEST_CELL else None,
        widening=widen,
    )


def _widening(who: NDArray[np.int64], place: int) -> float | None:
    """Give by how much the share at or below a place is widened; None where it is of these reviewers alone."""
    found = float(widening(clustered(np.bincount(who[:place], minlength=who.max() + 1), np.bincount(who))))
    return None if np.isnan(found) else found


def count_workload(reviews: pd.DataFrame) -> Workload:
    """Count reviews by reviewer, and reviewers who always decide for the proposal, or always against it, having seen it."""
    decided = reviews[reviews["reviewer"].notna()]
    seen = decided[decided["held_back"].eq(False).fillna(False).astype(bool) & decided["agreed_after"].notna()]
    agreed = seen["agreed_after"].astype(bool).groupby(seen["reviewer"]).agg(["size", "sum"])
    enough = agreed[agreed["size"] >= MIN_DECISIONS]
    agree, override = int((enough["sum"] == enough["size"]).sum()), int((enough["sum"] == 0).sum())
    return Workload(tuple(sorted(decided["reviewer"].value_counts().tolist())), agree, override, len(enough) - agree - override)


def publish_workload(workload: Workload, *, n_decided: int | None) -> dict[str, Any]:
    """Give what may be told of reviewers: how many, reviews each, and how many always do the same.

    Parameters
    ----------
    n_decided
        Decided reviews as the report tells them; None where it withholds them, and then no mean is told either.
    """
    n = len(workload.reviews)
    rest = n - workload.always_agree - workload.always_override - workload.mixed
    counts = [
        Count(("reviewers",), (0, 1, 2, 3), n),
        Count(("enough",), (0, 1, 2), n - rest),
        Count(("always_agree",), (0,), workload.always_agree),
        Count(("always_override",), (1,), workload.always_override, worth=-1),
        Count(("not_always_agree",), (1, 2), n - rest - workload.always_agree),
        Count(("not_always_override",), (0, 2), n - rest - workload.always_override, worth=-1),
        Count(("mixed",), (2,), workload.mixed, is_shown=False),
        Count(("rest",), (3,), rest, is_shown=False),
    ]
    hidden = {name[0] for name in withheld_counts([count for count in counts if count.is_shown or count.value > 0])}
    told = None if "reviewers" in hidden else n
    return {
        "n_reviewers": told,
        "mean_reviews": None if told is None or n_decided is None else round(sum(workload.reviews) / n, 1),
        "reviews_each": as_json(None if told is None else quartiles(workload.reviews)),
        "always_agree": _share(workload.always_agree, n - rest, {"always_agree", "not_always_agree", "enough"} & hidden),
        "always_override": _share(workload.always_override, n - rest, {"always_override", "not_always_override", "enough"} & hidden),
    }


def _share(k: int, n: int, hidden: set[str]) -> dict[str, Any]:
    if hidden:
        return {"n": None if "enough" in hidden else n, "point": None, "low": None, "high": None, "verdict": "too small"}
    point, low, high = (float(value) for value in proportion(k, n))
    return {"n": n, "point": point, "low": low, "high": high, "verdict": "measured"}


def publish_times(reviews: pd.DataFrame) -> dict[str, Any]:
    """Give the quartiles of days to the opening and to the decision, and of minutes from first sight of the proposal to the decision."""
    decided = reviews[reviews["decision"] != "expired"]
    columns = ("days_to_opened", "days_to_decided", "minutes_seen")
    reviewer = pd.factorize(decided["reviewer"], use_na_sentinel=False)[0]
    return {name: as_json(quartiles(decided[name].to_numpy(dtype=float, na_value=np.nan), reviewer=reviewer)) for name in columns}


def as_json(found: Mapping[str, Quartile] | None) -> dict[str, Any] | None:
    """Give quartiles as they stand in the report; None where there were too few values."""
    if found is None:
        return None
    return {name: asdict(one) for name, one in found.items()}
