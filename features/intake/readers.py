"""From a declared file to chunks of Arrow rows, whatever it was written in."""

from __future__ import annotations

import csv
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.csv_blocks import ENCODED, find_data, read_plain
from features.intake.csv_text import NAMES, CsvShape, detect_shape
from features.intake.file_facts import FileFacts, read_facts
from features.intake.file_kind import check_is_parquet

CHUNK_ROWS = 1 << 18
_BLOCK_BYTES = 1 << 21
"""Read at once of a CSV with quotes."""

_MOST_BYTES_OF_POSITIONS = 6
"""A Parquet column of text that takes fewer bytes a value is stored as positions in a dictionary, and is kept so."""

OnBadLines = Callable[[str, Sequence[int]], None]
"""Told a reason code and the lines that broke it."""


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file, all columns as the file has them, with their line numbers."""

    table: pa.Table
    lines: pa.Array
    """int64, shape (n_rows,). Line 1 of a CSV is its first line; Parquet and queries count rows from 1."""


@dataclass(frozen=True)
class Columns:
    """What is known of a file's columns beforehand; names that it does not have are allowed."""

    repeating: tuple[str, ...] = ()
    """Their values repeat: text in them may come as a dictionary and positions in it."""
    dates: tuple[str, ...] = ()
    """ISO dates in them may come as dates."""
    flags: tuple[str, ...] = ()
    """True and false in them may come as truth values."""


NOTHING_KNOWN = Columns()


@dataclass(frozen=True)
class OpenFile:
    """A file whose header has been read."""

    name: str
    columns: tuple[str, ...]
    chunks: Iterator[Chunk]


def open_file(
    path: Path,
    source: Source,
    *,
    expected: tuple[str, ...],
    on_bad_lines: OnBadLines,
    known: Columns = NOTHING_KNOWN,
    facts: FileFacts | None = None,
) -> OpenFile:
    """Open a CSV or Parquet file.

    Parameters
    ----------
    expected
        Columns the layout needs, for the message when the separator is wrong.
    on_bad_lines
        Called with lines that have too many or too few fields; they are left out of the chunks.
    facts
        Of this file, where they have been read already: a pass over its bytes is spared.

    Raises
    ------
    IntakeError
        TID303 wrong separator, TID304 empty, TID305 not there, TID306 cut off or damaged, TID307 wrong encoding; the first four also
        while chunks are read. TID343, TID344 it is something else than its name says.
    """
    if not path.is_file():
        raise IntakeError("TID305", f"{path} (source {source.name}) is not there. Put the file in place, or correct `files` of the source.")
    if path.stat().st_size == 0:
        raise IntakeError(
            "TID304", f"{path.name} (source {source.name}) is empty (0 bytes). Expected a header and rows; ask for the file again."
        )
    if path.suffix.lower() in (".parquet", ".pq"):
        return _open_parquet(path, source, (*known.repeating, *known.dates, *known.flags))
    return _open_csv(path, source, expected, on_bad_lines, known, facts or read_facts(path))


def number_lines(table: pa.Table, start: int) -> Chunk:
    """Number a table's rows from `start`."""
    return Chunk(table, pa.array(np.arange(start, start + len(table))))


def _open_parquet(path: Path, source: Source, repeating: Collection[str]) -> OpenFile:
    check_is_parquet(path, source)
    with _damage_named(path, source):
        file = pq.ParquetFile(path)
        encoded = [name for name in repeating if _is_encoded(file, name)]
        if encoded:
            file = pq.ParquetFile(path, read_dictionary=encoded)
    if file.metadata.num_rows == 0 and not source.may_be_empty:
        raise IntakeError("TID304", f"{path.name} (source {source.name}) is empty: it has columns but no rows. Ask for the file again.")
    return OpenFile(path.name, tuple(file.schema_arrow.names), _parquet_chunks(file, path, source))


