"""Spells: a state from a start to a stop. Which rows break microdata's rules, and what the end of a state leaves in the store.

A row is judged twice: alone, before its dates and value are read (`mark_rows`), and together with the person's other rows, once the whole
file has been read (`SpellBuffer`): only then is it known whether a state was followed by another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.declarations.catalogue import Indicator, Kind, Source
from features.intake.quarantine import LINES_KEPT, FileTally
from features.intake.spell_metadata import CodeItem, SpellMetadata

END_OF_TIME = date(9999, 12, 31)
ENDING_KINDS = (Kind.FLAG, Kind.CATEGORY, Kind.LEVEL)
"""Kinds whose value holds until something else does; counts and amounts are of their period, and nothing ends."""

_END_KEY = 0x456E644F6653706C
"""An end's record number is its spell's, turned by this: a record of its own, which supersedes earlier ends of the same spell only."""

_PATTERNS = {"LONG": r"^-?[0-9]+$", "DOUBLE": r"^-?[0-9]+([.][0-9]+)?([eE][-+]?[0-9]+)?$"}
_CHUNK_ROWS = 1_000_000


def mark_rows(canonical: pa.Table, metadata: SpellMetadata) -> pa.Table:
    """Add what the metadata says of each row of a canonical chunk: `problem`, a reason code or null, and `is_unknown`.

    `is_unknown` rows carry a code for *unknown*: their state is not known, which is a record without a value, not a broken row.
    """
    column = {name: _plain(canonical[name]) for name in ("value", "happened", "stop")}
    value, given = _text(column["value"]), {name: _is_given(column[name]) for name in ("happened", "stop")}
    day = {name: _days(column[name]) for name in ("happened", "stop")}
    unknown = _is_in(value, [item.code for item in metadata.measure.domain.missing])
    problems = [*_date_problems(metadata, given, day), *_value_problems(metadata, value, pc.invert(unknown), day)]
    problem = pa.nulls(len(canonical), pa.string())
    for reason, rows in reversed(problems):
        problem = pc.if_else(pc.fill_null(rows, False), reason, problem)
    return canonical.append_column("problem", problem).append_column("is_unknown", unknown)


@dataclass
class SpellBuffer:
    """A file's good rows, on disk until all have been read; no raw identifier is in them.

    Parameters
    ----------
    today
        A stop further ahead than `furthest_days` after it is a way to write that there is none.
    """

    folder: Path
    source: Source
    metadata: SpellMetadata
    ending: frozenset[int]
    """Numbers of the indicators whose states end."""
    flags: frozenset[int]
    today: date
    furthest_days: int
    files: list[Path] = field(default_factory=list)

    def add(self, good: pa.Table) -> None:
        """Keep a chunk's good rows."""
        self.folder.mkdir(exist_ok=True)
        path = self.folder / f"{len(self.files):06d}.parquet"
        pq.write_table(good, path, compression="lz4")
        self.files.append(path)

    def records(self, tally: FileTally) -> Iterator[pa.Table]:
        """Set aside spells that contradict each other, and yield ends and spells, ends first.

        The end of a flag's spell gives a 0 on the day after, that of a category's or level's a record without a value: from then on
        nobody knows the state. Neither is given where another spell covers that day.
        """
        if not self.files:
            return
        connection = duckdb.connect(":memory:", config={"temp_directory": str(self.folder / "spill"), "preserve_insertion_order": False})
        try:
            connection.read_parquet([str(path) for path in self.files]).create_view("spells")
            connection.execute(f"CREATE TABLE broken AS {_overlapping()}" if self._asks_overlaps else "CREATE TABLE broken (line BIGINT)")
            self._set_aside(connection, tally)
            connection.execute("CREATE TEMP VIEW whole AS SELECT * FROM spells ANTI JOIN broken USING (line)")
            for statement in (*self._end_statements(), "SELECT * FROM whole ORDER BY line"):
                for batch in connection.execute(statement).to_arrow_reader(_CHUNK_ROWS):
                    yield pa.Table.from_batches([batch])
        finally:
            connection.close()
        for path in self.files:
            path.unlink()

    @property
    def _asks_overlaps(self) -> bool:
        """Whether a person has one value at a time: microdata's rule, unless rows are versions of records."""
        return self.metadata.is_declared and self.source.record_column is None and self.source.known_column is None

    def _set_aside(self, connection: duckdb.DuckDBPyConnection, tally: FileTally) -> None:
        lines = [int(line) for (line,) in connection.execute("SELECT line FROM broken ORDER BY line LIMIT ?", [LINES_KEPT]).fetchall()]
        count = connection.execute("SELECT count(*) FROM broken").fetchone()
        if lines and count is not None:
            tally.add("spells_overlap", lines, count=int(count[0]))

    def _end_statements(self) -> tuple[str, ...]:
        if self.metadata.temporality != "EVENT" or not self.ending:
            return ()
        return (_ends(self.source, ending=self.ending, flags=self.flags, today=self.today, furthest_days=self.furthest_days),)


