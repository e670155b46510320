"""Pieces of the generator: thresholds, events, identifiers, settings."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from features.errors import DataError
from features.synth.background import draw_background, draw_liability
from features.synth.events import Events, Lag, make_events, with_corrections
from features.synth.generate import Settings, generate_cohort
from features.synth.household import draw_residence
from features.synth.school_year import EPOCH
from features.synth.sources import person_ids

UNTIL = date(2026, 11, 1)


def people_of(n: int = 60_000, year: int = 2002):
    return draw_background(n, year, UNTIL.toordinal() - EPOCH, np.random.default_rng(3))


@pytest.mark.parametrize("rate", [0.02, 0.13, 0.4])
def test_a_threshold_meets_the_populations_share_whatever_shifts_the_groups(rate: float) -> None:
    liability = draw_liability(people_of(), np.random.default_rng(1), strain=0.6, education=0.5, boy=0.4, immigration=(0.0, 0.9, 0.9))
    assert liability.exceeds(rate).mean() == pytest.approx(rate, abs=0.006)


def test_a_wobbled_tendency_keeps_its_distribution_and_most_of_its_order() -> None:
    liability = draw_liability(people_of(), np.random.default_rng(1), strain=0.6)
    again = liability.wobble(np.random.default_rng(2), stable=0.9)
    assert again.value.std() == pytest.approx(1.0, abs=0.02)
    assert np.corrcoef(liability.value, again.value)[0, 1] == pytest.approx(0.9, abs=0.01)


def test_loadings_leave_room_for_noise() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        draw_liability(people_of(10), np.random.default_rng(1), strain=0.8, mood=-0.7)


def test_a_correction_comes_later_under_the_same_record_with_the_right_value() -> None:
    n = 5_000
    true = make_events(
        "edu_grades_core",
        np.ones(n, dtype=bool),
        value=4.0,
        happened_on=18_000,
        lag=Lag(2, 5.0),
        rng=np.random.default_rng(1),
        record=np.arange(n),
    )
    told = with_corrections(true, np.random.default_rng(2), share=0.1, error=1, least=1)
    last = told.known_on.argsort(kind="stable")
    final = dict(zip(told.record[last].tolist(), told.value[last].tolist(), strict=True))
    assert set(final.values()) == {4.0}
    assert len(told) - n == pytest.approx(0.1 * n, rel=0.2)
    first = told.value[:n]
    assert set(np.unique(first).tolist()) == {3.0, 4.0, 5.0}


def test_a_correction_needs_to_know_what_it_corrects() -> None:
    events = Events("edu_gsp", *(np.zeros(1, dtype=np.int32) for _ in range(4)))
    with pytest.raises(ValueError, match="edu_gsp"):
        with_corrections(events, np.random.default_rng(1), share=0.5, error=1)


def test_nobody_arrives_after_the_last_day_nor_before_birth() -> None:
    people = people_of(5_000, year=2019)
    assert (people.arrived_on >= people.born_on).all()
    assert people.arrived_on.max() <= UNTIL.toordinal() - EPOCH
    assert (people.arrived_on > people.born_on).sum() > 0


def test_a_person_moves_only_where_a_move_is_recorded() -> None:
    residence = draw_residence(people_of(3_000), np.random.default_rng(4))
    changed = residence.place[:, 1:] != residence.place[:, :-1]
    assert not (changed & ~residence.moved).any()


def test_identifiers_are_opaque_unique_and_never_eleven_digits() -> None:
    settings = Settings(4_000, UNTIL)
    cohorts = [generate_cohort(2_000, year, first, settings, np.random.default_rng(year)) for year, first in ((1996, 0), (1997, 2_000))]
    ids = [text for cohort in cohorts for text in person_ids(cohort, people=4_000).to_pylist()]
    assert len(set(ids)) == 4_000
    assert all(text.startswith("SYN-") and len(text) == 11 and text[4:].isdigit() for text in ids)
    older = sorted(int(text[4:]) for text in ids[:2_000])
    assert np.mean(older) == pytest.approx(2_000, rel=0.02)


@pytest.mark.parametrize(
    ("people", "plants", "code"), [(10, set(), "TID460"), (10_000_000, set(), "TID460"), (5_000, {"aliens"}, "TID461")]
)
def test_settings_refuse_what_cannot_be_made(people: int, plants: set[str], code: str) -> None:
    with pytest.raises(DataError) as refused:
        Settings(people, UNTIL, frozenset(plants))
    assert refused.value.code == code
