"""The persons sources: who there is, who belongs together, who is shielded, and who may leave no trace (R-08).

Read anew at every ingest, loaded before or not, since address protection has to be as the register says today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import pandas as pd
import pyarrow as pa

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.checks import EARLIEST
from features.intake.columns import connect, read_day
from features.intake.layouts import BORN, PROTECTION
from features.intake.quarantine import FileTally
from features.intake.sources import SourceUnit, read_unit
from features.published_tables import TOTALS

_OPEN = ("", "ugradert")
_SHIELDED = ("klientadresse", "fortrolig", "4", "7")
_STRICT = ("strengtfortrolig", "strengtfortroligutland", "6")
"""Words of the population register, and its older codes (SPES-KD)."""


@dataclass(frozen=True)
class Roster:
    """Everybody that the persons sources know.

    Attributes
    ----------
    people
        raw, group_raw (or None), born_on (date or None), shielded, purposes (tuple); one row a person.
    hidden
        Raw identifiers of people with a strictly confidential address. They are in nothing: not in `people`, not in any count.
    """

    people: pd.DataFrame
    hidden: tuple[str, ...]


def read_roster(units: Sequence[SourceUnit], *, today: date, tallies: Sequence[FileTally], is_real: bool) -> Roster:
    """Read all persons sources; of a person in several, the last one says what holds, and of several rows there the strictest.

    Whoever lives with somebody whose address is protected, strictly too, is shielded: their address would be the same (R-08).

    Parameters
    ----------
    is_real
        The data is about real people: every source has to say whose address is protected.

    Raises
    ------
    IntakeError
        TID312 an address protection that is not known, or real people of whom it is not said, and what reading a source raises.
    """
    connection = connect()
    connection.execute(
        """CREATE TABLE rows (
            unit INTEGER, line BIGINT, raw VARCHAR, group_raw VARCHAR, household VARCHAR, born_on DATE, protection VARCHAR, reason VARCHAR
        )"""
    )
    for number, (unit, tally) in enumerate(zip(units, tallies, strict=True)):
        _read(connection, number, unit, tally, today, is_real=is_real)
    connection.execute(f"CREATE TABLE hidden AS SELECT DISTINCT raw FROM rows WHERE protection IN {_STRICT}")
    connection.execute("CREATE TABLE seen AS SELECT * FROM rows WHERE raw IS NULL OR raw NOT IN (SELECT raw FROM hidden)")
    connection.execute(
        """UPDATE seen SET reason = 'duplicate_id'
        FROM (SELECT unit, raw, min(line) AS first_line FROM seen WHERE reason IS NULL GROUP BY unit, raw) AS kept
        WHERE seen.unit = kept.unit AND seen.raw = kept.raw AND seen.line > kept.first_line AND seen.reason IS NULL"""
    )
    for number, tally in enumerate(tallies):
        _count(connection, number, tally)
    hidden = tuple(raw for (raw,) in connection.execute("SELECT raw FROM hidden ORDER BY raw").fetchall())
    return Roster(_people(connection, units), hidden)


def _read(connection: duckdb.DuckDBPyConnection, number: int, unit: SourceUnit, tally: FileTally, today: date, *, is_real: bool) -> None:
    for chunk in read_unit(unit, tally):
        if is_real and PROTECTION not in chunk.table.column_names:
            raise IntakeError(
                "TID312",
                f"{unit.name} (source {unit.source.name}) has no column `{PROTECTION}`. Of real people it has to be said whose address is "
                "protected before anybody is loaded (R-08). Ask for it from the population register.",
            )
        connection.register("chunk", chunk.table.append_column("__line", chunk.lines))
        connection.execute(f"INSERT INTO rows {_statement(unit.source, chunk.table.schema, number, today)}")
        connection.unregister("chunk")
    strange = connection.execute(
        f"SELECT count(*) FROM rows WHERE unit = {number} AND protection NOT IN {(*_OPEN, *_SHIELDED, *_STRICT)}"
    ).fetchone()
    if strange is not None and strange[0]:
        raise IntakeError(
            "TID312",
            f"{unit.name} (source {unit.source.name}): {strange[0]} rows have an `{PROTECTION}` that is not known. Expected ugradert, "
            "klientadresse, fortrolig or strengtFortrolig. Nobody is loaded before it is clear who is protected.",
        )
    _check_no_totals(connection, number, unit)


def _check_no_totals(connection: duckdb.DuckDBPyConnection, number: int, unit: SourceUnit) -> None:
    """Refuse a published table of places as a register of people: it has a row for the whole country."""
    found = connection.execute(f"SELECT count(*) FROM rows WHERE unit = {number} AND lower(raw) IN {TOTALS}").fetchone()
    if found is not None and found[0]:
        raise IntakeError(
            "TID348",
            f"{unit.name} (source {unit.source.name}): {found[0]} rows are of a whole country or of all places together. This is a "
            "published table of figures, not a register of people; `features.published` reads it.",
        )


def _statement(source: Source, schema: pa.Schema, number: int, today: date) -> str:
    def text(column: str | None) -> str:
        return f"nullif(trim(\"{column}\"::VARCHAR), '')" if column in schema.names else "NULL"

    born_text = text(BORN)
    born = read_day(f'"{BORN}"', schema.field(BORN).type) if BORN in schema.names else "NULL::DATE"
    protection = f"regexp_replace(lower(coalesce({text(PROTECTION)}, '')), '[^a-z0-9]', '', 'g')"
    return f"""
        SELECT {number}, __line, {text(source.id_column)} AS raw, {text(source.group_column)}, {text(source.household_column)},
            {born} AS born, {protection},
            CASE WHEN raw IS NULL THEN 'missing_id'
                WHEN {born_text} IS NOT NULL AND born IS NULL THEN 'born_unreadable'
                WHEN born < DATE '{EARLIEST}' OR born > DATE '{today}' THEN 'born_impossible' END
        FROM chunk
    """


def _count(connection: duckdb.DuckDBPyConnection, number: int, tally: FileTally) -> None:
    read = connection.execute("SELECT count(*) FROM seen WHERE unit = ?", [number]).fetchone()
    tally.rows_read += read[0] if read else 0
    rows = connection.execute(
        """SELECT reason, count(*), list(line ORDER BY line)[:20] FROM seen
        WHERE unit = ? AND reason IS NOT NULL GROUP BY reason ORDER BY reason""",
        [number],
    ).fetchall()
    for reason, count, lines in rows:
        tally.add(reason, lines, count=count)


def _people(connection: duckdb.DuckDBPyConnection, units: Sequence[SourceUnit]) -> pd.DataFrame:
    frame: pd.DataFrame = (
        connection.execute(
            f"""WITH told AS (
                SELECT raw, unit, last(household ORDER BY line) AS household, bool_or(protection IN {(*_SHIELDED, *_STRICT)}) AS graded
                FROM rows WHERE raw IS NOT NULL GROUP BY raw, unit
            ), stands AS (
                SELECT raw, last(household ORDER BY unit) AS household, last(graded ORDER BY unit) AS graded FROM told GROUP BY raw
            ), addresses AS (
                SELECT DISTINCT household FROM stands WHERE graded AND household IS NOT NULL
            )
            SELECT raw, last(group_raw ORDER BY unit) AS group_raw, last(born_on ORDER BY unit) AS born_on,
                any_value(stands.graded OR stands.household IN (SELECT household FROM addresses)) IS TRUE AS shielded,
                list(DISTINCT unit ORDER BY unit) AS units
            FROM seen JOIN stands USING (raw) WHERE reason IS NULL GROUP BY raw ORDER BY raw"""
        )
        .to_arrow_table()
        .to_pandas()
    )
    known: dict[tuple[int, ...], tuple[str, ...]] = {}
    for numbers in {tuple(found) for found in frame["units"]}:
        known[numbers] = tuple(sorted({purpose for n in numbers for purpose in units[n].purposes}))
    frame["purposes"] = pd.Series([known[tuple(numbers)] for numbers in frame["units"]], dtype=object)
    return frame.drop(columns="units")
