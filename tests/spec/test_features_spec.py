"""The features' specification, read from features.toml: the engine and the oracle both answer as written there."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows, feature_matrix
from features.oracle import oracle_features
from features.records import IN_FORCE, Records, day_number

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "features.toml").read_text(encoding="utf-8"))["case"]


INDICATORS = ["absence", "care"]
LEVELS = {"care": ("home", "foster", "institution")}


def records_of(case: dict[str, Any]) -> Records:
    told = sorted(case["records"], key=lambda record: (record[1], record[2]))
    days = np.array([[day_number(date.fromisoformat(day)) for day in record[1:3]] for record in told], dtype=np.int32).reshape(-1, 2)
    ends = np.array([day_number(date.fromisoformat(r[3])) if len(r) == 4 else IN_FORCE for r in told], dtype=np.int32)
    indicator = np.array([isinstance(record[0], str) for record in told], dtype=np.int32)
    value = [LEVELS["care"].index(record[0]) if isinstance(record[0], str) else record[0] for record in told]
    return Records(np.zeros(len(told), dtype=np.int32), indicator, np.array(value, dtype=np.float32), days[:, 0], days[:, 1], ends)


def spec_of(name: str) -> FeatureSpec:
    indicator, text = name.split(".", 1)
    asked, _, level = text.partition("=")
    return FeatureSpec.parse(indicator, asked, level=level or None)


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize("case", CASES, ids=[case["says"] for case in CASES])
def test_engine_and_oracle_answer_as_specified(case: dict[str, Any]) -> None:
    specs = [spec_of(name) for name in case["answers"]]
    rows = Rows(np.zeros(1, dtype=np.int32), np.array([day_number(date.fromisoformat(case["as_of"]))], dtype=np.int32))
    expected = [np.nan if answer == "missing" else answer for answer in case["answers"].values()]
    (said,) = oracle_features(records_of(case), rows, specs, indicators=INDICATORS, levels=LEVELS)
    built = feature_matrix(records_of(case), rows, specs, indicators=INDICATORS, levels=LEVELS)[0]
    assert list(said.values()) == pytest.approx(expected, nan_ok=True)
    assert built.tolist() == pytest.approx(expected, nan_ok=True)
