"""What of a card is a curve: what was said against what came, worth by threshold, capacity, lead time, and what moves the model.

Every figure is one that the training's report tells: what may not be told (R-09) is a gap here too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models.intervals import Interval

EVERYBODY = "everybody"
"""Approaching everybody, among the ways that net benefit is told of; approaching nobody is 0 everywhere."""


@dataclass(frozen=True)
class ReliabilityPoint:
    """People with similar probabilities: what was said on average, and what came."""

    n_people: int
    said: float
    came: Interval


@dataclass(frozen=True)
class BenefitPoint:
    """Net benefit of each way of choosing at one threshold; None where it may not be told."""

    threshold: float
    benefit: Mapping[str, Interval | None]
    is_useful: bool
    """Whether the model is clearly better than every simpler way, and than approaching everybody or nobody."""


@dataclass(frozen=True)
class CapacityPoint:
    """What reviewing a share finds; None where it may not be told."""

    share: float
    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True)
class CapacityCurve:
    """Figures by share reviewed, and the cohort that they were measured on."""

    capacity_share: float
    """The share that the project declares it can review."""
    people_a_year: int
    prevalence: Interval
    points: tuple[CapacityPoint, ...]

    @property
    def told(self) -> tuple[CapacityPoint, ...]:
        """Points with figures."""
        return tuple(point for point in self.points if point.precision is not None and point.recall is not None)

    @property
    def reach(self) -> tuple[float, float] | None:
        """Lowest and highest share that figures are told for; None where there is none."""
        return (self.told[0].share, self.told[-1].share) if self.told else None

    def at(self, share: float) -> CapacityPoint | None:
        """Read the figures at a share, on straight lines between those that are told; None outside their reach."""
        if self.reach is None or not self.reach[0] <= share <= self.reach[1]:
            return None
        shares = [point.share for point in self.told]
        precision, recall = ([getattr(point, name) for point in self.told] for name in ("precision", "recall"))
        return CapacityPoint(share, between(shares, precision, share), between(shares, recall, share))


@dataclass(frozen=True)
class LeadSpan:
    """How many are found of those whose outcome came so many months after the score; figures are None where too few have it."""

    months: tuple[int, int | None]
    n_people: int
    recall: Interval | None
    auc: Interval | None


@dataclass(frozen=True)
class Mover:
    """An indicator or a sector, and its share of all that moves the model's number; the name None is all others together."""

    name: str | None
    of_100: int


@dataclass(frozen=True)
class CardCurves:
    """A card's curves; each is empty in a card that was made before it was measured."""

    reliability: tuple[ReliabilityPoint, ...] = ()
    benefit: tuple[BenefitPoint, ...] = ()
    capacity: CapacityCurve | None = None
    lead_time: tuple[LeadSpan, ...] = ()
    indicators: tuple[Mover, ...] = ()
    sectors: tuple[Mover, ...] = ()
    n_explained: int = 0
    """People whose reasons `indicators` and `sectors` sum up."""

    def to_json(self) -> dict[str, Any]:
        """Give what `from_json` reads."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> CardCurves:
        """Read what `to_json` wrote."""
        capacity = content.get("capacity")
        return cls(
            reliability=tuple(ReliabilityPoint(r["n_people"], r["said"], _interval(r["came"])) for r in content.get("reliability", ())),
            benefit=tuple(
                BenefitPoint(r["threshold"], {name: _told(one) for name, one in r["benefit"].items()}, r["is_useful"])
                for r in content.get("benefit", ())
            ),
            capacity=None if capacity is None else _capacity(capacity),
            lead_time=tuple(
                LeadSpan((r["months"][0], r["months"][1]), r["n_people"], _told(r["recall"]), _told(r["auc"]))
                for r in content.get("lead_time", ())
            ),
            indicators=tuple(Mover(r["name"], r["of_100"]) for r in content.get("indicators", ())),
            sectors=tuple(Mover(r["name"], r["of_100"]) for r in content.get("sectors", ())),
            n_explained=content.get("n_explained", 0),
        )


def between(shares: Sequence[float], figures: Sequence[Interval], share: float) -> Interval:
    """Read a figure on the straight line between the two shares next to this one.

    >>> between([0.1, 0.3], [Interval(0.2, 0.1, 0.3), Interval(0.6, 0.5, 0.7)], 0.2).estimate
    0.4
    """
    parts = ([getattr(figure, part) for figure in figures] for part in ("estimate", "low", "high"))
    return Interval(*(float(np.interp(share, shares, part)) for part in parts))


def _capacity(content: Mapping[str, Any]) -> CapacityCurve:
    points = tuple(CapacityPoint(r["share"], _told(r["precision"]), _told(r["recall"])) for r in content["points"])
    return CapacityCurve(content["capacity_share"], content["people_a_year"], _interval(content["prevalence"]), points)


def _told(content: Mapping[str, Any] | None) -> Interval | None:
    return None if content is None else _interval(content)


def _interval(content: Mapping[str, Any]) -> Interval:
    return Interval(**{name: float("nan") if value is None else float(value) for name, value in content.items()})
