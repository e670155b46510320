"""A feature table on disk with as many rows as asked for, made part by part, and an outcome that some of its features tell."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.engine.table import FeatureTable, TableFacts, key_table, write_part
from features.records import PERSONS_PER_PART, day_number

AS_OF = date(2024, 10, 1)
TELLING = 12
"""Features that the outcome depends on."""


def write_table(folder: Path, *, rows: int, features: int, seed: int = 1) -> None:
    """Write a table of one row a person, parts as the engine writes them, and ``label.npy``.

    A third of the features are counts, a third states that most people lack, a third amounts that differ from person to person. Memory
    is one part.
    """
    (folder / "table.parquet").mkdir(parents=True)
    names = tuple(f"synthetic_{number:03d}.sum@365d" for number in range(features))
    draws = _Draws(features, seed)
    rows_of_part: dict[str, int] = {}
    labels = []
    for part, first in enumerate(range(0, rows, PERSONS_PER_PART)):
        columns, label = draws.part(part, min(PERSONS_PER_PART, rows - first))
        name = f"part-{part:05d}.parquet"
        rows_of_part[name] = write_part(folder / "table.parquet" / name, _keys(first, len(label)), names, columns)
        labels.append(label)
    np.save(folder / "label.npy", np.concatenate(labels))
    facts = TableFacts(
        names=names,
        rows_of_part=rows_of_part,
        as_of_from=AS_OF,
        as_of_to=AS_OF,
        purpose="test",
        store_hash="0" * 64,
        about={"data": "synthetic"},
    )
    (folder / "table.json").write_text(facts.model_dump_json(indent=1), encoding="utf-8")


def read_label(folder: Path) -> NDArray[np.float64]:
    """Outcome of each row, in the order of the table."""
    label: NDArray[np.float64] = np.load(folder / "label.npy", allow_pickle=False)
    return label


def open_table(folder: Path) -> FeatureTable:
    """Open what `write_table` wrote."""
    return FeatureTable.open(folder)


class _Draws:
    """Draws parts; values are looked up by a random byte where they repeat, which costs far less than drawing from a distribution."""

    def __init__(self, features: int, seed: int) -> None:
        self._features, self._seed = features, seed
        random = np.random.default_rng(seed)
        self._counts = np.sort(random.poisson(random.gamma(1.0, 3.0, size=(features, 1)), size=(features, 256))).astype(np.float32)
        self._states = np.where(np.arange(256) < 200, np.nan, np.arange(256) % 7).astype(np.float32)
        self._weights = random.normal(0, 0.5, TELLING)

    def part(self, number: int, n_rows: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Columns of a part, shape (n_features, n_rows), and its outcomes."""
        random = np.random.default_rng([self._seed, number])
        byte = random.integers(0, 256, size=(self._features, n_rows), dtype=np.uint8)
        columns = np.empty((self._features, n_rows), dtype=np.float32)
        for feature in range(self._features):
            if feature % 3 == 0:
                columns[feature] = self._counts[feature][byte[feature]]
            elif feature % 3 == 1:
                columns[feature] = self._states[byte[feature]]
            else:
                columns[feature] = random.standard_exponential(n_rows, dtype=np.float32)
        z = -2.5 + self._weights @ (byte[:TELLING] / 255.0 - 0.5) * 4
        return columns, (random.random(n_rows) < 1 / (1 + np.exp(-z))).astype(np.float64)


def _keys(first: int, n_rows: int) -> pa.Table:
    person = np.arange(first, first + n_rows, dtype=np.int32)
    frame = pd.DataFrame({"person": person, "subject_id": [f"{number:032x}" for number in person.tolist()], "group": person})
    return key_table(frame, np.full(n_rows, day_number(AS_OF), dtype=np.int32))
