"""A model as its pages show it: what serves, its card read, and its stage and outcome in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import nan

from features.declarations.catalogue import Wording
from features.declarations.project import Project
from models.card import CapacityRow, CapacitySpan, ModelCard
from models.intervals import Interval
from serving.aggregates.models import ModelLine, list_models
from serving.aggregates.planner import PlannedReviews, plan_reviews, rest_of
from serving.cases.wording import outcome_label, stage_label
from serving.errors import NotFoundError
from serving.scoring.promotions import Promotion, list_promotions

LADDER_FIGURES = ("auc", "average_precision", "precision_at_capacity", "recall_at_capacity")
"""Figures of the ladder that a page has room for; the card has all."""


@dataclass(frozen=True)
class ModelShown:
    """A model with its card read and its stage and outcome in words."""

    line: ModelLine
    card: ModelCard
    stage: Wording
    outcome: Wording

    @property
    def at_capacity(self) -> PlannedReviews | None:
        """What reviewing the declared share finds and misses; None where the card does not tell it."""
        curve = self.card.curves.capacity
        return None if curve is None else plan_reviews(curve, curve.capacity_share)

    @property
    def n_gates_by_verdict(self) -> dict[str, int]:
        """Count gates: verdict -> number."""
        return gates_by_verdict(self.card)


@dataclass(frozen=True)
class CapacityShown:
    """What reviewing a share finds and misses; bounds are NaN where the card does not know them."""

    share: float
    rightly: Interval
    in_vain: Interval
    found: Interval
    missed: Interval


@dataclass(frozen=True)
class WaitingShown:
    """A version that could serve next, with its stage and outcome in words."""

    promotion: Promotion
    stage: Wording
    outcome: Wording


def list_waiting(project: Project, *, now: datetime) -> list[WaitingShown]:
    """List the versions that wait for signatures."""
    return [
        WaitingShown(one, stage_label(project, one.bundle.stage), outcome_label(project, one.bundle.outcome))
        for one in list_promotions(project, now=now)
    ]


def list_shown(project: Project) -> list[ModelShown]:
    """List the models that serve."""
    return [
        ModelShown(line, ModelCard.from_json(line.card), stage_label(project, line.stage), outcome_label(project, line.outcome))
        for line in list_models(project)
    ]


def get_shown(project: Project, name: str) -> ModelShown:
    """Give the version of a model that serves.

    Raises
    ------
    NotFoundError
        TID710 where none of that name does.
    """
    found = next((shown for shown in list_shown(project) if shown.line.name == name), None)
    if found is None:
        raise NotFoundError("model")
    return found


def gates_by_verdict(card: ModelCard) -> dict[str, int]:
    """Count a card's gates: verdict -> number."""
    verdicts = [gate.verdict for gate in card.gates]
    return {verdict: verdicts.count(verdict) for verdict in ("PASSED", "FAILED", "NOT_APPLICABLE")}


def ladder_figures(*cards: ModelCard) -> list[str]:
    """Choose the ladder's columns: those that some rung has."""
    return [name for name in LADDER_FIGURES if any(name in row.metrics for card in cards for row in card.ladder)]


def capacity_shown(card: ModelCard) -> list[CapacityShown]:
    """Put the card's intervals beside its figures; a share without one has none, and the page says so."""
    spans = {span.share: span for span in card.capacity_spans}
    return [_capacity_row(row, spans.get(row.share)) for row in card.capacity]


def _capacity_row(row: CapacityRow, span: CapacitySpan | None) -> CapacityShown:
    rightly = _within(row.precision, None if span is None else span.precision)
    found = _within(row.recall, None if span is None else span.recall)
    return CapacityShown(row.share, rightly, rest_of(rightly), found, rest_of(found))


def _within(figure: float, span: Interval | None) -> Interval:
    return Interval(figure, nan, nan) if span is None else Interval(figure, span.low, span.high)
