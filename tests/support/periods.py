"""Screenings made by hand, for tests of performance by period."""

from __future__ import annotations

from datetime import date

import numpy as np

from models.bands import Band
from monitoring.performance.periods import Period


def period(
    subjects: np.ndarray, label: np.ndarray, probability: np.ndarray, proposed: np.ndarray, *, as_of: date = date(2020, 6, 15)
) -> Period:
    """Put a screening together, with cut-offs at 0.2 and 0.4."""
    names = np.array([Band.NO_FOLLOW_UP_NOW.value, Band.WORTH_A_LOOK.value, Band.SHOULD_BE_ASSESSED.value])
    band = names[np.digitize(probability, [0.2, 0.4])]
    return Period(as_of, "1", 0.4, subjects, label, proposed, probability, band)


def drawn_period(n: int, *, seed: int, matured: float = 1.0, share: float = 0.15) -> Period:
    """Draw a screening of a calibrated model, of whose people this share has matured."""
    random = np.random.default_rng(seed)
    probability = random.beta(1.5, 5, n)
    label = np.where(random.uniform(size=n) < matured, (random.uniform(size=n) < probability).astype(float), np.nan)
    order = np.argsort(-probability)
    proposed = np.isin(np.arange(n), order[: round(share * n)])
    return period(np.array([f"{number:032x}" for number in range(n)]), label, probability, proposed)
