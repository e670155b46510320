"""Do groups stand to everybody else as they did in earlier reports? The figures as they were told, side by side, and which changes stay.

Only published figures are read. What a report withheld stays withheld, and counts as asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.multiplicity import holm
from monitoring.fairness.changed_odds import Fourfold, changed_odds_p_value
from monitoring.fairness.earlier import EarlierReports, Question, ToldRates, rates_of

FAMILY_LEVEL = 0.05
"""Chance of any change being said to stay in a report where there are none."""


@dataclass(frozen=True)
class Course:
    """One rate of one group through the reports.

    Parameters
    ----------
    told
        Month and counts, oldest first; the last is the present report. None where the figure was withheld or not asked.
    p_value, adjusted
        Of the exact test, alone and among all that was asked (Holm); None where nothing can be compared.
    """

    question: Question
    told: tuple[tuple[str, Fourfold | None], ...]
    p_value: float | None
    adjusted: float | None

    @property
    def has_changed(self) -> bool:
        """Whether the change is clear also when all that was asked is counted."""
        return self.adjusted is not None and self.adjusted <= FAMILY_LEVEL


@dataclass(frozen=True)
class FairnessOverTime:
    """Everything one report asked about change between groups; `earlier` are the reports that it was compared with."""

    courses: tuple[Course, ...]
    earlier: EarlierReports
    month: str
    version: str

    @property
    def n_answered(self) -> int:
        """How many could be answered."""
        return sum(one.p_value is not None for one in self.courses)

    @property
    def changed(self) -> tuple[Course, ...]:
        """What has changed, the clearest first."""
        found = [one for one in self.courses if one.has_changed]
        return tuple(sorted(found, key=lambda one: (one.adjusted or 0.0, one.p_value or 0.0, one.question)))


def measure_over_time(
    fairness: Sequence[Mapping[str, Any]], earlier: EarlierReports, *, month: str, version: str, cohorts: int = 1
) -> FairnessOverTime:
    """Compare a report's published single tables with what earlier reports told.

    Parameters
    ----------
    fairness
        ``fairness`` of the present report's content.
    cohorts
        How many months' worth of different people the earlier reports are about (`monitoring.performance.periods.count_cohorts`).

    Notes
    -----
    What can't be answered counts as asked with p = 1, as in `comparisons` beside it: of a rare event only surprising groups are shown.
    """
    now = ToldRates(month, version, rates_of(fairness))
    p_values = [_p_value(rate, [one.rates.get(question) for one in earlier.told], cohorts) for question, rate in now.rates.items()]
    adjusted = holm([1.0 if p_value is None else p_value for p_value in p_values])
    courses = tuple(
        Course(
            question,
            tuple((one.month, one.rates.get(question)) for one in (*earlier.told, now)),
            p_value,
            None if p_value is None else chance,
        )
        for question, p_value, chance in zip(now.rates, p_values, adjusted, strict=True)
    )
    return FairnessOverTime(courses, earlier, month, version)


def _p_value(now: Fourfold | None, earlier: Sequence[Fourfold | None], cohorts: int) -> float | None:
    before = [rate for rate in earlier if rate is not None]
    # A month that was withheld may have had the only other people.
    left = max(cohorts - (len(earlier) - len(before)), 1)
    return None if now is None or not before else changed_odds_p_value(now, before, cohorts=left)


def over_time_content(found: FairnessOverTime) -> dict[str, Any]:
    """Give the courses as JSON-ready content; shares of published counts and nothing else."""
    return {
        "level": FAMILY_LEVEL,
        "months": [
            *({"month": one.month, "version": one.version} for one in found.earlier.told),
            {"month": found.month, "version": found.version},
        ],
        "not_readable": list(found.earlier.not_readable),
        "n_asked": len(found.courses),
        "n_answered": found.n_answered,
        "changed": [_course_content(one) for one in found.changed],
        "courses": [_course_content(one) for one in found.courses],
    }


def _course_content(course: Course) -> dict[str, Any]:
    return {
        "attribute": course.question.attribute,
        "group": course.question.group,
        "metric": course.question.metric,
        "told": [_told_content(month, rate) for month, rate in course.told],
        "p_value": _digits(course.p_value),
        "adjusted": _digits(course.adjusted),
        "has_changed": course.has_changed,
    }


def _told_content(month: str, rate: Fourfold | None) -> dict[str, Any]:
    if rate is None:
        return {"month": month, "group": None, "others": None, "difference": None}
    own, others = rate.k / rate.n, rate.rest_k / rate.rest_n
    return {"month": month, "group": own, "others": others, "difference": own - others}


def _digits(p_value: float | None) -> float | None:
    return None if p_value is None else float(f"{p_value:.2g}")
