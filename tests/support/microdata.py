"""A project over Statistics Norway's own sample files, read where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from tests.support.projects import write_csv

_SCREENING = """
[project]
id = "microdata"
title = "Statistics Norway's sample files"
data = "public"
controller = "Nobody"

[[purpose]]
kind = "train"
legal_basis = "samples"
controller = "Nobody"
valid_from = 2020-01-01
valid_to = 2035-12-31

[[stage]]
name = "resident"
label = { nb = "Bosatt", nn = "Busett", en = "Resident" }
anchor = "edu_residence"
as_of = { offset_days = 1 }
outcomes = ["unmarried"]

[[outcome]]
name = "unmarried"
label = { nb = "Ugift", nn = "Ugift", en = "Unmarried" }
indicator = "edu_status"
positive = [1]
negative = [2]
horizon_days = 900
of_100 = { nb = "{n} {rest}", nn = "{n} {rest}", en = "{n} {rest}" }
"""

_HEAD = """
sector = "education"

[[source]]
name = "people"
layout = "persons"
files = ["persons.csv"]

[[indicator]]
code = "edu_status"
kind = "level"
use = "label"
label = { nb = "Status", nn = "Status", en = "Status" }
"""

_SPELLS = """
[[source]]
name = "{name}"
layout = "spells"
indicator = "{code}"
files = ["{folder}/{register}.csv"]
metadata = "{folder}/{register}.json"
known_column = ""
known_lag_days = {lag}

[[indicator]]
code = "{code}"
kind = "{kind}"
use = "context"
{levels}
label = {{ nb = "{code}", nn = "{code}", en = "{code}" }}
"""

REGISTERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "BEFOLKNING_BOSTED": ("edu_residence", "category", ("1", "2", "3", "4")),
    "BEFOLKNING_INNTEKT": ("edu_income", "amount", ()),
    "BEFOLKNING_KJOENN": ("edu_sex", "category", ("1", "2")),
    "BEFOLKNING_SIVILSTAND": ("edu_marital", "category", tuple("123456789")),
}
"""Register -> its indicator, kind and levels."""

LAG_DAYS = 30


def born_on(person: str) -> date:
    """Birthday of a person of the samples, which say nothing of it."""
    return date(1905, 1 + int(person) % 12, 1)


def microdata_project(root: Path, *, people: list[str], folder: str = "${TIDLIG_REALDATA}/norway/microdata_format") -> Path:
    """Write a project that reads the four sample registers.

    Parameters
    ----------
    folder
        Where the folders of the registers lie; each holds a CSV and a JSON file of its own name.
    """
    (root / "indicators").mkdir(parents=True)
    (root / "screening.toml").write_text(_SCREENING, encoding="utf-8")
    (root / "indicators" / "education.toml").write_text(
        _HEAD + "".join(_source(register, folder) for register in REGISTERS), encoding="utf-8"
    )
    write_csv(root / "persons.csv", [{"person": person, "born_on": born_on(person)} for person in people], synthetic=False)
    return root


def _source(register: str, folder: str) -> str:
    code, kind, levels = REGISTERS[register]
    told = f"levels = [{', '.join(repr(level) for level in levels)}]" if levels else ""
    place = f"{folder}/{register}"
    return _SPELLS.format(name=code, code=code, folder=place, register=register, lag=LAG_DAYS, kind=kind, levels=told)
