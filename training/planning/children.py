"""People counted by municipality and age, with the declared indicators: read part by part, added up at once, nobody kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import area_texts
from features.declarations.project import Project
from features.declarations.screening import Planning
from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows, feature_matrix
from features.lists import apply_lists, without_protected_area
from features.periods import completed_years
from features.records import PERSONS_PER_PART, day_number, day_numbers
from features.store import EventStore
from features.tables import levels_of

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Children:
    """Counts of children; arrays have shape (n_areas, n_bands), areas in the order of their names.

    Attributes
    ----------
    n
        Children who live there.
    known, shown
        By feature: of how many it is known, and how many of those have more than 0.
    """

    areas: tuple[str, ...]
    n: Counts
    known: Mapping[str, Counts]
    shown: Mapping[str, Counts]


def count_children(project: Project, planning: Planning, specs: Sequence[FeatureSpec], *, on: date, as_of: date) -> Children:
    """Count who lives where on a day, by what was known on it.

    Nobody who objected is counted, and nobody whose address is protected, in totals neither (R-08, R-22).

    Raises
    ------
    DataError, PurposeError
        As `features.lists.apply_lists`.
    """
    lists = apply_lists(project, "score", on=on)
    store = without_protected_area(project, lists.store)
    people = _children(store, planning, restricted=lists.restricted, as_of=day_number(as_of))
    area = FeatureSpec(str(project.screening.municipality_indicator), "last", None)
    parts = _parts(project, store, people, [area, *specs], as_of=day_number(as_of))
    return _added_up(list(parts), [spec.name for spec in specs], n_bands=len(planning.bands))


def _children(store: EventStore, planning: Planning, *, restricted: NDArray[np.int32], as_of: int) -> pd.DataFrame:
    """Person and band of everybody of an age to be counted, in order of person."""
    subjects = store.subjects()
    subjects = subjects[subjects["born_on"].notna() & ~subjects["person"].isin(restricted)]
    born_on = day_numbers(subjects["born_on"])
    age = completed_years(born_on, np.full(len(born_on), as_of, dtype=np.int32))
    band = np.full(len(age), -1)
    for number, (first, last) in enumerate(planning.bands):
        band[(age >= first) & (age <= last) & (born_on <= as_of)] = number
    return pd.DataFrame({"person": subjects["person"].to_numpy(np.int32), "band": band})[band >= 0]


def _parts(
    project: Project, store: EventStore, people: pd.DataFrame, specs: Sequence[FeatureSpec], *, as_of: int
) -> Iterator[pd.DataFrame]:
    """Yield sums by area and band, part by part of the store."""
    indicator = project.catalogue.indicators[specs[0].indicator]
    codes = sorted({spec.indicator for spec in specs})
    for part in np.unique(people["person"].to_numpy() // PERSONS_PER_PART).tolist():
        here = people[people["person"] // PERSONS_PER_PART == part]
        rows = Rows(here["person"].to_numpy(np.int32), np.full(len(here), as_of, dtype=np.int32))
        records = store.read_part(part, indicators=codes)
        matrix = feature_matrix(records, rows, specs, indicators=store.indicators, levels=levels_of(project))
        frame = pd.DataFrame({"area": area_texts(matrix[:, 0], indicator), "band": here["band"].to_numpy(), "n": 1})
        for column, spec in enumerate(specs[1:], start=1):
            frame[f"known {spec.name}"] = ~np.isnan(matrix[:, column])
            frame[f"shown {spec.name}"] = matrix[:, column] > 0
        yield frame.dropna(subset=["area"]).groupby(["area", "band"]).sum()


def _added_up(parts: Sequence[pd.DataFrame], names: Sequence[str], *, n_bands: int) -> Children:
    if not parts:
        return Children((), np.zeros((0, n_bands), np.int64), {}, {})
    frame = pd.concat(parts).groupby(level=["area", "band"]).sum()
    areas = tuple(sorted(frame.index.get_level_values("area").unique()))
    whole = frame.reindex(pd.MultiIndex.from_product([areas, range(n_bands)]), fill_value=0)

    def counts(name: str) -> Counts:
        return whole[name].to_numpy(np.int64).reshape(len(areas), n_bands)

    known, shown = ({name: counts(f"{what} {name}") for name in names} for what in ("known", "shown"))
    return Children(areas, counts("n"), known, shown)
