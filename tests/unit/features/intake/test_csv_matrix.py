"""One table in every dress that a Norwegian system may give it, through the real reader: the same cells come out."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

import pyarrow as pa
import pytest

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.columns import CellReader, read_days, read_values
from features.intake.layouts import Contract
from features.intake.readers import open_file

COLUMNS = ("person", "happened_on", "known_on", "indicator", "value")
ROWS = (
    ("å-1", "2024-02-29", "2024-03-01", "fravær_timer", "3.5"),
    ("ø-2", "2023-12-31", "2024-01-02", "fravær_timer", "0"),
    ("æ-3", "2024-01-01", "2024-01-01", "sammenlagt; og, med\ttegn", "-12.25"),
    ("å-1", "2024-01-01", "2024-01-01", "fravær_timer", ""),
)
ENCODINGS = {
    "utf-8": ("", "utf-8"),
    "utf-8 bom": ("\ufeff", "utf-8"),
    "utf-16-le bom": ("\ufeff", "utf-16-le"),
    "utf-16-be bom": ("\ufeff", "utf-16-be"),
    "utf-16-le": ("", "utf-16-le"),
    "utf-16-be": ("", "utf-16-be"),
    "latin-1": ("", "latin-1"),
}
SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t"}
LINE_ENDS = {"lf": "\n", "crlf": "\r\n"}


def dressed(
    separator: str, end: str, *, decimal: str, says_separator: bool, quotes_all: bool, trailing: int = 0, dates: str = "iso"
) -> str:
    """Write the table as a program would that has these habits."""
    text = io.StringIO()
    if says_separator:
        text.write(f"sep={separator}{end}")
    writer = csv.writer(text, delimiter=separator, lineterminator=end, quoting=csv.QUOTE_ALL if quotes_all else csv.QUOTE_MINIMAL)
    writer.writerow((*COLUMNS, *[""] * trailing))
    for person, happened, known, indicator, value in ROWS:
        days = [".".join(reversed(day.split("-"))) if dates == "norwegian" else day for day in (happened, known)]
        writer.writerow((person, *days, indicator, value.replace(".", decimal), *[""] * trailing))
    return text.getvalue()


def source(**more: object) -> Source:
    return Source.model_validate({"name": "school", "layout": "events", "files": ["school.csv"], **more})


def cells(path: Path, declared: Source) -> list[tuple[str, int, int, str, float | None]]:
    """Read a file as an ingest does, as far as dates and numbers."""
    contract, reader = Contract(declared, "real"), CellReader()
    opened = open_file(path, declared, expected=contract.required, on_bad_lines=lambda *bad: pytest.fail(f"broken lines {bad}"))
    contract.check_columns(opened.columns, file=path.name)
    found = []
    for chunk in opened.chunks:
        table = contract.canonical(chunk.table, chunk.lines)
        happened, known = (read_days(reader, table[name]).number.tolist() for name in ("happened", "known"))
        values = read_values(reader, table["value"], decimal=declared.decimal)
        numbers = [number if given else None for number, given in zip(values.number.tolist(), values.is_given.tolist(), strict=True)]
        text = [table[name].cast(pa.string()).to_pylist() for name in ("id", "code")]
        found += list(zip(text[0], happened, known, text[1], numbers, strict=True))
    return found


EXPECTED = [
    ("å-1", 19782, 19783, "fravær_timer", 3.5),
    ("ø-2", 19722, 19724, "fravær_timer", 0.0),
    ("æ-3", 19723, 19723, "sammenlagt; og, med\ttegn", -12.25),
    ("å-1", 19723, 19723, "fravær_timer", None),
]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", SEPARATORS)
def test_every_dress_gives_the_same_cells(tmp_path: Path, encoding: str, separator: str) -> None:
    before, codec = ENCODINGS[encoding]
    habits = itertools.product(LINE_ENDS.values(), (".", ","), (False, True), (False, True), ("iso", "norwegian"))
    for number, (end, decimal, says_separator, quotes_all, dates) in enumerate(habits):
        text = before + dressed(
            SEPARATORS[separator], end, decimal=decimal, says_separator=says_separator, quotes_all=quotes_all, dates=dates
        )
        path = tmp_path / f"{number}.csv"
        path.write_bytes(text.encode(codec))
        told = (encoding, separator, repr(end), decimal, says_separator, quotes_all, dates)
        assert cells(path, source(decimal=decimal)) == EXPECTED, told


@pytest.mark.parametrize("declared", ["utf-8", "utf-16", "latin-1"])
def test_a_declared_encoding_and_separator_read_too(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "school.csv"
    path.write_bytes(dressed(";", "\r\n", decimal=",", says_separator=False, quotes_all=False).encode(declared))
    assert cells(path, source(decimal=",", encoding=declared, separator=";")) == EXPECTED


@pytest.mark.parametrize("trailing", [1, 3])
def test_empty_columns_at_the_end_of_lines_are_left_out(tmp_path: Path, trailing: int) -> None:
    path = tmp_path / "school.csv"
    path.write_text(dressed(";", "\n", decimal=".", says_separator=False, quotes_all=False, trailing=trailing), encoding="utf-8")
    assert cells(path, source()) == EXPECTED


def test_a_column_without_a_name_that_holds_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "school.csv"
    text = dressed(";", "\n", decimal=".", says_separator=False, quotes_all=False, trailing=1)
    path.write_text(text.replace("3.5;", "3.5;whose?"), encoding="utf-8")
    with pytest.raises(IntakeError, match="TID345") as caught:
        cells(path, source())
    assert "column 6" in str(caught.value)
    assert "whose" not in str(caught.value)


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PAR1" + bytes(40), "a Parquet file"),
        (b"PK\x03\x04" + bytes(40), "an Excel workbook"),
        (b"\xd0\xcf\x11\xe0" + bytes(40), "an old Excel"),
        (b"\x1f\x8b\x08" + bytes(40), "gzip"),
        (b"\x28\xb5\x2f\xfd" + bytes(40), "zstd"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"\xef\xbb\xbf  <html><table><tr><td>1</td></tr></table>", "a web page"),
        (b'[{"person": "1"}]', "JSON"),
        (b"\x93|\xf2;\x07\n\x88|\x01", "a binary file"),
    ],
)
def test_a_file_that_is_no_csv_is_called_what_it_is(tmp_path: Path, head: bytes, what: str) -> None:
    path = tmp_path / "school.csv"
    path.write_bytes(head)
    with pytest.raises(IntakeError, match="TID343") as caught:
        cells(path, source())
    assert what in str(caught.value)
    assert "school.csv (source school)" in str(caught.value)


@pytest.mark.parametrize(("head", "what"), [(b"person;value\n1;2\n", "may be text"), (b"PK\x03\x04" + bytes(20), "Excel")])
def test_a_file_that_is_no_parquet_is_called_what_it_is(tmp_path: Path, head: bytes, what: str) -> None:
    path = tmp_path / "school.parquet"
    path.write_bytes(head)
    with pytest.raises(IntakeError, match="TID344") as caught:
        cells(path, source(files=["school.parquet"]))
    assert what in str(caught.value)
