"""The model's proposal: what is kept sealed in a case, and what of it one reader may see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from typing import Any

import numpy as np
from pydantic import TypeAdapter
from scipy.special import logit

from features.declarations.catalogue import Kind, Wording
from features.declarations.project import Project
from models.bands import WORDING as BAND_WORDING
from models.bands import Band, BandFrequency, frequency_text
from models.bundle import Bundle
from models.disclosure import STRENGTH_WORDING, VisibleReason, visible_gaps, visible_reasons
from models.reasons import Reason, with_dates
from models.rungs.rung import Matrix
from models.uncertainty import UNKNOWN_TEXT, uncertainty_text
from serving.cases.pages import IndicatorLine, ProposalView, ReasonLine
from serving.cases.wording import level_words, services_here


@dataclass(frozen=True)
class SeenPicture:
    """What the model says of the person as a reader of no service may know them: with typical values for what is confidential (R-06).

    A function of what this reader may see, and so no way to the rest. Band and interval are at least those of the lowest score that makes a
    case: one that stands in a case with less would say at a glance that something hidden put it there.
    """

    band: Band
    frequency: Wording | None
    uncertainty: Wording
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Proposal:
    """Everything behind one proposal, kept sealed under the person's key until it is purged.

    `log_odds` is `base_log_odds` plus the contributions of `reasons`, within 1e-9. Neither number is ever shown (R-18).
    """

    band: Band
    probability: float
    log_odds: float
    base_log_odds: float
    frequency: Wording | None
    reasons: tuple[Reason, ...]
    model_name: str
    model_version: str
    bundle_hash: str
    stage: str
    outcome: str
    as_of: date
    uncertainty: Wording = UNKNOWN_TEXT
    """How sure this is, in words; a proposal sealed by an earlier version says that it can't be said."""
    inputs_sha256: str = ""
    """Digest of the features that the model read, names and values; empty in a proposal sealed by an earlier version."""
    seen: SeenPicture | None = None
    """What is shown instead of the above; None where the model uses nothing confidential, so that there is nothing to hide."""

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        content: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return content

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Proposal:
        """Read what `to_json` wrote."""
        return _adapter().validate_python(content)


def inputs_sha256(names: Sequence[str], picture: Matrix) -> str:
    """Digest what the model read of one row, shape (1, n_features): names in the model's order and the values as 64-bit numbers.

    Says later whether two proposals came from the same inputs without keeping the inputs; every missing value counts as the same one.

    Examples
    --------
    >>> here = inputs_sha256(("a.sum@365d",), np.array([[np.nan]]))
    >>> here == inputs_sha256(("a.sum@365d",), np.array([[np.nan]])), here == inputs_sha256(("a.sum@365d",), np.array([[0.0]]))
    (True, False)
    """
    values = [None if np.isnan(value) else float(value).hex() for value in np.asarray(picture, dtype=np.float64)[0]]
    return sha256(json.dumps([list(names), values]).encode()).hexdigest()


def frequency_of(project: Project, bundle: Bundle, band: Band) -> Wording | None:
    """Fill the outcome's sentence on 100 people with the band's frequency; None with too few people to say."""
    sentence = project.outcomes[bundle.outcome].of_100
    return fill_frequency(sentence, bundle.frequencies[band])


def uncertainty_of(project: Project, bundle: Bundle, log_odds: float) -> Wording:
    """Say how sure a score is: between two numbers of 100, in steps of 5, so that it is no percentage and no rank (R-18)."""
    return uncertainty_text(bundle.rate_table.span(log_odds), outcome=project.outcomes[bundle.outcome].label)


def build_seen(
    project: Project, bundle: Bundle, picture: Matrix, dates: Mapping[str, date], *, is_in_band: bool = True
) -> SeenPicture | None:
    """Say what a reader of no service is shown of one row, shape (1, n_features); None where that hides nothing of this model.

    `is_in_band` says whether the row as it is makes a case; one that does not is shown as at most the highest score that makes none.
    """
    seen = bundle.as_seen(picture)
    if seen is picture:
        return None
    lowest = float(logit(bundle.bands.worth_a_look))
    told = bundle.score(seen).log_odds
    scores = bundle.scores_of(np.maximum(told, lowest) if is_in_band else np.minimum(told, lowest))
    band = Band(str(scores.band[0])) if is_in_band else Band.NO_FOLLOW_UP_NOW
    return SeenPicture(
        band=band,
        frequency=frequency_of(project, bundle, band),
        uncertainty=uncertainty_of(project, bundle, float(scores.log_odds[0])),
        reasons=tuple(with_dates(bundle.reasons(seen)[0], dates)),
    )


