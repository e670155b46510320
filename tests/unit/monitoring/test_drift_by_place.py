import numpy as np
import pytest

from monitoring.drift.by_place import Sample, measure_everywhere
from monitoring.drift.content import drift_content
from monitoring.drift.season import ReferenceFacts
from monitoring.signals.judging import place_drift_signal

RANDOM = np.random.default_rng()
"""Set anew before each test: the same people, whatever ran before."""
NAMES = ("edu_absence.sum@365d", "edu_grade.last@ever", "nav_support.sum@365d", "nav_income.last@ever")
SECTORS = dict(zip(NAMES, ("education", "education", "labour", "labour"), strict=True))
PLACES = ("Storvik", "Litlevik", "Nordvik", "Sørvik")
FACTS = ReferenceFacts(seasonal=True, learnt=True, n_people=2400, as_of=(), has_other_dates=False, season_days=15)


@pytest.fixture(autouse=True)
def same_people():
    RANDOM.bit_generator.state = np.random.default_rng(20261122).bit_generator.state


def people(n: int) -> Sample:
    rows = RANDOM.normal(size=(n, 4)).astype(np.float32)
    rows[RANDOM.uniform(size=(n, 4)) < 0.2] = np.nan
    return Sample(rows, RANDOM.beta(2, 8, n))


def together(samples) -> Sample:
    return Sample(np.vstack([one.rows for one in samples]), np.concatenate([one.scores for one in samples]))


def world(n_now: int = 80, n_before: int = 600):
    return {name: people(n_before) for name in PLACES}, {name: people(n_now) for name in PLACES}


def measure(before, now, **more):
    return measure_everywhere(
        together(before.values()), together(now.values()), NAMES, sectors=SECTORS, own_reference=before, by_place=now, **more
    )


@pytest.mark.requirement("R-30")
def test_other_values_of_one_sector_in_one_municipality_are_found_and_both_are_named():
    before, now = world()
    now["Nordvik"].rows[:, 2:] += 1.2
    found = measure(before, now)
    assert [one.place for one in found.changed_places] == ["Nordvik"]
    (one,) = found.changed_places
    assert one.drift.drifted_sectors == ("labour",)
    assert all(feature.values.has_changed and feature.unknown is None for feature in one.drift.drifted)
    signal = place_drift_signal(found)
    assert (signal.code, signal.verdict, signal.suspends) == ("S-08", "FAILED", False)
    assert (signal.evidence["places"], signal.evidence["sectors"]) == ("Nordvik", "labour")


@pytest.mark.requirement("R-30")
def test_a_register_that_is_silent_in_one_municipality_is_told_from_people_who_changed():
    before, now = world()
    now["Litlevik"].rows[:, 0:2] = np.nan
    content = drift_content(measure(before, now), FACTS, {}, counted_places=PLACES)
    assert content["places"]["changed"] == ["Litlevik"]
    place = next(one for one in content["places"]["all"] if one["place"] == "Litlevik")
    assert place["sectors"] == ["education"]
    assert {(f["name"], f["values_changed"], f["unknown"], f["is_silent"]) for f in place["features"]} == {
        (name, False, "more often", True) for name in NAMES[:2]
    }


def test_scores_of_one_municipality_are_a_question_of_their_own():
    before, now = world()
    now["Storvik"] = Sample(now["Storvik"].rows, RANDOM.beta(5, 5, 80))
    (one,) = measure(before, now).changed_places
    assert (one.place, one.drift.has_other_scores, one.drift.drifted) == ("Storvik", True, ())


