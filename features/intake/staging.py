"""Good rows on their way into the stores: read, checked once, and spread over the runs of every purpose that they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.intake.checks import FURTHEST_DAYS, REASON_NAMES, Checked, IndicatorTable, Rules, check_chunk
from features.intake.columns import NO_DAY, CellReader, encode
from features.intake.identifiers import UNKNOWN
from features.intake.lines import UnitLines
from features.intake.people import HIDDEN, People
from features.intake.quarantine import LINES_KEPT, FileTally
from features.intake.readers import CHUNK_ROWS, Chunk
from features.intake.runs import FIELDS, Rows, Runs, origin_of
from features.intake.siphash import siphash, spread
from features.intake.sources import SourceUnit, read_unit
from features.intake.spells import SpellBuffer, mark_rows, spell_buffer
from features.manifest import StorePurpose
from features.progress import Step


@dataclass
class Staging:
    """A folder of checked rows.

    Attributes
    ----------
    codes
        Indicator codes; a staged `indicator` is a position in it.
    runs
        The rows of each purpose.
    lines
        What becomes of the lines of each unit.
    """

    folder: Path
    codes: tuple[str, ...]
    people: People
    runs: dict[StorePurpose, Runs] = field(default_factory=dict)
    lines: list[UnitLines] = field(default_factory=list)

    def add(self, checked: Checked, unit: int, purposes: Sequence[StorePurpose]) -> None:
        """Append good rows of a unit to the runs of its purposes."""
        if not len(checked):
            return
        self.lines[unit].staged.add(checked.line)
        for purpose in purposes:
            person = self.people.codes(purpose)[checked.number]
            belongs = person >= 0
            if not belongs.all():
                places = np.flatnonzero(belongs)
                checked, person = checked.take(places), person[places]
            if len(person):
                self._runs(purpose).add(_as_rows(checked, unit), person)

    def _runs(self, purpose: StorePurpose) -> Runs:
        return self.runs.setdefault(purpose, Runs(self.folder / f"{purpose}.runs"))


def stage_unit(
    unit: SourceUnit,
    number: int,
    *,
    people: People,
    staging: Staging,
    tally: FileTally,
    reader: CellReader,
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
    indicators = IndicatorTable.build(unit.indicators, positions=positions)
    rules = Rules.of(unit.source, today=today, temporality=unit.spell_metadata.temporality)
    spells = _spells(unit, number, staging, positions=positions, today=today)
    for chunk in read_unit(unit, tally):
        for piece in _pieces(_with_numbers(chunk, unit, people), n_values=len(unit.source.columns)):
            tally.rows_read += len(piece.table)
            canonical = unit.contract.canonical(piece.table, piece.lines)
            if unit.spell_metadata.is_declared:
                canonical = mark_rows(canonical, unit.spell_metadata)
            record = digest_records(canonical["record"], people.mapping.record_key)
            checked = check_chunk(reader, canonical, rules, indicators, record=record, born_on=people.born_on)
            good = _set_aside(checked, tally, shares_lines=len(unit.source.columns) > 1)
            _add_hints(canonical, tally, unit)
            if spells is not None:
                spells.add(_as_table(good))
            else:
                staging.add(good, number, unit.purposes)
        step.advance()
    for records in spells.records(tally) if spells is not None else ():
        staging.add(_from_table(records), number, unit.purposes)


def _pieces(chunk: Chunk, *, n_values: int) -> Iterator[Chunk]:
    """Cut a chunk of wide rows, each of which gives a record for every one of its values, so that no more are in memory at once."""
    if n_values < 2:
        yield chunk
        return
    n_rows = max(1, CHUNK_ROWS // n_values)
    for start in range(0, len(chunk.table), n_rows):
        yield Chunk(chunk.table.slice(start, n_rows), chunk.lines.slice(start, n_rows))


def _with_numbers(chunk: Chunk, unit: SourceUnit, people: People) -> Chunk:
    """Put persons' numbers in place of their identifiers, and leave out people who may leave no trace (R-08): they are in no count."""
    (column, *_) = unit.contract.id_columns(tuple(chunk.table.column_names))
    numbers = people.find_numbers(chunk.table[column])
    reachable = np.zeros(len(people.links), dtype=bool)
    for purpose in unit.purposes:
        reachable |= people.codes(purpose) >= 0
    hidden = numbers == HIDDEN
    if not reachable.all():
        numbers[(numbers >= 0) & ~reachable[np.maximum(numbers, 0)]] = UNKNOWN
    table = chunk.table.set_column(chunk.table.column_names.index(column), column, pa.array(numbers))
    if not hidden.any():
        return Chunk(table, chunk.lines)
    visible = pa.array(~hidden)
    return Chunk(table.filter(visible), chunk.lines.filter(visible))


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


