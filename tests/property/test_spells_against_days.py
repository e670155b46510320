"""The state that stored records tell, against spells asked day by day: what is in force, what has ended, as far as it was known."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.catalogue import Source
from features.intake.quarantine import FileTally
from features.intake.spell_metadata import NO_METADATA
from features.intake.spells import SpellBuffer

DAY_0, LAST = date(2010, 1, 1), 40


@dataclass(frozen=True)
class Spell:
    """A state from one day to another, both counted from `DAY_0`; open without a stop."""

    start: int
    stop: int | None
    value: float


def state_by_days(spells: Sequence[Spell], day: int, lag: int, *, is_flag: bool) -> float | None:
    """Ask every spell: has it been heard of, and has its end been heard of?"""
    heard = [s for s in spells if s.start + lag <= day]
    in_force = [s.value for s in heard if s.stop is None or s.stop + 1 + lag > day]
    if in_force:
        return in_force[-1] if not is_flag else 1.0
    return 0.0 if heard and is_flag else None


def state_by_records(records: list[tuple[int, int, float | None]], day: int) -> float | None:
    """Take the last record by (happened on, known on, order) that had happened and was known."""
    seen = [record for record in records if record[0] <= day and record[1] <= day]
    return max(enumerate(seen), key=lambda item: (item[1][0], item[1][1], item[0]))[1][2] if seen else None


def stored(spells: Sequence[Spell], lag: int, *, is_flag: bool) -> list[tuple[int, int, float | None]]:
    """Records as the buffer gives them: happened on, known on, value."""
    declared = {"name": "states", "layout": "spells", "files": ["s.csv"], "known_column": "", "known_lag_days": lag, "indicator": "x_state"}
    days = {"start_on": [s.start for s in spells], "stop_on": [s.stop for s in spells]}
    days |= {"happened_on": days["start_on"], "known_on": [s.start + lag for s in spells]}
    good = pa.table(
        {
            "line": pa.array(range(len(spells)), pa.int64()),
            "link": pa.array([0] * len(spells), pa.int32()),
            "indicator": pa.array([0] * len(spells), pa.int32()),
            "value": pa.array([s.value for s in spells], pa.float32()),
            **{name: pa.array([None if n is None else DAY_0 + timedelta(n) for n in told], pa.date32()) for name, told in days.items()},
            "record": pa.nulls(len(spells), pa.int64()),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        flags = frozenset({0}) if is_flag else frozenset()
        buffer = SpellBuffer(
            Path(folder) / "b", Source.model_validate(declared), NO_METADATA, frozenset({0}), flags, DAY_0 + timedelta(400), 366
        )
        buffer.add(good)
        tables = [table.select(["happened_on", "known_on", "value"]) for table in buffer.records(FileTally("s", "s.csv", 0.0))]
    rows = [row for table in tables for row in zip(*(table[name].to_pylist() for name in table.column_names), strict=True)]
    return [((happened - DAY_0).days, (known - DAY_0).days, value) for happened, known, value in rows]


@st.composite
def overlapping(draw: st.DrawFn) -> list[Spell]:
    """Spells of a flag, which may lie over each other."""
    starts = draw(st.lists(st.integers(0, LAST), min_size=1, max_size=6))
    return [Spell(start, draw(st.one_of(st.none(), st.integers(start, LAST + 5))), 1.0) for start in starts]


@st.composite
def one_at_a_time(draw: st.DrawFn) -> list[Spell]:
    """Spells of a category, one after the other, with and without gaps; the last may be open. In any order in the file."""
    spells, day = [], draw(st.integers(0, 5))
    for _ in range(draw(st.integers(1, 5))):
        stop = day + draw(st.integers(0, 8))
        spells.append(Spell(day, stop, float(draw(st.integers(0, 3)))))
        day = stop + 1 + draw(st.integers(0, 4))
    if draw(st.booleans()):
        spells.append(Spell(day, None, 7.0))
    return draw(st.permutations(spells))


@given(overlapping(), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flag_is_in_force_as_long_as_any_spell_is(spells: list[Spell], lag: int) -> None:
    records = stored(spells, lag, is_flag=True)
    for day in range(LAST + 20):
        assert state_by_records(records, day) == state_by_days(spells, day, lag, is_flag=True), day


@given(one_at_a_time(), st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_category_is_unknown_where_no_spell_is(spells: list[Spell], lag: int) -> None:
    records = stored(spells, lag, is_flag=False)
    for day in range(80):
        assert state_by_records(records, day) == state_by_days(spells, day, lag, is_flag=False), day
