"""The model and the rows that every contender explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.declarations.catalogue import Catalogue, SectorFile
from features.declarations.learning import Bands
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance, save_bundle
from models.calibration import IdentityCalibrator
from models.card import ModelCard
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.boosted import BoostedRung
from models.rungs.boosting import DEFAULTS
from models.rungs.rung import FitSettings

TRAINING_ROWS = 10_000
SEED = 20_261_121


@dataclass(frozen=True)
class ModelSize:
    """How large a model is."""

    trees: int
    leaves: int
    features: int

    def __str__(self) -> str:
        """For tables."""
        return f"{self.trees} trees x {self.leaves} leaves x {self.features} features"


LARGE_MODEL = ModelSize(trees=500, leaves=31, features=60)
EXAMPLE_MODEL = ModelSize(trees=int(DEFAULTS["num_boost_round"]), leaves=int(DEFAULTS["num_leaves"]), features=110)
"""Our defaults, with as many features as the example project declares predictors."""


def write_work(folder: Path, *, trees: int, rows: int, threads: int) -> None:
    """Fit a model with missing values on planted data and write its bundle and `rows.npy`, shape (rows, 60)."""
    random = write_bundle(folder, replace(LARGE_MODEL, trees=trees), threads=threads)
    np.save(folder / "rows.npy", planted_rows(rows, LARGE_MODEL.features, random)[0])


def write_bundle(folder: Path, size: ModelSize, *, threads: int) -> np.random.Generator:
    """Fit a model on planted data, write its bundle, and return what draws further rows."""
    random = np.random.default_rng(SEED)
    matrix, label = planted_rows(TRAINING_ROWS, size.features, random)
    names = tuple(f"indicator_{j:02d}.last@ever" for j in range(size.features))
    grown = {
        "num_boost_round": size.trees,
        "num_leaves": size.leaves,
        "min_data_in_leaf": 10,
        "learning_rate": 0.05,
        "feature_fraction": 1.0,
    }
    rung = BoostedRung.fit(matrix, label, feature_names=names, settings=FitSettings(seed=SEED, boosted=grown, num_threads=threads))
    folder.mkdir(parents=True)
    save_bundle(_bundle(rung, matrix, label), folder / "bundle")
    return random


def planted_rows(n: int, n_features: int, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw rows of which a tenth is missing, and outcomes that ten features and two of them together decide."""
    matrix = random.normal(size=(n, n_features))
    z = matrix[:, :10] @ np.linspace(0.6, 0.1, 10) + matrix[:, 0] * matrix[:, 1] - 1.2
    matrix[random.random(matrix.shape) < 0.1] = np.nan
    return matrix, (random.random(n) < expit(z)).astype(np.float64)


def read_contributions(out: Path) -> NDArray[np.float64]:
    """Read what a contender wrote, shape (rows, 60)."""
    return np.asarray(np.load(out, allow_pickle=False), dtype=np.float64)


def _catalogue(names: Sequence[str]) -> Catalogue:
    """Declare one indicator a feature, so that each can become a reason."""
    declared = [_indicator(name) for name in names]
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
        catalogue=_catalogue(rung.feature_names),
        reference=fit_reference(matrix, rung.feature_names),
        bands=bands,
        frequencies=fit_frequencies(label, expit(rung.log_odds(matrix)), bands),
        contract_hash="",
        card=ModelCard("Benchmark", "Measures time only.", "planted", "all", True, {"rows": len(matrix)}),
        provenance=Provenance(SEED, "", "", datetime(2026, 11, 21, tzinfo=UTC), installed_versions()),
        data="synthetic",
    )
