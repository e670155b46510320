"""Good rows on their way into the store: read, checked and numbered, with no raw identifier left in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.intake.checks import FURTHEST_DAYS, Rules, check_chunk, declare_indicators
from features.intake.people import People
from features.intake.quarantine import FileTally
from features.intake.sources import SourceUnit, read_unit
from features.intake.spells import SpellBuffer, mark_rows, spell_buffer
from features.progress import Step

STAGED_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("unit", pa.int32()),
        ("line", pa.int64()),
        ("number", pa.int32()),
        ("indicator", pa.int32()),
        ("value", pa.float32()),
        ("happened_on", pa.date32()),
        ("known_on", pa.date32()),
        ("record", pa.int64()),
    ]
)
"""`number` is the person's number within this ingest, `unit` the place of the source unit, `row` the order in which rows came."""


@dataclass
class Staging:
    """A folder of checked rows.

    Attributes
    ----------
    codes
        Indicator codes; a staged `indicator` is a position in it.
    """

    folder: Path
    codes: tuple[str, ...]
    n_rows: int = 0
    files: list[Path] = field(default_factory=list)

    def add(self, table: pa.Table) -> None:
        """Append rows, numbered in the order they came."""
        numbers = pa.array(np.arange(self.n_rows, self.n_rows + len(table)))
        path = self.folder / f"{len(self.files):06d}.parquet"
        pq.write_table(table.append_column("row", numbers).select(STAGED_SCHEMA.names).cast(STAGED_SCHEMA), path, compression="lz4")
        self.files.append(path)
        self.n_rows += len(table)


def stage_unit(
    unit: SourceUnit,
    number: int,
    *,
    people: People,
    staging: Staging,
    tally: FileTally,
    connection: duckdb.DuckDBPyConnection,
    today: date,
    step: Step,
) -> None:
    """Read one unit through the checks into the staging folder.

    Raises
    ------
    IntakeError
        What reading it raises; TID316 when its metadata does not read.
    """
    positions = {code: place for place, code in enumerate(staging.codes)}
    declare_indicators(connection, unit.indicators, positions=positions)
    rules = Rules.of(unit.source, today=today, temporality=unit.spell_metadata.temporality)
    spells = _spells(unit, number, staging, positions=positions, today=today)
    for chunk in read_unit(unit, tally):
        canonical = _with_digests(unit.contract.canonical(chunk.table, chunk.lines), people.mapping.record_key)
        if unit.spell_metadata.is_declared:
            canonical = mark_rows(canonical, unit.spell_metadata)
        checked = check_chunk(connection, canonical, rules)
        if people.adopt(connection, pc.unique(checked["raw"]).drop_null().to_pylist()):
            checked = check_chunk(connection, canonical, rules)
        good = _set_aside(checked, tally, rows=len(chunk.table) - _hidden_lines(chunk.lines, canonical, checked))
        _add_hints(canonical, tally, unit)
        if spells is not None:
            spells.add(good)
        elif len(good):
            staging.add(_staged(good, number))
        step.advance()
    for records in spells.records(tally) if spells is not None else ():
        staging.add(_staged(records, number))


def _spells(unit: SourceUnit, number: int, staging: Staging, *, positions: Mapping[str, int], today: date) -> SpellBuffer | None:
    """Where a spells file's rows wait until all have been read; None for other layouts."""
    if unit.source.layout != "spells":
        return None
    return spell_buffer(
        staging.folder / f"spells-{number}",
        unit.source,
        unit.spell_metadata,
        indicators=unit.indicators,
        positions=positions,
        today=today,
        furthest_days=FURTHEST_DAYS,
    )


def _hidden_lines(lines: pa.Array, canonical: pa.Table, checked: pa.Table) -> int:
    """Count lines of people who may leave no trace: they went in and did not come out."""
    if len(canonical) == len(checked):
        return 0
    return len(pc.unique(canonical["line"])) - len(pc.unique(checked["line"]))


def _set_aside(checked: pa.Table, tally: FileTally, *, rows: int) -> pa.Table:
    """Count broken lines under their first reason and return the rows of whole ones."""
    tally.rows_read += rows
    bad = checked.filter(pc.is_valid(checked["reason"]))
    if not len(bad):
        return checked
    first = bad.select(["line", "reason"]).to_pandas().drop_duplicates("line")
    for reason, lines in first.groupby("reason")["line"]:
        tally.add(str(reason), sorted(lines)[:20], count=len(lines))
    return checked.filter(pc.invert(pc.is_in(checked["line"], pa.array(first["line"]))))


def _add_hints(canonical: pa.Table, tally: FileTally, unit: SourceUnit) -> None:
    if tally.reasons.get("value_not_a_number") and pa.types.is_string(canonical["value"].type):
        other = "," if unit.source.decimal == "." else "."
        if pc.any(pc.match_substring_regex(canonical["value"], rf"^-?[0-9]+[{other}][0-9]+$")).as_py():
            tally.hints.add(
                f"Values have a decimal {'comma' if other == ',' else 'point'}: `decimal = {other!r}` in the source reads them."
            )
    if tally.reasons.get("unknown_indicator") and unit.source.layout == "events":
        known = pa.array(list(unit.indicators), pa.string())
        if not pc.any(pc.is_in(pc.utf8_trim_whitespace(canonical["code"].cast(pa.string())), known)).as_py():
            tally.hints.add(f"No row has an indicator that is on; the first declared ones are {', '.join(list(unit.indicators)[:5])}.")


def _with_digests(canonical: pa.Table, key: str) -> pa.Table:
    return canonical.set_column(canonical.column_names.index("record"), "record", digest_records(canonical["record"], key))


def _staged(good: pa.Table, number: int) -> pa.Table:
    return pa.table(
        {
            "unit": pa.repeat(pa.scalar(number, pa.int32()), len(good)),
            "line": good["line"],
            "number": good["link"],
            "indicator": good["indicator"],
            "value": good["value"],
            "happened_on": good["happened_on"],
            "known_on": good["known_on"],
            "record": good["record"],
        }
    )


def digest_records(column: pa.ChunkedArray, key: str) -> pa.Array:
    """Replace records' own numbers, which may be made of identifiers, by a keyed 64-bit digest (SipHash); null stays null.

    Equal numbers within a person and indicator meet; that two different ones do is a matter of 2⁻⁶⁴.
    """
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.int64())
    texts = pc.utf8_trim_whitespace(pc.fill_null(column.cast(pa.string()), ""))
    missing = pc.equal(texts, "").to_numpy(zero_copy_only=False)
    digests = pd.util.hash_array(texts.to_numpy(zero_copy_only=False), hash_key=key, categorize=False)
    return pa.array(digests.view(np.int64), mask=missing)
