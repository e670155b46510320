"""What every row is held against: one SQL statement a chunk, which reads dates and values and names the first thing that is wrong.

DuckDB does the work on Arrow memory; nothing loops over rows. The connection is in memory and may not spill, since raw identifiers pass
through it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import pyarrow as pa

from features.catalogue import Indicator, Kind, Source

EARLIEST = date(1900, 1, 1)
FURTHEST_DAYS = 366
"""How far ahead something may be known to happen."""

_LIMIT_FLOAT32 = 3.4e38

_HAPPENED = {"ACCUMULATED": "coalesce(stopped, started)", "FIXED": "coalesce(people.born, stopped)"}
"""SQL for the day of a row by temporality. What never changes holds from birth; a sum over a period is there when the period is over."""


@dataclass(frozen=True)
class Rules:
    """What depends on the source and the day, beside the indicators."""

    today: date
    decimal: str
    known_lag_days: int | None
    temporality: str = "EVENT"

    @classmethod
    def of(cls, source: Source, *, today: date, temporality: str) -> Rules:
        """Take the rules from a source's declaration."""
        return cls(today, source.decimal, source.known_lag_days, temporality)


def connect() -> duckdb.DuckDBPyConnection:
    """Open an in-memory database that writes nothing to disk by itself."""
    return duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False})


def declare_indicators(connection: duckdb.DuckDBPyConnection, indicators: Mapping[str, Indicator], *, positions: Mapping[str, int]) -> None:
    """Make the tables `indicators` and `levels` that chunks are checked against.

    Parameters
    ----------
    indicators
        The ones that this source may give.
    positions
        Number of each indicator within this ingest.
    """
    codes = list(indicators)
    kinds = [indicators[code].kind for code in codes]
    levels = [(code, text, number) for code in codes for text, number in stored_levels(indicators[code]).items()]
    _replace(
        connection,
        "indicators",
        pa.table(
            {
                "code": pa.array(codes, pa.string()),
                "position": pa.array([positions[code] for code in codes], pa.int32()),
                "kind": pa.array([kind.value for kind in kinds], pa.string()),
                "has_levels": pa.array([bool(indicators[code].levels) for code in codes], pa.bool_()),
                "may_lack_value": pa.array([kind in (Kind.COUNT, Kind.FLAG) for kind in kinds], pa.bool_()),
            }
        ),
    )
    _replace(
        connection,
        "levels",
        pa.table(
            {
                "code": pa.array([code for code, _, _ in levels], pa.string()),
                "level": pa.array([text for _, text, _ in levels], pa.string()),
                "stored": pa.array([number for _, _, number in levels], pa.float64()),
            }
        ),
    )


def stored_levels(indicator: Indicator) -> dict[str, float]:
    """Level text -> number in the store.

    The position in the declared `levels`; only where a *level* (not a category) declares nothing but numbers are those numbers kept, since
    a grade of 4 has to stay a 4.
    """
    if indicator.kind is Kind.LEVEL:
        try:
            return {text: float(text) for text in indicator.levels}
        except ValueError:
            pass
    return {text: float(place) for place, text in enumerate(indicator.levels)}


def declare_people(connection: duckdb.DuckDBPyConnection, ids: pa.Array, links: pa.Array, born_on: pa.Array) -> None:
    """Make the table `people`: raw identifier -> this ingest's number of the person; -1 for somebody who may leave no trace (R-08).

    `born_on` is the day from which a value of temporality FIXED is known.
    """
    table = pa.table({"raw": ids.cast(pa.string()), "link": links.cast(pa.int32()), "born": born_on.cast(pa.date32())})
    _replace(connection, "people", table)


def add_people(connection: duckdb.DuckDBPyConnection, ids: pa.Array, links: pa.Array) -> None:
    """Add rows to the table `people`."""
    connection.register("incoming", pa.table({"raw": ids, "link": links}))
    connection.execute("INSERT INTO people SELECT raw, link, NULL FROM incoming")
    connection.unregister("incoming")


def check_chunk(connection: duckdb.DuckDBPyConnection, canonical: pa.Table, rules: Rules) -> pa.Table:
    """Read dates and values of a canonical chunk and name what is wrong.

    Returns
    -------
    pyarrow.Table
        line, raw, link, indicator, value, happened_on, known_on, start_on, stop_on, record and reason; reason is null where the row is
        good, and raw where the person is known.
        Rows of people who may leave no trace are not in it, nor counted.
    """
    connection.register("chunk", canonical)
    try:
        return connection.execute(_statement(canonical.schema, rules)).to_arrow_table()
    finally:
        connection.unregister("chunk")


def read_day(name: str, kind: pa.DataType) -> str:
    """SQL that reads a date column: typed, ISO text, or the Norwegian 01.03.2024; null where it can't."""
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return f"{name}::DATE"
    text = f"trim({name}::VARCHAR)"
    return f"coalesce(TRY_CAST({text} AS DATE), TRY_CAST(try_strptime({text}, '%d.%m.%Y') AS DATE))"


