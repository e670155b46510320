"""What the public is told of the models in use: what for, from which data, with which cut-offs, how it goes, what has changed (R-35).

Figures are those of the newest monthly report of each model, which were made ready to leave there; nothing is counted here. Of the people
who signed, published is how many they were, never who.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from features.declarations.project import Project
from features.declarations.screening import PurposeKind
from models.bundle import Bundle, model_name
from models.deployment import Champion, deployed_bundle, find_champion
from models.promotion.ledger import HistoryLine, read_history
from monitoring.files import CONTENT, read_content
from monitoring.reports.content import FORMAT
from monitoring.wording import in_languages

PURPOSES: tuple[PurposeKind, ...] = ("train", "score", "audit")

STEPS = ("reviewed", "followed_up", "overridden", "informed", "consent")
"""Shares of the reviews that are told."""


@dataclass(frozen=True)
class ServedModel:
    """A model that serves, with what is published of it elsewhere."""

    champion: Champion
    bundle: Bundle
    report: Mapping[str, Any] | None
    """The newest monthly report's content; None before the first."""
    history: tuple[HistoryLine, ...]


def read_served_models(project: Project) -> tuple[ServedModel, ...]:
    """Read every model that serves, in the order in which the project declares stages and outcomes.

    Raises
    ------
    ModelError, LedgerError, DataError
        As reading bundles, the promotion ledger and monthly reports.
    """
    return tuple(_served_models(project))


def _served_models(project: Project) -> Iterator[ServedModel]:
    for stage in project.stages.values():
        for outcome in stage.outcomes:
            name = model_name(project.id, outcome, stage.name)
            champion = find_champion(project, name)
            if champion is not None:
                yield ServedModel(champion, deployed_bundle(project, name), _newest_report(project, name), read_history(project, name))


def _newest_report(project: Project, name: str) -> Mapping[str, Any] | None:
    for path in sorted((project.var / "reports" / name).glob(f"*/{CONTENT}"), reverse=True):
        content = read_content(path)
        if content["format"] == FORMAT:
            return content
    return None


def build_public_content(project: Project, models: Sequence[ServedModel], *, contact: str, on: date) -> dict[str, Any]:
    """Give everything that the public page tells, JSON-ready.

    Parameters
    ----------
    contact
        Where to write to with questions, and to object.
    on
        Day on which the purposes have to be valid.

    Raises
    ------
    PurposeError
        TID201, TID202.
    """
    return {
        "synthetic": project.is_synthetic,
        "project": project.id,
        "title": project.screening.project.title,
        "controller": project.screening.project.controller,
        "contact": contact,
        "purposes": {kind: _purpose(project, kind, on) for kind in PURPOSES},
        "municipalities": [{"name": one.name, "capacity": one.capacity} for one in project.screening.municipality],
        "capacity_period": project.screening.review.capacity_period,
        "review": {
            "quality_share": project.screening.review.quality_share,
            "second_reader_under": project.screening.review.second_reader_under,
            "consent_age": project.screening.review.consent_age,
        },
        "models": [_model(project, model) for model in models],
    }


def _purpose(project: Project, kind: PurposeKind, on: date) -> dict[str, str]:
    purpose = project.check_purpose(kind, on=on)
    return {"legal_basis": purpose.legal_basis, "controller": purpose.controller, "valid_to": purpose.valid_to.isoformat()}


def _model(project: Project, served: ServedModel) -> dict[str, Any]:
    bundle, stage = served.bundle, project.stages[served.bundle.stage]
    return {
        "model": served.champion.name,
        "version": served.champion.version,
        "since": served.champion.promoted_at.date().isoformat(),
        "outcome": in_languages(project.outcomes[bundle.outcome].label),
        "stage": in_languages(stage.label),
        "rung": bundle.rung.name,
        "thresholds": {"worth_a_look": bundle.bands.worth_a_look, "should_be_assessed": bundle.bands.should_be_assessed},
        "trained_on": bundle.provenance.trained_at.date().isoformat(),
        "bundle_hash": bundle.hash,
        "data": _data(project, bundle),
        "newest": None if served.report is None else newest_figures(served.report),
        "changes": [_change(line) for line in reversed(served.history)],
    }


def _data(project: Project, bundle: Bundle) -> list[dict[str, Any]]:
    """List what the model reads, by sector, each kind of information once."""
    codes = sorted({name.partition(".")[0] for name in bundle.feature_names})
    sectors = sorted({bundle.catalogue.sector_of(code).value for code in codes})
    return [
        {
            "sector": sector,
            "indicators": [
                in_languages(bundle.catalogue.declared[code].label) for code in codes if bundle.catalogue.sector_of(code).value == sector
            ],
        }
        for sector in sectors
    ]


def newest_figures(report: Mapping[str, Any]) -> dict[str, Any]:
    """Take over from a monthly report what the public is told; everything in it has been withheld from already."""
    steps, performance = report["oversight"]["steps"], report["performance"]
    return {
        "month": report["month"],
        "version": report["version"],
        "inputs_hash": report["inputs_hash"],
        "n_people": report["bands"]["all"],
        "n_proposed": performance["n_proposed"],
        "expected": performance["expected"],
        "matured": performance["matured"],
        "steps": {name: steps[name] for name in STEPS},
        "signals": [{"code": signal["code"], "verdict": signal["verdict"]} for signal in report["signals"]],
        "suspended_by": report["suspended_by"],
        "attributes": report["attributes"],
        "group_names": report["group_names"],
        "fairness": [
            {
                "attribute": table["attribute"],
                "reference": table["reference"],
                "groups": [
                    {
                        "group": row["group"],
                        "n_people": row["n_people"],
                        **{name: row["rates"][name] for name in ("proposal_rate", "tpr", "fpr")},
                    }
                    for row in table["groups"]
                ],
            }
            for table in report["fairness"]
        ],
        "comparisons": {
            "n_asked": report["comparisons"]["n_asked"],
            "staying": [
                {name: one[name] for name in ("attributes", "members", "metric", "difference")} for one in report["comparisons"]["staying"]
            ],
        },
    }


def _change(line: HistoryLine) -> dict[str, Any]:
    """Tell a step of a model's service without the names of those who signed and the reasons they wrote."""
    return {
        "on": line.at.date().isoformat(),
        "action": line.action,
        "version": line.version,
        "before": line.before,
        "n_signers": len(line.signers),
        "gates_failed": list(line.gates_failed),
        "gates_not_asked": list(line.gates_not_asked),
        "justified_until": None if line.justification_expires_on is None else line.justification_expires_on.isoformat(),
    }
