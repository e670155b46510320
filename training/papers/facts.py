"""What a project's own files say, in one language: read as they stand, so that a paper can't say something else than the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.declarations.catalogue import SectorFile, Use
from features.declarations.project import Project
from features.declarations.registers import find_register
from features.errors import ModelError
from training.papers.feature_words import feature_words
from training.papers.groups import attribute_label, indicator_label
from training.papers.words import Language, words
from training.plan import PlannedModel


@dataclass(frozen=True)
class SectorFacts:
    """One sector as a paper tells of it."""

    name: str
    is_on: bool
    legal_basis: str | None
    sources: tuple[str, ...]
    predictors: tuple[Mapping[str, Any], ...]
    n_other: int
    """Indicators that are declared and are no predictors, or are off."""


def project_facts(project: Project, planned: PlannedModel, *, language: Language) -> dict[str, Any]:
    """Collect what the papers quote of a project's declarations, as names and texts."""
    screening = project.screening
    stage, outcome = project.stages[planned.stage], project.outcomes[planned.outcome]
    return {
        "project": screening.project,
        "purposes": screening.purpose,
        "stage": getattr(stage.label, language),
        "stage_declared": stage,
        "anchor": indicator_label(project, stage.anchor, language=language),
        "excluded_by": tuple(indicator_label(project, code, language=language) for code in stage.excluded_by),
        "outcome": getattr(outcome.label, language),
        "outcome_declared": outcome,
        "outcome_indicator": indicator_label(project, outcome.indicator, language=language),
        "retention": screening.retention,
        "bands": screening.bands,
        "training": screening.training,
        "municipalities": screening.municipality,
        "groups": _group_labels(project, language),
        "sectors": tuple(_sectors(project, language)),
        "services": tuple(getattr(service.name, language) for service in project.services.service),
        "has_consent": any(indicator.needs_consent for indicator in project.catalogue.indicators.values()),
        "contract_hash": project.contract_hash,
        "is_synthetic": project.is_synthetic,
    }


def gate_rows(gates: Sequence[Mapping[str, Any]], *, language: Language) -> tuple[Mapping[str, str], ...]:
    """One row for each gate, its worst answer over the groups it was asked of.

    Raises
    ------
    ModelError
        TID541 when a gate has no words in this language.
    """
    said = words(language)
    found: dict[str, list[Mapping[str, Any]]] = {}
    for gate in gates:
        found.setdefault(gate["code"], []).append(gate)
    unknown = sorted(set(found) - set(said["gates"]))
    if unknown:
        raise ModelError("TID541", f"gates {', '.join(unknown)} have no words in {language}: add them to training/papers/templates.")
    return tuple(
        {"code": code, "title": said["gates"][code], "verdict": _verdict(ones, said["verdicts"])} for code, ones in sorted(found.items())
    )


def _verdict(found: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> str:
    """What a gate says of all groups together, or the worst answer; where it was asked of several groups, how many gave which."""
    summary = [gate["verdict"] for gate in found if gate["evidence"].get("is_summary")]
    verdicts = [gate["verdict"] for gate in found if not gate["evidence"].get("is_summary")]
    answer = (summary or [one for one in ("FAILED", "PASSED", "NOT_APPLICABLE") if one in verdicts])[0]
    if len(found) == 1:
        return said[answer]
    counts = ", ".join(f"{verdicts.count(verdict)} {text}" for verdict, text in said.items() if verdict in verdicts)
    return f"{said[answer]} ({counts})"


def _sectors(project: Project, language: Language) -> Iterator[SectorFacts]:
    for sector in project.catalogue.sectors:
        predictors = tuple(_predictors(sector, language))
        yield SectorFacts(
            name=words(language)["sectors"][sector.sector.value],
            is_on=sector.is_on,
            legal_basis=sector.legal_basis,
            sources=_sources(sector),
            predictors=predictors if sector.is_on else (),
            n_other=len(sector.indicator) - (len(predictors) if sector.is_on else 0),
        )


def _sources(sector: SectorFile) -> tuple[str, ...]:
    """Registers that the sector's files say they come from; where they name none, the systems that what is used is recorded in.

    A register kept for statistics alone is no source of a file that does not say so: the service's own system is.
    """
    named = dict.fromkeys(name for source in sector.source for name in source.registers)
    used = [one for one in sector.indicator if one.is_on and one.ingested and one.use in (Use.PREDICTOR, Use.AUDIT)]
    recorded = dict.fromkeys(name for one in used for name in one.registers if find_register(name) is None)
    return tuple(named or recorded) or tuple(source.name for source in sector.source)


def _predictors(sector: SectorFile, language: Language) -> Iterator[Mapping[str, Any]]:
    for indicator in sector.indicator:
        if indicator.use is Use.PREDICTOR and indicator.is_on:
            yield {
                "code": indicator.code,
                "label": getattr(indicator.label, language),
                "unit": indicator.unit,
                "features": ", ".join(feature_words(text, language=language) for text in indicator.features),
                "direction": indicator.direction,
                "legal_basis": indicator.legal_basis,
                "needs_consent": indicator.needs_consent,
                "confidential": indicator.confidential,
            }


def _group_labels(project: Project, language: Language) -> tuple[str, ...]:
    return tuple(attribute_label(project, name, language=language) for name in project.screening.groups)
