"""How models have looked at a person over time: bands and natural frequencies, never a rank or a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.catalogue import Kind, Wording
from features.declarations.project import Project
from features.scored import scored_of
from models.bands import WORDING as BAND_WORDING
from models.bands import Band
from models.bundle import Bundle, load_bundle
from models.deployment import bundle_folder
from models.reasons import Reason
from serving.cases.proposal import Proposal, SeenPicture, fill_frequency
from serving.cases.wording import level_words, outcome_label, stage_label
from serving.person_keys import PersonKeys
from serving.persons.told import ModelTold, Reader, ReasonTold, ScoreTold
from serving.storage.tables import CaseRow, ScreeningRow

_Bundles = dict[tuple[str, str], Bundle | None]


def scores_of(
    session: Session, keys: PersonKeys, project: Project, subject_id: str, *, cases: Sequence[CaseRow], reader: Reader
) -> tuple[tuple[ScoreTold, ...], tuple[ModelTold, ...]]:
    """Tell each time that a model looked at a person, oldest first, and the models that did.

    Parameters
    ----------
    cases
        The cases that this reader may be told of.
    """
    bundles: _Bundles = {}
    told = {case.screening_id: _of_case(session, keys, project, case, reader) for case in cases}
    if reader is Reader.PERSON:
        for row in scored_of(project, subject_id).to_dict("records"):
            told.setdefault(str(row["screening_id"]), _of_row(project, {str(name): value for name, value in row.items()}, bundles))
    ordered = tuple(sorted(told.values(), key=lambda one: (one.as_of, one.model_name, one.model_version)))
    used = dict.fromkeys((one.model_name, one.model_version) for one in ordered)
    by_model = {(one.model_name, one.model_version): one for one in ordered}
    return ordered, tuple(_model(by_model[key], _bundle(project, key, bundles), reader) for key in used)


def _of_case(session: Session, keys: PersonKeys, project: Project, case: CaseRow, reader: Reader) -> ScoreTold:
    screening = session.get_one(ScreeningRow, case.screening_id)
    is_readable = case.sealed_proposal is not None and keys.find(session, case.subject_id) is not None
    proposal = Proposal.from_json(keys.unseal(session, case.subject_id, case.sealed_proposal or b"")) if is_readable else None
    picture = None if proposal is None else _picture(proposal, reader)
    return ScoreTold(
        as_of=screening.as_of,
        stage=stage_label(project, screening.stage),
        outcome=outcome_label(project, screening.outcome),
        model_name=screening.model_name,
        model_version=screening.model_version,
        band=None if picture is None else BAND_WORDING[picture.band],
        frequency=None if picture is None else picture.frequency,
        was_proposed=True,
        reasons=() if picture is None else _reasons(project, picture, reader),
    )


def _reasons(project: Project, picture: SeenPicture, reader: Reader) -> tuple[ReasonTold, ...]:
    return tuple(_reason(project, r) for r in picture.reasons if reader is Reader.PERSON or not r.is_confidential)


def _picture(proposal: Proposal, reader: Reader) -> SeenPicture:
    whole = SeenPicture(proposal.band, proposal.frequency, proposal.uncertainty, proposal.reasons)
    return whole if reader is Reader.PERSON else proposal.seen or whole


def _reason(project: Project, reason: Reason) -> ReasonTold:
    indicator, feature = project.catalogue.declared.get(reason.indicator), reason.main_feature
    return ReasonTold(
        reason.label,
        reason.direction,
        reason.value,
        reason.unit,
        reason.happened_on,
        reason.is_missing,
        is_flag=indicator is not None and indicator.kind is Kind.FLAG,
        aggregation=feature.aggregation,
        window_days=feature.window_days,
        calendar=feature.calendar,
        level=feature.level,
        value_words=level_words(indicator, reason.value),
        level_words=level_words(indicator, feature.level),
    )


def _of_row(project: Project, row: Mapping[str, Any], bundles: _Bundles) -> ScoreTold:
    band = Band(row["band"])
    bundle = _bundle(project, (row["model"], row["model_version"]), bundles)
    return ScoreTold(
        as_of=row["as_of"],
        stage=stage_label(project, row["stage"]),
        outcome=outcome_label(project, row["outcome"]),
        model_name=row["model"],
        model_version=row["model_version"],
        band=BAND_WORDING[band],
        frequency=_frequency(project, bundle, band),
        was_proposed=bool(row["proposed"]),
    )


def _frequency(project: Project, bundle: Bundle | None, band: Band) -> Wording | None:
    outcome = None if bundle is None else project.outcomes.get(bundle.outcome)
    return None if bundle is None or outcome is None else fill_frequency(outcome.of_100, bundle.frequencies[band])


def _model(score: ScoreTold, bundle: Bundle | None, reader: Reader) -> ModelTold:
    return ModelTold(
        name=score.model_name,
        version=score.model_version,
        stage=score.stage,
        outcome=score.outcome,
        uses=() if bundle is None else _used(bundle),
        worth_a_look=None if bundle is None else f"{100 * bundle.bands.worth_a_look:.0f}",
    )


def _used(bundle: Bundle) -> tuple[Wording, ...]:
    codes = dict.fromkeys(name.partition(".")[0] for name in bundle.feature_names)
    return tuple(bundle.catalogue.indicators[code].label for code in codes if code in bundle.catalogue.indicators)


def _bundle(project: Project, key: tuple[str, str], bundles: _Bundles) -> Bundle | None:
    if key not in bundles:
        folder = bundle_folder(project, *key)
        bundles[key] = load_bundle(folder) if folder.is_dir() else None
    return bundles[key]


def cases_of(session: Session, subject_id: str) -> list[CaseRow]:
    """Read all cases of a person, oldest first."""
    return list(session.scalars(select(CaseRow).where(CaseRow.subject_id == subject_id).order_by(CaseRow.created_at, CaseRow.id)))
