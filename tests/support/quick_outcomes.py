"""Source files of the tiny project with people of seven years whose outcomes are known after two: enough for an honest split."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

from tests.support.projects import write_csv

YEARS = range(2012, 2019)
PER_YEAR = 220


def write_quick_outcomes(folder: Path, *, seed: int = 4) -> None:
    """People of seven years whose outcome is known two years after grade 10, so that an honest split has something to learn from."""
    rng = random.Random(seed)
    persons, school, residence, income, audit = [], [], [], [], []
    for number in range(len(YEARS) * PER_YEAR):
        person, start, strain = f"SYN-{number:05d}", YEARS[number // PER_YEAR], rng.gauss(0, 1)
        persons.append({"person": person, "born_on": date(start - 15, 1 + number % 12, 1)})
        residence.append(told(person, date(start - 2, 8, 1), municipality=("9901", "9902")[number % 2]))
        audit.append(told(person, date(start - 15, 6, 1), indicator="aud_sex", value=("girl", "boy")[number // 2 % 2]))
        days = max(1, round(8 + 6 * strain + rng.gauss(0, 3)))
        fails = strain + rng.gauss(0, 0.8) > 0.8
        school += [
            told(person, date(start, 8, 20), indicator="edu_grade_level", value=10, record="level"),
            told(person, date(start + 1, 2, 1), indicator="edu_absence_days", value=days, record="absence"),
            told(person, date(start + 1, 5, 1), indicator="edu_grade_mean", value=round(4 - 0.5 * strain, 2), record="mean"),
            told(person, date(start + 2, 6, 1), indicator="edu_completion", value=2 if fails else 1, record="done"),
        ]
        if rng.random() < 0.2:
            spell = {"start": date(start - 1, 1, 1), "stop": date(start, 12, 31), "known_on": date(start + 1, 3, 1)}
            income.append({"unit_id": person, "value": 1, **spell})
    for name, rows in {"persons": persons, "school": school, "residence": residence, "income": income, "audit": audit}.items():
        write_csv(folder / f"{name}.csv", rows)


def told(person: str, day: date, **more: object) -> dict[str, object]:
    return {"person": person, "happened_on": day, "known_on": day, **more}
