"""pandas as it is mostly written: a loop over dates and windows with group-by and unstack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.point_in_time.work import AGGREGATIONS, DATES, INDICATORS, NAMES, WINDOWS, write_wide
from features.records import day_number


def loop_over_dates(raw: str, out: str, n_persons: int) -> int:
    """Build and write one file for each date."""
    records = pd.read_parquet(raw)
    records["visible_from"] = np.maximum(records["happened_on"], records["known_on"])
    for as_of in map(day_number, DATES):
        visible = records[(records["visible_from"] <= as_of) & (records["known_to"] > as_of)]
        columns = np.empty((len(NAMES), n_persons), dtype=np.float32)
        for number, days in enumerate(WINDOWS):
            _window(columns, number, visible if days is None else visible[visible["happened_on"] > as_of - days], n_persons)
        write_wide(Path(out) / f"{as_of}.parquet", np.arange(n_persons), as_of, columns)
    return n_persons * len(DATES)


def _window(columns: np.ndarray, number: int, records: pd.DataFrame, n_persons: int) -> None:
    grouped = records.groupby(["indicator", "person"])["value"].agg(list(AGGREGATIONS))
    for position, aggregation in enumerate(AGGREGATIONS):
        wide = grouped[aggregation].unstack("person").reindex(index=range(len(INDICATORS)), columns=range(n_persons))
        values = wide if aggregation == "max" else wide.fillna(0)
        columns[number * len(AGGREGATIONS) + position :: len(WINDOWS) * len(AGGREGATIONS)] = values.to_numpy(dtype=np.float32)
