"""A feature table on disk: ``table.parquet/part-*.parquet`` (one row group each) and ``table.json``, which says what it was made from.

Every part is written by the process that computed it, so that encoding, the dearest step, runs on all cores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from shutil import rmtree
from typing import Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from features.errors import DataError
from features.records import Days, dates_of

Matrix = NDArray[np.float32]
Positions = NDArray[np.int64]
"""Rows of a table by their place, ascending."""

KEY_SCHEMA = pa.schema([("person", pa.int32()), ("subject_id", pa.string()), ("group", pa.int32()), ("as_of", pa.date32())])


class TableFacts(BaseModel):
    """What `table.json` says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = 1
    names: tuple[str, ...]
    rows_of_part: dict[str, int]
    """File name -> rows, in the order of the table."""
    as_of_from: date
    as_of_to: date
    purpose: str
    store_hash: str
    """Content hash of the store that the table was made from."""
    about: dict[str, str] = {}
    """Further facts from the caller, such as the stage, or that the data is synthetic."""


@dataclass(frozen=True)
class FeatureTable:
    """Features of persons on dates, as built; rows sorted by person and as-of date."""

    folder: Path
    facts: TableFacts

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open a table that `build_features` wrote.

        Raises
        ------
        DataError
            TID422 when there is none, or its `table.json` does not read.
        """
        path = folder / "table.json"
        if not path.is_file():
            raise DataError("TID422", f"{folder} holds no feature table. Run `tidlig features` first.")
        try:
            return cls(folder, TableFacts.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise DataError("TID422", f"{path} does not read ({error.error_count()} problems). Run `tidlig features` again.") from error

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features, in the order of the matrix's columns."""
        return self.facts.names

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.facts.rows_of_part.values())

    @cached_property
    def keys(self) -> pd.DataFrame:
        """Person int32, subject_id, group int32 and as_of (`datetime.date`) of every row."""
        table = pa.concat_tables([_read(path, KEY_SCHEMA.names) for path in self.part_paths])
        frame: pd.DataFrame = table.drop_columns(["as_of"]).to_pandas()
        return frame.assign(as_of=dates_of(table["as_of"].cast(pa.int32()).to_numpy()))

    def matrix(self, names: Sequence[str] | None = None, *, rows: Positions | None = None) -> Matrix:
        """Read features as float32, C-contiguous, shape (n_rows, n_names); NaN is missing.

        Parameters
        ----------
        rows
            Only these, ascending; all by default. One part at a time is in memory beside the answer.

        Raises
        ------
        DataError
            TID423 when the table has no such feature.
        """
        blocks = self.blocks(names, rows=rows)
        matrix = np.empty((sum(blocks.sizes), len(blocks.names)), dtype=np.float32)
        first = 0
        for block, n_rows in enumerate(blocks.sizes):
            blocks.read_into(matrix[first : first + n_rows], block)
            first += n_rows
        return matrix

    def blocks(self, names: Sequence[str] | None = None, *, rows: Positions | None = None) -> TableBlocks:
        """Give the same matrix as blocks, one for each part with rows, read when asked for: for what is larger than memory.

        Raises
        ------
        DataError
            TID423 when the table has no such feature.
        """
        wanted = self.names if names is None else tuple(names)
        self._check_has(wanted)
        bounds = np.concatenate([[0], np.cumsum(list(self.facts.rows_of_part.values()), dtype=np.int64)])
        if rows is None:
            chosen = [(path, None, int(n)) for path, n in zip(self.part_paths, np.diff(bounds), strict=True)]
        else:
            cuts = np.searchsorted(rows, bounds)
            chosen = [
                (path, rows[start:stop] - first, int(stop - start))
                for path, first, start, stop in zip(self.part_paths, bounds[:-1], cuts[:-1], cuts[1:], strict=True)
            ]
        return TableBlocks(wanted, tuple(_Block(*block) for block in chosen if block[2]))

    @property
    def part_paths(self) -> list[Path]:
        """Files of the parts, in the order of the table."""
        return [self.folder / "table.parquet" / name for name in self.facts.rows_of_part]

    def _check_has(self, names: Sequence[str]) -> None:
        missing = sorted(set(names) - set(self.names))
        if missing:
            raise DataError("TID423", f"{self.folder} has no feature {', '.join(missing)}. Build it again under the present catalogue.")


@dataclass(frozen=True)
class _Block:
    """Rows of one part; None for all of them."""

    path: Path
    rows: Positions | None
    n_rows: int


@dataclass(frozen=True)
class TableBlocks:
    """Rows and columns of a table, one part after the other."""

    names: tuple[str, ...]
    of_parts: tuple[_Block, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of rows of each block."""
        return tuple(block.n_rows for block in self.of_parts)

    def read(self, number: int) -> Matrix:
        """Read a block: float32, C-contiguous, shape (sizes[number], n_names)."""
        matrix = np.empty((self.of_parts[number].n_rows, len(self.names)), dtype=np.float32)
        self.read_into(matrix, number)
        return matrix

    def read_into(self, matrix: Matrix, number: int) -> None:
        """Read a block into a matrix of its shape."""
        block = self.of_parts[number]
        part = _read(block.path, self.names)
        for position, name in enumerate(self.names):
            column = part[name].to_numpy()
            matrix[:, position] = column if block.rows is None else column[block.rows]


def write_part(path: Path, keys: pa.Table, names: Sequence[str], columns: Matrix) -> int:
    """Write one part from columns of shape (n_features, n_rows); returns the number of rows.

    Notes
    -----
    Statistics are left out: minimum and maximum of a row group would be single persons' values in a file's header. Numbers are split by
    byte rather than put in dictionaries, and LZ4 packs them: the same as dictionaries and Zstandard take in two fifths of the time to
    write and half the time to read, for twice the bytes. Encoding is the dearest step of a build (decision 18).
    """
    arrays = [*keys.cast(KEY_SCHEMA).columns, *(pa.array(column) for column in columns)]
    schema = pa.schema([*KEY_SCHEMA, *(pa.field(name, pa.float32(), nullable=False) for name in names)])
    pq.write_table(
        pa.Table.from_arrays(arrays, schema=schema),
        path,
        compression="lz4",
        use_dictionary=KEY_SCHEMA.names,
        use_byte_stream_split=list(names),
        write_statistics=False,
        row_group_size=max(keys.num_rows, 1),
    )
    return int(keys.num_rows)


def key_table(rows: pd.DataFrame, as_of: Days) -> pa.Table:
    """Keys of rows as Arrow, with these as-of dates (int32 days); text that Arrow holds already is not copied, however it holds it."""
    numbers = {name: pa.array(rows[name].to_numpy(dtype=np.int32)) for name in ("person", "group")}
    columns = {**numbers, "subject_id": pa.array(rows["subject_id"]), "as_of": pa.array(as_of).cast(pa.date32())}
    return pa.table({name: columns[name] for name in KEY_SCHEMA.names})


@contextmanager
def replaced_folder(out: Path) -> Iterator[Path]:
    """Give a folder to write into, which takes the place of `out` when all went well and vanishes when not."""
    partial, outdated = out.with_name(f".{out.name}.partial"), out.with_name(f".{out.name}.outdated")
    rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
    except BaseException:
        rmtree(partial, ignore_errors=True)
        raise
    rmtree(outdated, ignore_errors=True)
    if out.exists():
        out.rename(outdated)
    partial.rename(out)
    rmtree(outdated, ignore_errors=True)


def _read(path: Path, columns: Sequence[str]) -> pa.Table:
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read(columns=list(columns), use_threads=False)
