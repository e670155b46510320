"""The same people for every contender: a group of twelve, an outcome, a proposal, and thirty features with nothing drifted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SEED = 20_261_121
N_GROUPS = 12
N_FEATURES = 30
NAMES = tuple(f"x{number}" for number in range(N_FEATURES))


def draw_people(n_people: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Give label, proposed, probability and group code."""
    random = np.random.default_rng(SEED)
    probability = random.beta(1.5, 6, n_people)
    label = (random.uniform(size=n_people) < probability).astype(np.float64)
    group = random.choice(N_GROUPS, n_people, p=np.arange(1, N_GROUPS + 1) / 78)
    return label, probability > 0.3, probability, group


def draw_attributes(n_people: int) -> dict[str, list[str]]:
    """Give seven attributes of the same people, some of them rare, one saying another."""
    random = np.random.default_rng(SEED + 1)
    place = random.integers(0, 8, n_people)
    drawn = {
        "sex": random.choice(["girl", "boy"], n_people),
        "born": random.choice(["here", "parents abroad", "abroad"], n_people, p=[0.8, 0.08, 0.12]),
        "education": random.choice(["school", "upper", "higher", "unknown"], n_people, p=[0.3, 0.3, 0.3, 0.1]),
        "child welfare": random.choice(["yes", "no"], n_people, p=[0.07, 0.93]),
        "health service": random.choice(["yes", "no"], n_people, p=[0.3, 0.7]),
        "municipality": place.astype(str),
        "centrality": np.array([0, 0, 1, 2, 2, 3, 3, 3])[place].astype(str),
    }
    return {name: values.tolist() for name, values in drawn.items()}


def draw_features(n_people: int, *, seed: int = SEED) -> NDArray[np.float64]:
    """Give thirty correlated features: amounts, counts and flags."""
    random = np.random.default_rng(seed)
    rows = 0.5 * random.normal(size=(n_people, 1)) + np.sqrt(0.75) * random.normal(size=(n_people, N_FEATURES))
    rows[:, 10:15] = np.floor(np.exp(rows[:, 10:15]))
    rows[:, 15:20] = rows[:, 15:20] > 1.3
    return np.asarray(rows)
