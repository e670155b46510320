"""Has what the model reads changed? Tests that ask how many people there are, and how many questions were put.

Each feature is asked two questions: do the known values differ, and is it unknown more or less often. They have verdicts of their own,
since a register that fell silent is something else than people who changed. Both tests are exact or conservative for the numbers at hand,
and Benjamini and Hochberg's step-up over all questions names the answers that hold. With no drift anywhere, naming one by mistake has
probability at most 5 % for the whole data set (Simes), whether 60 people came or 60,000. Among very many people everything differs a
little, so a difference must also be large enough to matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitoring.statistics.two_samples import Vector, adjust_p_values, compare_values, kolmogorov_smirnov, simes, two_by_two

Matrix = NDArray[np.float32] | NDArray[np.float64]

MATERIAL = 0.1
"""Least distance of two distributions that matters: a tenth of the people would have to move."""

NOTHING: Mapping[str, tuple[Vector, Vector]] = MappingProxyType({})

LEVEL = 0.05
"""Greatest probability of naming anything when nothing has drifted."""


@dataclass(frozen=True)
class Answer:
    """One question's answer.

    Parameters
    ----------
    p_value
        Alone; None where there was nothing to compare, and nothing was asked.
    q_value
        The same after Benjamini and Hochberg over all questions of the run.
    has_changed
        Named by the step-up and large enough to matter.
    """

    p_value: float | None
    q_value: float | None
    has_changed: bool


@dataclass(frozen=True)
class FeatureDrift:
    """How one feature differs.

    Parameters
    ----------
    name, sector
        The feature, and the sector that its indicator belongs to.
    test
        ``ks`` (many values), ``levels`` (few), ``fisher`` (two), ``none`` (nothing to compare).
    distance
        Kolmogorov-Smirnov distance or total variation between the known values, in [0, 1]; NaN without known values on both sides.
    missing_reference, missing_current
        Share of people for whom it is unknown.
    n_telling
        Current people whose value is not the commonest one; what a share or distance would speak about.
    values, missing
        Whether the known values differ, and whether it is unknown for another share of people.
    """

    name: str
    sector: str
    test: str
    distance: float
    missing_reference: float
    missing_current: float
    n_telling: int
    values: Answer
    missing: Answer

    @property
    def has_drifted(self) -> bool:
        """Whether either answer is yes."""
        return self.values.has_changed or self.missing.has_changed

    @property
    def q_value(self) -> float:
        """The surer answer's; 1 where nothing was asked."""
        return min((q for q in (self.values.q_value, self.missing.q_value) if q is not None), default=1.0)

    @property
    def unknown(self) -> Literal["more often", "less often"] | None:
        """How missingness has changed; None where it has not."""
        if not self.missing.has_changed:
            return None
        return "more often" if self.missing_current > self.missing_reference else "less often"

    @property
    def is_silent(self) -> bool:
        """Known for most people before, and for nobody now."""
        return self.missing_current == 1 and self.missing_reference <= 0.5


@dataclass(frozen=True)
class ScoreDrift:
    """Whether what the model says is spread otherwise; `distance` is Kolmogorov and Smirnov's.

    Parameters
    ----------
    sector
        Whose contribution to the log-odds it is; None for the served probability.
    """

    sector: str | None
    distance: float
    answer: Answer


@dataclass(frozen=True)
class Drift:
    """All questions of one run. `has_drifted` is the verdict on the features: at least one is named.

    Parameters
    ----------
    level
        False discovery rate at which the step-up named what it named.
    score
        None where no scores were compared.
    contributions
        What each sector's features together add to the log-odds; none where it was not compared.
    """

    features: tuple[FeatureDrift, ...]
    n_reference: int
    n_current: int
    level: float
    score: ScoreDrift | None = None
    contributions: tuple[ScoreDrift, ...] = ()

    @property
    def drifted(self) -> tuple[FeatureDrift, ...]:
        """The features named, most surely drifted first."""
        return tuple(sorted((f for f in self.features if f.has_drifted), key=lambda f: (f.q_value, -_size(f), f.name)))

    @property
    def has_drifted(self) -> bool:
        """Whether the data set is said to have drifted."""
        return bool(self.drifted)

    @property
    def drifted_sectors(self) -> tuple[str, ...]:
        """Sectors of the features named."""
        return tuple(sorted({f.sector for f in self.drifted}))

    @property
    def has_other_scores(self) -> bool:
        """Whether scores are said to be spread otherwise."""
        return self.score is not None and self.score.answer.has_changed

    @property
    def moved_sectors(self) -> tuple[str, ...]:
        """Sectors whose contribution to what the model says is said to be spread otherwise."""
        return tuple(one.sector for one in self.contributions if one.sector is not None and one.answer.has_changed)

    @property
    def has_changed(self) -> bool:
        """Whether anything is named: a feature, the scores or a sector's contribution to them."""
        return self.has_drifted or self.has_other_scores or bool(self.moved_sectors)


