"""The model and the rows that every contender explains."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.declarations.catalogue import Catalogue, SectorFile
from features.declarations.screening import Bands
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance, save_bundle
from models.calibration import IdentityCalibrator
from models.card import ModelCard
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings

N_FEATURES = 60
NAMES = tuple(f"indicator_{j:02d}.last@ever" for j in range(N_FEATURES))
N_LEAVES = 31
TRAINING_ROWS = 10_000
SEED = 20_261_121


def write_work(folder: Path, *, trees: int, rows: int, threads: int) -> None:
    """Fit a model with missing values on planted data and write its bundle and `rows.npy`, shape (rows, 60)."""
    random = np.random.default_rng(SEED)
    matrix, label = _planted(TRAINING_ROWS, random)
    grown = {"num_boost_round": trees, "num_leaves": N_LEAVES, "min_data_in_leaf": 10, "learning_rate": 0.05, "feature_fraction": 1.0}
    rung = BoostedRung.fit(matrix, label, feature_names=NAMES, settings=FitSettings(seed=SEED, boosted=grown, num_threads=threads))
    folder.mkdir(parents=True)
    save_bundle(_bundle(rung, matrix, label), folder / "bundle")
    np.save(folder / "rows.npy", _planted(rows, random)[0])


def read_contributions(out: Path) -> NDArray[np.float64]:
    """Read what a contender wrote, shape (rows, 60)."""
    return np.asarray(np.load(out, allow_pickle=False), dtype=np.float64)


def _planted(n: int, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    matrix = random.normal(size=(n, N_FEATURES))
    z = matrix[:, :10] @ np.linspace(0.6, 0.1, 10) + matrix[:, 0] * matrix[:, 1] - 1.2
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix, (random.random(n) < expit(z)).astype(np.float64)


def _catalogue() -> Catalogue:
    """Declare one indicator a feature, so that each can become a reason."""
    declared = [_indicator(name) for name in NAMES]
    return Catalogue((SectorFile.model_validate({"sector": "education", "indicator": declared}),))


def _indicator(name: str) -> dict[str, object]:
    code, _, feature = name.partition(".")
    label = dict.fromkeys(("nb", "nn", "en"), code)
    return {"code": code, "kind": "level", "use": "predictor", "owner": "school", "label": label, "features": [feature]}


def _bundle(rung: BoostedRung, matrix: NDArray[np.float64], label: NDArray[np.float64]) -> Bundle:
    bands = Bands(worth_a_look=0.2, should_be_assessed=0.4)
    return Bundle(
        project="bench",
        outcome="planted",
        stage="all",
        rung=rung,
        calibrator=IdentityCalibrator(),
        catalogue=_catalogue(),
        reference=fit_reference(matrix, rung.feature_names),
        bands=bands,
        frequencies=fit_frequencies(label, expit(rung.log_odds(matrix)), bands),
        contract_hash="",
        card=ModelCard("Benchmark", "Measures time only.", "planted", "all", True, {"rows": len(matrix)}),
        provenance=Provenance(SEED, "", "", datetime(2026, 11, 21, tzinfo=UTC), installed_versions()),
        data="synthetic",
    )
