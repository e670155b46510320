"""Dates and values of a chunk, as arrays: text is read once for each distinct cell, not once a row.

A register's dates and values repeat. DuckDB reads the distinct cells, which settles what counts as a date or a number in one place; all
that is done for every row is looking up a position.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

NO_DAY = np.int32(-(2**31))
"""No date, or one that does not read."""
FAR = np.int32(1_000_000_000)
"""Dates beyond this many days from 1970, and `infinity`, are cut to it: no calendar has them."""

_PLAIN_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_PLAIN_NUMBER = r"^-?[0-9]+(\.[0-9]+)?$"
"""Cells that all read like this are read by Arrow, which spares a statement a chunk; it gives the same or refuses."""

_NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that writes nothing to disk by itself."""
    return duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False, "threads": 1})


class CellReader:
    """DuckDB for cells that Arrow does not settle; opened for the first of them, which a plain file does not have."""

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        return connect()

    def ask(self, cells: pa.Array, what: str) -> pa.Table:
        """Answer a question about each cell, called ``one`` in its SQL."""
        self._connection.register("cells", pa.table({"one": cells}))
        try:
            return self._connection.execute(f"SELECT {what} FROM cells").to_arrow_table()
        finally:
            self._connection.unregister("cells")


def read_day(name: str, kind: pa.DataType) -> str:
    """SQL that reads a date column: typed, ISO text, or the Norwegian 01.03.2024; null where it can't."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return f"{name}::DATE"
    text = f"trim({name}::VARCHAR)"
    return f"coalesce(TRY_CAST({text} AS DATE), TRY_CAST(try_strptime({text}, '%d.%m.%Y') AS DATE))"


@dataclass(frozen=True)
class Days:
    """A column of dates, shape (n_rows,)."""

    number: NDArray[np.int32]
    """Days since 1970-01-01; `NO_DAY` where there is none."""
    is_given: NDArray[np.bool_]
    """Whether something stands there, readable or not."""


def read_days(reader: CellReader, column: pa.ChunkedArray) -> Days:
    """Read a column of dates, typed or text."""
    if column.null_count == len(column):
        return Days(np.full(len(column), NO_DAY), np.zeros(len(column), dtype=bool))
    if pa.types.is_date32(column.type):
        days = column.cast(pa.int32())
        numbers = pc.fill_null(days, int(NO_DAY)).to_numpy() if days.null_count else days.to_numpy()
        return Days(np.where(numbers == NO_DAY, numbers, np.clip(numbers, -FAR, FAR)), _is_valid(column))
    distinct, rows = encode(column)
    plain = _read_plain(distinct, _PLAIN_DAY, pa.date32())
    if plain is not None:
        numbers = np.append(plain.cast(pa.int32()).to_numpy(), NO_DAY)[rows]
        return Days(numbers, rows < len(distinct))
    given = "nullif(trim(one), '') IS NOT NULL" if pa.types.is_string(distinct.type) else "one IS NOT NULL"
    read = reader.ask(distinct, f"{read_day('one', distinct.type)} AS day, {given} AS given")
    day = pc.fill_null(read["day"].cast(pa.int32()), int(NO_DAY)).to_numpy()
    numbers = np.append(np.where(day == NO_DAY, day, np.clip(day, -FAR, FAR)), NO_DAY)
    return Days(numbers[rows], np.append(_flags(read["given"]), False)[rows])


@dataclass(frozen=True)
class Values:
    """A column of values, shape (n_rows,)."""

    column: pa.ChunkedArray
    reader: CellReader
    number: NDArray[np.float64]
    """NaN where there is no number."""
    is_given: NDArray[np.bool_]

    @cached_property
    def _cells(self) -> tuple[pa.Array, NDArray[np.intp]]:
        return encode(self.column)

    @cached_property
    def texts(self) -> pa.Array:
        """Distinct cells as text; null where there is nothing. A whole number in a float column loses its ``.0``."""
        return self.reader.ask(self._cells[0], f"{_text('one', self._cells[0].type)} AS text")["text"].combine_chunks()

    @property
    def rows(self) -> NDArray[np.intp]:
        """Position of each row's cell in `texts`, ``len(texts)`` where it is null."""
        return self._cells[1]

    def truth(self) -> NDArray[np.float64]:
        """1.0 for *true* and 0.0 for *false* as text, NaN otherwise."""
        texts = pc.utf8_lower(self.texts)
        told = np.where(_flags(pc.equal(texts, "true")), 1.0, np.where(_flags(pc.equal(texts, "false")), 0.0, np.nan))
        return np.append(told, np.nan)[self.rows]


