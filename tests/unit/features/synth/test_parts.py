"""Pieces of the generator: thresholds, events, identifiers, settings."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from numpy.random import SeedSequence

from features.errors import DataError
from features.synth import generate
from features.synth.background import draw_background, draw_liability
from features.synth.career import both_outside
from features.synth.events import Events, Lag, Spells, make_events, make_spells, with_corrections
from features.synth.family import draw_residence
from features.synth.generate import Population, Settings, cohort_sizes
from features.synth.households import GAPS, NEVER, FamilyTree, draw_households
from features.synth.places import LOCAL, places_with
from features.synth.school_year import EPOCH, day_of
from features.synth.sources import person_ids

UNTIL = date(2026, 11, 1)


LAST_DAY = UNTIL.toordinal() - EPOCH
PLACES = places_with(0.5)


def people_of(n: int = 60_000, year: int = 2002):
    tree = FamilyTree(dict.fromkeys(range(year - 6, year + 7), n))
    made = [
        draw_households(year - gap, *tree.n_founded(year - gap), places=PLACES, until=LAST_DAY, rng=np.random.default_rng(gap))
        for gap in GAPS
    ]
    return draw_background(year, tree.ranks(year), made, LAST_DAY, np.random.default_rng(3))


@pytest.mark.parametrize("rate", [0.02, 0.13, 0.4])
def test_a_threshold_meets_the_populations_share_whatever_shifts_the_groups(rate: float) -> None:
    people = people_of()
    liability = draw_liability(people, np.random.default_rng(1), strain=0.6, education=0.5, boy=0.4, immigration=(0.0, 0.9, 0.9))
    at_16 = people.age_at_arrival() < 16
    assert liability.exceeds(rate)[at_16].mean() == pytest.approx(rate, abs=0.006)


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
    residence = draw_residence(people_of(3_000), PLACES, np.random.default_rng(4))
    changed = residence.place[:, 1:] != residence.place[:, :-1]
    assert not (changed & ~residence.moved).any()


def small_population(people: int = 4_000) -> Population:
    settings = Settings(people, UNTIL)
    return Population(settings, FamilyTree(cohort_sizes(settings)), PLACES, SeedSequence(5))


def test_identifiers_are_opaque_unique_and_never_eleven_digits() -> None:
    population, first, ids = small_population(), 0, []
    for year, size in population.tree.sizes.items():
        ids.append(person_ids(population.cohort(year, first), people=4_000).to_pylist())
        first += size
    everybody = [text for cohort in ids for text in cohort]
    assert len(set(everybody)) == 4_000
    assert all(text.startswith("SYN-") and len(text) == 11 and text[4:].isdigit() for text in everybody)
    assert np.mean([int(text[4:]) for cohort in ids[:10] for text in cohort]) == pytest.approx(2_000, rel=0.05)


def test_a_cohort_is_the_same_whichever_others_were_made_before() -> None:
    alone = small_population().cohort(2005, 0)
    population = small_population()
    population.cohort(1999, 0)
    after = population.cohort(2005, 0)
    assert alone.events.keys() == after.events.keys()
    assert all(np.array_equal(alone.events[name].value, after.events[name].value) for name in alone.events)


def test_a_large_population_is_made_in_parts_that_share_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "MOST_IN_A_PART", 2_000)
    cohorts = list(generate.generate_cohorts(Settings(5_000, UNTIL), SeedSequence(5)))
    assert sum(cohort.people.n_people for cohort in cohorts) == 5_000
    assert [cohort.first_number for cohort in cohorts] == np.cumsum([0, *(c.people.n_people for c in cohorts)])[:-1].tolist()
    in_2003 = [cohort for cohort in cohorts if cohort.people.birth_year == 2003]
    assert len(in_2003) == 3
    homes = [set(zip(c.people.home.founded.tolist(), c.people.home.household.tolist(), strict=True)) for c in in_2003]
    assert not homes[0] & homes[1] | homes[1] & homes[2] | homes[0] & homes[2]
    assert len({c.people.latents["strain"][0] for c in in_2003}) == 3


def test_siblings_agree_about_their_home_although_they_stand_in_different_cohorts() -> None:
    population = small_population(20_000)
    older, younger = population.cohort(2002, 0).people, population.cohort(2005, 0).people
    first_born = {number: row for row, number in enumerate(older.home.household) if older.home.founded[row] == 2002}
    pairs = [(first_born[number], row) for row, number in enumerate(younger.home.household) if younger.home.founded[row] == 2002]
    assert len(pairs) > 50
    rows = np.array(pairs)
    assert (older.education[rows[:, 0]] == younger.education[rows[:, 1]]).all()
    assert (older.home.separated_on[rows[:, 0]] == younger.home.separated_on[rows[:, 1]]).all()
    assert (older.home.place[rows[:, 0], 3:] == younger.home.place[rows[:, 1], :-3]).all()
    assert np.corrcoef(older.latents["strain"][rows[:, 0]], younger.latents["strain"][rows[:, 1]])[0, 1] == pytest.approx(0.5, abs=0.2)


def test_the_invented_municipalities_have_their_share_and_the_real_numbers_the_rest() -> None:
    places = places_with(0.3)
    assert len(places.numbers) == len(set(places.numbers.tolist())) == 357 + len(LOCAL)
    assert places.share[: len(LOCAL)].sum() == pytest.approx(0.3)
    drawn = places.draw(200_000, np.random.default_rng(1))
    assert (drawn < len(LOCAL)).mean() == pytest.approx(0.3, abs=0.005)
    capital = places.numbers.tolist().index(301)
    assert (drawn == capital).mean() == pytest.approx(0.7 * 717 / 5_550, rel=0.05)


def test_a_spell_cut_by_months_covers_the_same_days() -> None:
    spell = make_spells("nav_measures", np.array([True, False, True]), start=day_of(2024, 1, 20), stop=day_of(2024, 3, 5))
    months = spell.by_month()
    assert months.person.tolist() == [0, 0, 0, 2, 2, 2]
    assert months.start[:3].tolist() == [day_of(2024, 1, 20), day_of(2024, 2, 1), day_of(2024, 3, 1)]
    assert months.stop[:3].tolist() == [day_of(2024, 1, 31), day_of(2024, 2, 29), day_of(2024, 3, 5)]


def test_a_spell_is_seen_as_far_as_it_is_known() -> None:
    days = {"start": np.array([100, 200, 290], np.int32), "stop": np.array([150, 400, 310], np.int32)}
    spells = Spells("nav_aap", np.arange(3, dtype=np.int32), np.ones(3, np.float32), **days)
    here = {"arrived_on": np.zeros(3, np.int32), "left_on": np.full(3, NEVER, np.int32)}
    seen = spells.seen_on(300, lag_days=14, **here)
    assert seen.person.tolist() == [0, 1]
    assert seen.ended().person.tolist() == [0]


def test_the_true_probability_of_being_outside_twice_rises_with_what_went_before() -> None:
    low, middle, high = both_outside(np.array([-1.0, 0.0, 1.5]))
    assert 0 < low < middle < high < 1


@pytest.mark.parametrize(
    ("people", "plants", "code"), [(10, set(), "TID460"), (10_000_000, set(), "TID460"), (5_000, {"aliens"}, "TID461")]
)
def test_settings_refuse_what_cannot_be_made(people: int, plants: set[str], code: str) -> None:
    with pytest.raises(DataError) as refused:
        Settings(people, UNTIL, frozenset(plants))
    assert refused.value.code == code


@pytest.mark.parametrize(("until", "share", "code"), [(UNTIL, 1.0, "TID462"), (UNTIL, -0.1, "TID462"), (date(1988, 5, 1), 0.5, "TID463")])
def test_settings_refuse_impossible_places_and_days(until: date, share: float, code: str) -> None:
    with pytest.raises(DataError) as refused:
        Settings(5_000, until, local_share=share)
    assert refused.value.code == code
