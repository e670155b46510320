"""Each array kernel of intake against the plainest way to say the same."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.intake.identifiers import MISSING, UNKNOWN, IdentifierTable
from features.intake.lines import LineSet
from features.intake.repeats import CONTENT, SORTED_BY, find_repeated, is_among, store_order
from features.intake.runs import FIELDS, Rows, Runs, line_of, origin_of, unit_of
from features.intake.siphash import siphash, spread
from features.nationalid import holds_national_id, is_without_leading_zero, rows_with_national_id
from features.records import PERSONS_PER_PART

IDENTIFIERS = st.text(st.characters(codec="utf-8", exclude_characters=" "), min_size=1, max_size=20)


@given(
    known=st.lists(IDENTIFIERS, unique=True, max_size=30),
    others=st.lists(st.one_of(st.none(), IDENTIFIERS, st.just(""), st.just("  ")), max_size=30),
    cut=st.integers(0, 60),
    encoded=st.booleans(),
)
def test_everybody_is_found_and_nobody_else(known: list[str], others: list[str | None], cut: int, encoded: bool) -> None:
    numbers = {one: place * 7 for place, one in enumerate(known)}
    table = IdentifierTable.build(pa.array(known, pa.string()), np.array(list(numbers.values()), dtype=np.int32))
    asked = [*(f" {one}" for one in known), *known, *others]
    expected = [MISSING if one is None or not one.strip(" ") else numbers.get(one.strip(" "), UNKNOWN) for one in asked]
    pieces = [pa.array(asked[:cut], pa.string()), pa.array(["x", *asked[cut:]], pa.string()).slice(1)]
    column = pa.chunked_array([piece.dictionary_encode() for piece in pieces] if encoded else pieces)
    assert table.find(column).tolist() == expected


def test_numbers_are_read_as_the_text_that_they_make() -> None:
    table = IdentifierTable.build(pa.array(["1", "2.5", "123456789012"]), np.arange(3, dtype=np.int32))
    assert table.find(pa.chunked_array([[1, 123456789012, None, 7]])).tolist() == [0, 2, MISSING, UNKNOWN]
    assert table.find(pa.chunked_array([[1.0, 2.5, None, float("nan")]])).tolist() == [0, 1, MISSING, MISSING]


@given(
    texts=st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=40), max_size=40),
    key=st.text("0123456789abcdef", min_size=16, max_size=16),
)
def test_digests_are_those_of_pandas(texts: list[str], key: str) -> None:
    ours = spread(siphash(pa.array(texts, pa.string()), key.encode()))
    theirs = pd.util.hash_array(np.array(texts, dtype=object), hash_key=key, categorize=False)
    assert ours.tolist() == theirs.tolist()


GOOD = ["01010750160", "41010750154", "01810750207", "01410750305", "01660750432", "41810750201", "201212345608", "1010750160"]
PIECES = st.one_of(
    st.sampled_from(GOOD),
    st.sampled_from([" ", ".", "-", "/", "\u00a0", "x", "æ", "  ", ".0", ",0", "\n"]),
    st.text("0123456789", min_size=1, max_size=6),
)


@pytest.mark.requirement("R-07")
@settings(max_examples=300)
@given(
    texts=st.lists(st.one_of(st.none(), st.lists(PIECES, max_size=7).map("".join)), max_size=12),
    broken=st.lists(st.integers(1, 10), max_size=2),
)
def test_identity_numbers_are_found_in_a_column_as_in_each_text(texts: list[str | None], broken: list[int]) -> None:
    for place in broken:
        texts = [*texts, *(f"{one[:place]} {one[place:]}" for one in GOOD)]
    expected = [n for n, text in enumerate(texts) if text is not None and (holds_national_id(text) or is_without_leading_zero(text))]
    column = pa.array(texts, pa.string())
    assert rows_with_national_id(column).tolist() == expected
    assert rows_with_national_id(pa.chunked_array([column[:3], column[3:]])).tolist() == expected
    assert rows_with_national_id(column.dictionary_encode()).tolist() == expected


@given(st.lists(st.lists(st.integers(0, 4000), max_size=60), max_size=5), st.sampled_from([0, 1 << 44]))
def test_a_set_of_lines_is_a_set(several: list[list[int]], base: int) -> None:
    lines, plain = LineSet(), set[int]()
    for one in several:
        lines.add(np.array(one, dtype=np.int64) + base, base=base)
        plain |= set(one)
    assert len(lines) == len(plain)
    assert lines.first(20) == sorted(plain)[:20]
    others = LineSet()
    others.add(np.array([n for one in several[1:] for n in one], dtype=np.int64))
    others.add(np.array([9_000, 20_000], dtype=np.int64))
    both, alone = plain | {9_000, 20_000}, plain - {n for one in several[1:] for n in one}
    assert (lines | others).first(len(both)) == (others | lines).first(len(both)) == sorted(both)
    assert (lines - others).first(len(alone)) == sorted(alone)
    assert len(lines - others) == len(alone)


def test_lines_far_apart_and_close_together_are_kept_alike() -> None:
    lines = LineSet()
    lines.add(np.array([1_000_003, 5], dtype=np.int64))
    lines.add(np.arange(999_990, 1_000_010))
    assert len(lines) == 21
    assert lines.first(3) == [5, 999_990, 999_991]


@st.composite
def rows_of_a_part(draw: st.DrawFn, *, most: int = 40) -> Rows:
    """Rows that often agree, in a few fields or in all."""
    n = draw(st.integers(1, most))
    wide = draw(st.booleans())
    far = 10**9 if wide else 3

    values: dict[str, list[float]] = {
        "person": [0, 1, PERSONS_PER_PART - 1],
        "indicator": [0, 1, 500],
        "value": [0.0, 1.0, float("nan")],
        "happened_on": [-25567, 0, far],
        "known_on": [-25567, 1, far],
        "record": [0, 5, -(2**62)],
    }
    rows = {
        name: np.array(draw(st.lists(st.sampled_from(some), min_size=n, max_size=n)), dtype=FIELDS[name]) for name, some in values.items()
    }
    units = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    origins = [origin_of(unit, np.array([line], dtype=np.int64)) for line, unit in enumerate(units)]
    return {**rows, "origin": np.concatenate(origins)}


def told(rows: Rows, fields: Sequence[str] = CONTENT) -> list[tuple[str, ...]]:
    """What each row says in these fields, as text: no value at all is equal to itself too."""
    return list(zip(*(map(str, rows[name].tolist()) for name in fields), strict=True))


@given(rows_of_a_part())
def test_the_order_of_the_store_is_a_plain_stable_sort(rows: Rows) -> None:
    keys = list(zip(*(rows[name].tolist() for name in SORTED_BY), strict=True))
    assert store_order(rows).tolist() == sorted(range(len(keys)), key=keys.__getitem__)


@given(rows_of_a_part())
def test_a_repeat_is_a_later_row_with_the_content_of_one_of_its_source(rows: Rows) -> None:
    source_of_unit = np.array([0, 0, 1])
    order = store_order(rows)
    rows = {name: column[order] for name, column in rows.items()}
    first_unit: dict[tuple[object, ...], int] = {}
    repeats = {}
    for n, (unit, content) in enumerate(zip(unit_of(rows["origin"]).tolist(), told(rows), strict=True)):
        what = (int(source_of_unit[unit]), *content)
        if what in first_unit:
            repeats[n] = first_unit[what] == unit
        first_unit.setdefault(what, unit)
    places, in_one_file = find_repeated(rows, source_of_unit)
    assert dict(zip(places.tolist(), in_one_file.tolist(), strict=True)) == repeats


@given(
    rows_of_a_part(), rows_of_a_part(), st.sampled_from([("person",), ("indicator", "record"), ("person", "value", "known_on"), CONTENT])
)
def test_a_row_is_among_others_when_some_of_its_fields_are(rows: Rows, others: Rows, fields: tuple[str, ...]) -> None:
    plain = set(told(others, fields))
    assert is_among(rows, others, fields).tolist() == [row in plain for row in told(rows, fields)]
    assert not is_among(rows, {name: column[:0] for name, column in others.items()}, fields).any()


@given(st.lists(st.lists(st.integers(0, 4 * PERSONS_PER_PART), max_size=30), max_size=5))
def test_a_part_gets_its_rows_back_and_a_person_theirs_in_the_order_they_came(several: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        runs, plain, line = Runs(Path(folder) / "x.runs"), dict[int, list[tuple[int, int]]](), 0
        for persons in several:
            rows = {name: np.arange(line, line + len(persons)).astype(kind) for name, kind in FIELDS.items()}
            for person in persons:
                plain.setdefault(person // PERSONS_PER_PART, []).append((person % PERSONS_PER_PART, line))
                line += 1
            if persons:
                runs.add(rows, np.array(persons, dtype=np.int32))
        assert runs.parts() == sorted(plain)
        for part, expected in plain.items():
            read = runs.read(part)
            came = list(zip(read["person"].tolist(), read["origin"].tolist(), strict=True))
            assert sorted(came, key=lambda row: row[0]) == sorted(expected, key=lambda row: row[0])
            assert all((read[name] == read["origin"].astype(kind)).all() for name, kind in FIELDS.items() if name != "person")


@given(unit=st.integers(0, 1000), line=st.integers(1, 2**43))
def test_an_origin_is_a_unit_and_a_line(unit: int, line: int) -> None:
    origin = origin_of(unit, np.array([line], dtype=np.int64))
    assert (unit_of(origin).tolist(), line_of(origin).tolist()) == ([unit], [line])
