import math

import numpy as np
import pytest

from models import metrics
from monitoring.fairness.calibration_disclosure import publish_calibration, publish_calibrations
from monitoring.fairness.disclosure import publish, publish_together
from monitoring.fairness.group_calibration import CalibrationTable, measure_calibration, slope_interval
from monitoring.fairness.groups import Gap, group_people, measure_fairness
from monitoring.fairness.intersections import measure_attributes

NOTHING = Gap(None, None, None)


def people(n: int = 4000, *, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Draw people of two groups: of one the model says what is true, of the other too little around the cut-off alone."""
    random = np.random.default_rng(seed)
    sex = random.choice(["girl", "boy"], n)
    probability = random.beta(2, 6, n)
    proposed = probability >= np.quantile(probability, 0.8)
    cut = np.quantile(probability, 0.8)
    truth = np.where((sex == "girl") & (np.abs(probability - cut) < 0.05), probability + 0.2, probability)
    return (random.uniform(size=n) < truth).astype(float), proposed, probability, sex.tolist()


def measured(seed: int = 4) -> CalibrationTable:
    label, proposed, probability, sex = people(seed=seed)
    return measure_calibration(label, proposed, probability, group_people(sex, attribute="sex"))


def test_points_equal_those_of_training():
    label, _, probability, sex = people()
    for row in measured().groups:
        mine = np.array(sex) == row.group
        assert row.slope.point == pytest.approx(metrics.calibration_slope(label[mine], probability[mine]), abs=1e-6)
        assert row.intercept.point == pytest.approx(metrics.calibration_intercept(label[mine], probability[mine]), abs=1e-6)


@pytest.mark.requirement("R-11")
def test_a_group_that_is_wrong_at_the_cut_off_alone_is_seen_there():
    boy, girl = measured().groups
    assert girl.near.high < 0
    assert boy.near.low < 0 < boy.near.high
    assert girl.slope.low < girl.slope.point < girl.slope.high


def test_the_window_is_the_same_for_every_group_and_holds_a_fifth_of_the_people():
    table = measured()
    near = sum(row.n_near_with + row.n_near_without for row in table.groups)
    assert near == table.everybody.n_near_with + table.everybody.n_near_without == pytest.approx(800, abs=2)


def test_people_without_a_known_outcome_are_left_out():
    label, proposed, probability, sex = people()
    some = np.where(np.arange(len(label)) % 2, np.nan, label)
    table = measure_calibration(some, proposed, probability, group_people(sex, attribute="sex"))
    assert table.everybody.n_with + table.everybody.n_without == len(label) // 2


def test_what_has_no_slope_says_so():
    one, zero = np.ones(10), np.zeros(10)
    assert slope_interval(one, np.linspace(0.1, 0.9, 10)) == NOTHING
    assert slope_interval(np.r_[one, zero], np.full(20, 0.5)) == NOTHING
    assert slope_interval(np.r_[zero, one], np.linspace(0.1, 0.9, 20)) == NOTHING


def test_an_end_that_nothing_bounds_is_infinite():
    label = np.r_[np.zeros(6), 1, 0, np.ones(6)]
    gap = slope_interval(label, np.linspace(0.1, 0.9, 14))
    assert gap.low > 0
    assert gap.high > 10 or gap.high == math.inf


@pytest.mark.requirement("R-09")
def test_a_window_with_few_outcomes_is_withheld_and_so_is_what_would_give_it_away():
    random = np.random.default_rng(1)
    probability = np.linspace(0.01, 0.99, 1000)
    sex = np.where(np.arange(1000) % 3 == 0, "girl", "boy")
    label = (random.uniform(size=1000) < probability).astype(float)
    proposed = probability > 0.7
    near = (probability > 0.6) & (probability < 0.8)
    label[near & (sex == "girl")] = 0
    label[np.flatnonzero(near & (sex == "girl"))[:3]] = 1
    full = measure_calibration(label, proposed, probability, group_people(sex.tolist(), attribute="sex"))
    shown = publish(measure_fairness(label, proposed, probability, sex.tolist(), attribute="sex"))
    boy, girl = publish_calibration(full, shown).groups
    assert girl.near == boy.near == NOTHING
    assert girl.n_near is None
    assert girl.slope.point is not None
    assert girl.verdict == "measured"


@pytest.mark.requirement("R-09")
def test_a_group_whose_base_rate_is_withheld_has_no_figure_at_all():
    label, proposed, probability, sex = people()
    sex[:6] = ["tiny"] * 6
    full = measure_calibration(label, proposed, probability, group_people(sex, attribute="sex"))
    shown = publish(measure_fairness(label, proposed, probability, sex, attribute="sex"))
    tiny = next(row for row in publish_calibration(full, shown).groups if row.group == "tiny")
    assert (tiny.slope, tiny.intercept, tiny.near, tiny.n_near, tiny.verdict) == (NOTHING, NOTHING, NOTHING, None, "too small")


def test_large_groups_lose_nothing_but_digits():
    label, proposed, probability, sex = people()
    shown = publish(measure_fairness(label, proposed, probability, sex, attribute="sex"))
    published = publish_calibration(measured(), shown)
    for row, full in zip((*published.groups, published.everybody), (*measured().groups, measured().everybody), strict=True):
        assert row.near == full.near
        assert row.slope.point == round(full.slope.point, 3)
    assert published.window == tuple(round(bound, 2) for bound in measured().window)


@pytest.mark.requirement("R-09")
def test_what_is_withheld_of_a_municipality_is_withheld_of_the_centrality_that_it_alone_makes_up():
    label, proposed, probability, _ = people(600)
    town = np.array([f"t{n}" for n in np.random.default_rng(2).integers(0, 4, 600)])
    near = np.flatnonzero((np.abs(probability - np.quantile(probability, 0.8)) < 0.03) & (town == "t0"))
    label[near], label[near[:2]] = 0, 1
    central = np.where(town == "t0", "far", "near")
    full = measure_attributes(label, proposed, probability, {"town": town.tolist(), "central": central.tolist()})
    shown = {table.attribute: table for table in publish_together(full.tables, minimum_of={}, known_pairs=full.not_crossed)}
    tables = [
        measure_calibration(label, proposed, probability, group_people(values.tolist(), attribute=name))
        for name, values in (("town", town), ("central", central))
    ]
    by_town, by_central = publish_calibrations(tables, shown, minimum_of={}, known_pairs=full.not_crossed)
    far = next(row for row in by_central.groups if row.group == "far")
    assert far.near == by_town.groups[0].near
    assert (far.n_near, far.slope) == (by_town.groups[0].n_near, by_town.groups[0].slope)
