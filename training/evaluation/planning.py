"""Read a capacity plan: from shares of a cohort, as a report holds them, to people in a year of a service's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from features.errors import DataError
from models.card_curves import between
from models.intervals import Interval, interval_from

MONTHS = 12


@dataclass(frozen=True)
class PlannedYear:
    """What a year of reviews comes to: expected people, with 95 % intervals.

    Attributes
    ----------
    share
        Share of the cohort that is reviewed.
    found, missed, in_vain
        People with the outcome who are reviewed, people with it who are not, and people reviewed who don't get it.
    gains
        What would find how many more: name -> people.
    """

    reviews_a_year: float
    people_a_year: int
    share: float
    found: Interval
    missed: Interval
    in_vain: Interval
    gains: Mapping[str, Interval]


def plan_year(section: Mapping[str, Any], *, reviews_a_month: float, people_a_year: int | None = None) -> PlannedYear:
    """Say what so many reviews a month find, miss and approach in vain.

    Parameters
    ----------
    section
        `capacity_plan` of a training's report.
    people_a_year
        How many people the service screens in a year; that of the report's test cohort where None.

    Raises
    ------
    DataError
        TID452 when the reviews come to more than nine in ten of the people, or to fewer than a figure may be told for.

    Notes
    -----
    Figures lie on straight lines between the capacities that the report holds. They hold for a cohort like the one that was tested: its
    prevalence and the model's ranking carry over, its size is the service's own.
    """
    people = int(section["people_a_year"]) if people_a_year is None else people_a_year
    reviews = MONTHS * reviews_a_month
    share = reviews / people
    told = [point for point in section["points"] if point["recall"] is not None]
    if not told or not told[0]["share"] <= share <= told[-1]["share"]:
        lowest, highest = (told[0]["share"] * people, told[-1]["share"] * people) if told else (float("nan"), float("nan"))
        raise DataError(
            "TID452",
            f"{reviews:.0f} reviews a year are {share:.1%} of {people} people. Figures can be told for {lowest / MONTHS:.1f} to "
            f"{highest / MONTHS:.1f} reviews a month: choose a number between, or give the number of people who are screened in a year.",
        )
    with_outcome = people * float(section["prevalence"]["estimate"])
    recall = _between(told, share, lambda point: point["recall"])
    precision = _between(told, share, lambda point: point["precision"])
    return PlannedYear(
        reviews_a_year=reviews,
        people_a_year=people,
        share=share,
        found=_times(recall, with_outcome),
        missed=_times(_complement(recall), with_outcome),
        in_vain=_times(_complement(precision), reviews),
        gains=_gains(told, share, with_outcome),
    )


def _gains(told: list[Mapping[str, Any]], share: float, with_outcome: float) -> dict[str, Interval]:
    found = {}
    for name in told[0]["recall_gain"]:
        known = [point for point in told if point["recall_gain"][name] is not None]
        if known and known[0]["share"] <= share <= known[-1]["share"]:
            found[name] = _times(_between(known, share, lambda point, name=name: point["recall_gain"][name]), with_outcome)
    return found


def _between(points: list[Mapping[str, Any]], share: float, figure: Any) -> Interval:
    """Read a figure on the straight line between the two shares next to this one."""
    return between([point["share"] for point in points], [interval_from(figure(point)) for point in points], share)


def _complement(interval: Interval) -> Interval:
    return Interval(1 - interval.estimate, 1 - interval.high, 1 - interval.low)


def _times(interval: Interval, people: float) -> Interval:
    return Interval(people * interval.estimate, people * interval.low, people * interval.high)
