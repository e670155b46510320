"""People whose records are as registers give them, with or without a planted change."""

from __future__ import annotations

import numpy as np

from monitoring.drift.by_place import Sample

N_FEATURES = 30
NAMES = tuple(f"x{n}" for n in range(N_FEATURES))
PARTS = ("education", "health", "labour")
SECTORS = {name: PARTS[n // 10] for n, name in enumerate(NAMES)}
SIZES = {"Storvik": 60, "Litlevik": 45, "Nordvik": 30, "Sørvik": 25, "Østvik": 40, "Vestvik": 21, "Bygda": 15, "Nyvik": 64}
"""Municipalities and how many people each has now; Bygda is too small to be asked, Nyvik has no past of its own."""


def draw(random: np.random.Generator, n_people: int, *, n_shifted: int = 0, shift: float = 0.0) -> np.ndarray:
    """Thirty features of a quarter common variance: amounts, counts with many zeros, flags (some rare), grades; 0-40 % unknown."""
    latent = 0.5 * random.normal(size=(n_people, 1)) + np.sqrt(0.75) * random.normal(size=(n_people, N_FEATURES))
    latent[:, :n_shifted] += shift
    rows = latent.copy()
    rows[:, 10:15] = np.floor(np.exp(latent[:, 10:15]))
    rows[:, 15:20] = latent[:, 15:20] > 1.3
    rows[:, 20:22] = latent[:, 20:22] > 2.3
    rows[:, 22:25] = np.clip(np.round(latent[:, 22:25] * 1.2 + 3), 1, 6)
    rows[:, 25:30] = np.exp(latent[:, 25:30])
    rows[random.uniform(size=rows.shape) < np.linspace(0, 0.4, N_FEATURES)] = np.nan
    return rows.astype(np.float32)


def sample(random: np.random.Generator, n_people: int) -> Sample:
    """Draw people with features, scores and what sectors add to them; all hang on what is known of people."""
    rows = draw(random, n_people)
    scores = 1 / (1 + np.exp(2 - np.nan_to_num(rows[:, :5]).sum(axis=1) / 3 - random.normal(size=n_people) / 4))
    known = np.nan_to_num(rows)
    return Sample(rows, scores, {sector: known[:, place * 10 : place * 10 + 10].sum(axis=1) for place, sector in enumerate(PARTS)})


def world(random: np.random.Generator) -> tuple[dict[str, Sample], dict[str, Sample]]:
    """Draw 5,000 people before and 300 now, in municipalities of which none has changed."""
    before = {name: sample(random, 700) for name in SIZES if name != "Nyvik"} | {"Nyvik": sample(random, 60)}
    before["Storvik"] = together([before["Storvik"], sample(random, 40)])
    return before, {name: sample(random, size) for name, size in SIZES.items()}


def together(samples: list[Sample]) -> Sample:
    """Put people of several places into one sample."""
    return Sample(
        np.vstack([one.rows for one in samples]),
        np.concatenate([one.scores for one in samples]),
        {part: np.concatenate([one.contributions[part] for one in samples]) for part in PARTS},
    )
