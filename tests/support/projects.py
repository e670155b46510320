"""A tiny synthetic project on disk, for tests that need a whole folder with real files and a planted, plain truth."""

from __future__ import annotations

import atexit
import csv
import random
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
"""The fixed clock of the tiny project: its purposes are valid, its last labels are known."""

COHORTS = (2015, 2016, 2017, 2018, 2019, 2025)
"""Years in which ten persons each start grade 10; the last cohort has no label yet."""

KEYS = {"TIDLIG_KEY_TRAIN": "11" * 32, "TIDLIG_KEY_SCORE": "22" * 32, "TIDLIG_KEY_AUDIT": "33" * 32}
"""Keys as an environment, so that no test needs a key folder."""

SCREENING = """
[project]
id = "tiny"
title = "Tiny synthetic project"
data = "synthetic"
controller = "Fiktiv kommune"

[[purpose]]
kind = "train"
legal_basis = "FIKTIV"
controller = "Fiktiv kommune"
valid_from = 2020-01-01
valid_to = 2030-12-31

[[purpose]]
kind = "score"
legal_basis = "FIKTIV"
controller = "Fiktiv kommune"
valid_from = 2020-01-01
valid_to = 2030-12-31

[[purpose]]
kind = "audit"
legal_basis = "FIKTIV"
controller = "Fiktiv kommune"
valid_from = 2020-01-01
valid_to = 2030-12-31

[[stage]]
name = "grade_10"
label = { nb = "10. trinn", nn = "10. steget", en = "Grade 10" }
anchor = "edu_grade_level"
anchor_value = 10
as_of = { month = 6, day = 15 }
outcomes = ["not_completed"]
excluded_by = ["edu_quit"]

[[outcome]]
name = "not_completed"
label = { nb = "Ikke fullført", nn = "Ikkje fullført", en = "Not completed" }
indicator = "edu_completion"
positive = [2]
negative = [1]
excluded = [3]
horizon_days = 2200

[outcome.of_100]
nb = "Av 100 vil {n} ikke fullføre, {rest} vil."
nn = "Av 100 vil {n} ikkje fullføre, {rest} vil."
en = "Of 100, {n} will not complete, {rest} will."

[training]
seed = 7
min_positives = 5

[groups]
sex = "aud_sex"

[[municipality]]
number = "9901"
name = "Storvik"
capacity = 3

[[municipality]]
number = "9902"
name = "Litlevik"
capacity = 2
"""

MUNICIPALITY = 'municipality_indicator = "edu_municipality"\n'

EDUCATION = """
sector = "education"

[[indicator]]
code = "edu_absence_days"
kind = "count"
use = "predictor"
unit = "days"
direction = "raises"
label = { nb = "Fravær, hele dager", nn = "Fråvær, heile dagar", en = "Full-day absence" }
features = ["sum@365d", "count@90d", "days_since_last@ever"]

[[indicator]]
code = "edu_grade_mean"
kind = "amount"
use = "predictor"
direction = "lowers"
label = { nb = "Karaktersnitt", nn = "Karaktersnitt", en = "Mean grade" }
features = ["last", "mean@2y"]

[[indicator]]
code = "edu_grade_level"
kind = "level"
use = "context"
label = { nb = "Trinn", nn = "Steg", en = "Grade level" }

[[indicator]]
code = "edu_quit"
kind = "flag"
use = "context"
label = { nb = "Sluttet", nn = "Slutta", en = "Quit" }

[[indicator]]
code = "edu_municipality"
kind = "category"
use = "context"
levels = ["9901", "9902"]
label = { nb = "Kommune", nn = "Kommune", en = "Municipality" }
features = ["last"]

[[indicator]]
code = "edu_completion"
kind = "level"
use = "label"
label = { nb = "Fullført", nn = "Fullført", en = "Completion" }

[[source]]
name = "register"
registers = ["fiktivt folkeregister"]
layout = "persons"
files = ["data/persons.csv"]

[[source]]
name = "school"
registers = ["fiktivt skolesystem"]
layout = "events"
files = ["data/school.csv"]
record_column = "record"

[[source]]
name = "residence"
registers = ["fiktivt folkeregister"]
layout = "snapshots"
files = ["data/residence.csv"]
known_column = "known_on"
columns = { municipality = "edu_municipality" }
"""

LABOUR = """
sector = "labour"
enabled = true
legal_basis = "FIKTIV"

[[indicator]]
code = "nav_low_income_hh"
kind = "flag"
use = "predictor"
direction = "raises"
confidential = true
label = { nb = "Vedvarende lavinntekt", nn = "Vedvarande låginntekt", en = "Persistent low income" }
features = ["last", "sum@3y"]

[[source]]
name = "income"
registers = ["fiktivt fagsystem"]
layout = "spells"
indicator = "nav_low_income_hh"
files = ["data/income.csv"]
known_column = "known_on"
"""

AUDIT = """
sector = "audit"
enabled = true
legal_basis = "FIKTIV"

[[indicator]]
code = "aud_sex"
kind = "category"
use = "audit"
levels = ["girl", "boy"]
label = { nb = "Kjønn", nn = "Kjønn", en = "Sex" }

[[source]]
name = "audit_attributes"
registers = ["fiktivt folkeregister"]
layout = "events"
files = ["data/audit.csv"]
known_lag_days = 0
known_column = "known_on"
"""

SERVICES = """
[[service]]
code = "school_team"
name = { nb = "Skolens ressursteam", nn = "Ressursteamet på skulen", en = "School resource team" }
sectors = ["education"]
answers = { nb = "Teamleder", nn = "Teamleiar", en = "Team leader" }
phone = "00000000"
helps_with = { nb = "Fravær", nn = "Fråvær", en = "Absence" }
"""


