"""A small catalogue, planted data and a bundle of any rung, for tests that need a model but not a project."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from features.declarations.catalogue import Catalogue, SectorFile
from features.declarations.learning import Bands
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance
from models.calibration import Calibrator, PlattCalibrator
from models.card import ModelCard
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.ladder import RungClass
from models.rungs.rung import FitSettings

Matrix = NDArray[np.float32]
Vector = NDArray[np.float64]

BANDS = Bands(worth_a_look=0.2, should_be_assessed=0.4)


def words(text: str) -> dict[str, str]:
    return {"nb": text, "nn": text, "en": text}


EDUCATION = {
    "sector": "education",
    "indicator": [
        {
            "code": "edu_absence_days",
            "kind": "amount",
            "use": "predictor",
            "unit": "days",
            "direction": "raises",
            "owner": "school",
            "label": words("Absence"),
            "features": ["sum@365d", "trend@730d"],
        },
        {"code": "edu_marks", "kind": "level", "use": "predictor", "owner": "school", "label": words("Marks"), "features": ["last"]},
        {
            "code": "edu_programme",
            "kind": "category",
            "use": "predictor",
            "levels": ["general", "vocational", "bridge"],
            "owner": "school",
            "label": words("Programme"),
            "features": ["last"],
        },
        {"code": "municipality", "kind": "level", "use": "context", "label": words("Municipality"), "features": ["last"]},
    ],
}
FAMILY = {
    "sector": "family",
    "enabled": True,
    "legal_basis": "FIKTIV",
    "indicator": [
        {
            "code": "cws_measure",
            "kind": "flag",
            "use": "predictor",
            "confidential": True,
            "owner": "child_welfare",
            "label": words("Child welfare measure"),
            "features": ["count@730d"],
        }
    ],
}
CATALOGUE = Catalogue(tuple(SectorFile.model_validate(sector) for sector in (EDUCATION, FAMILY)))

NAMES = (
    "edu_absence_days.sum@365d",
    "edu_absence_days.trend@730d",
    "edu_marks.last@ever",
    "edu_programme.last@ever=general",
    "edu_programme.last@ever=vocational",
    "edu_programme.last@ever=bridge",
    "municipality.last@ever",
    "cws_measure.count@730d",
)

SETTINGS = FitSettings(
    seed=11,
    directions={"edu_absence_days.sum@365d": 1, "edu_marks.last@ever": -1},
    boosted={"num_boost_round": 40, "num_leaves": 7},
    rules={"much_absence": "edu_absence_days.sum@365d >= 20", "low_marks": "edu_marks.last@ever < 30"},
    area_feature="municipality.last@ever",
)


def planted_people(n: int, *, seed: int) -> tuple[Matrix, Vector]:
    """Rows with a known risk: absence, low marks, the vocational programme and child welfare raise it, some values are missing."""
    random = np.random.default_rng(seed)
    absence = np.round(random.gamma(1.5, 8.0, n))
    marks = np.clip(random.normal(42, 8, n), 0, 60)
    programme = random.integers(0, 3, n)
    measure = (random.random(n) < 0.12).astype(float)
    area = random.choice([301.0, 1103.0, 4601.0, 5001.0], n)
    z = -2.0 + 0.05 * (absence - 12) - 0.10 * (marks - 42) + 0.7 * (programme == 1) + 0.9 * measure + 0.3 * (area == 301)
    label = (random.random(n) < expit(z)).astype(np.float64)
    matrix = np.column_stack([absence, random.normal(0, 1, n), marks, programme == 0, programme == 1, programme == 2, area, measure])
    matrix[random.random(n) < 0.1, 2] = np.nan
    matrix[random.random(n) < 0.05, 1] = np.nan
    matrix[random.random(n) < 0.03, 3:6] = np.nan
    return matrix.astype(np.float32), label


def build_bundle(
    rung_class: RungClass,
    *,
    n: int = 1_500,
    calibrator: Calibrator | None = None,
    data: Literal["synthetic", "public", "real"] = "synthetic",
    settings: FitSettings = SETTINGS,
) -> Bundle:
    """Fit, calibrate and bundle a rung on planted people."""
    matrix, label = planted_people(n, seed=1)
    later, outcome = planted_people(n, seed=2)
    rung = rung_class.fit(matrix, label, feature_names=NAMES, settings=settings)
    fitted = calibrator or PlattCalibrator.fit(rung.log_odds(later), outcome)
    return Bundle(
        project="tiny",
        outcome="not_completed",
        stage="grade_10",
        rung=rung,
        calibrator=fitted,
        catalogue=CATALOGUE,
        reference=fit_reference(matrix, NAMES),
        bands=BANDS,
        frequencies=fit_frequencies(outcome, expit(fitted.log_odds(rung.log_odds(later))), BANDS),
        contract_hash="c" * 64,
        card=ModelCard("Tiny", "A test.", "not_completed", "grade_10", data == "synthetic", {"rows": n}),
        provenance=Provenance(11, "d" * 64, "test", datetime(2026, 11, 21, 12, 0, tzinfo=UTC), installed_versions()),
        data=data,
    )
