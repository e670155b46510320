"""Statistics Norway's own sample files, unchanged, through the command: all four temporalities."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.declarations.project import Project, load_project
from features.intake.mapping import read_mapping
from features.manifest import find_manifest
from features.records import day_of
from features.store import open_store, store_folder
from tests.support.ingesting import repeatable_bytes
from tests.support.microdata import LAG_DAYS, REGISTERS, born_on, microdata_project
from tests.support.projects import KEYS

pytestmark = pytest.mark.realdata("norway")


@pytest.fixture(scope="module")
def folder() -> Path:
    from tests.conftest import realdata_root

    return realdata_root() / "norway"


@pytest.fixture(scope="module")
def rows(folder: Path) -> dict[str, list[list[str]]]:
    """The samples as they are, one list of fields a line."""
    if not folder.is_dir():
        return {}
    return {
        name: list(csv.reader((folder / "microdata_format" / name / f"{name}.csv").read_text(encoding="utf-8").splitlines(), delimiter=";"))
        for name in REGISTERS
    }


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory, folder: Path, rows: dict[str, list[list[str]]]) -> tuple[Project, dict[str, object]]:
    if not rows:
        pytest.skip("no folder norway under TIDLIG_REALDATA")
    people = sorted({row[0] for register in rows.values() for row in register})
    root = microdata_project(tmp_path_factory.mktemp("microdata") / "p", people=people)
    done = subprocess.run(
        [sys.executable, "-m", "tidlig", "ingest", "--project", str(root), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **KEYS, "TIDLIG_REALDATA": str(folder.parent)},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return load_project(root), json.loads(done.stdout)


@pytest.fixture(scope="module")
def records(ingested: tuple[Project, dict[str, object]]) -> pd.DataFrame:
    """Every stored record with the sample's own identifier."""
    project, _ = ingested
    store = open_store(project, "train")
    found = store.read_part(0)
    raw = _raw_of_person(project)
    return pd.DataFrame(
        {
            "raw": [raw[person] for person in found.person.tolist()],
            "code": [store.indicators[place] for place in found.indicator.tolist()],
            "value": found.value,
            "happened_on": [day_of(day) for day in found.happened_on.tolist()],
            "known_on": [day_of(day) for day in found.known_on.tolist()],
        }
    )


def _raw_of_person(project: Project) -> dict[int, str]:
    from features.intake.pseudonyms import pseudonyms_of
    from features.keys import read_keys

    mapping = read_mapping(store_folder(project), find_manifest(store_folder(project)), token_bytes=repeatable_bytes())
    train = mapping.of("train")
    people = [line.split(",")[0] for line in (project.root / "persons.csv").read_text(encoding="utf-8").splitlines()[1:]]
    key = read_keys(project, environ=KEYS).get_key("train")
    raw = dict(zip(pseudonyms_of(people, key, synthetic=False), people, strict=True))
    return {int(person): raw[pseudonym] for person, pseudonym in zip(train["person"], train["pseudonym"], strict=True)}


def told(records: pd.DataFrame, code: str, raw: str) -> list[tuple[date, float | None]]:
    mine = records[(records["code"] == code) & (records["raw"] == raw)]
    return [(day, None if np.isnan(value) else float(value)) for day, value in zip(mine["happened_on"], mine["value"], strict=True)]


def test_every_row_of_every_sample_is_loaded(
    realdata: Path, ingested: tuple[Project, dict[str, object]], rows: dict[str, list[list[str]]]
) -> None:
    sources = {source["source"]: source for source in ingested[1]["sources"]}  # type: ignore[attr-defined]
    for register, (code, _, _) in REGISTERS.items():
        assert sources[code]["rows_read"] == sources[code]["rows_loaded"] == len(rows[register]), register
        assert sources[code]["quarantined"] == {}


def test_fixed_holds_from_birth_and_its_dates_are_not_used(realdata: Path, records: pd.DataFrame, rows: dict[str, list[list[str]]]) -> None:
    sex = records[records["code"] == "edu_sex"]
    assert len(sex) == len(rows["BEFOLKNING_KJOENN"])
    assert (sex["happened_on"] == sex["raw"].map(born_on)).all()
    level = {"1": 0.0, "2": 1.0}
    assert dict(zip(sex["raw"], sex["value"], strict=True)) == {row[0]: level[row[1]] for row in rows["BEFOLKNING_KJOENN"]}


def test_status_is_of_its_day_and_a_code_for_unknown_is_no_value(realdata: Path, records: pd.DataFrame) -> None:
    assert told(records, "edu_residence", "00000000000001") == [(date(1920, 1, 1), None)]
    assert told(records, "edu_residence", "00000000000002") == [(date(1926, 1, 1), 0.0)]
    assert told(records, "edu_residence", "00000000000006") == [(date(1926, 1, 1), 3.0)]
    residence = records[records["code"] == "edu_residence"]
    assert residence["value"].isna().sum() == 6, "six people's residence is 0, unknown"


def test_accumulated_is_there_when_its_period_is_over(realdata: Path, records: pd.DataFrame) -> None:
    assert told(records, "edu_income", "00000000000003") == [
        (date(1925, 12, 31), 100122),
        (date(1926, 12, 31), 100125),
        (date(1927, 12, 31), 100124),
    ]
    income = records[records["code"] == "edu_income"]
    assert {known - happened for known, happened in zip(income["known_on"], income["happened_on"], strict=True)} == {timedelta(LAG_DAYS)}


def test_event_holds_from_start_and_ends_where_nothing_follows(realdata: Path, records: pd.DataFrame) -> None:
    unmarried, married, widowed, divorced, separated, partner = 0.0, 1.0, 2.0, 3.0, 4.0, 5.0
    assert told(records, "edu_marital", "00000000000001") == [(date(1920, 1, 1), None), (date(1926, 1, 1), unmarried)]
    assert told(records, "edu_marital", "00000000000003") == [
        (date(1926, 1, 1), married),
        (date(1926, 2, 1), separated),
        (date(1926, 2, 11), divorced),
    ]
    assert told(records, "edu_marital", "00000000000006") == [
        (date(1927, 7, 1), unmarried),
        (date(1941, 1, 2), married),
        (date(1951, 1, 2), widowed),
    ]
    assert told(records, "edu_marital", "00000000000005") == [(date(1927, 7, 1), partner), (date(1950, 1, 2), None)]


def test_an_end_is_known_after_it(realdata: Path, records: pd.DataFrame) -> None:
    marital = records[(records["code"] == "edu_marital") & (records["raw"] == "00000000000005")]
    assert marital["known_on"].tolist() == [date(1927, 7, 1) + timedelta(LAG_DAYS), date(1950, 1, 2) + timedelta(LAG_DAYS)]