def _replace(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("incoming", table)
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM incoming")
    connection.unregister("incoming")


def _statement(schema: pa.Schema, rules: Rules) -> str:
    lag = "NULL" if rules.known_lag_days is None else str(rules.known_lag_days)
    happened = _HAPPENED.get(rules.temporality, "coalesce(started, stopped)")
    problem, is_unknown = ("problem", "is_unknown") if "problem" in schema.names else ("NULL", "false")
    text = _text("value", schema)
    day = {name: read_day(name, schema.field(name).type) for name in ("happened", "known", "stop")}
    return f"""
        WITH read AS (
            SELECT line, {_text("id", schema)} AS raw, trim(code::VARCHAR) AS code, value, {_given("value", schema)} AS has_value,
                {problem} AS problem, {is_unknown} AS is_unknown,
                {_number(schema, rules)} AS number, {day["happened"]} AS started, {day["stop"]} AS stopped, {day["known"]} AS learned,
                {_given("happened", schema)} AS has_start, {_given("stop", schema)} AS has_stop, {_given("known", schema)} AS has_known,
                record
            FROM chunk
        ), found AS (
            SELECT read.*, people.link, indicators.position, indicators.kind, indicators.has_levels, indicators.may_lack_value,
                CASE WHEN is_unknown THEN NULL WHEN has_levels THEN levels.stored
                    WHEN indicators.kind = 'flag' AND number IS NULL THEN
                        CASE lower({text}) WHEN 'true' THEN 1.0 WHEN 'false' THEN 0.0 END
                    ELSE number END AS stored,
                {happened} AS happened_on
            FROM read
            LEFT JOIN indicators ON indicators.code = read.code
            LEFT JOIN levels ON levels.code = read.code AND levels.level = CASE WHEN indicators.has_levels THEN {text} END
            LEFT JOIN people ON people.raw = read.raw
            WHERE people.link IS DISTINCT FROM -1
        ), dated AS (
            SELECT *, coalesce(learned, CASE WHEN has_known THEN NULL ELSE happened_on + {lag} END) AS known_on FROM found
        )
        SELECT line, CASE WHEN link IS NULL THEN raw END AS raw, link::INTEGER AS link, position::INTEGER AS indicator,
            stored::FLOAT AS value, happened_on, known_on, started AS start_on, stopped AS stop_on, record,
            coalesce(problem, CASE {_reasons(rules)} END) AS reason
        FROM dated
    """


def _reasons(rules: Rules) -> str:
    """First of these that holds is the row's reason; what a person could mend first comes first."""
    early, late = f"DATE '{EARLIEST}'", f"DATE '{rules.today}' + {FURTHEST_DAYS}"
    cases: Iterable[tuple[str, str]] = (
        ("raw IS NULL", "missing_id"),
        ("position IS NULL", "unknown_indicator"),
        ("has_start AND started IS NULL", "happened_unreadable"),
        ("has_stop AND (stopped IS NULL OR NOT isfinite(stopped))", "stop_unreadable"),
        ("happened_on IS NULL", "happened_missing"),
        (f"happened_on < {early}", "happened_too_early"),
        (f"happened_on > {late}", "happened_too_late"),
        ("stopped < started", "stop_before_start"),
        ("has_known AND learned IS NULL", "known_unreadable"),
        ("known_on IS NULL", "known_missing"),
        (f"known_on < {early}", "known_too_early"),
        (f"learned > DATE '{rules.today}'", "known_in_future"),
        ("NOT has_value AND NOT may_lack_value AND NOT is_unknown", "value_missing"),
        ("has_value AND NOT is_unknown AND stored IS NULL AND has_levels", "value_not_a_level"),
        ("has_value AND NOT is_unknown AND kind = 'flag' AND (stored IS NULL OR stored NOT IN (0, 1))", "value_not_0_or_1"),
        (
            f"has_value AND NOT is_unknown AND (stored IS NULL OR NOT isfinite(stored) OR abs(stored) > {_LIMIT_FLOAT32})",
            "value_not_a_number",
        ),
        ("kind = 'count' AND stored < 0", "value_negative"),
        ("link IS NULL", "unknown_person"),
    )
    return " ".join(f"WHEN {condition} THEN '{reason}'" for condition, reason in cases)


def _given(name: str, schema: pa.Schema) -> str:
    """SQL that says whether a date or value is there at all, readable or not."""
    kind = schema.field(name).type
    if pa.types.is_floating(kind):
        return f"({name} IS NOT NULL AND NOT isnan({name}))"
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return f"nullif(trim({name}), '') IS NOT NULL" if is_text else f"{name} IS NOT NULL"


def _text(name: str, schema: pa.Schema) -> str:
    """SQL that reads a column as text; a whole number in a float column loses its ``.0``."""
    if pa.types.is_floating(schema.field(name).type):
        return f"CASE WHEN {name} = floor({name}) THEN {name}::BIGINT::VARCHAR WHEN isnan({name}) THEN NULL ELSE {name}::VARCHAR END"
    return f"nullif(trim({name}::VARCHAR), '')"


def _number(schema: pa.Schema, rules: Rules) -> str:
    """SQL that reads the value as a number; null where it can't."""
    kind = schema.field("value").type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "value::DOUBLE"
    text = "trim(value::VARCHAR)"
    if rules.decimal == ",":
        text = f"replace(replace(replace({text}, ' ', ''), chr(160), ''), ',', '.')"
    return f"TRY_CAST({text} AS DOUBLE)"