def test_what_one_sector_adds_to_the_scores_is_a_question_of_its_own():
    before, now = world()

    def adding(sample, shift: float) -> Sample:
        added = {sector: RANDOM.normal(size=len(sample.rows)) for sector in ("education", "labour")}
        added["labour"] += shift
        return Sample(sample.rows, sample.scores, added)

    before = {name: adding(sample, 0) for name, sample in before.items()}
    now = {name: adding(sample, 1.5 if name == "Nordvik" else 0) for name, sample in now.items()}
    found = measure_everywhere(
        adding(together(before.values()), 0),
        adding(together(now.values()), 0.6),
        NAMES,
        sectors=SECTORS,
        own_reference=before,
        by_place=now,
    )
    assert found.everybody.moved_sectors == ("labour",)
    (one,) = found.changed_places
    assert (one.place, one.drift.moved_sectors) == ("Nordvik", ("labour",))
    assert "labour" in place_drift_signal(found).evidence["sectors"]
    content = drift_content(found, FACTS, {}, counted_places=PLACES)
    assert [one["sector"] for one in content["sectors"] if one["contribution_changed"]] == ["labour"]
    assert next(one for one in content["places"]["all"] if one["place"] == "Nordvik")["contributions_changed"] == ["labour"]


def test_a_municipality_that_was_always_another_has_not_changed_and_one_without_a_past_is_said_to_differ():
    before, now = world()
    before["Sørvik"].rows[:, 0] += 3
    now["Sørvik"].rows[:, 0] += 3
    assert measure(before, now).changed_places == ()
    newcomer = {name: sample for name, sample in before.items() if name != "Sørvik"}
    found = measure(newcomer, now)
    assert (found.changed_places, [one.place for one in found.differing_places]) == ((), ["Sørvik"])
    signal = place_drift_signal(found)
    assert (signal.verdict, signal.evidence["n_places_differing"]) == ("PASSED", 1)


def test_too_small_municipalities_are_named_and_not_asked():
    before, now = world()
    now["Litlevik"], now["Nordvik"] = people(19), people(0)
    found = measure(before, now)
    assert {one.place: one.compared_with for one in found.places} == {
        "Litlevik": None,
        "Nordvik": None,
        "Storvik": "own",
        "Sørvik": "own",
    }
    content = drift_content(found, FACTS, {}, counted_places=PLACES)["places"]
    assert (content["n_places"], content["n_asked"]) == (4, 2)
    assert [one["place"] for one in content["all"] if one["verdict"] == "too small"] == ["Litlevik", "Nordvik"]


def test_one_municipality_is_everybody_and_asked_once():
    before, now = world()
    found = measure({"Storvik": before["Storvik"]}, {"Storvik": now["Storvik"]})
    assert found.places == ()
    assert found.everybody.level == found.level
    assert place_drift_signal(found).evidence == {"reason": "too few municipalities", "needed": 2}


def test_without_a_past_of_their_own_municipalities_cannot_be_judged():
    _, now = world()
    found = measure_everywhere(people(2000), together(now.values()), NAMES, sectors=SECTORS, own_reference={}, by_place=now)
    assert place_drift_signal(found).evidence == {"reason": "too few earlier people", "needed": 100}


def test_nothing_is_named_below_what_was_not_named_above():
    """Drift of everybody alone, or of places alone, shares the level: each branch has half of it unless both go on."""
    before, now = world()
    quiet = measure(before, now)
    assert {quiet.everybody.level, *(one.drift.level for one in quiet.places)} == {0.0}
    for sample in now.values():
        sample.rows[:, :2] += 1.5
    everywhere = measure(before, now)
    assert everywhere.everybody.level == 0.05
    assert {one.drift.level for one in everywhere.places} == {0.05}


@pytest.mark.requirement("R-09")
def test_shares_of_missing_values_are_told_of_large_numbers_only():
    before, now = world(n_now=200)
    now["Litlevik"].rows[:, 1] = np.where(RANDOM.uniform(size=200) < 0.6, np.nan, now["Litlevik"].rows[:, 1])
    found = measure(before, now)
    told = drift_content(found, FACTS, {}, counted_places=PLACES)["places"]["all"]
    (feature,) = next(one for one in told if one["place"] == "Litlevik")["features"]
    assert feature["missing_current"] == pytest.approx(np.isnan(now["Litlevik"].rows[:, 1]).mean(), abs=5e-4)
    hidden = drift_content(found, FACTS, {}, counted_places=[])["places"]["all"]
    (feature,) = next(one for one in hidden if one["place"] == "Litlevik")["features"]
    assert feature["missing_current"] is None