def spell_buffer(
    folder: Path,
    source: Source,
    metadata: SpellMetadata,
    *,
    indicators: Mapping[str, Indicator],
    positions: Mapping[str, int],
    today: date,
    furthest_days: int,
) -> SpellBuffer:
    """Open a buffer for one file of spells.

    Parameters
    ----------
    positions
        Number of each indicator within this ingest.
    """
    ending = {code for code, indicator in indicators.items() if indicator.kind in ENDING_KINDS}
    flags = frozenset(positions[code] for code in ending if indicators[code].kind is Kind.FLAG)
    return SpellBuffer(folder, source, metadata, frozenset(positions[code] for code in ending), flags, today, furthest_days)


def _date_problems(
    metadata: SpellMetadata, given: dict[str, pa.ChunkedArray], day: dict[str, pa.ChunkedArray]
) -> list[tuple[str, pa.ChunkedArray]]:
    """Microdata's rules on which dates a row has, by temporality; whether they read and lie in order is asked of every spell."""
    if not metadata.is_declared:
        return []
    lacks_start, lacks_stop = pc.invert(given["happened"]), pc.invert(given["stop"])
    match metadata.temporality:
        case "FIXED":
            return [("start_of_fixed", given["happened"])]
        case "EVENT":
            return [("happened_missing", lacks_start)]
        case "ACCUMULATED":
            return [("happened_missing", lacks_start), ("stop_missing", lacks_stop)]
        case _:
            differs = pc.not_equal(day["happened"], day["stop"])
            return [("happened_missing", lacks_start), ("stop_missing", lacks_stop), ("stop_not_start", differs)]


def _value_problems(
    metadata: SpellMetadata, value: pa.ChunkedArray, wanted: pa.ChunkedArray, day: dict[str, pa.ChunkedArray]
) -> list[tuple[str, pa.ChunkedArray]]:
    wanted = pc.and_(wanted, pc.is_valid(value))
    measure, problems = metadata.measure, []
    if measure.data_type in _PATTERNS:
        fits = pc.match_substring_regex(value, _PATTERNS[measure.data_type])
        problems.append(("value_not_of_data_type", pc.and_(wanted, pc.invert(fits))))
    if measure.domain.code_list:
        listed = _is_in(value, [item.code for item in measure.domain.code_list])
        problems.append(("value_not_in_code_list", pc.and_(wanted, pc.invert(listed))))
        if metadata.temporality != "FIXED":
            on = day["stop" if metadata.temporality == "ACCUMULATED" else "happened"]
            valid = _is_code_on(value, on, measure.domain.code_list)
            problems.append(("value_not_valid_then", pc.and_(pc.and_(wanted, listed), pc.invert(valid))))
    return problems


