"""The gate shows the kernel what a plain reading of the consents allows, row by row, and nothing of anybody who does not consent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from features.consents import consent_periods
from features.engine.kernel import Rows
from features.gate import ConsentGate, pair_keys
from features.records import IN_FORCE, Records
from tests.property.test_engine_against_oracle import DAYS, engine, oracle, some_records, some_rows, some_specs

GATED = (0, 2)
"""Positions of the indicators that need consent; the one between them needs none."""


@dataclass(frozen=True)
class Consent:
    """A consent as a person would tell of it: to one indicator, from the first day to the last, perhaps withdrawn."""

    person: int
    indicator: int
    first: int
    last: int
    withdrawn: int | None


def a_consent() -> st.SearchStrategy[Consent]:
    period = st.tuples(DAYS, st.sampled_from([0, 1, 30, 200, 365]), st.one_of(st.none(), st.integers(-5, 400)))
    return st.builds(
        lambda person, indicator, when: Consent(
            person, indicator, when[0], when[0] + when[1], None if when[2] is None else when[0] + max(0, when[2])
        ),
        st.integers(0, 4),
        st.sampled_from(GATED),
        period,
    )


def consents_on(consents: list[Consent], person: int, indicator: int, day: int) -> bool:
    """Whether a consent covers the day that nobody took back since it was given."""
    mine = [c for c in consents if (c.person, c.indicator) == (person, indicator)]
    withdrawals = [c.withdrawn for c in mine if c.withdrawn is not None]
    return any(c.first <= day <= c.last and not any(c.first <= w <= day for w in withdrawals) for c in mine)


def gate_of(consents: list[Consent], *, on: int) -> ConsentGate:
    found = []
    for position in GATED:
        mine = [c for c in consents if c.indicator == position]
        columns = (
            [c.person for c in mine],
            [c.first for c in mine],
            [c.last + 1 for c in mine],
            [IN_FORCE if c.withdrawn is None else c.withdrawn for c in mine],
        )
        person, start, stop = consent_periods(*(np.array(column, dtype=np.int32) for column in columns), on=on)
        found.append((pair_keys(np.full(len(person), position, dtype=np.int32), person), start, stop))
    return ConsentGate(GATED, *(np.concatenate(columns) for columns in zip(*found, strict=True)))


def may_be_used(records: Records, consents: list[Consent], *, as_of: int, on: int) -> np.ndarray:
    return np.array(
        [
            indicator not in GATED or all(consents_on(consents, person, indicator, day) for day in (as_of, on))
            for person, indicator in zip(records.person.tolist(), records.indicator.tolist(), strict=True)
        ],
        dtype=bool,
    )


some_consents = st.lists(a_consent(), max_size=12)


@pytest.mark.requirement("R-23")
@settings(deadline=None)
@given(some_records(), some_rows(), some_specs(), some_consents, DAYS)
def test_features_are_those_of_the_records_that_consents_allow_on_each_date(records, rows, specs, consents, on) -> None:
    got = engine(gate_of(consents, on=on).admit(records), rows, specs)

    for number, (person, as_of) in enumerate(zip(rows.person.tolist(), rows.as_of.tolist(), strict=True)):
        one = Rows(np.array([person], dtype=np.int32), np.array([as_of], dtype=np.int32))
        allowed = records.take(may_be_used(records, consents, as_of=as_of, on=on))
        assert_array_equal(got[number : number + 1], oracle(allowed, one, specs))


@settings(deadline=None)
@given(some_records(), some_consents, DAYS, DAYS)
def test_a_page_shows_what_the_features_of_its_date_used(records, consents, as_of, on) -> None:
    gate = gate_of(consents, on=on)
    shown = records.take(gate.allows(records, as_of) & records.visible_on(as_of))
    used = gate.admit(records)
    used = used.take(used.visible_on(as_of))
    for name in ("person", "indicator", "value", "happened_on"):
        assert_array_equal(getattr(shown, name), getattr(used, name))


@settings(deadline=None)
@given(some_records(), some_consents, DAYS)
def test_the_order_of_the_store_is_kept(records, consents, on) -> None:
    seen = gate_of(consents, on=on).admit(records)
    order = np.lexsort((seen.known_on, seen.happened_on, seen.person))
    assert_array_equal(order, np.arange(len(seen)))


@pytest.mark.requirement("R-23")
@settings(deadline=None)
@given(some_records(), some_rows(), some_specs(), some_consents, DAYS)
def test_who_does_not_consent_today_looks_like_somebody_without_these_records(records, rows, specs, consents, on) -> None:
    bare = records.take(
        np.array(
            [
                indicator not in GATED or consents_on(consents, person, indicator, on)
                for person, indicator in zip(records.person.tolist(), records.indicator.tolist(), strict=True)
            ],
            dtype=bool,
        )
    )
    gate = gate_of(consents, on=on)
    assert_array_equal(engine(gate.admit(records), rows, specs), engine(gate.admit(bare), rows, specs))
