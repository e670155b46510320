"""A value contract fills in what the kind says, names what is wrong with a value, draws valid ones and says it in three languages."""

from __future__ import annotations

import math

import numpy as np
import pytest

from features.declarations.constraints import LANGUAGES, UNITS, Kind, ValueContract, unit_in

COUNT = ValueContract.of(Kind.COUNT)
FLAG = ValueContract.of(Kind.FLAG)
POINTS = ValueContract.of(Kind.LEVEL, low=0, high=60)
MARK = ValueContract.of(Kind.LEVEL, low=1, high=6, whole=True)
AMOUNT = ValueContract.of(Kind.AMOUNT)
PROGRAMME = ValueContract.of(Kind.CATEGORY, levels=("general", "vocational"))
GRADE = ValueContract.of(Kind.LEVEL, levels=("8", "9", "10"))
NAMED = ValueContract.of(Kind.LEVEL, levels=("A1", "A2", "B1"))
ALL = (COUNT, FLAG, POINTS, MARK, AMOUNT, PROGRAMME, GRADE, NAMED)


def test_the_kind_says_by_itself_what_a_count_and_a_flag_may_be() -> None:
    assert (COUNT.low, COUNT.high, COUNT.is_whole, COUNT.may_lack_value) == (0.0, None, True, True)
    assert (FLAG.low, FLAG.high, FLAG.is_whole, FLAG.may_lack_value) == (0.0, 1.0, True, True)
    assert (AMOUNT.low, AMOUNT.high, AMOUNT.is_whole, AMOUNT.may_lack_value) == (None, None, False, False)
    assert not ValueContract.of(Kind.COUNT, whole=False).is_whole


@pytest.mark.parametrize(
    ("contract", "value", "fault"),
    [
        (COUNT, 0, None),
        (COUNT, 3.0, None),
        (COUNT, -1, "value_negative"),
        (ValueContract.of(Kind.COUNT, low=1), 0, "value_below_low"),
        (COUNT, 2.5, "value_not_whole"),
        (COUNT, None, None),
        (COUNT, "  ", None),
        (COUNT, "tre", "value_not_a_number"),
        (COUNT, "1_000", "value_not_a_number"),
        (FLAG, "true", None),
        (FLAG, "False", None),
        (FLAG, 1, None),
        (FLAG, 2, "value_not_0_or_1"),
        (FLAG, "ja", "value_not_0_or_1"),
        (POINTS, 60.0, None),
        (POINTS, "60.1", "value_above_high"),
        (POINTS, -0.1, "value_below_low"),
        (POINTS, None, "value_missing"),
        (POINTS, math.nan, "value_missing"),
        (POINTS, math.inf, "value_not_a_number"),
        (MARK, 6, None),
        (MARK, 7, "value_above_high"),
        (MARK, 3.5, "value_not_whole"),
        (AMOUNT, -1e30, None),
        (AMOUNT, 1e39, "value_not_a_number"),
        (PROGRAMME, "general", None),
        (PROGRAMME, "General", "value_not_a_level"),
        (PROGRAMME, 0, "value_not_a_level"),
        (GRADE, 10.0, None),
        (GRADE, "11", "value_not_a_level"),
        (NAMED, "B1", None),
    ],
)
def test_a_value_that_breaks_the_contract_gets_its_reason(contract: ValueContract, value: float | str | None, fault: str | None) -> None:
    assert contract.find_fault(value) == fault


def test_a_number_that_is_no_stored_level_is_refused_and_not_delivered_as_its_neighbour() -> None:
    assert GRADE.as_delivered(np.array([10.0, 8.0, 9.0])).to_pylist() == ["10", "8", "9"]
    with pytest.raises(ValueError, match="2 of 3 numbers are no stored level"):
        GRADE.as_delivered(np.array([8.5, 8.0, 11.0]))


def test_what_is_drawn_can_be_kept_as_float32_without_leaving_the_bounds() -> None:
    contract = ValueContract.of(Kind.AMOUNT, low=0.1, high=0.7)
    stored = contract.draw(np.random.default_rng(3), 500)
    assert np.array_equal(stored.astype(np.float32), stored)
    assert not contract.find_faulty(stored).any()


def test_numbers_that_are_levels_keep_their_number_and_names_get_their_position() -> None:
    assert GRADE.stored_levels == {"8": 8.0, "9": 9.0, "10": 10.0}
    assert NAMED.stored_levels == {"A1": 0.0, "A2": 1.0, "B1": 2.0}
    assert ValueContract.of(Kind.CATEGORY, levels=("8", "9")).stored_levels == {"8": 0.0, "9": 1.0}


@pytest.mark.parametrize("contract", ALL)
def test_what_is_drawn_is_valid_reaches_the_bounds_and_depends_on_the_seed_alone(contract: ValueContract) -> None:
    stored = contract.draw(np.random.default_rng(3), 500)
    delivered = contract.as_delivered(stored).to_pylist()
    assert len(stored) == 500
    assert {contract.find_fault(value) for value in delivered} == {None}
    assert np.array_equal(stored, contract.draw(np.random.default_rng(3), 500))
    if contract.levels:
        assert set(delivered) == set(contract.levels)
    for bound in (contract.low, contract.high):
        assert bound is None or bound in stored


@pytest.mark.parametrize(
    ("kind", "bounds", "says"),
    [
        (Kind.FLAG, {"high": 2}, "leave them out of a flag"),
        (Kind.CATEGORY, {"levels": ("a",), "low": 0}, "leave them out"),
        (Kind.LEVEL, {"levels": ("1", "2"), "high": 2}, "leave them out"),
        (Kind.COUNT, {"levels": ("1",)}, "belong to a level or a category"),
        (Kind.AMOUNT, {"low": 3, "high": 3}, "is not below"),
        (Kind.COUNT, {"low": -1}, "a count is not negative"),
        (Kind.COUNT, {"high": -1}, "is not below"),
        (Kind.LEVEL, {"low": 0.2, "high": 0.8, "whole": True}, "no whole number"),
        (Kind.LEVEL, {"high": 999_999_999, "whole": True}, "running number"),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(kind: Kind, bounds: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ValueContract.of(kind, **bounds)  # type: ignore[arg-type]


def test_the_words_hold_every_part_of_the_contract() -> None:
    months = ValueContract.of(Kind.AMOUNT, low=0, high=12, unit="months", ages=(16, 24))
    assert [months.describe(language) for language in LANGUAGES] == [
        "et tall fra 0 til 12 (måneder); alder 16–24",
        "eit tal frå 0 til 12 (månader); alder 16–24",
        "a number from 0 to 12 (months); ages 16–24",
    ]
    assert PROGRAMME.describe("en") == "one of general, vocational; ages 0–24"
    assert FLAG.describe("nn") == "0 eller 1; alder 0–24; ei rad utan verdi blir talt som registrering og gir ikkje noko tal"
    assert "from 1 to 10000000;" in ValueContract.of(Kind.LEVEL, low=1, high=10_000_000, whole=True).describe("en")
    assert "from 0.5 to 2;" in ValueContract.of(Kind.LEVEL, low=0.5, high=2).describe("en")
    assert "at most 6" in ValueContract.of(Kind.LEVEL, high=6).describe("en")


def test_a_unit_of_the_project_s_own_goes_by_its_name() -> None:
    assert unit_in("days", "nn") == "dagar"
    assert unit_in("kroner", "en") == "kroner"
    assert all(len(words) == 3 and all(words) for words in UNITS.values())