def tiny_project(root: Path, *, seed: int = 1) -> Path:
    """Write a small, whole, synthetic project folder and return it.

    60 persons in six cohorts; absence raises and grades lower the chance of not completing, two municipalities, a sex for the audit store,
    a household on low income as spells, some records that became known late and some that were corrected later.

    Notes
    -----
    Raw ids are ``SYN-000`` … ``SYN-059``; environment keys for it are `KEYS`, its clock is `NOW`.
    """
    for name, text in (
        ("screening.toml", MUNICIPALITY + SCREENING),
        ("services.toml", SERVICES),
        ("indicators/education.toml", EDUCATION),
        ("indicators/labour.toml", LABOUR),
        ("indicators/audit.toml", AUDIT),
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    shutil.copytree(_people(seed), root / "data", dirs_exist_ok=True, copy_function=shutil.copyfile)
    return root


@cache
def _people(seed: int) -> Path:
    """Write the people of a seed once a process: drawing them takes longer than the rest of most tests' projects."""
    folder = Path(tempfile.mkdtemp(prefix="tidlig-people-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    write_people(folder, seed=seed)
    return folder


def make_real(root: Path) -> None:
    """Let the project at `root` say that its data are real people's, on a legal basis that does not say FIKTIV."""
    for path in (root / "screening.toml", *(root / "indicators").glob("*.toml")):
        text = path.read_text(encoding="utf-8").replace("FIKTIV", "a statute").replace("Fiktiv kommune", "A municipality")
        path.write_text(text.replace('data = "synthetic"', 'data = "real"'), encoding="utf-8")


def write_people(folder: Path, *, seed: int = 1, days_later: int = 0) -> None:
    """Write the five source files of `tiny_project`; an extract that corrects an earlier one became known later."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(seed)
    persons, school, residence, income, audit = [], [], [], [], []
    for number in range(10 * len(COHORTS)):
        person, start = f"SYN-{number:03d}", COHORTS[number // 10]
        strain = rng.gauss(0, 1)
        persons.append({"person": person, "born_on": date(start - 15, 1 + number % 12, 1 + number % 28)})
        residence.append(_row(person, date(start - 2, 8, 1), municipality=("9901", "9902")[number % 2]))
        audit.append(_row(person, date(start - 15, 6, 1), indicator="aud_sex", value=("girl", "boy")[rng.random() < 0.5]))
        school += _school_records(person, start, strain, rng)
        if rng.random() < 0.2 + 0.2 * (strain > 0.5):
            income.append(
                {
                    "unit_id": person,
                    "value": 1,
                    "start": date(start - 1, 1, 1),
                    "stop": date(start, 12, 31),
                    "known_on": date(start + 1, 3, 1),
                }
            )
    for row in (*school, *residence, *income, *audit):
        known_on = row["known_on"]
        assert isinstance(known_on, date)
        row["known_on"] = known_on + timedelta(days=days_later)
    write_csv(folder / "persons.csv", persons)
    write_csv(folder / "school.csv", school)
    write_csv(folder / "residence.csv", residence)
    write_csv(folder / "income.csv", income)
    write_csv(folder / "audit.csv", audit)


def _school_records(person: str, start: int, strain: float, rng: random.Random) -> list[dict[str, object]]:
    """One pupil's years 8 to 10, with late and corrected absence, and the label where it has matured."""
    rows = []
    for grade in (8, 9, 10):
        year = start + grade - 10
        rows.append(_row(person, date(year, 8, 20), indicator="edu_grade_level", value=grade, record=f"level-{grade}"))
        rows.append(
            _row(
                person,
                date(year + 1, 6, 10),
                indicator="edu_grade_mean",
                value=round(4 - 0.7 * strain + rng.gauss(0, 0.3), 2),
                record=f"mean-{grade}",
            )
        )
        for month in range(9, 9 + 8):
            happened = date(year + (month > 12), (month - 1) % 12 + 1, rng.randint(1, 28))
            days = max(0, round(1.5 + 1.2 * strain + rng.gauss(0, 0.8)))
            record = f"abs-{happened.isoformat()}"
            late = timedelta(days=rng.choice((1, 1, 1, 40)))
            if days:
                rows.append(_row(person, happened, happened + late, indicator="edu_absence_days", value=days, record=record))
                if rng.random() < 0.1:
                    corrected = happened + late + timedelta(days=30)
                    rows.append(_row(person, happened, corrected, indicator="edu_absence_days", value=days + 1, record=record))
    if start < 2025:
        status = 3 if rng.random() < 0.05 else 1 + (strain + rng.gauss(0, 0.7) > 0.5)
        rows.append(
            _row(person, date(start + 6, 6, 20), date(start + 6, 9, 1), indicator="edu_completion", value=status, record="completion")
        )
    return rows


def _row(person: str, happened_on: date, known_on: date | None = None, **more: object) -> dict[str, object]:
    return {"person": person, "happened_on": happened_on, "known_on": known_on or happened_on, **more}


def write_csv(path: Path, rows: Sequence[Mapping[str, object]], *, synthetic: bool = True, separator: str = ",") -> Path:
    """Write rows as CSV with the columns of the first row; a synthetic project's files carry ``synthetic``."""
    columns = [*rows[0], *(["synthetic"] if synthetic else [])]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=separator)
        writer.writeheader()
        writer.writerows({**row, **({"synthetic": "true"} if synthetic else {})} for row in rows)
    return path


def raw_ids(people: Iterable[int] = range(10 * len(COHORTS))) -> list[str]:
    """Raw ids of the tiny project's persons."""
    return [f"SYN-{number:03d}" for number in people]
