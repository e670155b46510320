"""Everything that a reader is shown of a proposed person, as the API would send it, for many planted people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from features.declarations.project import Project, load_project
from models.bands import Band
from models.bundle import Bundle
from models.reasons import with_dates
from models.uncertainty import fit_rate_table
from serving.cases.pages import ProposalView
from serving.cases.proposal import Proposal, build_seen, build_view, frequency_of, uncertainty_of
from tests.support.bundles import CATALOGUE, NAMES, build_bundle, planted_people
from tests.support.projects import tiny_project

CONTACT = NAMES.index("cws_measure.count@730d")
AS_OF = date(2026, 6, 15)
DATES = {"edu_absence_days": date(2026, 6, 1), "edu_marks": date(2026, 5, 1), "cws_measure": date(2026, 6, 14)}
"""The newest record is child welfare's, so that a date could tell."""


def project_of_planted_people(root: Path) -> Project:
    """The tiny project with the planted people's catalogue."""
    return replace(load_project(tiny_project(root)), catalogue=CATALOGUE)


def bundle_with_uncertainty(rung_class: Any) -> Bundle:
    """A bundle that can say how sure it is: the finest thing that is shown of a score."""
    bundle = build_bundle(rung_class, n=2_500)
    later, label = planted_people(2_500, seed=2)
    table = fit_rate_table(bundle.score(later).log_odds, label, groups=np.arange(len(label), dtype=np.int32), seed=1)
    return replace(bundle, rate_table=table)


def propose(project: Project, bundle: Bundle, row: np.ndarray, *, as_seen: bool = True) -> Proposal:
    """Make the proposal of one person; not `as_seen`: shown as though the whole picture might be seen."""
    picture = row[None, :]
    scores = bundle.score(picture)
    band = Band(str(scores.band[0]))
    dates = DATES if row[CONTACT] > 0 else {name: day for name, day in DATES.items() if name != "cws_measure"}
    return Proposal(
        band=band,
        probability=float(scores.probability[0]),
        log_odds=float(scores.log_odds[0]),
        base_log_odds=0.0,
        frequency=frequency_of(project, bundle, band),
        uncertainty=uncertainty_of(project, bundle, float(scores.log_odds[0])),
        reasons=tuple(with_dates(bundle.reasons(picture)[0], dates)),
        model_name=bundle.name,
        model_version="1",
        bundle_hash="a" * 64,
        stage=bundle.stage,
        outcome=bundle.outcome,
        as_of=AS_OF,
        seen=build_seen(project, bundle, picture, dates) if as_seen else None,
    )


def shown_json(project: Project, proposal: Proposal) -> dict[str, Any]:
    """What the API sends of a proposal, kept and unsealed in between as in a case."""
    kept = Proposal.from_json(proposal.to_json())
    view = build_view(project, kept, municipality="9901")
    shown: dict[str, Any] = TypeAdapter(ProposalView).dump_python(view, mode="json")
    return shown


def leaves(shown: Any, path: str = "") -> Iterator[tuple[str, str | float]]:
    """Flatten JSON: path -> value, with the number of entries of every list; a reason goes by its label and by its place."""
    if isinstance(shown, dict):
        for key, inner in shown.items():
            yield from leaves(inner, f"{path}.{key}")
    elif isinstance(shown, list):
        yield f"{path}.n", float(len(shown))
        for place, inner in enumerate(shown):
            label = inner.get("label", inner) if isinstance(inner, dict) else {}
            name = label.get("nb") if isinstance(label, dict) else None
            if name:
                yield f"{path}.{name}.place", float(place)
                yield from leaves(inner, f"{path}.{name}")
            yield from leaves(inner, f"{path}.{place}")
    elif shown is not None:
        yield path, float(shown) if isinstance(shown, int | float) else str(shown)