def fill_frequency(sentence: Wording, frequency: BandFrequency) -> Wording | None:
    """Fill the sentence in every language; the number is the band's, never the person's (R-18)."""
    texts = {language: frequency_text(sentence, frequency, language=language) for language in ("nb", "nn", "en")}
    filled = {language: text for language, text in texts.items() if text is not None}
    return Wording(**filled, draft=sentence.draft) if len(filled) == len(texts) else None


def build_view(project: Project, proposal: Proposal, *, municipality: str | None) -> ProposalView:
    """Show a proposal to one reader: words and values that they may see, no number of the model (R-05, R-18).

    An account works for no service here, so that everything confidential is behind the one coarse reason, and everything shown is what the
    model says of the person without it.
    """
    picture = proposal.seen or SeenPicture(proposal.band, proposal.frequency, proposal.uncertainty, proposal.reasons)
    reasons = visible_reasons(picture.reasons, services_of_reader=frozenset())
    lines = [_line(project, reason) for reason in reasons]
    dates = [reason.happened_on for reason in reasons if reason.happened_on is not None]
    return ProposalView(
        band=picture.band.value,
        band_label=BAND_WORDING[picture.band],
        frequency=picture.frequency,
        uncertainty=picture.uncertainty,
        raises=tuple(line for line in lines if line.direction == "raises"),
        lowers=tuple(line for line in lines if line.direction == "lowers"),
        coarse=next(line for line in lines if line.is_coarse),
        missing=tuple(gap.label for gap in visible_gaps(picture.reasons, services_of_reader=frozenset())),
        model_name=proposal.model_name,
        model_version=proposal.model_version,
        as_of=proposal.as_of,
        newest_record_on=max(dates, default=None),
        services=services_here(project, municipality=municipality, sectors=_sectors(project)),
    )


def visible_indicators(proposal: Proposal) -> tuple[IndicatorLine, ...]:
    """List the indicators that a case shows, as reasons or as missing, with their owners; by code, so that order says nothing."""
    reasons = proposal.reasons if proposal.seen is None else proposal.seen.reasons
    shown = (*visible_reasons(reasons, services_of_reader=frozenset()), *visible_gaps(reasons, services_of_reader=frozenset()))
    found = {reason.indicator: IndicatorLine(reason.indicator, reason.label, reason.owner) for reason in shown if reason.indicator}
    return tuple(found[code] for code in sorted(found))


def _sectors(project: Project) -> Iterable[str]:
    """List all sectors: which services are shown may not tell which sector a hidden reason came from (R-06)."""
    return (sector.sector.value for sector in project.catalogue.sectors)


def _line(project: Project, reason: VisibleReason) -> ReasonLine:
    indicator = project.catalogue.declared.get(reason.indicator or "")
    return ReasonLine(
        label=reason.label,
        direction="may_raise_or_lower" if reason.direction == "neither" else reason.direction,
        strength=None if reason.strength is None else STRENGTH_WORDING[reason.strength],
        sector=None if reason.sector is None else reason.sector.value,
        value=reason.value,
        unit=reason.unit,
        value_on=reason.happened_on,
        typical=reason.typical,
        aggregation=None if reason.main_feature is None else reason.main_feature.aggregation,
        is_flag=indicator is not None and indicator.kind is Kind.FLAG,
        window_days=None if reason.main_feature is None else reason.main_feature.window_days,
        service=reason.owner,
        is_missing=reason.is_missing,
        is_coarse=reason.is_coarse,
        calendar=None if reason.main_feature is None else reason.main_feature.calendar,
        level=None if reason.main_feature is None else reason.main_feature.level,
        value_words=level_words(indicator, reason.value),
        typical_words=level_words(indicator, reason.typical),
        level_words=None if reason.main_feature is None else level_words(indicator, reason.main_feature.level),
    )


@cache
def _adapter() -> TypeAdapter[Proposal]:
    return TypeAdapter(Proposal)
