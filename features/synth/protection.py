"""Addresses that the register protects, for the demo: drawn at national rates hardly anybody of a small population has one.

Whoever is chosen is one whom a model will probably propose, so that the shielded caseworkers' lists are not empty. Which they are stands
in the truth, which no source reads; what the register delivers afterwards is what it would deliver of anybody.
"""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

PROTECTION = "fortrolig"
DELIMITER = ";"
"""Of `persons.csv`, as `features.synth.sources` writes it."""


def protect_addresses(folder: Path, *, birth_year: int, people: int) -> tuple[str, ...]:
    """Protect the addresses of those of a birth year to whom school comes hardest, in the delivered `persons.csv`; give who they are.

    Parameters
    ----------
    folder
        Where `tidlig synth` wrote, `truth/` included; before it is ingested.
    people
        How many, the highest true probability of not completing first; who lives with them is shielded at intake.
    """
    truth = pq.read_table(folder / "truth" / "truth.parquet", columns=["person", "birth_year", "probability"])
    ours = truth.filter(pc.and_(pc.equal(truth["birth_year"], birth_year), pc.is_valid(truth["probability"])))
    hardest = ours.sort_by([("probability", "descending"), ("person", "ascending")]).slice(0, people)
    chosen = tuple(str(person) for person in hardest["person"].to_pylist())
    _protect(folder / "persons.csv", frozenset(chosen))
    return chosen


def _protect(path: Path, chosen: frozenset[str]) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=DELIMITER)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    for row in rows:
        if row["person"] in chosen:
            row["address_protection"] = PROTECTION
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=DELIMITER, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
