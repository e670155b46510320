"""A version beside the one that serves: what they find, whether they are calibrated, how they treat groups. Aggregates only."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle
from models.card import ModelCard
from models.intervals import Interval
from models.placed import load_placed
from serving.access.permissions import Action, can, check_may
from serving.aggregates.papers import list_papers
from serving.console.evidence import group_text
from serving.console.model_pictures import reliability_picture
from serving.console.pages.cases import TongueOf
from serving.console.rendering import page
from serving.console.shown_models import CapacityShown, capacity_shown, get_shown, ladder_figures
from serving.errors import NotFoundError
from serving.http.dependencies import CallerOf, ProjectOf, SettingsOf

router = APIRouter(prefix="/models/{name}/compare/{version}")

CALIBRATION = ("observed_expected", "calibration_difference", "calibration_slope", "calibration_index", "brier")
"""Figures of calibration that a page has room for; the cards have all."""


@dataclass(frozen=True)
class Pair:
    """One figure of both versions; None where a card lacks it."""

    name: str
    serving: Interval | None
    other: Interval | None

    @property
    def is_told(self) -> bool:
        """Whether one of the cards has the figure."""
        return self.serving is not None or self.other is not None

    @property
    def difference(self) -> float | None:
        """The other's less that of the one that serves."""
        return None if self.serving is None or self.other is None else self.other.estimate - self.serving.estimate


@dataclass(frozen=True)
class GatePair:
    """What one gate said of both versions: verdict -> how often."""

    code: str
    title: str
    serving: dict[str, int]
    other: dict[str, int]

    @property
    def differs(self) -> bool:
        """Whether it said something else of one than of the other."""
        return self.serving != self.other


@router.get("")
def compare(
    request: Request, account: CallerOf, project: ProjectOf, settings: SettingsOf, t: TongueOf, name: str, version: str
) -> HTMLResponse:
    """Show a version and the one that serves side by side, with their differences."""
    check_may(account, Action.COMPARE_MODELS)
    shown, other = get_shown(project, name), _find_other(project, name, version)
    one, two = shown.card, other.card
    return page(
        request,
        "compare.html",
        account=account,
        model=shown,
        other=other,
        version=version,
        ladder=ladder_pairs(one, two),
        gates=gate_pairs(one, two),
        calibration=[Pair(figure, one.calibration.get(figure), two.calibration.get(figure)) for figure in _calibration(one, two)],
        capacity=capacity_pairs(one, two),
        groups=group_pairs(one, two),
        group_text=group_text,
        pictures=[
            drawn
            for place, (card, number) in enumerate(((one, shown.line.version), (two, version)))
            if (drawn := reliability_picture(card.curves, t, name=f"reliability-{place}", version=number)) is not None
        ],
        same_people=one.data.get("data hash") is not None and one.data.get("data hash") == two.data.get("data hash"),
        papers=list_papers(project, name, version),
        mlflow=settings.mlflow_page(name, version),
        can_sign=can(account, Action.SIGN_PROMOTIONS) and version != shown.line.version,
    )


def _find_other(project: Project, name: str, version: str) -> Bundle:
    """Load the version to compare with.

    Raises
    ------
    NotFoundError
        TID710 where it does not lie here.
    ModelError
        TID5xx where it can't be loaded.
    """
    try:
        return load_placed(project, name, version)
    except ModelError as error:
        raise NotFoundError("version") if error.code == "TID527" else error from error


def ladder_pairs(one: ModelCard, two: ModelCard) -> list[tuple[str, list[Pair]]]:
    """Put each rung's figures beside each other, rung by rung as the ladder goes."""
    rungs = dict.fromkeys(row.rung for card in (one, two) for row in card.ladder)
    found = [{row.rung: row.metrics for row in card.ladder} for card in (one, two)]
    names = ladder_figures(one, two)
    return [(rung, [Pair(name, *(metrics.get(rung, {}).get(name) for metrics in found)) for name in names]) for rung in rungs]


def gate_pairs(one: ModelCard, two: ModelCard) -> list[GatePair]:
    """Put what each gate said beside each other, what differs first."""
    titles = {gate.code: gate.title for card in (two, one) for gate in card.gates}
    pairs = [GatePair(code, titles[code], _said(one, code), _said(two, code)) for code in sorted(titles)]
    return sorted(pairs, key=lambda pair: not pair.differs)


def capacity_pairs(one: ModelCard, two: ModelCard) -> list[tuple[float, Pair, Pair]]:
    """Put what is found, and what is proposed rightly, beside each other at each share that both cards or one of them tell."""
    found = [{row.share: row for row in capacity_shown(card)} for card in (one, two)]
    shares = sorted({*found[0], *found[1]})
    return [(share, _pair("found", share, found), _pair("rightly", share, found)) for share in shares]


def group_pairs(one: ModelCard, two: ModelCard) -> list[Pair]:
    """Put observed to expected of each group beside each other; a group with too few people has no figure."""
    found = [{row.group: row.observed_expected for row in card.groups} for card in (one, two)]
    return [Pair(group, found[0].get(group), found[1].get(group)) for group in dict.fromkeys((*found[0], *found[1]))]


def _pair(name: str, share: float, found: list[dict[float, CapacityShown]]) -> Pair:
    one, two = (getattr(rows[share], name) if share in rows else None for rows in found)
    return Pair(name, one, two)


def _said(card: ModelCard, code: str) -> dict[str, int]:
    verdicts = [gate.verdict for gate in card.gates if gate.code == code]
    return {verdict: verdicts.count(verdict) for verdict in ("FAILED", "NOT_APPLICABLE", "PASSED") if verdict in verdicts}


def _calibration(*cards: ModelCard) -> list[str]:
    return [figure for figure in CALIBRATION if any(figure in card.calibration for card in cards)]
