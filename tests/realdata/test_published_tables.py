"""The tables as their publishers wrote them, against figures read by eye in the files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.errors import IntakeError
from features.published import MARKS, read_published
from features.published_tables import LAYOUTS
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project

pytestmark = pytest.mark.realdata("norway")

FILES = {
    "slutta_vgo": "20220505-1453_Slutta_VGO.csv",
    "videregaende_fullfort": "videregaende_fullfort.csv",
    "andel_unge_utenfor_kommuner": "andel_unge_utenfor_kommuner.csv",
    "barnevern": "barnevern.csv",
    "grunnskolepoeng": "grunnskolepoeng_etter_foreldrenes_utdanningsnivaa.csv",
    "nedsatt_arbeidsevne": "nedsatt_arbeidsevne.csv",
}


def table(realdata: Path, name: str) -> pd.DataFrame:
    return read_published(realdata / "tables" / FILES[name], LAYOUTS[name])


def one(frame: pd.DataFrame, **told: object) -> pd.Series:
    """The only row with these keys; `_` in a name stands for a blank."""
    for column, value in told.items():
        frame = frame[frame[column.replace("_", " ")] == value]
    assert len(frame) == 1, len(frame)
    return frame.iloc[0]


@pytest.mark.parametrize(
    ("name", "rows", "figures"),
    [
        ("slutta_vgo", 8080, 4882),
        ("videregaende_fullfort", 6600, 5706),
        ("andel_unge_utenfor_kommuner", 19, 19),
        ("barnevern", 190, 190),
        ("grunnskolepoeng", 760, 523),
        ("nedsatt_arbeidsevne", 70_874, 70_024),
    ],
)
def test_every_cell_is_a_figure_or_a_known_mark(realdata: Path, name: str, rows: int, figures: int) -> None:
    frame = table(realdata, name)
    assert (len(frame), int(frame["value"].notna().sum())) == (rows, figures)
    assert (frame["value"].isna() == frame["missing"].notna()).all()
    assert set(frame["missing"].dropna()) <= set(MARKS.values())
    text = frame.select_dtypes(include=["object", "string"]).drop(columns=["missing", "note"])
    assert not any(text[column].str.startswith(" ").any() or text[column].str.endswith(" ").any() for column in text)


def test_quitting_upper_secondary_utf16_tabs_decimal_comma_and_breaks(realdata: Path) -> None:
    frame = table(realdata, "slutta_vgo")
    country = frame[frame["EnhetNavn"] == "Hele landet"].set_index("Skoleår")["value"]
    expected = [0.042, 0.042, 0.041, 0.040, 0.040, 0.038, 0.038, 0.034, 0.030, 0.030]
    assert country.tolist() == pytest.approx(expected)
    assert country.index.tolist() == [f"{year}-{year - 1999}" for year in range(2011, 2021)]
    agder = frame[frame["EnhetNavn"] == "Agder"].set_index("Skoleår")
    assert agder["value"].notna().tolist() == [False] * 8 + [True, True]
    assert agder["note"]["2019-20"] == "Agder er resultatet av en sammenslåing og har derfor ikke tall for tidligere årganger"
    assert agder["note"]["2018-19"].startswith("Behandlingen av elever med ukjent elevstatus er endret.")
    # A school stands under its county of today and under that of before 2020.
    school = frame[(frame["EnhetNavn"] == "Akademiet Kristiansand AS") & (frame["Fylke"] == "Agder")].set_index("Skoleår")
    assert school["missing"]["2011-12"] == "withheld: too few"
    assert school["value"]["2015-16"] == pytest.approx(0.061)
    assert set(frame["Mål"]) == {"Andel sluttet"}


def test_completed_upper_secondary_latin1_with_a_header_of_four_rows(realdata: Path) -> None:
    frame = table(realdata, "videregaende_fullfort")
    told = {"Bakgrunn": "Hele befolkningen", "Kjønn": "Kvinner", "År": "2009"}
    assert one(frame, Navn="Østfold", Enhet="Personer", **told)["value"] == 954
    assert one(frame, Navn="Østfold", Enhet="Prosent", **told)["value"] == pytest.approx(0.676)
    assert one(frame, Navn="Akershus", Enhet="Prosent", **told)["value"] == pytest.approx(0.763)
    assert one(frame, Navn="Akershus", Enhet="Personer", **{**told, "År": "2019"})["value"] == 2692
    assert frame["Bakgrunn"].nunique() == 5
    assert set(frame["Kjønn"]) == {"Kvinner", "Menn", "Alle"}
    assert len(frame) == 20 * 5 * 3 * 2 * 11
    assert one(frame, Navn="Trøndelag", Enhet="Personer", **told)["missing"] == "not given"
    shares = frame.loc[frame["Enhet"] == "Prosent", "value"].dropna()
    assert shares.between(0, 1).all()


def test_young_people_outside_by_municipality(realdata: Path) -> None:
    frame = table(realdata, "andel_unge_utenfor_kommuner").set_index("Kommune")["value"]
    assert frame[["Kragerø", "Siljan", "Telemark", "Hele landet"]].tolist() == pytest.approx([0.127, 0.050, 0.110, 0.099])


def test_child_welfare_shares(realdata: Path) -> None:
    frame = table(realdata, "barnevern")
    assert one(frame, Geografi="Hele landet", År=pd.Timestamp("2015-01-01"))["value"] == pytest.approx(0.043)
    assert one(frame, Geografi="Hele landet", År=pd.Timestamp("2024-01-01"))["value"] == pytest.approx(0.032)
    assert one(frame, Geografi="Vinje", År=pd.Timestamp("2024-01-01"))["value"] == pytest.approx(0.044)


def test_school_points_are_points_and_not_shares(realdata: Path) -> None:
    frame = table(realdata, "grunnskolepoeng")
    told = {"Kommune": "Hele landet", "År (intervall)": "2014-2016"}
    values = [one(frame, **told, Foreldrenes_utdanningsnivå=level)["value"] for level in ("totalt", "grunnskole", "videregående")]
    assert values == pytest.approx([40.8, 34.2, 38.4])
    later = one(frame, **{**told, "År (intervall)": "2015-2017"}, Foreldrenes_utdanningsnivå="totalt")
    assert later["value"] == pytest.approx(41.1)
    assert frame["value"].dropna().between(25, 50).all()


def test_reduced_work_capacity_by_month(realdata: Path) -> None:
    frame = table(realdata, "nedsatt_arbeidsevne")
    agder = {"Geografisk_enhet": "Agder", "Kjønn": "Begge kjønn", "Alder": "18 - 29 år", "Dato": pd.Timestamp("2011-01-01")}
    assert one(frame, measure="Antall personer", **agder)["value"] == 3092
    assert one(frame, measure="Andel av befolkningen", **agder)["value"] == pytest.approx(0.071)
    vinje = {"Geografisk_enhet": "Vinje", "Kjønn": "Menn", "Alder": "18 - 66 år", "Dato": pd.Timestamp("2025-11-01")}
    assert one(frame, measure="Antall personer", **vinje)["value"] == 48
    assert one(frame, measure="Andel av befolkningen", **vinje)["value"] == pytest.approx(0.041)
    assert frame["Dato"].nunique() == 179
    assert "Troms" in set(frame["Geografisk enhet"]), "the file writes 'Troms ' with a blank"


@pytest.mark.parametrize(("name", "column"), [("andel_unge_utenfor_kommuner", "Kommune"), ("barnevern", "Geografi")])
def test_a_table_of_places_is_never_a_register_of_people(tmp_path: Path, realdata: Path, name: str, column: str) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "education.toml"
    ignored = {"andel_unge_utenfor_kommuner": ["Andel (2024)", "Label"], "barnevern": ["År", "Kjønn", "Alder", "Andel"]}[name]
    text = path.read_text(encoding="utf-8")
    declared = f'files = ["{realdata / "tables" / FILES[name]}"]\nid_column = "{column}"\nignored = {ignored}\n'
    changed = text.replace('files = ["data/persons.csv"]\n', declared)
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    (root / "screening.toml").write_text(
        (root / "screening.toml").read_text(encoding="utf-8").replace('data = "synthetic"', 'data = "public"'), encoding="utf-8"
    )
    with pytest.raises(IntakeError, match="TID348") as caught:
        ingest_tiny(root, now=NOW)
    assert "not a register of people" in str(caught.value)
    assert not (root / "var" / "store" / "manifest.json").exists()