def read_values(reader: CellReader, column: pa.ChunkedArray, *, decimal: str) -> Values:
    """Read a column of values; what it is as a level or a truth value is asked for afterwards, where an indicator wants it."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind) or pa.types.is_boolean(kind):
        plain = column.cast(pa.uint8()) if pa.types.is_boolean(kind) else column
        numbers = pc.fill_null(plain.cast(pa.float64(), safe=False), np.nan).to_numpy()
        return Values(column, reader, numbers, ~np.isnan(numbers))
    if column.null_count == len(column):
        return Values(column, reader, np.full(len(column), np.nan), np.zeros(len(column), dtype=bool))
    distinct, rows = encode(column)
    plain = _read_plain(distinct, _PLAIN_NUMBER, pa.float64()) if decimal == "." else None
    if plain is not None:
        return Values(column, reader, np.append(plain.to_numpy(), np.nan)[rows], rows < len(distinct))
    text = "trim(one::VARCHAR)"
    if decimal == ",":
        text = f"replace(replace(replace({text}, ' ', ''), chr(160), ''), ',', '.')"
    number = f"CASE WHEN regexp_full_match({text}, '{_NUMBER}') THEN TRY_CAST({text} AS DOUBLE) END AS number"
    read = reader.ask(distinct, f"{number}, nullif(trim(one::VARCHAR), '') IS NOT NULL AS given")
    numbers = np.append(pc.fill_null(read["number"], np.nan).to_numpy(), np.nan)
    return Values(column, reader, numbers[rows], np.append(_flags(read["given"]), False)[rows])


def encode(column: pa.ChunkedArray) -> tuple[pa.Array, NDArray[np.intp]]:
    """Give the distinct cells of a column and each row's position among them, ``len(cells)`` where it is null.

    >>> encode(pa.chunked_array([["a", None], ["b", "a"]]))[1].tolist()
    [0, 2, 1, 0]
    """
    one = column.unify_dictionaries().combine_chunks() if pa.types.is_dictionary(column.type) else column.combine_chunks()
    if isinstance(one, pa.ChunkedArray):
        one = pa.concat_arrays(one.chunks) if one.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(one.type):
        one = one.dictionary_encode()
    positions = one.indices if one.indices.null_count == 0 else pc.fill_null(one.indices, len(one.dictionary))
    return one.dictionary, positions.to_numpy().astype(np.intp)


def _read_plain(cells: pa.Array, pattern: str, kind: pa.DataType) -> pa.Array | None:
    if not pa.types.is_string(cells.type) or not pc.all(pc.match_substring_regex(cells, pattern)).as_py():
        return None
    try:
        return cells.cast(kind)
    except pa.ArrowInvalid:
        return None


def _text(name: str, kind: pa.DataType) -> str:
    if pa.types.is_floating(kind):
        return (
            f"CASE WHEN isnan({name}) THEN NULL WHEN {name} = floor({name}) THEN coalesce(TRY_CAST({name} AS HUGEINT)::VARCHAR, "
            f"{name}::VARCHAR) ELSE {name}::VARCHAR END"
        )
    return f"nullif(trim({name}::VARCHAR), '')"


def _is_valid(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.ones(len(column), dtype=bool) if column.null_count == 0 else _flags(pc.is_valid(column))


def _flags(column: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    flags: NDArray[np.bool_] = np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=bool)
    return flags
