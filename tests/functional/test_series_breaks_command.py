"""`tidlig series-breaks` as a user meets it: on a planted series, and on NAV's table as it is published."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidlig", "series-breaks", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten years of three places, with a season: one grows from 2020 on, one never, one has a month withheld; and one short series."""
    random = np.random.default_rng(3)
    lines = ["place;month;people"]
    for place, before, after in (("North", -0.002, 0.012), ("South", 0.003, 0.003), ("East", 0.0, 0.0)):
        growth = np.where(np.arange(120) < 60, before, after) + random.normal(0, 0.003, 120) + 0.02 * np.sin(np.arange(120) * np.pi / 6)
        counts = np.round(20_000 * np.exp(growth.cumsum())).astype(int)
        cells = ["*" if place == "East" and n == 7 else str(count) for n, count in enumerate(counts)]
        lines += [f"{place};{2015 + n // 12}-{n % 12 + 1:02}-01;{cell}" for n, cell in enumerate(cells)]
    lines += [f"West;2024-{month:02}-01;{1_000 + month}" for month in range(1, 13)]
    path = tmp_path_factory.mktemp("series") / "people.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


COLUMNS = ("--month-column", "month", "--value-column", "people", "--by", "place")


def test_the_planted_break_is_found_and_every_series_has_a_verdict(planted):
    done = run(str(planted), *COLUMNS, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    series = {one["series"]["place"]: one for one in found["series"]}
    assert {place: one["verdict"] for place, one in series.items()} == {
        "North": "breaks",
        "South": "no break",
        "East": "not asked",
        "West": "too short",
    }
    (one,) = series["North"]["breaks"]
    assert "2019-10-01" <= one["month"] <= "2020-04-01"
    assert one["before"] < 0 < one["after"]
    assert (found["n_series"], found["n_asked"], found["expected_by_chance"]) == (4, 2, 0.1)


def test_a_person_gets_a_table_with_what_chance_alone_would_give(planted):
    done = run(str(planted), *COLUMNS, "--only", "place=North")
    assert done.returncode == 0
    assert "North" in done.stdout
    assert "South" not in done.stdout
    assert "1 of 1 series that could be asked have a break" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--month-column", "month"), "TID471", "--value-column"),
        (("--layout", "slutta_vgo"), "TID471", "nedsatt_arbeidsevne"),
        ((*COLUMNS, "--only", "place=Middle"), "TID471", "North"),
        ((*COLUMNS, "--only", "town=North"), "TID471", "place"),
        ((*COLUMNS, "--only", "North"), "TID473", "COLUMN=VALUE"),
        (COLUMNS[:4], "TID472", "--by"),
        (("--month-column", "place", "--value-column", "people"), "TID474", "no date"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(planted, arguments, code, said):
    done = run(str(planted), *arguments)
    assert done.returncode == 6
    assert code in done.stderr
    assert said in done.stderr
    assert done.stdout == ""


def test_a_missing_month_is_refused(planted, tmp_path):
    lines = planted.read_text(encoding="utf-8").splitlines()
    path = tmp_path / "gap.csv"
    path.write_text("\n".join(line for line in lines if "2018-05" not in line) + "\n", encoding="utf-8")
    done = run(str(path), *COLUMNS, "--only", "place=South")
    assert done.returncode == 6
    assert "TID472" in done.stderr


@pytest.mark.realdata("norway")
def test_navs_series_break_where_the_manual_says(realdata):
    path = realdata / "tables" / "nedsatt_arbeidsevne.csv"
    only = ("Nivå=Landet", "Kjønn=Begge kjønn", "measure=Antall personer")
    done = run(str(path), "--layout", "nedsatt_arbeidsevne", "--json", *(part for one in only for part in ("--only", one)))
    assert done.returncode == 0, done.stderr
    found = {one["series"]["Alder"]: one["breaks"] for one in json.loads(done.stdout)["series"]}
    assert {age: [one["month"] for one in breaks] for age, breaks in found.items()} == {
        "18 - 29 år": ["2022-11-01"],
        "18 - 66 år": ["2020-01-01"],
    }
    assert [round(found["18 - 66 år"][0][side], 3) for side in ("before", "after")] == [-0.021, 0.054]
