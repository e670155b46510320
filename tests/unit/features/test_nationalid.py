from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest

from features.nationalid import holds_national_id, is_national_id, rows_with_national_id

pytestmark = pytest.mark.requirement("R-07")

# Constructed for these tests by the checksum rule; the plain one is nobody's on record here.
PLAIN, D_NUMBER, PLUS_80, PLUS_40, PLUS_65 = "01010750160", "41010750154", "01810750207", "01410750305", "01660750432"


@pytest.mark.parametrize("number", [PLAIN, D_NUMBER, PLUS_80, PLUS_40, PLUS_65, "201212345608"])
def test_every_kind_is_recognised(number: str) -> None:
    assert is_national_id(number)


@pytest.mark.parametrize("place", range(11))
def test_one_wrong_digit_is_no_number(place: int) -> None:
    wrong = PLAIN[:place] + str((int(PLAIN[place]) + 1) % 10) + PLAIN[place + 1 :]
    assert not is_national_id(wrong)


@pytest.mark.parametrize("number", ["99999999999", "32010750160", "01137501600", "1234567890", "", "0101075016o"])
def test_impossible_dates_and_other_texts_are_none(number: str) -> None:
    assert not is_national_id(number)


@pytest.mark.parametrize(
    "text",
    [
        f"mor {PLAIN} ring",
        "010107 50160",
        "01.01.07-50160",
        "01 01 07 501 60",
        "fnr:01010750160.",
        "tlf 22 33 44 55 010107 50160",
        "DUF 2012 123456 08",
    ],
)
def test_found_inside_a_text_however_written(text: str) -> None:
    assert holds_national_id(text)


@pytest.mark.parametrize("text", ["2024-01-15 12:00", "tlf 22 33 44 55, 99 88 77 66", "abs-2019-11-03", "10000000000000", "123.456.789,50"])
def test_dates_telephones_and_record_numbers_are_let_through(text: str) -> None:
    assert not holds_national_id(text)


def test_positions_in_a_column() -> None:
    column = pa.chunked_array([["a", PLAIN, None], ["x 010107 50160", "01010750161", PLAIN]])
    assert rows_with_national_id(column).tolist() == [1, 3, 5]


def test_numbers_count_too_with_their_leading_zero_lost() -> None:
    assert rows_with_national_id(pa.array([1010750160, 41010750154, 1010750161, None, 5])).tolist() == [0, 1]
    assert rows_with_national_id(pa.array([1010750160.0, 3.5])).tolist() == [0]


def test_a_dictionary_column_is_looked_into() -> None:
    assert rows_with_national_id(pa.array(["a", PLAIN, "a"]).dictionary_encode()).tolist() == [1]


def test_decimals_count_too() -> None:
    column = pa.array([Decimal("41010750154.00"), Decimal("41010750154.50"), None], pa.decimal128(20, 2))
    assert rows_with_national_id(column).tolist() == [0]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([b"a", f"\u00e6 {PLAIN}".encode("latin-1"), None], pa.binary()),
        pa.array([b"abcdefghijk", PLAIN.encode(), None], pa.binary(11)),
        pa.array(["a", PLAIN, None], pa.string_view()),
        pa.array([["a"], ["b", f"mor {PLAIN}"], None]),
        pa.array([{"note": "a"}, {"note": PLAIN}, None]),
    ],
    ids=lambda column: str(column.type),
)
def test_no_type_of_column_passes_unsearched(column: pa.Array) -> None:
    assert rows_with_national_id(pa.chunked_array([column])).tolist() == [1]


def test_a_column_without_text_holds_none() -> None:
    assert rows_with_national_id(pa.array([True, False])).tolist() == []