def _is_encoded(file: pq.ParquetFile, name: str) -> bool:
    """Whether a column of text is stored as positions in a small dictionary all through."""
    place = file.schema_arrow.get_field_index(name)
    if place < 0 or not pa.types.is_string(file.schema_arrow.field(place).type):
        return False
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    columns = [group.column(place) for group in groups if group.num_columns == len(file.schema_arrow)]
    size = sum(column.total_uncompressed_size for column in columns)
    return bool(columns) and size < _MOST_BYTES_OF_POSITIONS * file.metadata.num_rows


def _parquet_chunks(file: pq.ParquetFile, path: Path, source: Source) -> Iterator[Chunk]:
    start = 1
    batches = file.iter_batches(batch_size=CHUNK_ROWS)
    while True:
        with _damage_named(path, source):
            batch = next(batches, None)
        if batch is None:
            return
        yield number_lines(pa.Table.from_batches([batch]), start)
        start += batch.num_rows


@contextmanager
def _damage_named(path: Path, source: Source) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise IntakeError(
            "TID306",
            f"{path.name} (source {source.name}) is cut off or damaged: it does not read as Parquet to its end. Copy it again, compare its "
            f"size ({path.stat().st_size} bytes) with the sender's, and ingest again.",
        ) from error


def _open_csv(
    path: Path, source: Source, expected: tuple[str, ...], on_bad_lines: OnBadLines, known: Columns, facts: FileFacts
) -> OpenFile:
    shape = detect_shape(path, source, separator_expected=expected, is_utf8=facts.is_utf8)
    return OpenFile(path.name, shape.columns, _csv_chunks(path, source, shape, on_bad_lines, known, facts))


def _csv_chunks(path: Path, source: Source, shape: CsvShape, on_bad_lines: OnBadLines, known: Columns, facts: FileFacts) -> Iterator[Chunk]:
    """Stream a CSV; every value stays text, so that leading zeros and level codes survive, but for dates that read as such."""
    broken: list[int] = []
    unreported, parsed, next_line = 0, 0, 1 + shape.lines_before_data
    tables = _csv_tables(path, shape, broken.append, known, facts)
    while (table := _next_table(tables, path, source)) is not None:
        if len(table):
            lines = _physical_lines(next_line, len(table), broken[bisect_left(broken, next_line) :])
            next_line = int(lines[-1]) + 1
        if len(broken) > unreported:
            on_bad_lines("wrong_column_count", broken[unreported:])
            unreported = len(broken)
        if len(table):
            yield Chunk(table, pa.array(lines))
        parsed += len(table)
    if len(broken) > unreported:
        on_bad_lines("wrong_column_count", broken[unreported:])
    if parsed == 0 and broken:
        raise _no_row_fits(path, source, shape, broken)
    if parsed == 0 and source.may_be_empty:
        return
    if parsed == 0:
        raise IntakeError("TID304", f"{path.name} (source {source.name}) is empty: it has no row below its header. Ask for the file again.")
    _check_not_cut(path, source, shape, broken, parsed)


def _csv_tables(path: Path, shape: CsvShape, note: Callable[[int], None], known: Columns, facts: FileFacts) -> Iterator[pa.Table]:
    start = find_data(path, lines_before=shape.lines_before_data)
    if facts.is_utf8 and shape.encoding in ("utf-8", "utf-8-sig") and facts.last_quote < start:
        yield from read_plain(
            path,
            start=start,
            columns=_distinct(shape.columns),
            separator=shape.separator,
            repeating=known.repeating,
            dates=known.dates,
            flags=known.flags,
            on_broken=lambda number: note(number + shape.lines_before_data),
        )
    else:
        yield from _streamed(path, shape, note, {*known.repeating, *known.dates, *known.flags}, facts)


