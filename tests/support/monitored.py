"""A tiny project whose one model has screened two cohorts: everything that `tidlig monitor` reads, from real intake to real tables."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from features.declarations.project import Project, load_project
from features.engine.table import FeatureTable
from features.intake.load import ingest
from features.keys import read_keys
from features.outcomes import label_rows
from features.progress import Silent
from features.scored import write_scored
from features.store import open_store
from features.tables import build_stage_table
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance, save_bundle
from models.calibration import PlattCalibrator
from models.card import ModelCard
from models.deployment import Champion, bundle_folder, write_champion
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.logistic import LogisticRung
from models.rungs.rung import FitSettings
from tests.support.projects import KEYS, NOW, tiny_project, write_csv, write_people

MODEL = "tiny-not_completed-grade_10"
AS_OF = date(2026, 6, 15)


def monitored_project(root: Path, *, times: int) -> Project:
    """Make the project below `root`; the tiny project's people are drawn so many times over."""
    folder = tiny_project(root)
    crowd(folder, times=times)
    project = load_project(folder)
    ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    bundle = fit_bundle(project)
    digest = save_bundle(bundle, bundle_folder(project, MODEL, "1"))
    write_champion(project, Champion(MODEL, "1", digest, "e" * 64, NOW))
    for as_of in (AS_OF, date(2020, 6, 15)):
        screen(project, bundle, as_of)
    return project


def is_silent(row: dict[str, str]) -> bool:
    """Whether a record is of those that Litlevik's schools stopped to deliver: grades of the pupils of 2025."""
    number = int(row.get("person", "SYN-000")[-3:])
    return row.get("indicator") == "edu_grade_mean" and number >= 50 and number % 2 == 1


def crowd(root: Path, *, times: int) -> None:
    """Replace the tiny project's sixty people by many like them, of whom Litlevik's newest have no grades."""
    rows: dict[str, list[dict[str, str]]] = {}
    for seed in range(times):
        write_people(root / "draw", seed=seed)
        for path in (root / "draw").glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                found = [
                    {k: v.replace("SYN-", f"SYN-{seed:02d}") for k, v in row.items() if k != "synthetic"}
                    for row in csv.DictReader(file)
                    if not is_silent(row)
                ]
            rows.setdefault(path.name, []).extend(found)
    for name, lines in rows.items():
        write_csv(root / "data" / name, lines)


def fit_bundle(project: Project) -> Bundle:
    stage, outcome = project.stages["grade_10"], project.outcomes["not_completed"]
    cohort, table = build_stage_table(project, "train", stage, on=NOW.date())
    label = label_rows(project, open_store(project, "train"), cohort, outcome, known_by=NOW.date())["label"].to_numpy(dtype=float)
    known, names = ~np.isnan(label), tuple(name for name in table.names if not name.startswith("edu_municipality"))
    matrix = table.matrix(names)[known]
    settings = FitSettings(seed=7, directions={}, boosted={}, rules={}, area_feature=None)
    rung = LogisticRung.fit(matrix, label[known], feature_names=names, settings=settings)
    calibrator = PlattCalibrator.fit(rung.log_odds(matrix), label[known])
    bands = project.screening.bands
    probability = 1 / (1 + np.exp(-calibrator.log_odds(rung.log_odds(matrix))))
    return Bundle(
        project=project.id,
        outcome=outcome.name,
        stage=stage.name,
        rung=rung,
        calibrator=calibrator,
        catalogue=project.catalogue,
        reference=fit_reference(matrix, names),
        bands=bands,
        frequencies=fit_frequencies(label[known], probability, bands),
        contract_hash=project.contract_hash,
        card=ModelCard("Tiny", "A test.", outcome.name, stage.name, True, {}),
        provenance=Provenance(7, "d" * 64, "test", NOW, installed_versions()),
        data="synthetic",
    )


def screen(project: Project, bundle: Bundle, as_of: date) -> FeatureTable:
    cohort, table = build_stage_table(project, "score", project.stages["grade_10"], on=NOW.date(), as_of=as_of)
    scores = bundle.score(bundle.matrix_from(table.names, table.matrix()))
    order = np.argsort(-scores.log_odds)
    frame = pd.DataFrame(
        {
            "subject_id": table.keys["subject_id"],
            "model": MODEL,
            "model_version": "1",
            "stage": "grade_10",
            "outcome": "not_completed",
            "as_of": as_of,
            "log_odds": scores.log_odds,
            "probability": scores.probability,
            "band": scores.band,
            "proposed": np.isin(np.arange(len(order)), order[: len(order) // 4]),
            "municipality": cohort.frame["municipality"].to_numpy(),
        }
    )
    write_scored(project, f"screening-{as_of}", frame, on=NOW.date())
    return table
