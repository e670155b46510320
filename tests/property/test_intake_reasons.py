"""The reason that intake gives a row is the one that a plain statement of the rules gives: one row at a time, no arrays."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.catalogue import Indicator
from features.intake.checks import EARLIEST, FURTHEST_DAYS, REASON_NAMES, IndicatorTable, Rules, check_chunk
from features.intake.columns import NO_DAY, CellReader
from features.intake.identifiers import MISSING, UNKNOWN
from features.records import day_number

TODAY = date(2026, 11, 21)
WORDS = {"nb": "x", "nn": "x", "en": "x"}


def declared(code: str, kind: str, **more: object) -> Indicator:
    return Indicator.model_validate({"code": code, "kind": kind, "use": "context", "label": WORDS, **more})


INDICATORS = {
    one.code: one
    for one in (
        declared("edu_count", "count"),
        declared("edu_hours", "count", whole=False, high=400),
        declared("edu_points", "level", low=0, high=60),
        declared("edu_half", "amount", low=-2.5),
        declared("edu_whole", "amount", whole=True, high=9),
        declared("edu_flag", "flag"),
        declared("edu_place", "category", levels=["0301", "1103", "ja"]),
        declared("edu_mark", "level", levels=["1", "2", "3"]),
    )
}
POSITIONS = {code: number + 3 for number, code in enumerate(INDICATORS)}
TABLE = IndicatorTable.build(INDICATORS, positions=POSITIONS)


@cache
def reader() -> CellReader:
    """One for all examples: opening it is most of what a small chunk costs."""
    return CellReader()


NUMBERS = ["0", "1", "-1", "2.5", "-2.5", "-2.6", " 7 ", "61", "60", "400.5", "1e3", "1e39", "2", "3", "9.5", ".5", "5.", "+4"]
NO_NUMBERS = ["", " ", "nan", "inf", "x", "1,5", "1_0", "0x1", "True", "false", "0301", "1103", "ja", "301", "--1", "1 000"]
TEXTS = st.sampled_from([*NUMBERS, *NO_NUMBERS])
DATES = st.one_of(
    st.none(),
    st.sampled_from(["", "2024-02-29", "2023-02-29", "01.03.2024", "31.02.2024", "1899-12-31", "1900-01-01", "2027-11-22", "2027-11-23"]),
    st.sampled_from(["2026-11-21", "2026-11-22", " 2024-03-01 ", "x", "infinity", "-infinity", "9999-12-31"]),
    st.dates(date(1890, 1, 1), date(2030, 1, 1)).map(date.isoformat),
)
ROW = st.fixed_dictionaries(
    {
        "number": st.sampled_from([0, 1, UNKNOWN, MISSING]),
        "code": st.one_of(st.none(), st.sampled_from([*INDICATORS, "edu_other", " edu_flag "])),
        "value": st.one_of(st.none(), TEXTS),
        "happened": DATES,
        "known": DATES,
        "stop": DATES,
    }
)


def plain_day(text: str | None) -> date | str | None:
    """A date, None where nothing stands, or a word for what is no date of a calendar."""
    stripped = (text or "").strip()
    if not stripped:
        return None
    if stripped in ("infinity", "-infinity"):
        return stripped
    parts = stripped.split("-") if "-" in stripped else stripped.split(".")[::-1]
    try:
        return date(*map(int, parts))
    except (ValueError, TypeError):
        return "unreadable"


def before(one: date | str, other: date) -> bool:
    return one == "-infinity" if isinstance(one, str) else one < other


def after(one: date | str, other: date) -> bool:
    return one == "infinity" if isinstance(one, str) else one > other


def plain_reason(row: dict[str, Any], lag: int | None) -> str:
    """First rule that the row breaks, empty where it is good."""
    indicator = INDICATORS.get((row["code"] or "").strip())
    start, stop, learned = (plain_day(row[name]) for name in ("happened", "stop", "known"))
    if row["number"] == MISSING:
        return "missing_id"
    if indicator is None:
        return "unknown_indicator"
    if start == "unreadable":
        return "happened_unreadable"
    if isinstance(stop, str):
        return "stop_unreadable"
    happened = start if start is not None else stop
    if happened is None:
        return "happened_missing"
    return plain_reason_of_days(row, indicator, happened, start, stop, learned, lag)


def plain_reason_of_days(row, indicator, happened, start, stop, learned, lag) -> str:  # type: ignore[no-untyped-def]
    if before(happened, EARLIEST):
        return "happened_too_early"
    if after(happened, TODAY + timedelta(days=FURTHEST_DAYS)):
        return "happened_too_late"
    if stop is not None and start is not None and stop < start:
        return "stop_before_start"
    if learned == "unreadable":
        return "known_unreadable"
    if learned is None and lag is None:
        return "known_missing"
    if learned is not None and before(learned, EARLIEST):
        return "known_too_early"
    if learned is not None and after(learned, TODAY):
        return "known_in_future"
    fault = indicator.contract.find_fault(row["value"])
    if fault == "value_below_low" and indicator.kind.value == "count":
        fault = "value_negative" if float(row["value"]) < 0 else fault
    return fault or ("unknown_person" if row["number"] == UNKNOWN else "")


def check(rows: list[dict[str, Any]], lag: int | None, value: pa.Array) -> list[str]:
    table = pa.table(
        {
            "line": pa.array(range(len(rows)), pa.int64()),
            "id": pa.array([row["number"] for row in rows], pa.int32()),
            "code": pa.array([row["code"] for row in rows], pa.string()),
            "value": value,
            **{name: pa.array([row[name] for row in rows], pa.string()) for name in ("happened", "known", "stop")},
        }
    )
    record, born = np.zeros(len(rows), dtype=np.int64), np.full(2, NO_DAY)
    checked = check_chunk(reader(), table, Rules(TODAY, ".", lag), TABLE, record=record, born_on=born)
    return [REASON_NAMES[reason] for reason in checked.reason]


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=40), lag=st.sampled_from([None, 0, 30]))
def test_intake_names_the_reason_that_a_plain_statement_names(rows: list[dict[str, Any]], lag: int | None) -> None:
    value = pa.array([row["value"] for row in rows], pa.string())
    expected = [plain_reason(row, lag) for row in rows]
    assert check(rows, lag, value) == expected
    assert check(rows, lag, value.dictionary_encode()) == expected


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"code": st.sampled_from([*INDICATORS]), "value": st.one_of(st.none(), st.floats(width=64), st.integers(-5, 70))}
        ),
        min_size=1,
        max_size=40,
    )
)
def test_numbers_in_a_typed_column_are_held_to_the_same_contract(rows: list[dict[str, Any]]) -> None:
    whole = [{"number": 0, "happened": "2024-03-01", "known": "2024-03-01", "stop": None, **row} for row in rows]
    value = pa.array([None if row["value"] is None else float(row["value"]) for row in rows], pa.float64())
    typed = [
        {**row, "value": None if number is None or math.isnan(number) else number}
        for row, number in zip(whole, value.to_pylist(), strict=True)
    ]
    assert check(whole, None, value) == [plain_reason(row, None) for row in typed]


@given(lag=st.integers(0, 4000), happened=st.dates(date(1950, 1, 1), date(2026, 11, 21)))
@settings(max_examples=30, deadline=None)
def test_a_lag_says_when_a_row_without_its_own_date_became_known(lag: int, happened: date) -> None:
    table = pa.table(
        {
            "line": pa.array([1], pa.int64()),
            "id": pa.array([0], pa.int32()),
            "code": ["edu_flag"],
            "value": ["1"],
            "happened": pa.array([happened]),
            "known": pa.array([None], pa.string()),
            "stop": pa.array([None], pa.string()),
        }
    )
    record, born = np.zeros(1, dtype=np.int64), np.full(1, NO_DAY)
    checked = check_chunk(reader(), table, Rules(TODAY, ".", lag), TABLE, record=record, born_on=born)
    assert checked.known_on.tolist() == [day_number(happened) + lag]
    assert checked.indicator.tolist() == [POSITIONS["edu_flag"]]
    assert REASON_NAMES[checked.reason[0]] == ""
