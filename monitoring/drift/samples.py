"""The two samples of people that drift compares: those screened now, and those of the same season before; each by municipality too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import build_cohort
from features.declarations.project import Project
from features.declarations.stages import Stage
from features.progress import Progress
from features.store import open_store
from features.tables import TablePurpose, current_stage_table, open_stage_store
from models.bundle import Bundle
from models.rungs.rung import Matrix
from monitoring.drift.by_place import Sample
from monitoring.drift.season import ReferenceFacts, choose_reference, describe_reference
from monitoring.places import OTHER_PLACES, name_places

MAX_REFERENCE = 20_000
"""Reference rows that drift is measured against; more of them change no verdict."""

MAX_OWN = 500
"""The same of each municipality's own."""

Places = NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Samples:
    """Rows of people, so they never leave this process.

    Parameters
    ----------
    by_place, own_reference
        Municipality's name -> its people now, and before. Every one that the project declares is in `by_place`, also with nobody.
    facts
        What the reference is made of, ready to be told.
    """

    current: Sample
    by_place: Mapping[str, Sample]
    reference: Sample
    own_reference: Mapping[str, Sample]
    facts: ReferenceFacts

    def arrays(self) -> Iterator[NDArray[np.generic]]:
        """Give everything that a verdict on drift is made from, always in the same order."""
        for by_place in ({"": self.current}, self.by_place, {"": self.reference}, self.own_reference):
            for place in sorted(by_place):
                yield np.frombuffer(place.encode(), dtype=np.uint8)
                yield by_place[place].rows
                yield by_place[place].scores
                yield from (by_place[place].contributions[sector] for sector in sorted(by_place[place].contributions))


def read_samples(
    project: Project, bundle: Bundle, stage: Stage, scored: pd.DataFrame, *, horizon_days: int, on: date, progress: Progress
) -> Samples:
    """Read the very table that was screened, and the earlier rows it is compared with.

    Parameters
    ----------
    scored
        What the screening said, one row for each person; its probabilities are those that were shown.
    horizon_days
        Of the outcome: what had happened so long before the model was trained, it could learn from.
    """
    as_of: date = scored.iloc[0]["as_of"]
    rows, place = _current(project, bundle, stage, as_of, on=on, progress=progress)
    scores, scored_place = scored["probability"].to_numpy(dtype=np.float64), name_places(project, scored["municipality"])
    known = {one.name for one in project.screening.municipality} | {
        str(one) for one in (*place, *scored_place) if one not in (None, OTHER_PLACES)
    }
    added = _contributions(project, bundle, rows)
    by_place = {
        name: Sample(rows[place == name], scores[scored_place == name], {sector: one[place == name] for sector, one in added.items()})
        for name in sorted(known)
    }
    reference, own_reference, facts = _reference(project, bundle, stage, horizon_days, before=as_of, on=on, progress=progress)
    return Samples(Sample(rows, scores, added), by_place, reference, own_reference, facts)


def _current(project: Project, bundle: Bundle, stage: Stage, as_of: date, *, on: date, progress: Progress) -> tuple[Matrix, Places]:
    """Read the screened table, where it is kept still and nobody in it has objected or withdrawn a consent since."""
    table = current_stage_table(project, "score", stage, on=on, as_of=as_of, progress=progress)
    subjects = open_store(project, "score").subjects()
    # Scored rows are without shielded people; with them here, two published numbers would differ by how many there are.
    shown = ~table.keys["person"].isin(subjects.loc[subjects["shielded"], "person"]).to_numpy()
    matrix: Matrix = bundle.matrix_from(table.names, table.matrix())[shown]
    return matrix, _places(project, "score", stage, table.keys, on=on, as_of=as_of)[shown]


def _reference(
    project: Project, bundle: Bundle, stage: Stage, horizon_days: int, *, before: date, on: date, progress: Progress
) -> tuple[Sample, dict[str, Sample], ReferenceFacts]:
    table = current_stage_table(project, "train", stage, on=on, progress=progress)
    last = min(before, bundle.provenance.trained_at.date() - timedelta(days=horizon_days))
    chosen = choose_reference(table.keys["as_of"].to_numpy(), before=before, learnt_by=last)
    random = np.random.default_rng(bundle.provenance.seed)
    used = _at_most(chosen.rows, MAX_REFERENCE, random)
    place = _places(project, "train", stage, table.keys, on=on)[chosen.rows]
    names = sorted({str(one) for one in place if one not in (None, OTHER_PLACES)})
    own = {name: _at_most(chosen.rows[place == name], MAX_OWN, random) for name in names}
    matrix = bundle.matrix_from(table.names, table.matrix())
    return (
        _scored(project, bundle, matrix[used]),
        {name: _scored(project, bundle, matrix[rows]) for name, rows in own.items()},
        describe_reference(chosen, table.keys, used=used),
    )


def _scored(project: Project, bundle: Bundle, rows: Matrix) -> Sample:
    return Sample(rows, bundle.score(rows).probability, _contributions(project, bundle, rows))


def _contributions(project: Project, bundle: Bundle, rows: Matrix) -> dict[str, NDArray[np.float64]]:
    """Add up what each sector's features contribute to the log-odds of each row."""
    if not len(rows) or not bundle.feature_names:
        return {}
    sector_of = np.array([project.catalogue.sector_of(name.partition(".")[0]).value for name in bundle.feature_names])
    phi = bundle.explain(rows).phi
    return {str(sector): phi[:, sector_of == sector].sum(axis=1) for sector in np.unique(sector_of)}


def _at_most(rows: NDArray[np.int64], n: int, random: np.random.Generator) -> NDArray[np.int64]:
    return rows if len(rows) <= n else np.sort(random.choice(rows, n, replace=False))


def _places(project: Project, purpose: TablePurpose, stage: Stage, keys: pd.DataFrame, *, on: date, as_of: date | None = None) -> Places:
    """Give where each row's person lived on its date, by the municipality's name; None where nobody knows, or nobody may (R-08)."""
    if project.screening.municipality_indicator is None or keys.empty:
        return np.full(len(keys), None, dtype=object)
    cohort = build_cohort(project, open_stage_store(project, purpose, on=on), stage, as_of=as_of, known_by=on).frame
    found = keys[["person", "as_of"]].merge(cohort[["person", "as_of", "municipality"]], on=["person", "as_of"], how="left", validate="1:1")
    return name_places(project, found["municipality"])
