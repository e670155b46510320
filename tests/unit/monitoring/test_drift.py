import numpy as np
import pytest
from scipy import stats

from monitoring.drift.changes import measure_drift
from monitoring.statistics.two_samples import adjust_p_values, compare_levels, compare_values, kolmogorov_smirnov, simes, two_by_two

RANDOM = np.random.default_rng(20261121)
NAMES = ["edu_absence.sum@365d", "edu_grade.last@ever", "nav_support.count@365d"]
SECTORS = {NAMES[0]: "education", NAMES[1]: "education", NAMES[2]: "labour"}


def sample(n: int) -> np.ndarray:
    return np.column_stack([RANDOM.gamma(2, 3, n), RANDOM.integers(1, 7, n), RANDOM.uniform(size=n) < 0.2]).astype(np.float32)


def test_distance_equals_scipys():
    a, b = RANDOM.normal(size=700), RANDOM.normal(0.3, 1.2, size=150)
    distance, p_value = kolmogorov_smirnov(a, b)
    theirs = stats.ks_2samp(a, b, method="asymp")
    assert distance == pytest.approx(theirs.statistic, abs=1e-12)
    assert p_value == pytest.approx(theirs.pvalue, rel=0.3)


def test_adjusted_p_values_equal_scipys():
    p_values = RANDOM.uniform(size=40) ** 2
    assert adjust_p_values(p_values) == pytest.approx(stats.false_discovery_control(p_values))


@pytest.mark.parametrize(
    ("a", "b", "test"),
    [
        (np.zeros(9), np.zeros(4), "none"),
        (np.array([0.0, 1] * 20), np.array([0.0, 1] * 5), "fisher"),
        (np.arange(60) % 6.0, np.arange(30) % 6.0, "levels"),
        (np.arange(60.0), np.arange(30.0), "ks"),
    ],
)
def test_the_number_of_values_chooses_the_test(a, b, test):
    assert compare_values(a, b)[0] == test


def test_rare_levels_are_joined_before_they_are_compared():
    assert compare_levels(np.array([[400, 400, 3, 1, 0], [40, 40, 0, 0, 2]])) > 0.5


def test_the_sector_of_planted_drift_is_named():
    current = sample(400)
    current[:, 2] = RANDOM.uniform(size=400) < 0.45
    drift = measure_drift(sample(4000), current, NAMES, sectors=SECTORS)
    assert [feature.name for feature in drift.drifted] == ["nav_support.count@365d"]
    assert drift.drifted_sectors == ("labour",)


def test_a_register_that_fell_silent_is_drift_although_known_values_agree():
    current = sample(400)
    current[:, 1] = np.nan
    found = measure_drift(sample(4000), current, NAMES, sectors=SECTORS).drifted
    assert [(f.name, f.test, f.missing_current, f.unknown) for f in found] == [("edu_grade.last@ever", "none", 1.0, "more often")]
    assert found[0].is_silent
    assert not found[0].values.has_changed


def test_fewer_unknown_is_told_apart_from_more_and_from_other_values():
    reference, current = sample(4000), sample(400)
    reference[RANDOM.uniform(size=4000) < 0.4, 0] = np.nan
    (found,) = measure_drift(reference, current, NAMES, sectors=SECTORS).drifted
    assert (found.name, found.unknown, found.values.has_changed) == ("edu_absence.sum@365d", "less often", False)


def test_other_values_are_told_apart_from_unknown_ones():
    reference, current = sample(4000), sample(400)
    current[:, 0] += 4
    reference[:1200, 0], current[:120, 0] = np.nan, np.nan
    (found,) = measure_drift(reference, current, NAMES, sectors=SECTORS).drifted
    assert (found.name, found.unknown, found.values.has_changed) == ("edu_absence.sum@365d", None, True)


def test_scores_are_one_question_more():
    rows = np.empty((3000, 0))
    moved = measure_drift(rows, rows[:300], [], sectors={}, scores=(RANDOM.beta(2, 8, 3000), RANDOM.beta(4, 8, 300)))
    assert moved.has_other_scores
    assert not moved.has_drifted


def test_simes_equals_the_step_up():
    for _ in range(50):
        p_values = RANDOM.uniform(size=12) ** 2
        assert (simes(p_values) <= 0.05) == (adjust_p_values(p_values) <= 0.05).any()


def test_two_proportions_equal_scipys_fisher():
    for counts in RANDOM.integers(0, 40, size=(30, 4)):
        assert two_by_two(*counts) == pytest.approx(stats.fisher_exact(counts.reshape(2, 2)).pvalue, rel=1e-6)


def test_a_difference_too_small_to_matter_is_not_drift_however_many_people():
    rows = RANDOM.normal(size=(60_000, 1))
    drift = measure_drift(rows, RANDOM.normal(0.05, 1, size=(60_000, 1)), NAMES[:1], sectors=SECTORS)
    assert drift.features[0].q_value < 0.01
    assert not drift.has_drifted


def test_columns_and_names_must_agree():
    with pytest.raises(ValueError, match="one name per column"):
        measure_drift(sample(5), sample(5)[:, :2], NAMES, sectors=SECTORS)
