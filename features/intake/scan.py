"""Look through every file below a folder for texts that must not be there, packed or not.

Parquet, gzip, zip and SQLite are opened, since packing would hide a text; all other files are searched as they are.
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import zipfile
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.intake.pseudonyms import LENGTH, SYNTHETIC_PREFIX

_PIECE_BYTES = 1 << 22
_RUN = re.compile(rb"[A-Z2-7]{%d,}" % LENGTH)
_SQLITE = b"SQLite format 3\x00"
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Scan:
    """What a search found; paths only, never what stands in them."""

    n_files: int
    n_bytes: int
    """Sizes of the files, as they lie on disk."""
    matches: tuple[Path, ...]
    """Files that hold one of the texts."""


def scan_for_pseudonyms(folder: Path, pseudonyms: Collection[str]) -> Scan:
    """Search every file below a folder for any of these pseudonyms; also inside longer texts, and in the names of files.

    Links are not followed: what they lead to is not the project's.
    """
    wanted = frozenset(one.removeprefix(SYNTHETIC_PREFIX).encode("ascii") for one in pseudonyms)
    n_files, n_bytes, matches = 0, 0, []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        n_files, n_bytes = n_files + 1, n_bytes + path.stat().st_size
        if any(_holds(piece, wanted) for piece in _pieces(path)):
            matches.append(path)
    return Scan(n_files, n_bytes, tuple(matches))


def _holds(piece: bytes, wanted: frozenset[bytes]) -> bool:
    """Whether a pseudonym stands in a piece, wherever in a run of its letters it begins."""
    for match in _RUN.finditer(piece):
        run = match.group()
        if any(run[start : start + LENGTH] in wanted for start in range(len(run) - LENGTH + 1)):
            return True
    return False


def _pieces(path: Path) -> Iterator[bytes]:
    yield path.name.encode()
    with path.open("rb") as file:
        head = file.read(len(_SQLITE))
        file.seek(0)
        yield from _overlapping(file)
    if path.suffix in (".parquet", ".pq"):
        yield from _parquet_texts(path)
    elif head.startswith(_GZIP):
        with gzip.open(path) as unpacked:
            yield from _overlapping(unpacked)
    elif head == _SQLITE:
        yield from _sqlite_texts(path)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name.encode()
                with archive.open(name) as member:
                    yield from _overlapping(member)


def _overlapping(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """Read in pieces that share so many bytes that nothing falls between two of them."""
    kept = b""
    while piece := file.read(_PIECE_BYTES):
        yield kept + piece
        kept = (kept + piece)[-(LENGTH - 1) :]


def _parquet_texts(path: Path) -> Iterator[bytes]:
    """All texts of a Parquet file, and its metadata; numbers and dates can't hold one."""
    file = pq.ParquetFile(path)
    yield from (part for pair in (file.metadata.metadata or {}).items() for part in pair)
    names = [field.name for field in file.schema_arrow if not (pa.types.is_primitive(field.type) or pa.types.is_null(field.type))]
    for batch in file.iter_batches(columns=names) if names else ():
        for column in batch.columns:
            values = pc.unique(column.dictionary_decode() if pa.types.is_dictionary(column.type) else column)
            yield b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in values.to_pylist())


def _sqlite_texts(path: Path) -> Iterator[bytes]:
    """All texts of a database: a long one may be split over pages of the file."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            quoted = table.replace('"', '""')
            for row in database.execute(f'SELECT * FROM "{quoted}"'):
                yield b"\n".join(one if isinstance(one, bytes) else str(one).encode() for one in row if isinstance(one, str | bytes))
