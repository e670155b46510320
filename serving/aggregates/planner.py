"""What so many reviews find and miss, in natural frequencies: a capacity curve read at one share, and as people of one's own."""

from __future__ import annotations

from dataclasses import dataclass

from models.card_curves import CapacityCurve
from models.intervals import Interval


@dataclass(frozen=True)
class PlannedReviews:
    """What reviewing a share comes to; shares are told of 100, and people are expected ones.

    Attributes
    ----------
    rightly, in_vain
        Of those reviewed, who gets the outcome and who does not.
    found, missed
        Of those who get the outcome, who is reviewed and who is not.
    """

    share: float
    rightly: Interval
    in_vain: Interval
    found: Interval
    missed: Interval
    prevalence: Interval

    def reviewed_of(self, people: int) -> float:
        """How many of so many people are reviewed."""
        return self.share * people

    def rightly_of(self, people: int) -> Interval:
        """How many of so many people are reviewed rightly."""
        return _times(self.rightly, self.reviewed_of(people))

    def missed_of(self, people: int) -> Interval:
        """How many of so many people get the outcome and are not reviewed; the curve's prevalence is taken for theirs."""
        return _times(self.missed, self.prevalence.estimate * people)


def plan_reviews(curve: CapacityCurve, share: float) -> PlannedReviews | None:
    """Read a curve at a share; None outside what it tells of.

    Examples
    --------
    >>> from models.card_curves import CapacityPoint
    >>> points = [CapacityPoint(share, Interval(0.5, 0.4, 0.6), Interval(4 * share, 0.1, 0.9)) for share in (0.1, 0.2)]
    >>> curve = CapacityCurve(0.15, 400, Interval(0.2, 0.1, 0.3), tuple(points))
    >>> planned = plan_reviews(curve, 0.15)
    >>> round(planned.found.estimate, 2), round(planned.missed.estimate, 2), planned.rightly_of(400).estimate
    (0.6, 0.4, 30.0)
    """
    point = curve.at(share)
    if point is None or point.precision is None or point.recall is None:
        return None
    return PlannedReviews(share, point.precision, rest_of(point.precision), point.recall, rest_of(point.recall), curve.prevalence)


def rest_of(part: Interval) -> Interval:
    """Give what is left of the whole."""
    return Interval(1 - part.estimate, 1 - part.high, 1 - part.low)


def _times(share: Interval, people: float) -> Interval:
    return Interval(share.estimate * people, share.low * people, share.high * people)
