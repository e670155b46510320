"""Published tables in small: each habit that makes one hard to read, once."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import IntakeError
from features.published import read_published
from features.published_tables import LAYOUTS, PublishedLayout

SIDE_BY_SIDE = PublishedLayout(keys=("Sted",), parts=("År", "Mål"), note_part="Brudd", decimal=",", scale={"Andel": 0.01})
FOUR_ROWS = PublishedLayout(keys=("Region",), header_rows=3, scale={"Prosent": 0.01})


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def test_years_side_by_side_with_marks_and_notes(tmp_path: Path) -> None:
    text = "sep=\t\nSted\t2011.Andel\t2012.Andel.Brudd\t2012.Andel\nØy \t4,2\tNy regel\t*\nVik\t1\u00a0000,5\t\t:\n"
    frame = read_published(write(tmp_path / "t.csv", text, "utf-16"), SIDE_BY_SIDE)
    assert frame["Sted"].tolist() == ["Øy", "Vik", "Øy", "Vik"]
    assert frame["År"].tolist() == ["2011", "2011", "2012", "2012"]
    assert frame["value"].fillna(-1).tolist() == pytest.approx([0.042, 10.005, -1, -1])
    assert frame["missing"].tolist() == [None, None, "withheld: too few", "withheld: too few"]
    assert frame["note"].tolist() == [None, None, "Ny regel", None]


def test_a_header_of_several_rows_whose_first_repeats(tmp_path: Path) -> None:
    text = "Region;Kjønn: Alle;Kjønn: Alle;Kjønn: Alle\n;Enhet: Personer;Enhet: Prosent;Enhet: Prosent\n;År: 2009;År: 2009;År: 2010\n"
    frame = read_published(write(tmp_path / "t.csv", text + "F01;954;67.6;.\n", "latin-1"), FOUR_ROWS)
    assert frame[["Region", "Kjønn", "Enhet", "År"]].to_numpy().tolist() == [
        ["F01", "Alle", "Personer", "2009"],
        ["F01", "Alle", "Prosent", "2009"],
        ["F01", "Alle", "Prosent", "2010"],
    ]
    assert frame["value"].fillna(-1).tolist() == pytest.approx([954, 0.676, -1])
    assert frame["missing"].tolist()[2].startswith("can't be")


def test_several_measures_a_row(tmp_path: Path) -> None:
    layout = PublishedLayout(keys=("Dato",), values=("Antall", "Andel"), dates=("Dato",), scale={"Andel": 0.01})
    frame = read_published(write(tmp_path / "t.csv", "Dato,Antall,Andel\n2011-01-01,12,7.1\n2011-02-01,,\n"), layout)
    assert frame["measure"].tolist() == ["Antall", "Antall", "Andel", "Andel"]
    assert frame["value"].fillna(-1).tolist() == pytest.approx([12, -1, 0.071, -1])
    assert frame["Dato"].dt.month.tolist() == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("Sted\t2011.Andel\nVik\t4.2\n", "TID347", "1 cells are neither a figure"),
        ("Sted\t2011.Andel\nVik\tukjent\n", "TID347", "marks"),
        ("Sted\t2011.Andel.Menn\nVik\t4,2\n", "TID346", "Expected the parts År, Mål"),
        ("Place\t2011.Andel\nVik\t4,2\n", "TID346", "lacks the columns Sted"),
        ("Sted\t2011.Andel\nVik\t4,2\t1\nØy\t1\n", "TID347", "first at line 2"),
    ],
)
def test_what_does_not_fit_the_layout_is_refused(tmp_path: Path, text: str, code: str, said: str) -> None:
    with pytest.raises(IntakeError, match=code) as caught:
        read_published(write(tmp_path / "t.csv", text), SIDE_BY_SIDE)
    assert said in str(caught.value)


def test_every_known_table_says_what_its_columns_are() -> None:
    assert all(layout.keys and (layout.values or layout.parts or layout.header_rows > 1) for layout in LAYOUTS.values())
