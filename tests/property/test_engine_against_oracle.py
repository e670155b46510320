"""The engine says what the oracle says, whatever was late, corrected, back-dated, doubled or known in advance."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.declarations.specs import AGGREGATIONS, AGGREGATIONS_OF_A_LEVEL, FeatureSpec
from features.engine.kernel import Rows, feature_matrix
from features.oracle import oracle_features
from features.records import IN_FORCE, Records, day_number

INDICATORS = ("absence", "marks", "measure")
LEVELS = {"measure": ("none", "light", "heavy")}
LEAP_DAY = day_number(date(2024, 2, 29))
SCHOOL_DAYS = [day_number(date(year, *day)) for year in (2023, 2024) for day in ((12, 31), (1, 1), (7, 31), (8, 1))]
"""First and last days of terms and school years."""
DAYS = st.one_of(
    st.integers(LEAP_DAY - 400, LEAP_DAY + 400), st.sampled_from([LEAP_DAY - 1, LEAP_DAY, LEAP_DAY + 1]), st.sampled_from(SCHOOL_DAYS)
)
EXACT = st.one_of(
    st.just(0.0),
    st.floats(0.0625, 2**20, width=32),
    st.floats(-(2**20), -0.0625, width=32),
    st.sampled_from([0.1, 0.3, 5.0, float("nan")]).map(lambda x: float(np.float32(x))),
)
"""Values whose float64 sums are exact in any order: their bits lie within 53 of each other."""
COMPILES = settings(deadline=None)
"""The first example may have to wait for the kernel to be compiled."""
ANY = st.floats(-(2.0**100), 2.0**100, width=32) | st.just(float("nan"))
CODES = st.sampled_from([0.0, 1.0, 2.0, float("nan")])


@st.composite
def a_record(draw: st.DrawFn, values: st.SearchStrategy[float]) -> tuple[int, int, float, int, int, int]:
    happened_on = draw(DAYS)
    known_on = happened_on + draw(st.sampled_from([0, 0, 1, 30, 300, -20]))
    known_to = draw(st.one_of(st.just(IN_FORCE), st.just(known_on + 1), st.integers(1, 400).map(lambda later: known_on + later)))
    indicator = draw(st.integers(0, 2))
    return draw(st.integers(0, 4)), indicator, draw(CODES if indicator == 2 else values), happened_on, known_on, known_to


def as_records(rows: list[tuple[int, int, float, int, int, int]]) -> Records:
    """Sort as the store does: person, happened_on, known_on, and input order after that."""
    ordered = sorted(rows, key=lambda row: (row[0], row[3], row[4]))
    columns = list(zip(*ordered, strict=True)) if ordered else [[]] * 6
    person, indicator, value, happened_on, known_on, known_to = columns
    whole = [np.array(column, dtype=np.int32) for column in (person, indicator, happened_on, known_on, known_to)]
    return Records(whole[0], whole[1], np.array(value, dtype=np.float32), *whole[2:])


def some_records(values: st.SearchStrategy[float] = EXACT) -> st.SearchStrategy[Records]:
    one = a_record(values)
    doubled = st.lists(st.tuples(one, st.integers(1, 3)), max_size=25).map(lambda pairs: [r for r, n in pairs for _ in range(n)])
    return doubled.map(as_records)


def some_rows() -> st.SearchStrategy[Rows]:
    pairs = st.lists(st.tuples(st.integers(0, 5), DAYS), unique=True, max_size=10).map(sorted)
    return pairs.map(lambda p: Rows(np.array([x[0] for x in p], dtype=np.int32), np.array([x[1] for x in p], dtype=np.int32)))


WINDOWS = ["ever", "1d", "28d", "90d", "366d", "3y", "school_year", "term"]


@st.composite
def a_spec(draw: st.DrawFn) -> FeatureSpec:
    level = draw(st.sampled_from([None, *LEVELS["measure"]]))
    indicator = draw(st.sampled_from(INDICATORS)) if level is None else "measure"
    aggregation = draw(st.sampled_from(AGGREGATIONS if level is None else AGGREGATIONS_OF_A_LEVEL))
    return FeatureSpec.parse(indicator, f"{aggregation}@{draw(st.sampled_from(WINDOWS))}", level=level)


def some_specs() -> st.SearchStrategy[list[FeatureSpec]]:
    return st.lists(a_spec(), min_size=1, max_size=14, unique=True)


def engine(records: Records, rows: Rows, specs: list[FeatureSpec]) -> np.ndarray:
    return feature_matrix(records, rows, specs, indicators=INDICATORS, levels=LEVELS)


def oracle(records: Records, rows: Rows, specs: list[FeatureSpec]) -> np.ndarray:
    answers = oracle_features(records, rows, specs, indicators=INDICATORS, levels=LEVELS)
    return np.array([[answer[spec.name] for spec in specs] for answer in answers], dtype=np.float32).reshape(len(rows), len(specs))


@pytest.mark.requirement("R-14")
@COMPILES
@given(some_records(), some_rows(), some_specs())
def test_equals_the_oracle_bit_for_bit(records: Records, rows: Rows, specs: list[FeatureSpec]) -> None:
    assert_array_equal(engine(records, rows, specs), oracle(records, rows, specs))


@COMPILES
@given(some_records(ANY), some_rows(), st.sampled_from(["sum", "mean"]), st.sampled_from([None, 90]))
def test_sums_of_any_size_are_as_close_as_float64_allows(records: Records, rows: Rows, aggregation: str, window: int | None) -> None:
    specs = [FeatureSpec(code, aggregation, window) for code in INDICATORS[:2]]
    size = float(np.nansum(np.abs(records.value.astype(np.float64))))
    ours, exact = engine(records, rows, specs).astype(np.float64), oracle(records, rows, specs).astype(np.float64)
    with np.errstate(over="ignore"):
        one_step = np.abs(np.spacing(exact.astype(np.float32))).astype(np.float64)
    same = (ours == exact) | (np.isnan(ours) & np.isnan(exact))
    assert (same | (np.abs(ours - exact) <= one_step + len(records) * 2**-52 * size)).all()


@pytest.mark.requirement("R-14")
@COMPILES
@given(some_records(), st.data(), some_specs(), DAYS)
def test_nothing_learned_later_changes_a_feature(records: Records, data: st.DataObject, specs: list[FeatureSpec], as_of: int) -> None:
    """Records that became known after the as-of date may be altered, removed or added, and corrections that came later may vanish."""
    rows = Rows(np.arange(6, dtype=np.int32), np.full(6, as_of, dtype=np.int32))
    later = records.known_on > as_of
    altered = replace(records, value=np.where(later, np.float32(data.draw(EXACT)), records.value))
    known_then = records.take(~later)
    forgotten = replace(known_then, known_to=np.where(known_then.known_to > as_of, IN_FORCE, known_then.known_to).astype(np.int32))
    before = engine(records, rows, specs)
    assert_array_equal(before, engine(altered, rows, specs))
    assert_array_equal(before, engine(forgotten, rows, specs))


@COMPILES
@given(some_records(), some_rows(), some_specs(), st.integers(0, 6))
def test_features_do_not_depend_on_who_shares_a_part(records: Records, rows: Rows, specs: list[FeatureSpec], cut: int) -> None:
    parts = [(records.take((records.person >= a) & (records.person < b)), rows.between(a, b)) for a, b in ((0, cut), (cut, 6))]
    assert_array_equal(engine(records, rows, specs), np.concatenate([engine(*part, specs) for part in parts]))


@COMPILES
@given(some_records(), some_rows(), some_specs(), st.permutations(range(6)))
def test_features_do_not_depend_on_the_order_of_persons(records: Records, rows: Rows, specs: list[FeatureSpec], new: list[int]) -> None:
    code = np.array(new, dtype=np.int32)
    renamed = replace(records, person=code[records.person])
    renamed = renamed.take(np.argsort(renamed.person, kind="stable"))
    order = np.lexsort((rows.as_of, code[rows.person]))
    renamed_rows = Rows(code[rows.person][order], rows.as_of[order])
    assert_array_equal(engine(records, rows, specs)[order], engine(renamed, renamed_rows, specs))