def _set_aside(checked: Checked, tally: FileTally, *, shares_lines: bool) -> Checked:
    """Count broken lines under their first reason and return the rows of whole ones; a line may give several rows."""
    broken = np.flatnonzero(checked.reason)
    if not len(broken):
        return checked
    lines, first = np.unique(checked.line[broken], return_index=True)
    reasons = checked.reason[broken[first]]
    for reason in np.unique(reasons).tolist():
        mine = lines[reasons == reason]
        tally.add(REASON_NAMES[reason], mine[:LINES_KEPT].tolist(), count=len(mine))
    if not shares_lines:
        return checked.take(np.flatnonzero(checked.reason == 0))
    low = int(checked.line.min())
    is_broken = np.zeros(int(checked.line.max()) - low + 1, dtype=np.bool_)
    is_broken[lines - low] = True
    return checked.take(np.flatnonzero(~is_broken[checked.line - low]))


def _add_hints(canonical: pa.Table, tally: FileTally, unit: SourceUnit) -> None:
    if tally.reasons.get("value_not_a_number") and not pa.types.is_floating(canonical["value"].type):
        other = "," if unit.source.decimal == "." else "."
        if pc.any(pc.match_substring_regex(canonical["value"].cast(pa.string()), rf"^-?[0-9]+[{other}][0-9]+$")).as_py():
            tally.hints.add(
                f"Values have a decimal {'comma' if other == ',' else 'point'}: `decimal = {other!r}` in the source reads them."
            )
    if tally.reasons.get("unknown_indicator") and unit.source.layout == "events":
        known = pa.array(list(unit.indicators), pa.string())
        if not pc.any(pc.is_in(pc.utf8_trim_whitespace(canonical["code"].cast(pa.string())), known)).as_py():
            tally.hints.add(f"No row has an indicator that is on; the first declared ones are {', '.join(list(unit.indicators)[:5])}.")


def _as_rows(checked: Checked, unit: int) -> Rows:
    fields = ("indicator", "value", "happened_on", "known_on", "record")
    rows = {name: getattr(checked, name).astype(FIELDS[name], copy=False) for name in fields}
    return {**rows, "origin": origin_of(unit, checked.line)}


def _as_table(good: Checked) -> pa.Table:
    """Rows of a spells file as they wait for each other."""
    days = {name: getattr(good, name) for name in ("happened_on", "known_on", "start_on", "stop_on")}
    return pa.table(
        {
            "line": good.line,
            "link": good.number,
            "indicator": good.indicator.astype(np.int32),
            "value": pa.array(good.value, mask=np.isnan(good.value)),
            **{name: pa.array(column, mask=column == NO_DAY).cast(pa.date32()) for name, column in days.items()},
            "record": pa.array(good.record, mask=good.record == 0),
        }
    )


def _from_table(records: pa.Table) -> Checked:
    happened_on, known_on = (records[name].cast(pa.int32()).to_numpy() for name in ("happened_on", "known_on"))
    return Checked(
        records["line"].to_numpy(),
        records["link"].to_numpy(),
        records["indicator"].to_numpy().astype(np.int16),
        pc.fill_null(records["value"], np.nan).to_numpy(),
        happened_on,
        known_on,
        happened_on,
        happened_on,
        pc.fill_null(records["record"], 0).to_numpy(),
        np.zeros(len(records), dtype=np.uint8),
    )


def digest_records(column: pa.ChunkedArray, key: str) -> NDArray[np.int64]:
    """Replace records' own numbers, which may be made of identifiers, by a keyed 64-bit digest (SipHash); 0 where there is none.

    Equal numbers within a person and indicator meet; that two different ones do is a matter of 2⁻⁶⁴.
    """
    if column.null_count == len(column):
        return np.zeros(len(column), dtype=np.int64)
    if pa.types.is_dictionary(column.type):
        cells, rows = encode(column)
        return np.append(digest_records(pa.chunked_array([cells]), key), 0)[rows]
    texts = column.cast(pa.string())
    return np.concatenate([_digests(piece, key) for piece in texts.chunks])


def _digests(texts: pa.Array, key: str) -> NDArray[np.int64]:
    texts = pc.utf8_trim_whitespace(texts)
    digests = spread(siphash(texts, key.encode())).view(np.int64)
    unlucky = digests == 0
    if unlucky.any():
        digests[unlucky & pc.fill_null(pc.greater(pc.binary_length(texts), 0), False).to_numpy(zero_copy_only=False)] = 1
    return digests
