"""False alarms and power of the drift verdict, on features as registers give them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from monitoring.drift.by_place import DriftReport, measure_everywhere
from monitoring.drift.changes import measure_drift
from tests.support.drifting import NAMES, SECTORS, draw, together, world


def measure(before, now, *, material: float = 0.1) -> DriftReport:
    return measure_everywhere(
        together(list(before.values())),
        together(list(now.values())),
        NAMES,
        sectors=SECTORS,
        own_reference=before,
        by_place=now,
        material=material,
    )


def names_anything(found: DriftReport) -> bool:
    return found.everybody.has_changed or any(one.has_changed for one in found.places)


def most_likely(n_alarms: int, n_runs: int) -> float:
    """Upper end of the exact one-sided 95 % interval of an alarm rate."""
    return float(stats.beta.ppf(0.95, n_alarms + 1, n_runs - n_alarms))


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize("n_current", [60, 300])
def test_false_alarms_stay_at_five_percent_for_the_whole_data_set(n_current: int):
    random = np.random.default_rng(n_current)
    alarms = 0
    for _ in range(100):
        reference = draw(random, 5000)
        alarms += measure_drift(reference, draw(random, n_current), NAMES, sectors=SECTORS, material=0.0).has_drifted
    # With a true rate of 5 % more than 11 of 100 happen once in 230 runs; the seed is fixed, so this run is one of them or is not.
    assert alarms <= 11


@pytest.mark.requirement("R-30")
def test_half_a_standard_deviation_in_ten_features_is_found():
    random = np.random.default_rng(3)
    reference = draw(random, 5000)
    runs = [measure_drift(reference, draw(random, 300, n_shifted=10, shift=0.5), NAMES, sectors=SECTORS) for _ in range(40)]
    assert np.mean([run.has_drifted for run in runs]) >= 0.9
    named = [{feature.name for feature in run.drifted} for run in runs]
    assert np.mean([len(names & set(NAMES[:10])) for names in named]) >= 9
    assert np.mean([len(names - set(NAMES[:10])) for names in named]) <= 1


@pytest.mark.requirement("R-30")
def test_asking_every_municipality_too_leaves_the_false_alarms_of_the_whole_report_at_five_percent():
    random = np.random.default_rng(4)
    alarms = sum(names_anything(measure(*world(random), material=0.0)) for _ in range(60))
    # With a true rate of 5 % more than 8 of 60 happen once in 200 runs.
    assert alarms <= 8


@pytest.mark.requirement("R-30")
@pytest.mark.parametrize("planted", ["values", "silence"])
def test_one_sector_that_drifts_in_one_municipality_is_found_there_and_nowhere_else(planted: str):
    random = np.random.default_rng(5)
    found, elsewhere, sector = 0, 0, "education" if planted == "values" else "labour"
    for _ in range(12):
        before, now = world(random)
        if planted == "values":
            now["Storvik"].rows[:, :10] += 0.8
        else:
            now["Storvik"].rows[:, 20:] = np.nan
        changed = {one.place: one.drift for one in measure(before, now).changed_places}
        drift = changed.pop("Storvik", None)
        found += drift is not None and sector in drift.drifted_sectors
        elsewhere += bool(changed)
    assert found == 12
    assert elsewhere <= 2


@pytest.mark.proof
@pytest.mark.requirement("R-30")
def test_false_alarms_of_many_runs_lie_surely_under_five_percent():
    """Reference 5,000 and current 60, no least distance: with 95 % certainty the true rate is at most 5 %."""
    random, n_runs = np.random.default_rng(20261122), 4000
    alarms = sum(
        measure_drift(draw(random, 5000), draw(random, 60), NAMES, sectors=SECTORS, material=0.0).has_drifted for _ in range(n_runs)
    )
    assert most_likely(alarms, n_runs) <= 0.05


@pytest.mark.proof
@pytest.mark.requirement("R-30")
def test_power_of_many_runs_lies_surely_over_ninety_percent():
    random, n_runs = np.random.default_rng(20261123), 1000
    reference = draw(random, 5000)
    found = sum(
        measure_drift(reference, draw(random, 300, n_shifted=10, shift=0.5), NAMES, sectors=SECTORS).has_drifted for _ in range(n_runs)
    )
    assert most_likely(n_runs - found, n_runs) <= 0.1


@pytest.mark.proof
@pytest.mark.requirement("R-30")
def test_false_alarms_of_whole_reports_lie_surely_under_five_percent():
    """Everybody and seven municipalities, scores and what sectors add to them: some 500 questions, nothing named in 95 % of reports."""
    random, n_runs = np.random.default_rng(20261124), 2000
    alarms = sum(names_anything(measure(*world(random), material=0.0)) for _ in range(n_runs))
    assert most_likely(alarms, n_runs) <= 0.05


@pytest.mark.proof
def test_the_usual_defaults_on_the_same_people():
    """Evidently's preset: a column drifts by its default test, a data set when half of its columns do."""
    random = np.random.default_rng(3)
    reference = draw(random, 5000)
    quiet = [evidently(reference, draw(random, 60)) for _ in range(20)]
    shifted = [evidently(reference, draw(random, 300, n_shifted=10, shift=0.5)) for _ in range(20)]
    assert np.mean([n_columns > 0 for n_columns, _ in quiet]) >= 0.9
    assert np.mean([has_drifted for _, has_drifted in shifted]) < 0.5


def evidently(reference: np.ndarray, current: np.ndarray) -> tuple[int, bool]:
    """Give how many columns Evidently's defaults name, and their verdict on the data set."""
    from monitoring.drift.evidently_pages import DataDriftPreset, Report

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = Report([DataDriftPreset()]).run(*(pd.DataFrame(rows, columns=list(NAMES)) for rows in (current, reference)))
    counted = next(metric["value"] for metric in run.dict()["metrics"] if "DriftedColumnsCount" in metric["metric_name"])
    return int(counted["count"]), bool(counted["share"] >= 0.5)
