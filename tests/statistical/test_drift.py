"""False alarms and power of the drift verdict, on features as registers give them."""

import numpy as np
import pytest

from monitoring.drift import measure_drift

NAMES = tuple(f"x{n}" for n in range(30))
SECTORS = dict.fromkeys(NAMES, "education")


def draw(random: np.random.Generator, n_people: int, *, n_shifted: int = 0, shift: float = 0.0) -> np.ndarray:
    """Thirty features of a quarter common variance: amounts, counts with many zeros, flags (some rare), grades; 0-40 % unknown."""
    latent = 0.5 * random.normal(size=(n_people, 1)) + np.sqrt(0.75) * random.normal(size=(n_people, 30))
    latent[:, :n_shifted] += shift
    rows = latent.copy()
    rows[:, 10:15] = np.floor(np.exp(latent[:, 10:15]))
    rows[:, 15:20] = latent[:, 15:20] > 1.3
    rows[:, 20:22] = latent[:, 20:22] > 2.3
    rows[:, 22:25] = np.clip(np.round(latent[:, 22:25] * 1.2 + 3), 1, 6)
    rows[:, 25:30] = np.exp(latent[:, 25:30])
    rows[random.uniform(size=rows.shape) < np.linspace(0, 0.4, 30)] = np.nan
    return rows.astype(np.float32)


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
