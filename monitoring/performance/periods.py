"""Performance by period: each screening of a model, with what was shown then beside what has come since.

A screening is an as-of date and a version. Its rows stay in this process; `period_disclosure` beside it decides what leaves of all periods
together, since a reader has them side by side and most people are in several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.bands import Band
from monitoring.fairness.group_calibration import NO_FIGURE
from monitoring.fairness.groups import Gap
from monitoring.performance.expected import Estimate, Expected, expected_figures
from monitoring.performance.matured import matured_figures
from monitoring.performance.period_disclosure import NEEDED, PeriodRows, withheld_pieces
from monitoring.published_counts import publish_counts

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]

_DIGITS = 3


@dataclass(frozen=True, eq=False)
class Period:
    """One screening: what was shown then, and what has come since; rows of people, so it never leaves this process.

    Parameters
    ----------
    threshold
        The version's cut-off to the upper band; None where the version's files are gone.
    subject
        Subject ids of the audit purpose, each once, shape (n_people,).
    label
        1, 0 or NaN where not matured.
    band
        The band that was given, of `models.bands.Band`.
    """

    as_of: date
    version: str
    threshold: float | None
    subject: NDArray[np.str_]
    label: Vector
    proposed: Flags
    probability: Vector
    band: NDArray[np.str_]

    @property
    def above(self) -> Flags:
        """Whether the person's probability reached the threshold."""
        return np.asarray(self.band == Band.SHOULD_BE_ASSESSED.value)

    @property
    def digest(self) -> bytes:
        """SHA-256 over every row."""
        digest = hashlib.sha256(f"{self.as_of} {self.version} {self.threshold}".encode())
        digest.update("\n".join([*self.subject.tolist(), *self.band.tolist()]).encode())
        for column in (self.label, self.proposed, self.probability):
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.digest()

    @property
    def rows(self) -> PeriodRows:
        """What the disclosure rules look at."""
        bands = publish_counts({band.value: int((self.band == band.value).sum()) for band in Band})
        is_told = self.threshold is not None and bands[Band.SHOULD_BE_ASSESSED.value] is not None
        return PeriodRows(self.subject, self.label, self.proposed, self.above if is_told else None)


@dataclass(frozen=True)
class MeasuredPeriod:
    """Full figures of one screening; None where nothing has matured."""

    expected: Expected
    expected_of_known: Expected | None
    """The same of those whose outcome is known: what to hold beside what came."""
    matured: Mapping[str, Gap] | None


def measure_period(period: Period) -> MeasuredPeriod:
    """Give the label-free figures of everybody, and both kinds of figures of those whose outcome is known."""
    known = ~np.isnan(period.label)
    return MeasuredPeriod(
        expected=expected_figures(period.probability, period.proposed, period.above, threshold=period.threshold),
        expected_of_known=expected_figures(
            period.probability[known], period.proposed[known], period.above[known], threshold=period.threshold
        )
        if known.any()
        else None,
        matured=matured_figures(period.label, period.proposed, period.probability, period.above, threshold=period.threshold)
        if known.any()
        else None,
    )


