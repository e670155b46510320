"""Reads scores of another product from Parquet; nothing in them is taken on trust."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.errors import DataError
from features.nationalid import holds_national_id
from monitoring.fairness.groups import MUNICIPALITY
from monitoring.outside.declaration import Columns

Vector = NDArray[np.float64]

MAX_GROUPS = 500
"""More values than this are no groups: a number of a case, say."""


@dataclass(frozen=True, eq=False)
class OutsideScores:
    """Rows of people, so they never leave this process.

    Parameters
    ----------
    label
        1, 0 or NaN where the outcome is not known, shape (n_people,).
    features
        Shape (n_people, n_features), in the order of the declaration; NaN is unknown.
    digest
        SHA-256 of the file, in hex.
    """

    probability: Vector
    proposed: NDArray[np.bool_]
    label: Vector
    groups: Mapping[str, tuple[str | None, ...]]
    features: Vector
    digest: str

    def __len__(self) -> int:
        return len(self.probability)


def read_scores(path: Path, columns: Columns, *, is_reference: bool = False) -> OutsideScores:
    """Read the declared columns of one Parquet file.

    Parameters
    ----------
    is_reference
        Only probability and features are read, which is all that drift is measured by.

    Raises
    ------
    DataError
        TID475 when the file can't be read or lacks a column, TID476 when a column holds what it may not, TID477 when a column of groups
        holds what looks like a national identity number.
    """
    table = _read_columns(path, _wanted(columns, is_reference=is_reference))
    probability = _numbers(path, table, columns.probability)
    if np.isnan(probability).any() or ((probability < 0) | (probability > 1)).any():
        raise _unfit(path, columns.probability, "a probability from 0 to 1 in every row")
    n_people = len(probability)
    names = [] if is_reference else [*columns.groups]
    groups = {name: _groups(path, table, name) for name in names}
    if columns.municipality is not None and not is_reference:
        groups[MUNICIPALITY] = _groups(path, table, columns.municipality)
    features = [_numbers(path, table, name) for name in columns.features]
    return OutsideScores(
        probability=probability,
        proposed=np.zeros(n_people, dtype=bool) if is_reference else _proposed(path, table, columns, probability),
        label=np.full(n_people, np.nan) if is_reference or columns.outcome is None else _labels(path, table, columns.outcome),
        groups=groups,
        features=np.column_stack(features) if features else np.empty((n_people, 0)),
        digest=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _wanted(columns: Columns, *, is_reference: bool) -> list[str]:
    always = [columns.probability, *columns.features]
    if is_reference:
        return always
    return [*always, *columns.groups, *(c for c in (columns.proposed, columns.outcome, columns.municipality) if c is not None)]


def _read_columns(path: Path, wanted: list[str]) -> pd.DataFrame:
    try:
        known = pq.read_schema(path).names
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError("TID475", f"{path} is not a Parquet file that can be read.") from error
    lacking = [name for name in wanted if name not in known]
    if lacking:
        raise DataError("TID475", f"{path} lacks the declared columns {', '.join(lacking)}. It has {', '.join(known)}.")
    table: pd.DataFrame = pq.read_table(path, columns=wanted).to_pandas()
    if table.empty:
        raise DataError("TID475", f"{path} has no rows. Expected one a person.")
    return table


def _numbers(path: Path, table: pd.DataFrame, name: str) -> Vector:
    column = table[name]
    if not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        raise _unfit(path, name, "numbers, empty where unknown")
    found = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if np.isinf(found).any():
        raise _unfit(path, name, "finite numbers")
    return found


def _proposed(path: Path, table: pd.DataFrame, columns: Columns, probability: Vector) -> NDArray[np.bool_]:
    if columns.proposed is None:
        return np.asarray(probability >= np.float64(columns.proposed_from))  # one of the two is declared
    found = _numbers(path, table, columns.proposed)
    if not np.isin(found, (0.0, 1.0)).all():
        raise _unfit(path, columns.proposed, "true or false in every row")
    return np.asarray(found == 1)


def _labels(path: Path, table: pd.DataFrame, name: str) -> Vector:
    found = _numbers(path, table, name)
    if not np.isin(found[~np.isnan(found)], (0.0, 1.0)).all():
        raise _unfit(path, name, "1 or 0, empty where the outcome is not known")
    return found


def _groups(path: Path, table: pd.DataFrame, name: str) -> tuple[str | None, ...]:
    values = table[name]
    texts = values.map(str, na_action="ignore")
    different = texts.dropna().unique()
    if len(different) > MAX_GROUPS:
        raise _unfit(path, name, f"at most {MAX_GROUPS} different groups")
    if any(holds_national_id(text) for text in different):
        raise DataError("TID477", f"{path}: the column {name} holds what looks like a national identity number. Leave it out of the file.")
    return tuple(None if pd.isna(text) else text for text in texts)


def _unfit(path: Path, name: str, expected: str) -> DataError:
    return DataError("TID476", f"{path}: the column {name} does not hold what it has to. Expected {expected}.")
