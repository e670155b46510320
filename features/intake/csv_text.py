"""What a CSV file is made of: encoding, separator, header; found from its first bytes."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from pathlib import Path

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.file_kind import check_is_text

SEPARATORS = (";", "\t", ",", "|")
NAMES = {";": "semicolon", "\t": "tab", ",": "comma", "|": "vertical bar"}
SPELL_COLUMNS = ("unit_id", "value", "start", "stop", "attributes")
"""Columns of Statistics Norway's spell files, which have no header."""

_HEAD_BYTES = 1 << 20


@dataclass(frozen=True)
class CsvShape:
    """How to read one CSV file."""

    encoding: str
    separator: str
    columns: tuple[str, ...]
    lines_before_data: int
    """Lines to skip: a ``sep=`` line and the header."""


def detect_shape(path: Path, source: Source, *, separator_expected: tuple[str, ...], is_utf8: bool) -> CsvShape:
    """Find encoding, separator and columns.

    Parameters
    ----------
    separator_expected
        Columns that the layout needs; they tell a wrong separator from a file with one column.
    is_utf8
        The whole file reads as UTF-8.

    Raises
    ------
    IntakeError
        TID303 wrong separator, TID304 empty file, TID307 wrong encoding, TID343 it is no text.
    """
    check_is_text(path, source)
    encoding = _detect_encoding(path, source, is_utf8=is_utf8)
    with path.open("r", encoding=encoding, newline="") as file:
        try:
            lines = io.StringIO(file.read(_HEAD_BYTES)).readlines()
        except UnicodeError as error:
            raise _wrong_encoding(path, source, encoding) from error
    told = lines[0].lstrip('"').rstrip("\r\n") if lines else ""  # a tab is a separator, so blanks stay
    declared = (told[4:5] or None) if told.lower().startswith("sep=") else None
    skipped = int(told.lower().startswith("sep="))
    if not any(line.strip() for line in lines[skipped:]):
        raise IntakeError(
            "TID304", f"{path.name} (source {source.name}) is empty. Expected a header and at least one row; ask for the file again."
        )
    first = lines[skipped]
    separator = _choose_separator(first, source, declared, path, expected=separator_expected)
    cells = tuple(cell.strip() for cell in next(csv.reader([first.rstrip("\r\n")], delimiter=separator)))
    if source.layout == "spells" and not {"unit_id", "start", "stop"} & set(cells):
        return CsvShape(encoding, separator, SPELL_COLUMNS[: len(cells)], skipped)
    if not source.may_be_empty and not any(line.strip() for line in lines[skipped + 1 :]):
        raise IntakeError("TID304", f"{path.name} (source {source.name}) is empty: it has no row below its header. Ask for the file again.")
    return CsvShape(encoding, separator, cells, skipped + 1)


def _detect_encoding(path: Path, source: Source, *, is_utf8: bool) -> str:
    with path.open("rb") as file:
        head = file.read(4)
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            found = "utf-16"
        elif head.startswith(codecs.BOM_UTF8):
            found = "utf-8-sig"
        elif head[1:2] == b"\x00" or head[:1] == b"\x00":
            found = "utf-16-le" if head[1:2] == b"\x00" else "utf-16-be"
        else:
            found = "utf-8" if is_utf8 else "latin-1"
    allowed = {"auto": found, "utf-8": "utf-8-sig" if found == "utf-8-sig" else "utf-8", "latin-1": "latin-1"}
    if source.encoding == "utf-16":
        return found if found.startswith("utf-16") else "utf-16"
    if source.encoding != "auto" and not found.startswith(("utf-8", source.encoding)):
        raise _wrong_encoding(path, source, allowed[source.encoding])
    return allowed[source.encoding]


def _wrong_encoding(path: Path, source: Source, encoding: str) -> IntakeError:
    return IntakeError(
        "TID307",
        f"{path.name} (source {source.name}) does not read as {encoding}. Set `encoding` of the source to utf-8, utf-16, latin-1 or auto, "
        "whichever the file was written in.",
    )


def _choose_separator(line: str, source: Source, declared: str | None, path: Path, *, expected: tuple[str, ...]) -> str:
    """Take what the file or the project says; a header that falls into one column tells that it is wrong."""
    best = max(SEPARATORS, key=line.count)
    chosen = declared if declared is not None else best if source.separator == "auto" else source.separator
    if chosen in line or len(expected) < 2:
        return chosen
    if best in line:
        raise IntakeError(
            "TID303",
            f"{path.name} (source {source.name}) reads as one column with the separator {NAMES.get(chosen, chosen)!r}; its header seems "
            f"to be separated by {NAMES[best]}. Set `separator` of the source to {best!r}, or to 'auto'.",
        )
    raise IntakeError(
        "TID303",
        f"{path.name} (source {source.name}) has a header of one column. Expected the columns {', '.join(expected)}, separated by "
        "semicolon, tab or comma. Check that the file is the right one and was exported as CSV.",
    )
