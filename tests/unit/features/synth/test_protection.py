"""Addresses that the demo protects: those of a few, chosen by the truth, in the register's own file."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from features.commands import Example, init
from features.declarations.project import load_project
from features.synth.generate import Settings
from features.synth.project_data import write_population
from features.synth.protection import protect_addresses


def test_the_few_of_a_year_to_whom_school_comes_hardest_and_nothing_else_changes(tmp_path: Path) -> None:
    init(tmp_path / "p", Example.NORWAY)
    write_population(load_project(tmp_path / "p"), Settings(2_000, date(2026, 11, 1)), 1)
    data = tmp_path / "p" / "data"
    before = _people(data)
    names = (data / "persons.csv").read_text(encoding="utf-8").splitlines()[0]

    chosen = protect_addresses(data, birth_year=2010, people=3)

    after = _people(data)
    assert (data / "persons.csv").read_text(encoding="utf-8").splitlines()[0].replace('"', "") == names.replace('"', "")
    assert {after[person]["address_protection"] for person in chosen} == {"fortrolig"}
    assert [person for person, row in before.items() if row != after[person]] == [p for p in before if p in chosen]
    truth = pq.read_table(data / "truth" / "truth.parquet").to_pandas().query("birth_year == 2010").dropna(subset="probability")
    assert set(chosen) == set(truth.nlargest(3, "probability")["person"])


def _people(data: Path) -> dict[str, dict[str, str]]:
    with (data / "persons.csv").open(encoding="utf-8", newline="") as file:
        return {row["person"]: row for row in csv.DictReader(file, delimiter=";")}
