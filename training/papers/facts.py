"""What a project's own files say, in one language: read as they stand, so that a paper can't say something else than the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from features.declarations.catalogue import SectorFile, Use
from features.declarations.project import Project
from features.errors import ModelError
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
        "outcome": getattr(outcome.label, language),
        "outcome_declared": outcome,
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
    verdicts: dict[str, list[str]] = {}
    for gate in gates:
        verdicts.setdefault(gate["code"], []).append(gate["verdict"])
    unknown = sorted(set(verdicts) - set(said["gates"]))
    if unknown:
        raise ModelError("TID541", f"gates {', '.join(unknown)} have no words in {language}: add them to training/papers/templates.")
    return tuple(
        {"code": code, "title": said["gates"][code], "verdict": _worst(found, said["verdicts"])} for code, found in sorted(verdicts.items())
    )


def _worst(found: Sequence[str], said: Mapping[str, str]) -> str:
    """The worst answer and, where a gate was asked of several groups, how many gave which."""
    worst = next(verdict for verdict in ("FAILED", "PASSED", "NOT_APPLICABLE") if verdict in found)
    if len(found) == 1:
        return said[worst]
    counts = ", ".join(f"{found.count(verdict)} {text}" for verdict, text in said.items() if verdict in found)
    return f"{said[worst]} ({counts})"


def _sectors(project: Project, language: Language) -> Iterator[SectorFacts]:
    for sector in project.catalogue.sectors:
        predictors = tuple(_predictors(sector, language))
        yield SectorFacts(
            name=words(language)["sectors"][sector.sector.value],
            is_on=sector.is_on,
            legal_basis=sector.legal_basis,
            sources=tuple(source.name for source in sector.source),
            predictors=predictors if sector.is_on else (),
            n_other=len(sector.indicator) - (len(predictors) if sector.is_on else 0),
        )


def _predictors(sector: SectorFile, language: Language) -> Iterator[Mapping[str, Any]]:
    for indicator in sector.indicator:
        if indicator.use is Use.PREDICTOR and indicator.is_on:
            yield {
                "code": indicator.code,
                "label": getattr(indicator.label, language),
                "unit": indicator.unit,
                "features": ", ".join(indicator.features),
                "direction": indicator.direction,
                "legal_basis": indicator.legal_basis,
                "needs_consent": indicator.needs_consent,
                "confidential": indicator.confidential,
            }


def _group_labels(project: Project, language: Language) -> tuple[str, ...]:
    declared = project.catalogue.declared
    return tuple(getattr(declared[code].label, language) if code in declared else name for name, code in project.screening.groups.items())
