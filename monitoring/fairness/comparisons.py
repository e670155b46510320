"""Which differences between groups stay when all that one report asks is counted: fifty questions find something by chance alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.multiplicity import holm
from monitoring.fairness.groups import METRICS, FairnessTable, GroupFairness
from monitoring.statistics.exact_test import exact_p_value

FAMILY_LEVEL = 0.05
"""Chance of any difference being said to stay in a report where there are none."""

MIRRORS = {"fnr": "tpr"}
"""A rate that is 1 minus another is the same question; it is asked once."""

ASKED = tuple(name for name in METRICS if name not in MIRRORS)
BEFORE_OUTCOMES = ("proposal_rate",)
"""All that can be asked before any outcome is known."""


@dataclass(frozen=True)
class Comparison:
    """One rate of one group beside the reference group's.

    Parameters
    ----------
    attribute, group, metric
        What was asked.
    p_value
        Of Fisher's exact test, alone; None where either rate is withheld or of nobody.
    adjusted
        The same among all that the report asked (Holm); None likewise.
    """

    attribute: str
    group: str
    metric: str
    p_value: float | None
    adjusted: float | None

    @property
    def stays(self) -> bool:
        """Whether the difference is clear also when all that was asked is counted."""
        return self.adjusted is not None and self.adjusted <= FAMILY_LEVEL


@dataclass(frozen=True)
class Comparisons:
    """Everything one report asked about differences between groups, answered or not."""

    asked: tuple[Comparison, ...]

    @property
    def n_answered(self) -> int:
        """How many could be answered."""
        return sum(one.p_value is not None for one in self.asked)

    @property
    def staying(self) -> tuple[Comparison, ...]:
        """The differences that stay, the clearest first."""
        found = [one for one in self.asked if one.stays]
        return tuple(sorted(found, key=lambda one: (one.adjusted or 0.0, one.p_value or 0.0, one.attribute, one.group, one.metric)))

    @property
    def clear_alone(self) -> int:
        """How many would be called clear had each been the only question."""
        return sum(one.p_value is not None and one.p_value <= FAMILY_LEVEL for one in self.asked)


def compare_groups(tables: Sequence[FairnessTable]) -> Comparisons:
    """Ask of every group and rate whether it differs from the reference group's, and which answers stay among all of them.

    Parameters
    ----------
    tables
        Full counts, or published ones: then the answers say nothing that a reader could not work out.

    Notes
    -----
    What can't be answered still counts as asked, as if its p-value were 1. Leaving it out would let the data choose the questions: a
    rate is withheld where a count is small, and of a rare event only groups with surprisingly many would then be asked. It would also
    tell of what is withheld.

    Examples
    --------
    >>> import numpy as np
    >>> from monitoring.fairness.groups import measure_fairness
    >>> sex, proposed = ["girl"] * 60 + ["boy"] * 40, [1] * 10 + [0] * 50 + [1] * 25 + [0] * 15
    >>> table = measure_fairness([np.nan] * 100, proposed, [0.5] * 100, sex, attribute="sex")
    >>> [(one.group, one.metric, one.stays) for one in compare_groups([table]).asked]
    [('boy', 'proposal_rate', True)]
    """
    questions = [one for table in tables for one in _questions(table)]
    adjusted = holm([1.0 if p_value is None else p_value for *_, p_value in questions])
    return Comparisons(
        tuple(
            Comparison(attribute, group, metric, p_value, None if p_value is None else chance)
            for (attribute, group, metric, p_value), chance in zip(questions, adjusted, strict=True)
        )
    )


def _questions(table: FairnessTable) -> Iterator[tuple[str, str, str, float | None]]:
    reference = next((row for row in table.groups if row.group == table.reference), None)
    if reference is None:
        return
    for row in table.groups:
        if row is not reference and row.group is not None:
            for metric in BEFORE_OUTCOMES if table.everybody.n_matured == 0 else ASKED:
                yield table.attribute, row.group, metric, _p_value(row, reference, metric)


def _p_value(row: GroupFairness, reference: GroupFairness, metric: str) -> float | None:
    a, b = row.rates[metric], reference.rates[metric]
    if a.numerator is None or a.denominator is None or b.numerator is None or b.denominator is None:
        return None
    return exact_p_value(a.numerator, a.denominator, b.numerator, b.denominator) if a.denominator and b.denominator else None