def _streamed(path: Path, shape: CsvShape, note: Callable[[int], None], repeating: Collection[str], facts: FileFacts) -> Iterator[pa.Table]:
    """Read a CSV with quotes, or in another encoding than UTF-8."""

    def skip(row: pa_csv.InvalidRow) -> str:
        note(row.number if row.number is not None else 0)
        return "skip"

    read = pa_csv.ReadOptions(
        use_threads=False,
        block_size=_BLOCK_BYTES,
        skip_rows=shape.lines_before_data,
        column_names=_distinct(shape.columns),
        encoding="utf-8" if shape.encoding == "utf-8-sig" else shape.encoding,
    )
    parse = pa_csv.ParseOptions(delimiter=shape.separator, invalid_row_handler=skip, newlines_in_values=False)
    convert = pa_csv.ConvertOptions(
        column_types={name: ENCODED if name in repeating else pa.string() for name in _distinct(shape.columns)},
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        check_utf8=not (facts.is_utf8 and shape.encoding in ("utf-8", "utf-8-sig")),
    )
    batches: list[pa.RecordBatch] = []
    for batch in pa_csv.open_csv(path, read_options=read, parse_options=parse, convert_options=convert):
        batches.append(batch)
        if sum(len(one) for one in batches) >= CHUNK_ROWS:
            yield _joined(batches)
            batches = []
    if batches:
        yield _joined(batches)


def _next_table(tables: Iterator[pa.Table], path: Path, source: Source) -> pa.Table | None:
    try:
        return next(tables, None)
    except (pa.ArrowInvalid, UnicodeError, OSError) as error:
        if "Empty CSV" in str(error):
            return None
        raise IntakeError(
            "TID306",
            f"{path.name} (source {source.name}) does not read as CSV to its end: it is cut off inside a field, or damaged. Copy it again "
            f"and compare its size ({path.stat().st_size} bytes) with the sender's.",
        ) from error


def _joined(batches: list[pa.RecordBatch]) -> pa.Table:
    """Make one chunk of several blocks, with one dictionary a column."""
    return pa.Table.from_batches(batches).unify_dictionaries().combine_chunks()


def _distinct(columns: tuple[str, ...]) -> list[str]:
    """Names for reading; a name that stands twice is refused right after, by the contract."""
    return [name if columns.index(name) == place else f"{name}#{place}" for place, name in enumerate(columns)]


def _physical_lines(first: int, count: int, broken: Sequence[int]) -> NDArray[np.int64]:
    """Line numbers of so many rows from line `first` on, those of broken rows left out, some of which may come after them."""
    lines = np.arange(first, first + count + len(broken))
    return np.delete(lines, [line - first for line in broken if line < first + len(lines)])[:count] if broken else lines


def _no_row_fits(path: Path, source: Source, shape: CsvShape, broken: Sequence[int]) -> IntakeError:
    """Say of a file none of whose rows has as many fields as its header what they have instead, and what that comes from most often."""
    with path.open("r", encoding=shape.encoding, newline="") as file:
        line = next(islice(file, broken[0] - 1, None), "").rstrip("\r\n")
    n_fields = len(next(csv.reader([line], delimiter=shape.separator), []))
    many = n_fields > len(shape.columns)
    separator = NAMES.get(shape.separator, shape.separator)
    advice = "Check its separator and its header."
    if many and shape.separator == ",":
        advice = "A decimal comma that is not quoted is read as a separator: have decimal points written, or another separator, or quotes."
    return IntakeError(
        "TID309",
        f"{path.name} (source {source.name}): none of its {len(broken)} rows has as many fields as the header has columns; the first, at "
        f"line {broken[0]}, has {n_fields} for {len(shape.columns)}, separated by {separator}. {advice}",
    )


def _check_not_cut(path: Path, source: Source, shape: CsvShape, broken: list[int], parsed: int) -> None:
    """Refuse a file whose last line stops in the middle."""
    with path.open("rb") as file:
        file.seek(-1, 2)
        ends_with_newline = file.read(1) in (b"\n", b"\r", b"\x00", b"\x1a")
    if broken and not ends_with_newline and broken[-1] >= parsed + len(broken) + shape.lines_before_data:
        raise IntakeError(
            "TID306",
            f"{path.name} (source {source.name}) is cut off: its last line ({broken[-1]}) stops before its last column. Copy it again and "
            f"compare its size ({path.stat().st_size} bytes) with the sender's.",
        )
