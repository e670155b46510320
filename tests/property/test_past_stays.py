"""Whatever extracts arrive, in whatever order: what a store has told of a day stays, and only records it had not heard of add to it."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows as AsOf
from features.engine.kernel import feature_matrix
from features.intake.batches import StoredBatches, WrittenPart, write_part
from features.intake.rewriting import Delivered
from features.intake.runs import FIELDS, Runs, line_of, origin_of, unit_of
from features.manifest import BatchEntry
from features.records import EPOCH, Records
from features.store import RECORD_SCHEMA, part_name
from features.supersession import join_batches

CODES = ("x_one", "x_two")
LAST = 8
SPECS = [FeatureSpec.parse(code, text) for code in CODES for text in ("last", "count@ever", "sum@ever", "days_since_last@ever")]

Line = tuple[tuple[int, int, int, int, int, int], ...]
"""Rows of person, indicator, happened on, known on, value, record number (0 for none)."""


def a_row(indicator: int) -> st.SearchStrategy[tuple[int, int, int, int, int]]:
    return st.tuples(st.just(indicator), st.integers(0, 2), st.integers(0, LAST), st.integers(0, 2), st.sampled_from([0, 7, -9]))


@st.composite
def a_line(draw: st.DrawFn) -> Line:
    """One record, or one of each indicator as a wide table has them."""
    person, told = draw(st.integers(0, 1)), draw(st.sampled_from([(0,), (1,), (0, 1)]))
    return tuple((person, *draw(a_row(indicator))) for indicator in told)


EXTRACTS = st.lists(st.lists(a_line(), max_size=8), min_size=2, max_size=4)


@dataclass
class Store:
    """One part, fed with extracts as an ingest feeds it."""

    folder: Path
    batches: list[BatchEntry] = field(default_factory=list)

    def take(self, extracts: Sequence[Sequence[Line]]) -> WrittenPart:
        """Ingest some files of one source together."""
        runs, name = Runs(self.folder / f"{len(self.batches)}.runs"), f"b{len(self.batches)}"
        for unit, lines in enumerate(extracts):
            told = [(*row, number) for number, line in enumerate(lines, start=1) for row in line]
            columns = np.array(told, dtype=np.int64).reshape(-1, 7).T
            names = ("indicator", "happened_on", "known_on", "value", "record")
            rows = {name: column.astype(FIELDS[name]) for name, column in zip(names, columns[1:6], strict=True)}
            rows["value"] += 10 * np.abs(rows["record"])  # so that a value tells whose it is
            rows["origin"] = origin_of(unit, columns[6])
            runs.add(rows, columns[0].astype(np.int32))
        none = np.zeros(len(extracts), dtype=np.int64)
        delivered = Delivered(none, none.astype(np.bool_), EPOCH + timedelta(LAST))
        stored = StoredBatches(self.folder, tuple(self.batches))
        part = write_part(runs, 0, folder=self.folder / name, stored=stored, delivered=delivered, indicators=CODES)
        self.batches.append(BatchEntry(folder=name, rows=part.n_rows, parts={0: part.digest} if part.digest else {}))
        return part

    def rows_of(self, batch: int) -> list[tuple[int, int, int, int, float, int]]:
        """Person, indicator, happened on, known on, value, record of a batch, in the order of the store."""
        path = self.folder / self.batches[batch].folder / part_name(0)
        if not path.exists():
            return []
        return [
            (
                r["person"],
                CODES.index(r["indicator"]),
                (r["happened_on"] - EPOCH).days,
                (r["known_on"] - EPOCH).days,
                r["value"],
                r["record"],
            )
            for r in pq.read_table(path, schema=RECORD_SCHEMA, partitioning=None).to_pylist()
        ]

    def records(self, n_batches: int) -> Records:
        """What a reader sees after so many batches."""
        names, types = ("person", "indicator", "happened_on", "known_on", "value", "record"), "iiiifq"
        rows = [[(*row[:5], row[5] or 0) for row in self.rows_of(number)] for number in range(n_batches)]
        columns: list[list[Sequence[float]]] = [list(zip(*batch, strict=True)) if batch else [[]] * 6 for batch in rows]
        return join_batches([{n: np.array(c, dtype=t) for n, c, t in zip(names, batch, types, strict=True)} for batch in columns])


def visible(records: Records, day: int) -> Counter[tuple[int, int, int, int, float]]:
    seen = records.take(records.visible_on(day))
    return Counter(zip(*(getattr(seen, n).tolist() for n in ("person", "indicator", "happened_on", "known_on", "value")), strict=True))


def features(records: Records, day: int) -> list[list[float]]:
    rows = AsOf(np.arange(2, dtype=np.int32), np.full(2, day, dtype=np.int32))
    return feature_matrix(records, rows, SPECS, indicators=CODES, levels={}).tolist()  # type: ignore[no-any-return]


def contradicted(lines: Sequence[Line], known: set[tuple[int, ...]]) -> set[int]:
    """Numbers of the lines of which a record is known, as of the same day, with something else in it; said as plainly as can be."""
    versions = {(person, indicator, on, record) for person, indicator, _, on, _, record in known if record}
    return {
        number
        for number, line in enumerate(lines, start=1)
        if any(row not in known and (row[0], row[1], row[3], row[5]) in versions for row in line)
    }


@pytest.mark.requirement("R-14")
@settings(deadline=None, max_examples=50)
@given(EXTRACTS)
def test_no_extract_changes_a_day_before_its_earliest_news_and_no_version_of_a_record_ever(extracts: list[list[Line]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for number, extract in enumerate(extracts):
            store.take([extract])
            before, after, news = store.records(number) if number else Records.empty(), store.records(number + 1), store.rows_of(number)
            earliest = min((row[3] for row in news), default=LAST + 1)
            for day in range(LAST + 1):
                if day < earliest:
                    np.testing.assert_array_equal(features(before, day), features(after, day))
                gone = visible(before, day) - visible(after, day)
                for person, indicator, _, known_on, value in gone:
                    newer = [r for r in news if (*r[:2], r[4] // 10) == (person, indicator, value // 10) and known_on < r[3] <= day]
                    assert newer, "only a version of the same record that became known later, by that day, takes another's place"


@settings(deadline=None, max_examples=50)
@given(EXTRACTS)
def test_the_lines_set_aside_are_those_that_contradict_what_is_known(extracts: list[list[Line]]) -> None:
    known: set[tuple[int, ...]] = set()
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        for extract in extracts:
            part, expected = store.take([extract]), contradicted(extract, known)
            assert sorted(line_of(part.changed).tolist()) == sorted(expected)
            told = {row for number, line in enumerate(extract, start=1) if number not in expected for row in line}
            assert part.n_rows == len(told - known)
            known |= told


@settings(deadline=None, max_examples=50)
@given(EXTRACTS)
@example([[((0, 0, 0, 0, 0, -9),)], [((0, 0, 2, 0, 0, -9),)], [((0, 0, 2, 0, 0, -9),)]])  # a line that is set aside makes nothing known
@example([[((0, 0, 0, 0, 0, 7),)], [((0, 0, 1, 0, 0, 7), (0, 1, 0, 0, 0, 7))], [((0, 1, 0, 0, 0, 7),)]])  # nor does its other record
def test_files_together_give_the_store_that_they_give_one_after_the_other(extracts: list[list[Line]]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        apart, together = Store(Path(one)), Store(Path(other))
        changed = [sorted(line_of(apart.take([extract]).changed).tolist()) for extract in extracts]
        part = together.take(extracts)
        assert Counter(together.rows_of(0)) == Counter(row for number in range(len(extracts)) for row in apart.rows_of(number))
        lines = [sorted(line_of(part.changed[unit_of(part.changed) == unit]).tolist()) for unit in range(len(extracts))]
        assert lines == changed
