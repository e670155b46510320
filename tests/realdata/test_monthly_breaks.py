"""Where NAV's monthly count of people with reduced work capacity began to grow otherwise, and what happened then (docs/monitoring.md)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.published import read_published
from features.published_tables import LAYOUTS
from monitoring.series.breaks import Break, find_breaks

pytestmark = pytest.mark.realdata("norway")


@pytest.fixture
def counts(realdata: Path) -> pd.DataFrame:
    frame = read_published(realdata / "tables" / "nedsatt_arbeidsevne.csv", LAYOUTS["nedsatt_arbeidsevne"])
    return frame[(frame["measure"] == "Antall personer") & (frame["Kjønn"] == "Begge kjønn")]


def breaks_of(counts: pd.DataFrame, area: str, age: str) -> tuple[Break, ...]:
    one = counts[(counts["Geografisk enhet"] == area) & (counts["Alder"] == age)].sort_values("Dato")
    return find_breaks([day.date() for day in one["Dato"]], one["value"].to_numpy(dtype=float), seed=1)


def test_the_fall_of_all_ages_ends_as_the_pandemic_comes(counts: pd.DataFrame) -> None:
    (found,) = breaks_of(counts, "Landet", "18 - 66 år")
    assert date(2019, 10, 1) <= found.month <= date(2020, 7, 1)
    assert found.before < 0 < found.after
    assert found.p_value < 0.01


def test_the_young_grow_faster_after_the_rules_of_2022(counts: pd.DataFrame) -> None:
    (found,) = breaks_of(counts, "Landet", "18 - 29 år")
    assert date(2022, 7, 1) <= found.month <= date(2023, 4, 1)
    assert 0 < found.before < 0.03 < found.after


def test_a_county_whose_name_is_written_in_two_ways_is_one_series(counts: pd.DataFrame) -> None:
    """`Troms` stands with a blank behind it until 2025: read as two, either would seem to begin or to end."""
    assert len(counts[counts["Geografisk enhet"] == "Troms"]["Dato"].unique()) == 179
    assert breaks_of(counts, "Troms", "18 - 29 år") == ()
    (found,) = breaks_of(counts, "Troms", "18 - 66 år")
    assert found.before < 0 < found.after