def _is_code_on(value: pa.ChunkedArray, day: pa.ChunkedArray, items: tuple[CodeItem, ...]) -> pa.ChunkedArray:
    """Whether the value is a code on that day; a code may have several periods, and a day that does not read is not held against it."""
    periods: dict[str, list[CodeItem]] = {}
    for item in items:
        periods.setdefault(item.code, []).append(item)
    place = pc.index_in(value, pa.array(periods, pa.string()))
    valid = pc.is_null(day)
    for nth in zip_longest(*periods.values()):
        start = pa.array([item.valid_from or date.min if item else None for item in nth], pa.date32())
        stop = pa.array([item.valid_until or date.max if item else None for item in nth], pa.date32())
        inside = pc.and_(pc.greater_equal(day, pc.take(start, place)), pc.less_equal(day, pc.take(stop, place)))
        valid = pc.or_(valid, pc.fill_null(inside, False))
    return valid


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_floating(column.type):
        whole = pc.equal(column, pc.floor(column))
        return pc.if_else(whole, pc.cast(pc.floor(column), pa.int64(), safe=False).cast(pa.string()), column.cast(pa.string()))
    text = pc.utf8_trim_whitespace(column.cast(pa.string()))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def _is_given(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_valid(_text(column)) if pa.types.is_string(column.type) or pa.types.is_large_string(column.type) else pc.is_valid(column)


def _days(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Dates as far as they read, ISO or Norwegian; null otherwise, which the checks name."""
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return (
            column.cast(pa.date32(), safe=False)
            if not pa.types.is_null(column.type)
            else pa.chunked_array([pa.nulls(len(column), pa.date32())])
        )
    text = _text(column)
    read = [pc.strptime(text, format=form, unit="s", error_is_null=True).cast(pa.date32()) for form in ("%Y-%m-%d", "%d.%m.%Y")]
    return pc.coalesce(*read)


def _is_in(value: pa.ChunkedArray, codes: list[str]) -> pa.ChunkedArray:
    return pc.is_in(value, pa.array(codes, pa.string()))


def _overlapping() -> str:
    """SQL for lines whose period meets another's of the same person; both are named, since nobody can say which of the two holds.

    A row that stands twice meets itself: it is a repeated row, which is looked for later.
    """
    same = "PARTITION BY link, indicator ORDER BY start_on NULLS FIRST, stop_on NULLS LAST, value"
    never = f"DATE '{END_OF_TIME}'"
    return f"""
        WITH distinct_spells AS (
            SELECT link, indicator, value, start_on, stop_on, coalesce(start_on, DATE '0001-01-01') AS begins,
                CASE WHEN start_on IS NULL THEN {never} ELSE coalesce(stop_on, {never}) END AS ends
            FROM spells GROUP BY ALL
        ), ranked AS (
            SELECT *, max(ends) OVER ({same} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest_end,
                lead(begins) OVER ({same}) AS next
            FROM distinct_spells
        ), meeting AS (SELECT * FROM ranked WHERE latest_end >= begins OR next <= ends)
        SELECT spells.line FROM spells SEMI JOIN meeting ON spells.link = meeting.link AND spells.indicator = meeting.indicator
            AND spells.value IS NOT DISTINCT FROM meeting.value AND spells.start_on IS NOT DISTINCT FROM meeting.start_on
            AND spells.stop_on IS NOT DISTINCT FROM meeting.stop_on"""


def _ends(source: Source, *, ending: frozenset[int], flags: frozenset[int], today: date, furthest_days: int) -> str:
    """SQL for what is left when a state ends and no other covers the day after.

    The end is known when the row is, and `known_lag_days` after the end where the source has a lag. Another spell counts only if it was
    known by then: a gap that is filled later was a gap until then. An earlier version of a record that a later one has superseded by
    then covers nothing.
    """
    lag = source.known_lag_days
    known = "known_on" if lag is None else f"greatest(known_on, day + {lag})"
    return f"""
        WITH versions AS (
            SELECT *, CASE WHEN record IS NOT NULL THEN
                lead(known_on) OVER (PARTITION BY link, indicator, record ORDER BY known_on, line) END AS superseded_on
            FROM whole
        ), ended AS (
            SELECT *, stop_on + 1 AS day FROM whole
            WHERE stop_on <= DATE '{today}' + {furthest_days} AND indicator IN ({_numbers(ending)})
                AND (value IS NOT NULL OR indicator IN ({_numbers(flags)}))
        ), told AS (SELECT * REPLACE ({known} AS known_on) FROM ended)
        SELECT min(line) AS line, link, indicator, CASE WHEN indicator IN ({_numbers(flags)}) THEN 0 END::FLOAT AS value,
            day AS happened_on, known_on, xor(record, {_END_KEY}::BIGINT) AS record
        FROM told WHERE NOT EXISTS (
            SELECT 1 FROM versions AS other WHERE other.link = told.link AND other.indicator = told.indicator
                AND other.start_on <= told.day AND (other.stop_on IS NULL OR other.stop_on >= told.day) AND other.known_on <= told.known_on
                AND (other.superseded_on IS NULL OR other.superseded_on > told.known_on)
        )
        GROUP BY link, indicator, day, known_on, record ORDER BY line"""


def _numbers(numbers: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(numbers))) or "NULL"
