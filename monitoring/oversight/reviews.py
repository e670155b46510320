"""How people use the proposals: what they thought before they saw one, what they decided, how soon, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from monitoring.oversight.by_group import (
    NO_SHARE_GAP,
    ReviewTable,
    ReviewTables,
    Row,
    Share,
    ShareGap,
    compare,
    measure_reviews,
    measure_share,
    sides_of,
)
from monitoring.oversight.comparisons import compare_reviews, review_comparisons_content
from monitoring.oversight.disclosure import publish_reviews
from monitoring.oversight.paths import AGREE, DISAGREE, FAST, HELD_BACK, NOBODY, SEEN, SLOW, follow_people
from monitoring.oversight.steps import AGREEMENT, DECIDED
from monitoring.oversight.timing import Workload, count_workload, publish_times, publish_workload
from monitoring.statistics.clusters import clustered


@dataclass(frozen=True, eq=False)
class Oversight:
    """Everything counted of the finished reviews of what one model proposed in one screening; full counts, so it never leaves.

    Parameters
    ----------
    tables
        How far people came, of everybody, by audit group and by marks of the reviews.
    reviews
        The newest finished review of each person, for times.
    workload
        Reviews by reviewer.
    """

    tables: ReviewTables
    reviews: pd.DataFrame
    workload: Workload

    @property
    def n_reviews(self) -> int:
        """Reviews whose decision says yes or no to the proposal."""
        return self.tables.everybody.shares["after"].denominator or 0

    @property
    def n_agreed(self) -> int:
        """Of these, those that agreed with it."""
        return self.tables.everybody.shares["after"].numerator or 0


def measure_oversight(
    subject_ids: Sequence[str],
    proposed: ArrayLike,
    reviews: pd.DataFrame,
    *,
    label: ArrayLike,
    groups: Mapping[str, Sequence[str | None]],
) -> Oversight:
    """Count what came of the proposals of one screening.

    Parameters
    ----------
    subject_ids, proposed, label
        Everybody screened, whether they were proposed, and their outcome (NaN where it has not matured); shape (n_people,).
    reviews
        Finished reviews under the same subject ids. Those of others are not looked at: they were screened by another model, or their
        address is protected by now (R-08).
    groups
        Audit attribute -> group of each person screened.
    """
    reviewed = follow_people(subject_ids, proposed, reviews)
    return Oversight(measure_reviews(reviewed, label, groups), reviewed.reviews, count_workload(reviewed.reviews))


def publish_oversight(
    oversight: Oversight, *, proposals: Sequence[Mapping[str, Any]] = (), minimum_of: Mapping[str, int] | None = None
) -> dict[str, Any]:
    """Give what the report tells of reviews, JSON-ready, small numbers withheld with what would give them away (R-09).

    Parameters
    ----------
    proposals
        The report's published tables of proposals of the same people, which a reader has too.
    minimum_of
        Audit attribute -> fewest people a count may stand for, `SMALLEST_CELL` where not named.
    """
    tables = publish_reviews(oversight.tables, proposals=proposals, minimum_of=minimum_of or {})
    by_mark = {table.attribute: table for table in tables.by_mark}
    counted = {table.attribute: {row.group: row for row in table.rows} for table in oversight.tables.by_mark}
    everybody = tables.everybody
    return {
        **{name: _share(everybody.shares[name]) for name in AGREEMENT},
        "steps": {name: _share(share) for name, share in everybody.shares.items() if name not in AGREEMENT},
        "by_sight": _by_sight(by_mark["sight"], counted["sight"]),
        "by_band": [_row(row) for row in by_mark["band"].rows if row.group != NOBODY],
        "too_fast": _part(by_mark["speed"], counted["speed"], FAST, SLOW),
        "readers_agree": _part(by_mark["readers"], counted["readers"], AGREE, DISAGREE),
        "times": publish_times(oversight.reviews),
        "workload": publish_workload(oversight.workload, n_decided=everybody.n_decided),
        "by_group": [_table(table) for table in tables.by_group],
        "comparisons": review_comparisons_content(compare_reviews(tables.by_group), tables.by_group),
    }


def mcnemar(towards: int, away: int) -> float:
    """Give the exact two-sided p-value that minds change one way as often as the other.

    Notes
    -----
    Of those who changed their mind, half would change towards the proposal if seeing it had no direction: a binomial test. McNemar,
    Psychometrika 12 (1947), in its exact form.

    Examples
    --------
    >>> round(mcnemar(18, 5), 4), mcnemar(0, 0)
    (0.0106, 1.0)
    """
    return float(stats.binomtest(towards, towards + away, 0.5).pvalue) if towards + away else 1.0


def _by_sight(table: ReviewTable, counted: Mapping[str | None, Row]) -> dict[str, Any]:
    """Compare decisions that were made having seen the proposal with those of study mode, made without (R-20)."""
    after = AGREEMENT["after"]
    rows = {row.group: row for row in table.rows}
    seen, held = rows.get(SEEN), rows.get(HELD_BACK)
    gap = NO_SHARE_GAP
    if seen is not None and held is not None and None not in (seen.shares["after"].point, held.shares["after"].point):
        gap = compare(*(sides_of(counted[name], after.yes, after.both) for name in (SEEN, HELD_BACK)))
    return {
        "seen": None if seen is None else {**_row(seen), "mcnemar": _mcnemar(seen)},
        "held_back": None if held is None else {**_row(held), "mcnemar": _mcnemar(held)},
        "difference_after": _gap(gap),
    }


def _mcnemar(row: Row) -> float | None:
    """Give the p-value where both numbers that it is made of are told: it gives them away."""
    towards, away = row.shares["towards"].numerator, row.shares["away"].numerator
    return None if towards is None or away is None else float(f"{mcnemar(towards, away):.2g}")


def _part(table: ReviewTable, counted: Mapping[str | None, Row], yes: str, no: str) -> dict[str, Any]:
    """Give the share of decided reviews with one mark of those with this or that, where both numbers are told."""
    decided = {row.group: row.n_decided for row in table.rows}
    if not decided.get(yes) or not decided.get(no):
        return _share(Share(None, None, None, None, None, "too small"))
    with_it, without = (sides_of(counted[name], DECIDED, DECIDED) for name in (yes, no))
    share = measure_share(clustered(with_it.of, with_it.of + without.of))
    return _share(replace(share, verdict="measured"))


def _table(table: ReviewTable) -> dict[str, Any]:
    return {"attribute": table.attribute, "reference": table.reference, "groups": [_row(row) for row in table.rows]}


def _row(row: Row) -> dict[str, Any]:
    return {
        "group": row.group,
        "n_decided": row.n_decided,
        "shares": {name: _share(share) for name, share in row.shares.items()},
        "differences": {name: _gap(gap) for name, gap in row.differences.items()},
    }


def _share(share: Share) -> dict[str, Any]:
    fields = asdict(share)
    told = {"n": fields["denominator"], **{name: fields[name] for name in ("point", "low", "high", "verdict")}}
    return {**told, **_limits_of(share, is_told=share.point is not None)}


def _gap(gap: ShareGap) -> dict[str, Any]:
    return {"point": gap.point, "low": gap.low, "high": gap.high, **_limits_of(gap, is_told=gap.point is not None)}


def _limits_of(found: Share | ShareGap, *, is_told: bool) -> dict[str, Any]:
    """Say of whom the limits are, and how many people weigh as one in them."""
    return {"limits": None if not is_told else "these reviewers" if found.widening is None else "any reviewers", "widening": found.widening}
