"""The models that serve, in aggregates: what they are for, the ladder, the gates, where they end. No person anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.declarations.catalogue import Wording
from models.card import CapacityRow, CapacitySpan, ModelCard
from models.intervals import Interval
from serving.access.permissions import Action, check_may
from serving.aggregates.models import ModelLine, list_models
from serving.cases.wording import outcome_label, stage_label
from serving.console.rendering import page
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ProjectOf

router = APIRouter(prefix="/models")

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
    def n_gates_by_verdict(self) -> dict[str, int]:
        """Count gates: verdict -> number."""
        verdicts = [gate.verdict for gate in self.card.gates]
        return {verdict: verdicts.count(verdict) for verdict in ("PASSED", "FAILED", "NOT_APPLICABLE")}


@router.get("")
def models(request: Request, account: CallerOf, project: ProjectOf) -> HTMLResponse:
    """List the models that serve."""
    check_may(account, Action.SEE_MODELS)
    return page(request, "models.html", account=account, models=_models(project))


@router.get("/{name}")
def model(request: Request, account: CallerOf, project: ProjectOf, name: str) -> HTMLResponse:
    """Show one model's card."""
    check_may(account, Action.SEE_MODELS)
    found = next((shown for shown in _models(project) if shown.line.name == name), None)
    if found is None:
        raise NotFoundError("model")
    return page(request, "model.html", account=account, model=found, figures=_figures(found.card), capacity=capacity_shown(found.card))


def _models(project: ProjectOf) -> list[ModelShown]:
    return [
        ModelShown(line, ModelCard.from_json(line.card), stage_label(project, line.stage), outcome_label(project, line.outcome))
        for line in list_models(project)
    ]


@dataclass(frozen=True)
class CapacityShown:
    """What reviewing a share finds and misses; bounds are NaN where the card does not know them."""

    share: float
    rightly: Interval
    in_vain: Interval
    found: Interval
    missed: Interval


def capacity_shown(card: ModelCard) -> list[CapacityShown]:
    """Put the card's intervals beside its figures; a share without one has none, and the page says so."""
    spans = {span.share: span for span in card.capacity_spans}
    return [_capacity_row(row, spans.get(row.share)) for row in card.capacity]


def _capacity_row(row: CapacityRow, span: CapacitySpan | None) -> CapacityShown:
    rightly = _within(row.precision, None if span is None else span.precision)
    found = _within(row.recall, None if span is None else span.recall)
    return CapacityShown(row.share, rightly, _rest(rightly), found, _rest(found))


def _within(figure: float, span: Interval | None) -> Interval:
    return Interval(figure, nan, nan) if span is None else Interval(figure, span.low, span.high)


def _rest(part: Interval) -> Interval:
    return Interval(1 - part.estimate, 1 - part.high, 1 - part.low)


def _figures(card: ModelCard) -> list[str]:
    """Choose the ladder's columns: those that some rung has."""
    return [name for name in LADDER_FIGURES if any(name in row.metrics for row in card.ladder)]
