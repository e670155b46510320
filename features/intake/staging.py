"""Good rows on their way into the store: read, checked and numbered, with no raw identifier left in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.catalogue import Kind
from features.intake.checks import Rules, check_chunk, declare_indicators
from features.intake.layouts import read_temporality
from features.intake.people import People
from features.intake.quarantine import FileTally
from features.intake.sources import SourceUnit, read_unit
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
    metadata: Path | None,
    step: Step,
) -> None:
    """Read one unit through the checks into the staging folder.

    Raises
    ------
    IntakeError
        What reading it raises; TID316 when its metadata does not read.
    """
    declare_indicators(connection, unit.indicators, positions={code: place for place, code in enumerate(staging.codes)})
    rules = Rules.of(unit.source, today=today, temporality=read_temporality(metadata))
    for chunk in read_unit(unit, tally):
        canonical = _with_digests(unit.contract.canonical(chunk.table, chunk.lines), people.mapping.record_key)
        checked = check_chunk(connection, canonical, rules)
        if people.adopt(connection, pc.unique(checked["raw"]).drop_null().to_pylist()):
            checked = check_chunk(connection, canonical, rules)
        good = _set_aside(checked, tally, rows=len(chunk.table) - _hidden_lines(chunk.lines, canonical, checked))
        _add_hints(canonical, tally, unit)
        records = _with_ends(good, unit, staging.codes) if unit.source.layout == "spells" else good
        if len(records):
            staging.add(_staged(records, number))
        step.advance()


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


def _with_ends(good: pa.Table, unit: SourceUnit, codes: Sequence[str]) -> pa.Table:
    """Add a 0 on the day after a flag's spell ends: from then on it is no longer in force.

    What a spell of another kind is followed by is its next spell. The end is known when the row is, or `known_lag_days` after the end.
    """
    flags = pa.array(
        [place for place, code in enumerate(codes) if code in unit.indicators and unit.indicators[code].kind is Kind.FLAG], pa.int32()
    )
    ended = good.filter(pc.and_(pc.is_valid(good["stop_on"]), pc.is_in(good["indicator"], flags)))
    if not len(ended):
        return good
    stop = pc.add(ended["stop_on"].cast(pa.int32()), 1)
    lag = unit.source.known_lag_days
    has_own_date = unit.source.known_column is not None and lag is None
    known = ended["known_on"] if has_own_date else pc.add(stop, lag or 0).cast(pa.int32()).cast(pa.date32())
    return pa.concat_tables(
        [
            good,
            _replaced(
                ended,
                value=pa.repeat(pa.scalar(0.0, pa.float32()), len(ended)),
                happened_on=stop.cast(pa.int32()).cast(pa.date32()),
                known_on=known,
            ),
        ]
    )


def _replaced(table: pa.Table, **columns: pa.Array | pa.ChunkedArray) -> pa.Table:
    for name, column in columns.items():
        table = table.set_column(table.column_names.index(name), table.schema.field(name), column)
    return table


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
