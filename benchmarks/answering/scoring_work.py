"""The model and the histories of the scoring benchmark: a project on disk whose model has 500 trees over 60 features of 20 indicators."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from features.declarations.project import Project, load_project
from features.histories import HistoryReader, ToldRecord
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance
from models.calibration import PlattCalibrator
from models.card import ModelCard
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings
from tests.support.promotions import let_serve

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AS_OF = date(2026, 6, 15)
N_INDICATORS, N_RECORDS = 20, 60
TRAINING_PEOPLE = 4_000
SEED = 20_261_121

SCREENING = """
[project]
id = "bench"
title = "Benchmark"
data = "synthetic"
controller = "FIKTIV"

[[purpose]]
kind = "train"
legal_basis = "FIKTIV"
controller = "FIKTIV"
valid_from = 2020-01-01
valid_to = 2030-12-31

[[purpose]]
kind = "score"
legal_basis = "FIKTIV"
controller = "FIKTIV"
valid_from = 2020-01-01
valid_to = 2030-12-31

[[stage]]
name = "grade_10"
label = { nb = "10. trinn", nn = "10. steget", en = "Grade 10" }
anchor = "edu_00"
as_of = { month = 6, day = 15 }
outcomes = ["planted"]

[[outcome]]
name = "planted"
label = { nb = "Planta", nn = "Planta", en = "Planted" }
indicator = "edu_outcome"
positive = [1]
negative = [0]
horizon_days = 365

[outcome.of_100]
nb = "Av 100 vil {n} ikke, {rest} vil."
nn = "Av 100 vil {n} ikkje, {rest} vil."
en = "Of 100, {n} will not, {rest} will."

[[municipality]]
number = "9901"
name = "Storvik"
capacity = 3
"""


def write_scoring_work(folder: Path, *, trees: int, rows: int) -> None:
    """Write a project whose model serves, `bodies.json` with as many requests of one history, and `rows.npy` with the same as features."""
    project = _write_project(folder / "project")
    random = np.random.default_rng(SEED)
    reader = HistoryReader.of(project, project.catalogue.feature_specs())
    taught = [_history(random) for _ in range(TRAINING_PEOPLE)]
    matrix = _features(reader, taught)
    label = (random.random(len(matrix)) < expit(_planted(matrix))).astype(np.float64)
    _serve(project, reader.plan.names, matrix, label, trees=trees)
    asked = [_history(random) for _ in range(rows)]
    (folder / "bodies.json").write_text(json.dumps([_body(number, history) for number, history in enumerate(asked)]), encoding="utf-8")
    np.save(folder / "rows.npy", _features(reader, asked))


def _write_project(root: Path) -> Project:
    (root / "indicators").mkdir(parents=True)
    (root / "screening.toml").write_text(SCREENING, encoding="utf-8")
    indicators = [_indicator(f"edu_{n:02d}", is_confidential=n % 5 == 4) for n in range(N_INDICATORS)]
    outcome = '[[indicator]]\ncode = "edu_outcome"\nkind = "flag"\nuse = "label"\nlabel = { nb = "x", nn = "x", en = "x" }\n'
    (root / "indicators" / "education.toml").write_text("\n".join(['sector = "education"', *indicators, outcome]), encoding="utf-8")
    return load_project(root)


def _indicator(code: str, *, is_confidential: bool) -> str:
    return "\n".join(
        [
            "[[indicator]]",
            f'code = "{code}"',
            'kind = "amount"',
            'use = "predictor"',
            f"confidential = {str(is_confidential).lower()}",
            f'label = {{ nb = "{code}", nn = "{code}", en = "{code}" }}',
            'features = ["last", "sum@365d", "mean@2y"]',
            "",
        ]
    )


def _history(random: np.random.Generator) -> list[ToldRecord]:
    """Draw a person's records of five years; a fifth of the indicators is never recorded."""
    told = random.choice(N_INDICATORS, size=N_INDICATORS * 4 // 5, replace=False)
    codes = random.choice(told, size=N_RECORDS)
    days, late = random.integers(0, 1_800, N_RECORDS), random.integers(0, 60, N_RECORDS)
    level = random.normal(size=N_INDICATORS)
    return [
        ToldRecord(f"edu_{code:02d}", round(float(level[code] + random.normal() / 2), 3), happened, happened + timedelta(days=int(delay)))
        for code, day, delay in zip(codes, days, late, strict=True)
        for happened in [AS_OF - timedelta(days=int(day))]
    ]


def _features(reader: HistoryReader, histories: list[list[ToldRecord]]) -> Any:
    return reader.matrix(reader.records(histories), n_histories=len(histories), as_of=AS_OF)


def _planted(matrix: Any) -> Any:
    known = np.nan_to_num(matrix[:, ::3])
    return known[:, :10] @ np.linspace(0.6, 0.1, 10) + known[:, 0] * known[:, 1] - 1.2


def _serve(project: Project, names: tuple[str, ...], matrix: Any, label: Any, *, trees: int) -> None:
    grown = {"num_boost_round": trees, "num_leaves": 31, "min_data_in_leaf": 10, "learning_rate": 0.05, "feature_fraction": 1.0}
    rung = BoostedRung.fit(matrix, label, feature_names=names, settings=FitSettings(seed=SEED, boosted=grown))
    calibrator = PlattCalibrator(0.6, -0.2)
    probability = expit(calibrator.log_odds(rung.log_odds(matrix)))
    bundle = Bundle(
        project=project.id,
        outcome="planted",
        stage="grade_10",
        rung=rung,
        calibrator=calibrator,
        catalogue=project.catalogue,
        reference=fit_reference(matrix, names),
        bands=project.screening.bands,
        frequencies=fit_frequencies(label, probability, project.screening.bands),
        contract_hash=project.contract_hash,
        card=ModelCard("Benchmark", "Measures time only.", "planted", "grade_10", True, {"rows": len(matrix)}),
        provenance=Provenance(SEED, "", "", NOW, installed_versions()),
        data="synthetic",
    )
    let_serve(project, bundle, now=NOW)


def _body(number: int, history: list[ToldRecord]) -> dict[str, Any]:
    records = [
        {"indicator": r.indicator, "value": r.value, "happened_on": r.happened_on.isoformat(), "known_on": r.known_on.isoformat()}
        for r in history
    ]
    asked = {"key": f"h{number}", "born_on": "2010-04", "records": records}
    return {"stage": "grade_10", "outcome": "planted", "as_of": AS_OF.isoformat(), "histories": [asked]}
