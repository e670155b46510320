"""What one writes by hand with pandas: the whole file in one frame, nothing checked."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.intake_work.work import INDICATORS, Format
from features.records import PERSONS_PER_PART


def spread(data: str, work: str, kind: Format) -> int:
    """Join to dense codes, sort, and write a file a part."""
    shutil.rmtree(work, ignore_errors=True)
    Path(work).mkdir(parents=True)
    people = _read(Path(data) / f"persons.{kind}", kind)["person"]
    codes = pd.Series(np.random.default_rng(1).permutation(len(people)).astype(np.int32), index=people)
    records = _read(Path(data) / f"records.{kind}", kind)
    rows = pd.DataFrame(
        {
            "person": records["person"].map(codes),
            "indicator": records["indicator"].map({code: place for place, code in enumerate(INDICATORS)}).astype(np.int16),
            "value": records["value"].astype(np.float32),
            "happened_on": pd.to_datetime(records["happened_on"]),
            "known_on": pd.to_datetime(records["known_on"]),
            "record": pd.util.hash_array(records["record"].to_numpy(), categorize=False).view(np.int64),
        }
    ).sort_values(["person", "happened_on", "known_on", "indicator"])
    for part, mine in rows.groupby(rows["person"] // PERSONS_PER_PART):
        mine.to_parquet(Path(work) / f"part-{part:05d}.parquet", compression="lz4", index=False)
    return len(records)


def _read(path: Path, kind: Format) -> pd.DataFrame:
    return pd.read_parquet(path) if kind == "parquet" else pd.read_csv(path)
