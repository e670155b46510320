"""Ours: a bundle loaded from its folder explains the served number."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.bundle import load_bundle


def explain(work: str, out: str, threads: int) -> int:
    """Load the bundle, explain all rows, write the contributions; how many rows there were."""
    rows = np.load(Path(work) / "rows.npy", allow_pickle=False)
    contributions = load_bundle(Path(work) / "bundle", num_threads=threads).explain(rows).phi
    np.save(out, contributions)
    return len(contributions)