def publish_periods(periods: Sequence[Period], *, current: int, everybody: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Give what the report tells of each screening, JSON-ready and oldest first, small numbers withheld (R-09).

    Parameters
    ----------
    periods
        Screenings of one model, oldest first.
    current
        Place of the one that the report is about.
    everybody
        The row of everybody in the report's published tables of the same screening, which a reader has too; None without tables.
    """
    hidden = withheld_pieces([period.rows for period in periods], current=current, everybody=everybody)
    return [_content(period, hidden[place], is_current=place == current) for place, period in enumerate(periods)]


def _content(period: Period, hidden: frozenset[str], *, is_current: bool) -> dict[str, Any]:
    found = measure_period(period)
    n_known = int((~np.isnan(period.label)).sum())
    return {
        "as_of": period.as_of.isoformat(),
        "version": period.version,
        "is_current": is_current,
        "threshold": period.threshold,
        "rows": period.digest.hex(),
        "n_people": None if "people" in hidden else len(period.subject),
        "n_matured": None if "matured" in hidden else n_known,
        "n_proposed": None if "proposed" in hidden else int(period.proposed.sum()),
        "expected": _expected(found.expected, hidden),
        "expected_of_known": None if found.expected_of_known is None else _expected_of_known(found.expected_of_known, period, hidden),
        "matured": None if found.matured is None else {name: _figure(gap, name, hidden) for name, gap in found.matured.items()},
    }


def _expected(expected: Expected, hidden: frozenset[str]) -> dict[str, Any]:
    """Label-free figures say nothing of what came; they are told where the numbers of people they are of are."""
    needed = {
        "with_outcome": {"people"},
        "ppv": {"proposed", "left"},
        "tpr": {"proposed", "left"},
        "net_benefit": {"people", "above", "below", "apart"},
    }
    # The report tells the mean of those whose outcome is known: beside a sum over everybody it would tell of the others.
    needed = {name: pieces | {"few unknown"} for name, pieces in needed.items()}
    return {
        name: _estimate(None if pieces & hidden else getattr(expected, name), digits=1 if name == "with_outcome" else _DIGITS)
        for name, pieces in needed.items()
    }


def _expected_of_known(expected: Expected, period: Period, hidden: frozenset[str]) -> dict[str, Any]:
    """Beside the same of everybody it would tell of those not known yet: of a few of them it says nothing."""
    told = {
        "base_rate": _per_person(expected.with_outcome, int((~np.isnan(period.label)).sum())),
        "ppv": expected.ppv,
        "tpr": expected.tpr,
        "net_benefit": expected.net_benefit,
    }
    return {name: _estimate(None if (NEEDED[name] | {"few unknown"}) & hidden else value, digits=_DIGITS) for name, value in told.items()}


def _per_person(found: Estimate | None, n: int) -> Estimate | None:
    return None if found is None else Estimate(found.point / n, found.low / n, found.high / n)


def _estimate(found: Estimate | None, *, digits: int) -> dict[str, Any]:
    if found is None:
        return {"point": None, "low": None, "high": None, "verdict": "too small"}
    return {**{name: round(value, digits) for name, value in asdict(found).items()}, "verdict": "measured"}


def _figure(gap: Gap, name: str, hidden: frozenset[str]) -> dict[str, Any]:
    shown = NO_FIGURE if NEEDED[name] & hidden else gap
    verdict: Literal["measured", "too small"] = "too small" if shown.point is None else "measured"
    return {**{key: _rounded(value) for key, value in asdict(shown).items()}, "verdict": verdict}


def _rounded(value: float | None) -> float | Literal["unbounded", "unbounded below"] | None:
    if value is None:
        return None
    if np.isinf(value):
        return "unbounded" if value > 0 else "unbounded below"
    return round(value, _DIGITS)


def count_cohorts(periods: Sequence[Period], *, months: Collection[str]) -> int:
    """Count how many months' worth of different people some months' screenings have; 1 where a month's people are not known any more.

    A whole number, rounded down: of a few who were in one month and not in another it says nothing. Twelve screenings of one school year
    are one cohort, twelve years' are twelve.
    """
    people: dict[str, set[str]] = {}
    for period in periods:
        if (month := f"{period.as_of:%Y-%m}") in months:
            people.setdefault(month, set()).update(period.subject.tolist())
    if not people or len(people) < len(months):
        return 1
    most = max(len(those) for those in people.values())
    return max(len(set().union(*people.values())) // most, 1) if most else 1


def compare_with_what_came(period: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Set what the model expected beside what came, of the same people, where both may be told.

    Parameters
    ----------
    period
        A row of `publish_periods`: the answer says no more than a reader could read off.
    """
    expected, came = period["expected_of_known"], period["matured"]
    if expected is None or came is None:
        return []
    return [
        {"figure": name, "expected": expected[name], "came": came[name], "within": _is_within(came[name]["point"], expected[name])}
        for name in ("base_rate", "ppv", "tpr", "net_benefit")
    ]


def _is_within(came: float | None, expected: Mapping[str, Any]) -> bool | None:
    if came is None or expected["point"] is None:
        return None
    return bool(expected["low"] <= came <= expected["high"])
