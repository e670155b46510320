"""Run the kernel over the parts of a store, on as many processes as asked for, and write a feature table."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from features.engine.kernel import Rows, feature_columns
from features.engine.plan import Levels, Plan
from features.engine.table import FeatureTable, TableFacts, key_table, replaced_folder, write_part
from features.errors import DataError
from features.progress import Progress, Silent
from features.records import PERSONS_PER_PART, Records, day_numbers, day_of
from features.specs import FeatureSpec


class PartedStore(Protocol):
    """What the engine needs of a store; it is sent to worker processes."""

    @property
    def purpose(self) -> str:
        """Purpose that the store was filled for."""

    @property
    def content_hash(self) -> str:
        """Hash of everything in the store."""

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes that `Records.indicator` counts in."""

    @property
    def n_persons(self) -> int:
        """One more than the highest person code."""

    def read_part(self, part: int, *, indicators: Sequence[str] | None = None) -> Records:
        """Read one part in store order."""


@dataclass(frozen=True)
class _Task:
    """One part to compute: its number and the keys of its rows."""

    part: int
    keys: pa.Table


def build_features(
    store: PartedStore,
    rows: pd.DataFrame,
    specs: Sequence[FeatureSpec],
    out: Path,
    *,
    levels: Levels,
    about: Mapping[str, str] | None = None,
    workers: int = 1,
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
        Processes; 1 computes here. Memory is one part (8,192 persons, all their rows and features) for each.

    Raises
    ------
    DataError
        TID421 without rows or features, TID424 when the store lacks an indicator, TID425 when a worker process died.
    """
    _check_asked(rows, specs)
    plan = Plan.of(specs, indicators=store.indicators, levels=levels)
    as_of = day_numbers(rows["as_of"])
    Rows(rows["person"].to_numpy(dtype=np.int32), as_of)
    tasks = list(_tasks(key_table(rows, as_of)))
    with replaced_folder(out) as folder:
        (folder / "table.parquet").mkdir()
        rows_of_part = dict(_run(partial(_build_part, store, plan, folder / "table.parquet"), tasks, workers, progress or Silent()))
        facts = TableFacts(
            names=plan.names,
            rows_of_part=rows_of_part,
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


def _tasks(keys: pa.Table) -> Iterator[_Task]:
    part = keys["person"].to_numpy() // PERSONS_PER_PART
    numbers, starts = np.unique(part, return_index=True)
    for number, start, stop in zip(numbers, starts, np.append(starts[1:], len(part)), strict=True):
        yield _Task(int(number), keys.slice(start, stop - start))


def _build_part(store: PartedStore, plan: Plan, folder: Path, task: _Task) -> tuple[str, int]:
    keys = task.keys.combine_chunks()
    rows = Rows(keys["person"].to_numpy(), keys["as_of"].cast(pa.int32()).to_numpy())
    records = store.read_part(task.part, indicators=plan.indicators)
    name = f"part-{task.part:05d}.parquet"
    return name, write_part(folder / name, keys, plan.names, feature_columns(records, rows, plan))


def _run(build: partial[tuple[str, int]], tasks: Sequence[_Task], workers: int, progress: Progress) -> Iterator[tuple[str, int]]:
    with progress.step("Building features", total=len(tasks)) as step, _one_thread_each(), _mapped(build, tasks, workers) as results:
        for result in results:
            yield result
            step.advance()


@contextmanager
def _mapped(build: partial[tuple[str, int]], tasks: Sequence[_Task], workers: int) -> Iterator[Iterable[tuple[str, int]]]:
    if workers == 1 or len(tasks) == 1:
        yield map(build, tasks)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(tasks)), mp_context=context, initializer=pa.set_cpu_count, initargs=(1,)) as pool:
        try:
            yield pool.map(build, tasks)
        except BrokenProcessPool as error:
            raise DataError(
                "TID425",
                "a worker process died while building features, most likely for want of memory. Nothing was kept; run again with fewer "
                "`--workers`.",
            ) from error


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Keep Arrow's own thread pool out of the way: on top of ours it costs a third more."""
    threads = pa.cpu_count()
    pa.set_cpu_count(1)
    try:
        yield
    finally:
        pa.set_cpu_count(threads)