@dataclass(frozen=True)
class Compared:
    """Two samples compared question by question, before any verdict."""

    names: tuple[str, ...]
    sectors: tuple[str, ...]
    features: tuple[_Comparison, ...]
    scores: tuple[tuple[str | None, float, float], ...]
    """Sector (None for all together), distance and p-value."""
    n_reference: int
    n_current: int

    @property
    def p_values(self) -> Vector:
        """Of everything asked: each feature's values and missingness, then scores and contributions."""
        asked = [p for one in self.features for p in (one.values_p, one.missing_p) if p is not None]
        return np.array([*asked, *(p_value for *_, p_value in self.scores)])

    @property
    def p_value(self) -> float:
        """Of *nothing asked here has changed* (Simes)."""
        return simes(self.p_values)


def measure_drift(
    reference: Matrix,
    current: Matrix,
    names: Sequence[str],
    *,
    sectors: Mapping[str, str],
    scores: tuple[Vector, Vector] | None = None,
    contributions: Mapping[str, tuple[Vector, Vector]] = NOTHING,
    level: float = LEVEL,
    material: float = MATERIAL,
) -> Drift:
    """Compare two float matrices column by column; NaN is unknown.

    Parameters
    ----------
    reference, current
        Shapes (n_reference, n_features) and (n_current, n_features), the same columns in the same order.
    sectors
        Feature -> sector.
    scores
        Served probabilities of the reference and of the current people.
    contributions
        Sector -> what its features together add to the log-odds of the reference and of the current people.
    level
        Greatest probability of naming anything when nothing has drifted.

    Notes
    -----
    Benjamini & Hochberg, JRSS B 57 (1995); Simes, Biometrika 73 (1986). Both hold for features that are positively dependent, as those of
    one population are.
    """
    return judge(
        compare(reference, current, names, sectors=sectors, scores=scores, contributions=contributions), level=level, material=material
    )


def compare(
    reference: Matrix,
    current: Matrix,
    names: Sequence[str],
    *,
    sectors: Mapping[str, str],
    scores: tuple[Vector, Vector] | None = None,
    contributions: Mapping[str, tuple[Vector, Vector]] = NOTHING,
) -> Compared:
    """Ask every question of two samples; parameters as of `measure_drift`."""
    if reference.shape[1] != len(names) or current.shape[1] != len(names):
        raise ValueError("expected one name per column of both matrices")
    features = tuple(_compare(reference[:, j].astype(float), current[:, j].astype(float)) for j in range(len(names)))
    pairs: list[tuple[str | None, tuple[Vector, Vector]]] = [
        *([(None, scores)] if scores is not None else []),
        *sorted(contributions.items()),
    ]
    said = tuple((sector, *kolmogorov_smirnov(*sides)) for sector, sides in pairs if all(len(side) for side in sides))
    return Compared(tuple(names), tuple(sectors[name] for name in names), features, said, len(reference), len(current))


def judge(compared: Compared, *, level: float = LEVEL, material: float = MATERIAL) -> Drift:
    """Name the answers that stay among everything asked of two samples, and are large enough to matter."""
    q_values = iter(adjust_p_values(compared.p_values).tolist())

    def answer(p_value: float | None, size: float) -> Answer:
        q_value = None if p_value is None else next(q_values)
        return Answer(p_value, q_value, q_value is not None and q_value <= level and size >= material)

    features = tuple(
        FeatureDrift(
            name=name,
            sector=sector,
            test=one.test,
            distance=one.distance,
            missing_reference=one.missing_reference,
            missing_current=one.missing_current,
            n_telling=one.n_telling,
            values=answer(one.values_p, one.distance),
            missing=answer(one.missing_p, abs(one.missing_current - one.missing_reference)),
        )
        for name, sector, one in zip(compared.names, compared.sectors, compared.features, strict=True)
    )
    said = [ScoreDrift(sector, distance, answer(p_value, distance)) for sector, distance, p_value in compared.scores]
    score = next((one for one in said if one.sector is None), None)
    contributions = tuple(one for one in said if one.sector is not None)
    return Drift(features, compared.n_reference, compared.n_current, level, score, contributions)


@dataclass(frozen=True)
class _Comparison:
    test: str
    distance: float
    missing_reference: float
    missing_current: float
    n_telling: int
    values_p: float | None
    missing_p: float | None


def _size(one: FeatureDrift) -> float:
    return float(np.nanmax([one.distance, abs(one.missing_current - one.missing_reference), 0.0]))


def _compare(reference: Vector, current: Vector) -> _Comparison:
    a, b = reference[~np.isnan(reference)], current[~np.isnan(current)]
    missing_a, missing_b = len(reference) - len(a), len(current) - len(b)
    test, distance, values_p = compare_values(a, b) if len(a) and len(b) else ("none", float("nan"), 1.0)
    is_sometimes_missing = 0 < missing_a + missing_b < len(reference) + len(current)
    return _Comparison(
        test=test,
        distance=distance,
        missing_reference=missing_a / len(reference) if len(reference) else float("nan"),
        missing_current=missing_b / len(current) if len(current) else float("nan"),
        n_telling=_n_telling(b),
        values_p=None if test == "none" else values_p,
        missing_p=two_by_two(missing_a, len(a), missing_b, len(b)) if is_sometimes_missing else None,
    )


def _n_telling(values: Vector) -> int:
    return len(values) - int(np.unique(values, return_counts=True)[1].max()) if len(values) else 0
