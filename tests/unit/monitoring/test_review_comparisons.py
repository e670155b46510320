"""Of all differences in treatment that one report asks about, those that stay."""

from __future__ import annotations

import numpy as np
import pytest

from monitoring.oversight.by_group import ReviewTable, Row, Share, compare, measure_share
from monitoring.oversight.comparisons import compare_reviews, review_comparisons_content
from monitoring.oversight.steps import STEPS
from monitoring.statistics.clusters import Clustered, clustered

NAMES = tuple(STEPS)


def counted(k: int, n: int) -> Clustered:
    """Count reviews of reviewers who are not known: limits are of these alone."""
    return clustered([], [], n_yes=k, n_of=n)


def table(**groups: tuple[int, int]) -> ReviewTable:
    counts = {group: counted(k, n) for group, (k, n) in groups.items()}
    first = next(iter(counts))
    rows = [
        Row(group, None, None, None, dict.fromkeys(NAMES, measure_share(one)), dict.fromkeys(NAMES, compare(one, counts[first])))
        for group, one in counts.items()
    ]
    return ReviewTable("sex", tuple(STEPS.values()), first, tuple(rows))


@pytest.mark.requirement("R-11")
def test_a_large_difference_stays_and_is_told_as_its_table_tells_it() -> None:
    tables = [table(boy=(40, 200), girl=(120, 200))]
    content = review_comparisons_content(compare_reviews(tables), tables)
    assert content["n_asked"] == content["n_answered"] == len(NAMES)
    assert {one["step"] for one in content["staying"]} == set(NAMES)
    assert [one["difference"] for one in content["staying"]] == pytest.approx([0.4] * len(NAMES))


def test_what_is_withheld_counts_as_asked() -> None:
    told = compare_reviews([table(boy=(40, 200), girl=(58, 200))])
    withheld = Share(None, None, None, None, None, "too small")
    hidden = table(boy=(40, 200), other=(3, 9))
    rows = tuple(
        Row(r.group, None, None, None, dict.fromkeys(NAMES, withheld) if r.group == "other" else r.shares, {}) for r in hidden.rows
    )
    both = compare_reviews([table(boy=(40, 200), girl=(58, 200)), ReviewTable("born", hidden.steps, "boy", rows)])
    assert (len(both.asked), both.n_answered) == (2 * len(NAMES), len(NAMES))
    first, second = told.asked[0], both.asked[0]
    assert first.adjusted is not None
    assert second.adjusted is not None
    assert second.adjusted > first.adjusted


def test_without_any_difference_few_reports_name_one() -> None:
    random = np.random.default_rng(1)
    named = 0
    for _ in range(200):
        counts = {group: (int(random.binomial(150, 0.3)), 150) for group in ("a", "b", "c")}
        named += bool(compare_reviews([table(**counts)]).staying)
    assert named <= 18  # 5 % of 200, and twice what chance leaves on top
