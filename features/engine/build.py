"""Build a feature table from a store: plan the features, have the parts built, and say what the table was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows
from features.engine.local import LocalThreads
from features.engine.parts import PartedStore, Partitioner, PartWork
from features.engine.plan import Levels, Plan
from features.engine.table import FeatureTable, TableFacts, key_table, replaced_folder
from features.errors import DataError
from features.progress import Progress, Silent
from features.records import day_numbers, day_of


def build_features(
    store: PartedStore,
    rows: pd.DataFrame,
    specs: Sequence[FeatureSpec],
    out: Path,
    *,
    levels: Levels,
    about: Mapping[str, str] | None = None,
    workers: int = 1,
    partitioner: Partitioner | None = None,
    progress: Progress | None = None,
) -> FeatureTable:
    """Build features of persons on dates from a store, into a folder of its own that is replaced as a whole.

    Parameters
    ----------
    rows
        person, subject_id, group, as_of, sorted by person and as_of, one row for each; a person may have several dates.
    levels
        Levels of each category with features: ``{code: indicator.levels}``.
    workers
        Threads of this machine. Memory is one part (8,192 persons, all their rows and features) for each.
    partitioner
        Who builds the parts instead, such as `features.engine.spark.SparkCluster`; the table is the same to the last byte.

    Raises
    ------
    DataError
        TID421 without rows or features, TID424 when the store lacks an indicator.
    """
    _check_asked(rows, specs)
    plan = Plan.of(specs, indicators=store.indicators, levels=levels)
    as_of = day_numbers(rows["as_of"])
    Rows(rows["person"].to_numpy(dtype=np.int32), as_of)
    with replaced_folder(out) as folder:
        (folder / "table.parquet").mkdir()
        work = PartWork(store, plan, folder / "table.parquet")
        built = (partitioner or LocalThreads(workers)).build(work, key_table(rows, as_of), progress or Silent())
        facts = TableFacts(
            names=plan.names,
            rows_of_part={part.name: part.n_rows for part in built},
            as_of_from=day_of(as_of.min()),
            as_of_to=day_of(as_of.max()),
            purpose=store.purpose,
            store_hash=store.content_hash,
            about=dict(about or {}),
        )
        (folder / "table.json").write_text(facts.model_dump_json(indent=1), encoding="utf-8")
    return FeatureTable.open(out)


def _check_asked(rows: pd.DataFrame, specs: Sequence[FeatureSpec]) -> None:
    if rows.empty or not specs:
        what = "no rows" if rows.empty else "no features"
        raise DataError("TID421", f"there are {what} to build. Expected a cohort with persons and a catalogue with predictors that are on.")
