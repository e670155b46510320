"""How people use the proposals: how often a reviewer's own view, written before the score was seen, and the decision agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from features.suppression import Count, withheld_counts
from monitoring.intervals import proportion


@dataclass(frozen=True)
class Oversight:
    """Counts over the finished reviews of what one model proposed in one screening.

    Parameters
    ----------
    n_reviews
        Finished reviews whose decision says yes or no to the proposal.
    n_agreed
        Of these, those that agreed with it.
    n_own_view
        Reviews with an own view, written before the score was seen, that says yes or no.
    n_own_agreed
        Of these, those that agreed with the proposal before it was seen.
    """

    n_reviews: int
    n_agreed: int
    n_own_view: int = 0
    n_own_agreed: int = 0


def count_oversight(agreed_before: Iterable[bool | None], agreed_after: Iterable[bool | None]) -> Oversight:
    """Count agreement with the proposal; None is neither yes nor no.

    Examples
    --------
    >>> count_oversight([True, None, False], [True, True, False])
    Oversight(n_reviews=3, n_agreed=2, n_own_view=2, n_own_agreed=1)
    """
    before, after = ([bool(value) for value in column if value is not None] for column in (agreed_before, agreed_after))
    return Oversight(len(after), sum(after), len(before), sum(before))


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
