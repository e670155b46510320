"""No file of a bundle tells one person's value: not even the largest, which every library likes to keep."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from models.bands import fit_frequencies
from models.bundle import save_bundle
from models.calibration import PlattCalibrator
from models.reference import fit_reference
from models.rungs.boosted import BoostedRung
from models.rungs.ladder import LADDER, RungClass
from tests.support.bundles import BANDS, NAMES, SETTINGS, build_bundle, planted_people

LARGEST, SMALLEST = 98765.4375, -54321.0625
"""Exact in float32 and met nowhere else."""
NUMBER = re.compile(r"-?\d+\.?\d*(?:[eE][+-]?\d+)?")


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
def test_an_outstanding_value_is_in_no_file(rung_class: RungClass, tmp_path: Path) -> None:
    matrix, label = planted_people(1_500, seed=1)
    matrix[700, 0], matrix[701, 1] = LARGEST, SMALLEST
    rung = rung_class.fit(matrix, label, feature_names=NAMES, settings=SETTINGS)
    calibrator = PlattCalibrator.fit(rung.log_odds(matrix), label)
    bundle = replace(
        build_bundle(rung_class),
        rung=rung,
        calibrator=calibrator,
        reference=fit_reference(matrix, NAMES),
        frequencies=fit_frequencies(label, expit(calibrator.log_odds(rung.log_odds(matrix))), BANDS),
    )
    save_bundle(bundle, tmp_path / "bundle")
    files = [path for path in (tmp_path / "bundle").rglob("*") if path.is_file()]
    assert len(files) > 5
    for path in files:
        numbers = np.array([float(text) for text in NUMBER.findall(path.read_text(encoding="utf-8"))])
        for value in (LARGEST, SMALLEST):
            assert not np.isclose(numbers, value, rtol=1e-4).any(), f"{path.name} holds somebody's own value"


def test_a_boosters_ranges_are_left_out_and_nothing_else_changes() -> None:
    import lightgbm

    people, _ = planted_people(300, seed=5)
    text = build_bundle(BoostedRung).rung.model_text  # type: ignore[attr-defined]
    assert "feature_infos=none none" in text
    ranges = text.replace("feature_infos=none none", "feature_infos=[0:70] [-3.6:3.4]")
    far = np.vstack([people, np.full((1, len(NAMES)), 1e6), np.full((1, len(NAMES)), -1e6), np.full((1, len(NAMES)), np.nan)])
    with_ranges, without = (lightgbm.Booster(model_str=one) for one in (ranges, text))
    for options in ({"raw_score": True}, {"pred_contrib": True}):
        assert np.array_equal(with_ranges.predict(far, **options), without.predict(far, **options))
