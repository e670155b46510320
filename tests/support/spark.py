"""Where `make proof` keeps Spark, and a build of one store by both engines in a process of its own: ``python -m tests.support.spark``."""

from __future__ import annotations

import os
import sys
from datetime import date
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

from benchmarks.point_in_time.ours import open_laid_out
from benchmarks.point_in_time.work import INDICATORS
from features.declarations.specs import AGGREGATIONS, FeatureSpec
from features.engine.build import build_features
from features.engine.spark import SparkCluster, spark_cluster

SPARK = Path(sys.prefix) / "spark"
DATES = (date(2016, 2, 29), date(2018, 6, 15), date(2024, 6, 15))
EVERY_AGGREGATION = [
    FeatureSpec(code, aggregation, days) for code, aggregation, days in product(INDICATORS[:3], AGGREGATIONS, (90, 1095, None))
]


def with_spark(environ: dict[str, str]) -> dict[str, str]:
    """Add Spark to a process's environment; it lies apart from everything else that is installed."""
    assert (SPARK / "pyspark").is_dir(), "Spark is not installed for the tests; `make proof` does it (`make .venv/spark/installed`)"
    return {**environ, "PYTHONPATH": os.pathsep.join([str(SPARK), *environ.get("PYTHONPATH", "").split(os.pathsep)]).rstrip(os.pathsep)}


def some_rows(n_persons: int) -> pd.DataFrame:
    """Each person on one to three dates."""
    pairs = [(person, day) for person in range(n_persons) for day in DATES[: 1 + person % 3]]
    person = np.array([one for one, _ in pairs], dtype=np.int32)
    return pd.DataFrame({"person": person, "subject_id": [f"{p:032x}" for p in person], "group": person, "as_of": [d for _, d in pairs]})


def main(work: str, n_persons: int) -> None:
    """Build ``local`` and ``spark`` in this folder from the store there."""
    store, rows = open_laid_out(Path(work), n_persons), some_rows(n_persons)
    build_features(store, rows, EVERY_AGGREGATION, Path(work) / "local", levels={})
    with spark_cluster("local[2]", environ=os.environ) as cluster:
        check_silent(cluster)
        build_features(store, rows, EVERY_AGGREGATION, Path(work) / "spark", levels={}, partitioner=cluster)


def check_silent(cluster: SparkCluster) -> None:
    """Nobody but this machine reaches a local Spark, it shows no page, and it counts time in UTC."""
    connections = [one for child in psutil.Process().children(recursive=True) for one in child.net_connections("inet")]
    listening = {one.laddr.ip.removeprefix("::ffff:") for one in connections if one.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}, f"Spark listens on {sorted(listening)}"
    assert cluster.session.sparkContext.uiWebUrl is None
    assert cluster.session.conf.get("spark.sql.session.timeZone") == "UTC"


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
