"""Plain CSV, UTF-8 without a quote below the header, read a block of whole lines at a time.

Without quotes a line break always ends a row, so every block stands for itself: one that has a date that is no ISO date is read again as
text, and no other is. Files with quotes, and in other encodings, are read by Arrow's own stream (`readers`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

BLOCK_BYTES = 1 << 22
"""Rows of a block are checked together; its columns stay in the processor's cache meanwhile."""

ENCODED = pa.dictionary(pa.int32(), pa.string())
"""Text of which few values come again and again."""

_BOM = b"\xef\xbb\xbf"

OnBrokenRow = Callable[[int], None]
"""Told the number of a row that has too many or too few fields: rows count from 1 below the header, broken ones too."""


def find_data(path: Path, *, lines_before: int) -> int:
    """Offset of the first byte below so many lines."""
    with path.open("rb") as file:
        if file.read(len(_BOM)) != _BOM:
            file.seek(0)
        for _ in range(lines_before):
            file.readline()
        return file.tell()


def read_plain(
    path: Path,
    *,
    start: int,
    columns: Sequence[str],
    separator: str,
    repeating: Collection[str],
    dates: Collection[str],
    flags: Collection[str],
    on_broken: OnBrokenRow,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[pa.Table]:
    """Read the rows from `start` on, a block at a time.

    Parameters
    ----------
    repeating
        Columns whose text comes as a dictionary and positions in it.
    dates
        Columns that come as dates for as long as all of them are ISO dates (``2024-02-29``), then as text that repeats.
    flags
        Columns that come as truth values for as long as they say true or false, then as text that repeats.

    Raises
    ------
    pyarrow.ArrowInvalid
        When a block does not read, or a line is longer than a block.
    """
    text = {name: ENCODED if name in {*repeating, *dates, *flags} else pa.string() for name in columns}
    kinds = {**dict.fromkeys(dates, pa.date32()), **dict.fromkeys(flags, pa.bool_())}
    typed = {name: kinds.get(name, kind) for name, kind in text.items()}
    n_before = 0
    for block in read_blocks(path, start=start, block_bytes=block_bytes):
        try:
            table, broken = _parse(block, typed, separator)
        except pa.ArrowInvalid:
            if typed is text:
                raise
            typed = text  # a file in which one date does not read tends to have more
            table, broken = _parse(block, text, separator)
        for number in broken:
            on_broken(n_before + number)
        n_before += len(table) + len(broken)
        yield table


def read_blocks(path: Path, *, start: int, block_bytes: int) -> Iterator[memoryview]:
    """Yield the bytes from `start` on in blocks of whole lines; each is good until the next one is asked for.

    Raises
    ------
    pyarrow.ArrowInvalid
        When a line is longer than a block.
    """
    buffer = bytearray(block_bytes)
    view, filled = memoryview(buffer), 0
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while got := file.readinto(view[filled:]):
            filled += got
            end = buffer.rfind(b"\n", 0, filled) + 1 or buffer.rfind(b"\r", 0, filled - 1) + 1  # the last byte may be half a line break
            if end == 0 and filled == block_bytes:
                raise pa.ArrowInvalid("a line is longer than a block")
            if end:
                yield view[:end]
                view[: filled - end] = view[end:filled]
                filled -= end
    if filled:
        yield view[:filled]


def _parse(block: memoryview, types: dict[str, pa.DataType], separator: str) -> tuple[pa.Table, list[int]]:
    broken: list[int] = []

    def skip(row: pa_csv.InvalidRow) -> str:
        broken.append(row.number)
        return "skip"

    table = pa_csv.read_csv(
        pa.BufferReader(pa.py_buffer(block)),
        read_options=pa_csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=list(types)),
        parse_options=pa_csv.ParseOptions(delimiter=separator, quote_char=False, newlines_in_values=False, invalid_row_handler=skip),
        convert_options=pa_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True, check_utf8=False),
    )
    return table, broken
