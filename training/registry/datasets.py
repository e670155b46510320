"""What a run says of the data it learnt from and was tested on: which columns, how many, and a digest; never a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mlflow
import numpy as np
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.dataset import Dataset
from mlflow.types.schema import ColSpec, Schema

from features.records import Mask
from features.small_cells import SMALLEST_CELL
from training.gathering import content_hash
from training.table import TrainingTable

DIGEST_LETTERS = 32
"""MLflow keeps 36 letters of a digest."""
LABEL = "label"


@dataclass(frozen=True)
class DescribedData:
    """Rows of one side of a split, described.

    Attributes
    ----------
    digest
        SHA-256 over names, features, labels, dates and groups of these rows, in their order.
    counts
        Aggregates; a count from one to four is left out (R-09).
    """

    name: str
    context: str
    digest: str
    columns: tuple[str, ...]
    counts: Mapping[str, int | float | str]


class RowlessDataset(Dataset):
    """A dataset as MLflow knows it, of which there is a description and nothing else."""

    def __init__(self, data: DescribedData) -> None:
        self._data = data
        super().__init__(CodeDatasetSource(tags={"content_hash": data.digest}), data.name, data.digest[:DIGEST_LETTERS])

    @property
    def schema(self) -> Schema:
        """Every feature and the label, as doubles."""
        return Schema([ColSpec("double", column) for column in (*self._data.columns, LABEL)])

    @property
    def profile(self) -> dict[str, int | float | str]:
        """How many rows, and of how many people."""
        return dict(self._data.counts)

    def to_dict(self) -> dict[str, str]:
        """Give what MLflow stores; schema and profile as JSON text."""
        described = {"schema": json.dumps({"mlflow_colspec": self.schema.to_dict()}), "profile": json.dumps(self.profile)}
        return {**super().to_dict(), **described}

    def _compute_digest(self) -> str:
        return self._data.digest[:DIGEST_LETTERS]


def describe_rows(table: TrainingTable, mask: Mask, *, name: str, context: str, periods: tuple[str, ...]) -> DescribedData:
    """Describe the rows of a mask over a table."""
    label, rows = table.label[mask], table.rows
    chosen = type(rows)(as_of=rows.as_of[mask], known_on=rows.known_on[mask], group=rows.group[mask], period=rows.period[mask])
    counted = {"n_rows": len(label), "n_people": len(np.unique(chosen.group)), "n_with_outcome": int(label.sum())}
    counts: dict[str, Any] = {
        **{key: n for key, n in counted.items() if not 0 < n < SMALLEST_CELL},
        "n_features": len(table.names),
        "periods": ", ".join(periods),
    }
    digest = content_hash(table.names, np.ascontiguousarray(table.matrix[mask]), label, chosen)
    return DescribedData(name, context, digest, table.names, counts)


def log_datasets(data: tuple[DescribedData, ...]) -> None:
    """Name the datasets on the active run."""
    for one in data:
        mlflow.log_input(RowlessDataset(one), context=one.context)
