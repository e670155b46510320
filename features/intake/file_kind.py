"""What a file is by its first bytes, whatever its name says: people rename, and programs export something else than they claim."""

from __future__ import annotations

import codecs
from pathlib import Path

from features.declarations.catalogue import Source
from features.errors import IntakeError

_SIGNATURES: tuple[tuple[bytes, str, str], ...] = (
    (b"PAR1", "a Parquet file", "Name it .parquet; it is read as it is."),
    (b"PK\x03\x04", "an Excel workbook or another zip archive", "Save the sheet as CSV UTF-8, or unpack the archive."),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "Save the sheet as CSV UTF-8."),
    (b"\x1f\x8b", "compressed with gzip", "Unpack it first: gunzip FILE."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "Unpack it first: unzstd FILE."),
    (b"BZh", "compressed with bzip2", "Unpack it first: bunzip2 FILE."),
    (b"\xfd7zXZ", "compressed with xz", "Unpack it first: unxz FILE."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it first."),
    (b"ARROW1", "an Arrow file", "Write it as Parquet or CSV."),
    (b"SQLite format 3", "an SQLite database", "Export the table as Parquet or CSV."),
    (b"%PDF", "a PDF", "Ask for the data as CSV or Parquet."),
    (b"$FL2", "an SPSS file", "Export it as CSV or Parquet."),
    (b"<stata_dta>", "a Stata file", "Export it as CSV or Parquet."),
)
_MARKUP = (b"<!doctype", b"<html", b"<table", b"<?xml")
_JSON = (b"{", b"[")
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))
"""Bytes that stand in no text but UTF-16."""


def find_other_kind(path: Path) -> tuple[str, str] | None:
    """Tell what a file is that is not a table as text: its name for people and what to do; None where it may well be text."""
    with path.open("rb") as file:
        head = file.read(512)
    for signature, name, remedy in _SIGNATURES:
        if head.startswith(signature):
            return name, remedy
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_MARKUP):
        return "a web page or XML", "Some systems call an HTML table .csv or .xls: open it in a spreadsheet and save it as CSV UTF-8."
    if text.startswith(_JSON) and b'"' in text[:40]:
        return "JSON", "Export the table as CSV or Parquet."
    if not _is_utf16(head) and any(byte in head for byte in _CONTROL):
        return "a binary file", "Ask for the data as CSV or Parquet."
    return None


def _is_utf16(head: bytes) -> bool:
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in head[:2]


def check_is_text(path: Path, source: Source) -> None:
    """Refuse a file that is read as CSV and is something else.

    Raises
    ------
    IntakeError
        TID343, saying what it is.
    """
    found = find_other_kind(path)
    if found is not None:
        name, remedy = found
        raise IntakeError("TID343", f"{path.name} (source {source.name}) is {name}, not CSV, whatever its name says. {remedy}")


def check_is_parquet(path: Path, source: Source) -> None:
    """Refuse a file that is called Parquet and does not begin like one.

    Raises
    ------
    IntakeError
        TID344, saying what it is.
    """
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"PAR1":
        return
    name, remedy = find_other_kind(path) or ("no Parquet; it may be text", "If it is CSV, name it .csv; else copy it again.")
    raise IntakeError("TID344", f"{path.name} (source {source.name}) is {name}, whatever its name says. {remedy}")
