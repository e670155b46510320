"""Polars: for each date one lazy group-by over (person, indicator) with all windows as filters, then a pivot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.point_in_time.work import AGGREGATIONS, DATES, INDICATORS, NAMES, WINDOWS
from features.records import day_number


def grid_then_pivot(raw: str, out: str, n_persons: int) -> int:
    """Build and write one file for each date."""
    everyone = pl.DataFrame({"person": np.arange(n_persons, dtype=np.int32)})
    for as_of in map(day_number, DATES):
        visible = pl.scan_parquet(raw).filter((pl.max_horizontal("happened_on", "known_on") <= as_of) & (pl.col("known_to") > as_of))
        long = visible.group_by("person", "indicator").agg(_aggregates(as_of)).collect()
        wide = long.pivot(on="indicator", index="person", values=[f"f{p}" for p in range(len(WINDOWS) * len(AGGREGATIONS))])
        table = everyone.join(wide, on="person", how="left").select(
            "person", pl.lit(as_of, dtype=pl.Int32).alias("as_of"), *_named(set(wide.columns))
        )
        table.write_parquet(Path(out) / f"{as_of}.parquet", compression="lz4", statistics=False)
    return n_persons * len(DATES)


def _aggregates(as_of: int) -> list[pl.Expr]:
    expressions = []
    for days in WINDOWS:
        inside = pl.lit(True) if days is None else pl.col("happened_on") > as_of - days
        value = pl.col("value").filter(inside)
        expressions += [inside.sum().cast(pl.Float32) if days else pl.len().cast(pl.Float32), value.sum(), value.max()]
    return [expression.alias(f"f{p}") for p, expression in enumerate(expressions)]


def _named(present: set[str]) -> list[pl.Expr]:
    """Columns in order, under their names; an indicator that nobody has yet is zero or missing."""
    width = len(WINDOWS) * len(AGGREGATIONS)
    return [
        _filled(f"f{p}_{i}", present, AGGREGATIONS[p % len(AGGREGATIONS)]).alias(NAMES[i * width + p])
        for i in range(len(INDICATORS))
        for p in range(width)
    ]


def _filled(column: str, present: set[str], aggregation: str) -> pl.Expr:
    found = pl.col(column) if column in present else pl.lit(None, dtype=pl.Float32)
    return found if aggregation == "max" else found.fill_null(0)
