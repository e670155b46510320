"""The curves of a card, taken from the report's sections: what the report tells, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.card_curves import BenefitPoint, CapacityCurve, CapacityPoint, CardCurves, LeadSpan, Mover, ReliabilityPoint
from models.intervals import Interval, interval_from

Section = Mapping[str, Any]


def card_curves(sections: Mapping[str, Section]) -> CardCurves:
    """Read the curves out of the sections that were measured."""
    moved = sections.get("importance", {})
    return CardCurves(
        reliability=tuple(
            ReliabilityPoint(one["n_people"], one["mean_probability"], interval_from(one["observed_rate"]))
            for one in sections.get("reliability", {}).get("bins", ())
        ),
        benefit=tuple(
            BenefitPoint(one["threshold"], {name: _told(figure) for name, figure in one["net_benefit"].items()}, bool(one["is_useful"]))
            for one in sections.get("decision_curve", {}).get("points", ())
        ),
        capacity=_capacity(sections["capacity_plan"]) if "capacity_plan" in sections else None,
        lead_time=tuple(
            LeadSpan((one["months"][0], one["months"][1]), one["n"], _told(one["recall_at_capacity"]), _told(one["auc"]))
            for one in sections.get("lead_time", {}).get("spans", ())
        ),
        indicators=tuple(Mover(one["name"], one["of_100"]) for one in moved.get("indicators", ())),
        sectors=tuple(Mover(one["name"], one["of_100"]) for one in moved.get("sectors", ())),
        n_explained=int(moved.get("n_rows", 0)),
    )


def _capacity(section: Section) -> CapacityCurve:
    points = tuple(CapacityPoint(one["share"], _told(one["precision"]), _told(one["recall"])) for one in section["points"])
    return CapacityCurve(float(section["capacity_share"]), int(section["people_a_year"]), interval_from(section["prevalence"]), points)


def _told(figure: Mapping[str, Any] | None) -> Interval | None:
    return None if figure is None else interval_from(figure)
