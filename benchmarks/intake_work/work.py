"""The files that every contender reads: a register of persons, and records with string ids, in no order, as Parquet or CSV.

One row in a thousand breaks the contract and one in a thousand stands twice, as in a good register; a row is late by up to 60 days.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.records import day_number

Format = Literal["parquet", "csv"]

INDICATORS = tuple(f"edu_indicator_{number:02d}" for number in range(30))
ROWS_PER_PERSON = 190
ROWS_AT_ONCE = 1_000_000
FIRST_DAY, LAST_DAY = day_number(date(2012, 1, 1)), day_number(date(2024, 12, 31))
LATEST_LAG_DAYS = 60
N_WRONG = 1000
"""One row in so many has a value that is no number of its indicator, and one stands twice."""


def n_persons_of(rows: int) -> int:
    """People that so many rows belong to."""
    return max(1, rows // ROWS_PER_PERSON)


def write_files(folder: Path, *, rows: int, kind: Format, seed: int = 7) -> int:
    """Write ``persons`` and ``records`` in one format, a million rows at a time; return the number of records."""
    rng, n_persons = np.random.default_rng(seed), n_persons_of(rows)
    folder.mkdir(parents=True, exist_ok=True)
    born = rng.integers(day_number(date(1998, 1, 1)), day_number(date(2010, 12, 31)), n_persons).astype(np.int32)
    ids = pa.array([f"SYN-{number:07d}" for number in range(n_persons)])
    persons = pa.table({"person": ids, "born_on": pa.array(born).cast(pa.date32()), "synthetic": pa.repeat(True, n_persons)})
    _write(folder / f"persons.{kind}", iter([persons]), persons.schema, kind)
    starts = range(0, rows, ROWS_AT_ONCE)
    tables = (_records(rng, ids, min(ROWS_AT_ONCE, rows - start), first_record=start) for start in starts)
    _write(folder / f"records.{kind}", tables, _SCHEMA, kind)
    return rows


_SCHEMA = pa.schema(
    [
        ("person", pa.string()),
        ("happened_on", pa.date32()),
        ("known_on", pa.date32()),
        ("indicator", pa.string()),
        ("value", pa.float64()),
        ("record", pa.string()),
        ("synthetic", pa.bool_()),
    ]
)


def _records(rng: np.random.Generator, ids: pa.Array, n: int, *, first_record: int) -> pa.Table:
    n_new = n - n // N_WRONG
    happened_on = rng.integers(FIRST_DAY, LAST_DAY, n_new, dtype=np.int32)
    value: NDArray[np.float64] = rng.integers(0, 40, n_new) / 2
    value[rng.integers(0, n_new, n // N_WRONG)] = -1
    table = pa.table(
        {
            "person": ids.take(pa.array(rng.integers(0, len(ids), n_new))),
            "happened_on": pa.array(happened_on).cast(pa.date32()),
            "known_on": pa.array(happened_on + rng.integers(0, LATEST_LAG_DAYS, n_new, dtype=np.int32)).cast(pa.date32()),
            "indicator": pa.array(INDICATORS).take(pa.array(rng.integers(0, len(INDICATORS), n_new))),
            "value": value,
            "record": pa.array(np.char.add("r", np.arange(first_record, first_record + n_new).astype(str))),
            "synthetic": pa.repeat(True, n_new),
        },
        schema=_SCHEMA,
    )
    return pa.concat_tables([table, table.take(pa.array(rng.integers(0, n_new, n - n_new)))])


def _write(path: Path, tables: object, schema: pa.Schema, kind: Format) -> None:
    if kind == "parquet":
        with pq.ParquetWriter(path, schema, compression="zstd") as writer:
            for table in tables:  # type: ignore[attr-defined]
                writer.write_table(table)
    else:
        with pa_csv.CSVWriter(path, schema, write_options=pa_csv.WriteOptions(quoting_style="none")) as writer:
            for table in tables:  # type: ignore[attr-defined]
                writer.write_table(table)


_PURPOSE = """
[[purpose]]
kind = "{kind}"
legal_basis = "FIKTIV"
controller = "Fiktiv kommune"
valid_from = 2020-01-01
valid_to = 2030-12-31
"""

_SCREENING = """
[project]
id = "bench-intake"
title = "Intake benchmark"
data = "synthetic"
controller = "Fiktiv kommune"
{purposes}
[[stage]]
name = "start"
label = {{ nb = "Start", nn = "Start", en = "Start" }}
anchor = "edu_indicator_00"
as_of = {{ offset_days = 0 }}
outcomes = ["outcome"]

[[outcome]]
name = "outcome"
label = {{ nb = "Utfall", nn = "Utfall", en = "Outcome" }}
indicator = "edu_outcome"
positive = [1]
negative = [0]
horizon_days = 365

[outcome.of_100]
nb = "{{n}} av 100, {{rest}} ikke."
nn = "{{n}} av 100, {{rest}} ikkje."
en = "{{n}} of 100, {{rest}} not."
"""

_INDICATOR = """
[[indicator]]
code = "{code}"
kind = "count"
whole = false
use = "predictor"
label = {{ nb = "{code}", nn = "{code}", en = "{code}" }}
"""

_SOURCES = """
[[indicator]]
code = "edu_outcome"
kind = "level"
use = "label"
label = {{ nb = "Utfall", nn = "Utfall", en = "Outcome" }}

[[source]]
name = "register"
layout = "persons"
files = ["data/persons.{kind}"]
purposes = [{purposes}]

[[source]]
name = "records"
layout = "events"
files = ["data/records.{kind}"]
purposes = [{purposes}]
record_column = "record"
"""

KEYS = {f"TIDLIG_KEY_{purpose}": f"{number}{number}" * 32 for number, purpose in enumerate(("TRAIN", "SCORE", "AUDIT"), start=1)}
"""Keys as an environment: everybody here is invented."""


def write_project(root: Path, data: Path, *, kind: Format, purposes: tuple[str, ...]) -> Path:
    """Write a project over these files for these purposes (``train``, ``score``)."""
    (root / "indicators").mkdir(parents=True, exist_ok=True)
    declared = "".join(_PURPOSE.format(kind=purpose) for purpose in purposes)
    (root / "screening.toml").write_text(_SCREENING.format(purposes=declared), encoding="utf-8")
    listed = ", ".join(f'"{purpose}"' for purpose in purposes)
    education = "".join(_INDICATOR.format(code=code) for code in INDICATORS)
    text = 'sector = "education"\n' + education + _SOURCES.format(kind=kind, purposes=listed)
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    if not (root / "data").exists():
        (root / "data").symlink_to(data.resolve())
    return root
