"""The intake check of millions of rows and the plain check of one value never differ; what a contract draws passes both."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.declarations.catalogue import Indicator, Kind, Use, Wording
from features.declarations.constraints import ValueContract
from features.declarations.project import load_project
from features.intake.checks import REASON_NAMES, IndicatorTable, Rules, check_chunk
from features.intake.columns import NO_DAY, CellReader

DAY = date(2024, 3, 1)
LABEL = Wording(nb="x", nn="x", en="x")
NORWAY = load_project(Path(__file__).parents[2] / "examples" / "norway").catalogue

numbers = st.one_of(st.integers(-5, 200).map(float), st.floats(-1e4, 1e4), st.sampled_from([0.0, 1.0, 1e39, -1e39, float("inf")]))
bounds = st.one_of(st.none(), st.integers(-3, 50).map(float))
texts = st.one_of(
    numbers.map(repr),
    st.integers(-3, 70).map(str),
    st.sampled_from(["", "  ", "a", "b", " b ", "A", "true", "FALSE", "ja", "1,5", "1_0", "1e400", ".5", "5.", "+3", "0x1", "nan", "inf"]),
)


@cache
def reader() -> CellReader:
    """One in-memory database for all examples: opening it takes longer than a check."""
    return CellReader()


@st.composite
def indicators(draw: st.DrawFn) -> Indicator:
    """Any indicator that a project could declare, as far as its values go."""
    kind = draw(st.sampled_from(list(Kind)))
    levels: tuple[str, ...] = ()
    if kind is Kind.CATEGORY or (kind is Kind.LEVEL and draw(st.booleans())):
        levels = draw(st.sampled_from([("a", "b"), ("1", "2", "3"), ("8", "b")]))
    row: dict[str, object] = {"code": "edu_x", "kind": kind, "use": Use.PREDICTOR, "label": LABEL, "levels": levels}
    if kind is not Kind.FLAG and not levels:
        low, high = draw(bounds), draw(bounds)
        if kind is Kind.COUNT:
            low, high = None if low is None or low < 0 else low, None if high is None or high < 1 else high
        if low is not None and high is not None and low >= high:
            high = low + 1
        row |= {"low": low, "high": high, "whole": draw(st.sampled_from([None, True, False]))}
    return Indicator.model_validate(row)


def reasons_at_intake(indicator: Indicator, values: pa.Array) -> list[str | None]:
    """Reason of each value when it stands in an otherwise good row of a file."""
    n = len(values)
    nothing = pa.nulls(n, pa.string())
    columns = {"line": pa.array(range(n), pa.int64()), "id": pa.array([0] * n, pa.int32()), "code": pa.array([indicator.code] * n)}
    days = pa.array([DAY] * n, pa.date32())
    table = pa.table(columns | {"value": values, "happened": days, "known": days, "stop": nothing, "record": nothing})
    checked = check_chunk(
        reader(),
        table,
        Rules(DAY, ".", None),
        IndicatorTable.build({indicator.code: indicator}, positions={indicator.code: 0}),
        record=np.zeros(n, dtype=np.int64),
        born_on=np.array([NO_DAY], dtype=np.int32),
    )
    return [REASON_NAMES[position] or None for position in checked.reason]


@given(indicators(), st.lists(st.one_of(st.none(), texts), min_size=1, max_size=30))
@example(Indicator(code="edu_x", kind=Kind.FLAG, use=Use.PREDICTOR, label=LABEL), ["true", "2", None])
def test_text_gets_the_same_reason_from_both(indicator: Indicator, values: list[str | None]) -> None:
    assert reasons_at_intake(indicator, pa.array(values, pa.string())) == [indicator.contract.find_fault(value) for value in values]


@given(indicators(), st.lists(st.one_of(st.none(), numbers), min_size=1, max_size=30))
def test_a_column_of_numbers_gets_the_same_reason_from_both(indicator: Indicator, values: list[float | None]) -> None:
    assert reasons_at_intake(indicator, pa.array(values, pa.float64())) == [indicator.contract.find_fault(value) for value in values]


@given(indicators(), st.lists(st.one_of(st.none(), numbers), max_size=30))
def test_a_column_at_once_is_refused_where_its_values_are(indicator: Indicator, values: list[float | None]) -> None:
    column = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    assert indicator.contract.find_faulty(column).tolist() == [indicator.contract.find_fault(value) is not None for value in values]


@given(indicators(), st.integers(0, 2**32 - 1))
def test_what_a_contract_draws_passes_the_intake_check(indicator: Indicator, seed: int) -> None:
    delivered = indicator.contract.as_delivered(indicator.contract.draw(np.random.default_rng(seed), 20))
    assert set(reasons_at_intake(indicator, delivered)) == {None}


@pytest.mark.parametrize("code", NORWAY.indicators)
def test_the_demo_s_declarations_pass_with_their_own_draws_and_are_all_described(code: str) -> None:
    indicator = NORWAY.indicators[code]
    contract: ValueContract = indicator.contract
    delivered = contract.as_delivered(contract.draw(np.random.default_rng(1), 50))
    assert set(reasons_at_intake(indicator, delivered)) == {None}
    for bound in (indicator.low, indicator.high):
        assert bound is None or np.format_float_positional(bound, trim="-") in contract.describe("en")
