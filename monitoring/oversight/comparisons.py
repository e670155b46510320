"""Which differences in how groups' proposals are treated stay, when every step of every group is asked about at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from models.multiplicity import holm
from monitoring.fairness.comparisons import Comparison, Comparisons
from monitoring.oversight.by_group import ReviewTable, Row
from monitoring.statistics.clusters import widened_p_value
from monitoring.statistics.exact_test import exact_p_value


def compare_reviews(tables: Sequence[ReviewTable]) -> Comparisons:
    """Ask of every group and step whether its share differs from the reference group's.

    Parameters
    ----------
    tables
        Published ones: then the answers say nothing that a reader could not work out.

    Notes
    -----
    What can't be answered counts as asked, as in `monitoring.fairness.comparisons`. Where limits of a difference are of other reviewers
    like these, so is the answer; of fewer reviewers it says whether these decide otherwise.
    """
    questions = [one for table in tables for one in _questions(table)]
    adjusted = holm([1.0 if p_value is None else p_value for *_, p_value in questions])
    return Comparisons(
        tuple(
            Comparison(attribute, group, step, p_value, None if p_value is None else chance)
            for (attribute, group, step, p_value), chance in zip(questions, adjusted, strict=True)
        )
    )


def review_comparisons_content(found: Comparisons, tables: Sequence[ReviewTable]) -> dict[str, Any]:
    """Give what the report says of them, JSON-ready; each difference as its table tells it."""
    rows = {(table.attribute, row.group): row for table in tables for row in table.rows}
    return {
        "n_asked": len(found.asked),
        "n_answered": found.n_answered,
        "n_clear_alone": found.clear_alone,
        "staying": [
            {
                "attribute": one.attribute,
                "group": one.group,
                "step": one.metric,
                "difference": rows[one.attribute, one.group].differences[one.metric].point,
                "adjusted": float(f"{one.adjusted:.2g}"),
            }
            for one in found.staying
            if one.adjusted is not None
        ],
    }


def _questions(table: ReviewTable) -> Iterator[tuple[str, str, str, float | None]]:
    reference = next((row for row in table.rows if row.group == table.reference), None)
    if reference is None:
        return
    for row in table.rows:
        if row is not reference and row.group is not None:
            for step in table.steps:
                yield table.attribute, row.group, step.name, _p_value(row, reference, step.name)


def _p_value(row: Row, reference: Row, step: str) -> float | None:
    a, b = row.shares[step], reference.shares[step]
    if a.numerator is None or a.denominator is None or b.numerator is None or b.denominator is None:
        return None
    if not a.denominator or not b.denominator:
        return None
    alone = exact_p_value(a.numerator, a.denominator, b.numerator, b.denominator)
    widening = row.differences[step].widening if step in row.differences else None
    return alone if widening is None else widened_p_value(alone, widening)
