"""featuretools with cutoff times and a training window: one call for each window, since a call has only one.

It runs in an environment of its own (requirements/featuretools.in), which has neither the product nor its libraries beyond NumPy, pandas
and pyarrow. A record has one time for featuretools, here the day from which it could be used: that something became known later than it
happened, or was corrected, can't be said, so its windows are those of the product only where nothing was late.
"""

from __future__ import annotations

import warnings
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.point_in_time.work import AGGREGATIONS, DATES, INDICATORS, NAMES, WINDOWS, write_wide
from features.records import day_number

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # featuretools 1.31 is from 2024
    import featuretools as ft
    from featuretools.primitives import Count, Max, Sum


def shared_dates(raw: str, out: str, n_persons: int) -> int:
    """Calculate every person's features at the same ten cutoff times, and write them as one file."""
    return _calculate(raw, out, n_persons, list(DATES) * n_persons)


def own_dates(raw: str, out: str, n_persons: int) -> int:
    """Calculate every person's features at cutoff times that nobody else has: nothing is shared between persons then."""
    return _calculate(raw, out, n_persons, [day + timedelta(days=person % 365) for person in range(n_persons) for day in DATES])


def _calculate(raw: str, out: str, n_persons: int, dates: list[date]) -> int:
    entities = _entities(pd.read_parquet(raw), n_persons)
    features = _features(entities)
    person, time = np.repeat(np.arange(n_persons), len(DATES)), pd.to_datetime(dates)
    columns = np.empty((len(NAMES), len(person)), dtype=np.float32)
    by_window = columns.reshape(len(INDICATORS), len(WINDOWS), len(AGGREGATIONS), len(person))
    for number, days in enumerate(WINDOWS):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = ft.calculate_feature_matrix(
                features,
                entities,
                cutoff_time=pd.DataFrame({"person": person, "time": time}),
                cutoff_time_in_index=True,
                training_window=None if days is None else f"{days} days",
            )
        values = found.sort_index().to_numpy(dtype=np.float32).T
        by_window[:, number] = values.reshape(len(INDICATORS), len(AGGREGATIONS), len(person))
    write_wide(Path(out) / "all.parquet", person, np.array([day_number(day) for day in dates]), columns)
    return len(person)


def _entities(records: pd.DataFrame, n_persons: int) -> Any:
    usable_from = np.maximum(records["happened_on"], records["known_on"])
    of_person = pd.DataFrame(
        {
            "number": np.arange(len(records)),
            "person": records["person"],
            "indicator": records["indicator"],
            "value": records["value"].astype("float64"),
            "usable_from": pd.to_datetime(usable_from, unit="D"),
        }
    )
    entities = ft.EntitySet("work")
    everyone = pd.DataFrame({"person": np.arange(n_persons)})
    entities.add_dataframe(dataframe_name="persons", dataframe=everyone, index="person", logical_types={"person": "Integer"})
    types = {"person": "Integer", "indicator": "Categorical", "value": "Double"}
    entities.add_dataframe(dataframe_name="records", dataframe=of_person, index="number", time_index="usable_from", logical_types=types)
    entities.add_relationship("persons", "person", "records", "person")
    return entities


def _features(entities: Any) -> list[Any]:
    number, value, indicator = (ft.Feature(entities["records"].ww[name]) for name in ("number", "value", "indicator"))
    primitives = {"count": (number, Count), "sum": (value, Sum), "max": (value, Max)}
    return [
        ft.Feature(
            primitives[aggregation][0], parent_dataframe_name="persons", primitive=primitives[aggregation][1], where=indicator == code
        )
        for code, aggregation in product(range(len(INDICATORS)), AGGREGATIONS)
    ]
