"""What superseded what, and the order of the store, are worked out as a plain loop over the records would."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from features.records import IN_FORCE, Records
from features.supersession import Columns, join_batches, store_order

A_DAY = st.integers(-40_000, 40_000) | st.integers(0, 4)
A_ROW = st.tuples(
    st.integers(0, 3) | st.just(8191),
    st.integers(0, 2),
    A_DAY,
    A_DAY,
    st.sampled_from([0, 0, 1, 2, -1, 2**62, -(2**63), 2**62 + 1]),
)
"""Person, indicator, happened_on, known_on, record (0 for none)."""
BATCHES = st.lists(st.lists(A_ROW, max_size=12), min_size=1, max_size=3)
Row = tuple[int, int, int, int, int]


def as_columns(rows: list[Row], *, first_value: int) -> Columns:
    columns = list(zip(*rows, strict=True)) if rows else [[]] * 5
    names = ("person", "indicator", "happened_on", "known_on", "record")
    types = (np.int32, np.int32, np.int32, np.int32, np.int64)
    made = {name: np.array(column, dtype=type_) for name, column, type_ in zip(names, columns, types, strict=True)}
    return made | {"value": np.arange(first_value, first_value + len(rows), dtype=np.float32)}


def joined(batches: list[list[Row]]) -> Records:
    starts = np.cumsum([0, *(len(rows) for rows in batches)])
    return join_batches([as_columns(rows, first_value=int(start)) for rows, start in zip(batches, starts, strict=False)])


def superseded_by_the_book(rows: list[Row]) -> list[int]:
    """A record ends when the next one of the same person, indicator and record number became known, later in the store if the same day."""
    ends = []
    for i, (person, indicator, _, known_on, record) in enumerate(rows):
        same = [(r[3], j) for j, r in enumerate(rows) if (r[0], r[1], r[4]) == (person, indicator, record)]
        later = [one for one in same if one > (known_on, i)] if record else []
        ends.append(min(later)[0] if later else IN_FORCE)
    return ends


@settings(deadline=None)
@given(BATCHES)
def test_records_end_and_stand_as_a_plain_loop_says(batches: list[list[Row]]) -> None:
    rows = [row for batch in batches for row in batch]
    ends = superseded_by_the_book(rows)
    order = sorted(range(len(rows)), key=lambda i: (rows[i][0], rows[i][2], rows[i][3], i))
    records = joined(batches)
    assert records.value.tolist() == order
    assert records.known_to.tolist() == [ends[i] for i in order]
    assert records.person.tolist() == [rows[i][0] for i in order]
    assert records.known_on.tolist() == [rows[i][3] for i in order]


@given(st.lists(st.tuples(st.integers(0, 8191), st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)), max_size=9))
def test_dates_however_far_apart_are_put_in_order(rows: list[tuple[int, int, int]]) -> None:
    columns = dict(zip(("person", "happened_on", "known_on"), np.array(rows, dtype=np.int32).reshape(-1, 3).T, strict=True))
    assert store_order(columns).tolist() == sorted(range(len(rows)), key=lambda i: rows[i])


def test_a_large_part_is_ordered_and_superseded_alike_in_blocks() -> None:
    rng = np.random.default_rng(3)
    n = 100_000
    rows = list(zip(*(rng.integers(0, top, n).tolist() for top in (500, 5, 4000, 4000)), rng.integers(0, 400, n).tolist(), strict=True))
    records = joined([rows[:60_000], rows[60_000:]])
    last_known: dict[tuple[int, int, int], list[tuple[int, int]]] = {}
    for i, (person, indicator, _, known_on, record) in enumerate(rows):
        last_known.setdefault((person, indicator, record), []).append((known_on, i))
    ends = np.full(n, IN_FORCE)
    for (_, _, record), known in last_known.items():
        for (_, i), (next_known, _) in zip(sorted(known), sorted(known)[1:], strict=False):
            ends[i] = next_known if record else IN_FORCE
    assert (records.known_to != IN_FORCE).sum() > 1000
    assert np.array_equal(records.known_to, ends[records.value.astype(np.intp)])
