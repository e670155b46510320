"""The tiny project, ingested and with a model that serves: what a screening needs."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from scipy.special import expit

from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.outcomes import label_rows
from features.progress import Silent
from features.store import open_store
from features.tables import build_stage_table
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance
from models.calibration import PlattCalibrator
from models.card import ModelCard
from models.deployment import Champion
from models.manifest import installed_versions
from models.reference import fit_reference
from models.rungs.logistic import LogisticRung
from models.rungs.rung import FitSettings
from tests.support.projects import KEYS, NOW, tiny_project
from tests.support.promotions import let_serve

AS_OF = date(2026, 6, 15)
"""The as-of date of the tiny project's last cohort."""

SUPPRESSOR = """
[[indicator]]
code = "edu_followed_up"
kind = "flag"
use = "suppressor"
label = { nb = "Følges opp", nn = "Blir følgd opp", en = "Followed up" }
"""


def screenable_project(folder: Path, *, bands: str = "worth_a_look = 0.02\nshould_be_assessed = 0.5", extra_rows: str = "") -> Project:
    """Give the tiny project with low cut-offs and a suppressor, ingested, and with a line that serves; made once and copied.

    `extra_rows` are appended to the school's records, as CSV.
    """
    shutil.copytree(_made(bands, extra_rows), folder)
    return load_project(folder)


@cache
def _made(bands: str, extra_rows: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tidlig-screenable-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    tiny_project(folder)
    with (folder / "screening.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[bands]\n{bands}\n")
    education = folder / "indicators" / "education.toml"
    education.write_text(education.read_text(encoding="utf-8").replace("[[source]]", SUPPRESSOR + "\n[[source]]", 1), encoding="utf-8")
    with (folder / "data" / "school.csv").open("a", encoding="utf-8") as file:
        file.write(extra_rows)
    project = load_project(folder)
    ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    serve_model(project)
    return folder


def serve_model(project: Project, *, version: str = "1", seed: int = 1) -> Champion:
    """Fit a line on the tiny project's history and let it serve."""
    stage, outcome = project.stages["grade_10"], project.outcomes["not_completed"]
    cohort, table = build_stage_table(project, "train", stage, on=NOW.date())
    label = label_rows(project, open_store(project, "train"), cohort, outcome, known_by=NOW.date())["label"].to_numpy(dtype=np.float64)
    predictors = tuple(f.name for f in project.catalogue.feature_specs())
    columns = [table.names.index(name) for name in predictors]
    known = ~np.isnan(label)
    matrix, known_label = table.matrix()[known][:, columns], label[known]
    settings = FitSettings(seed=seed, directions={}, boosted={}, rules={}, area_feature=None)
    rung = LogisticRung.fit(matrix, known_label, feature_names=predictors, settings=settings)
    calibrator = PlattCalibrator(1.0, 0.0)
    bundle = Bundle(
        project=project.id,
        outcome=outcome.name,
        stage=stage.name,
        rung=rung,
        calibrator=calibrator,
        catalogue=project.catalogue,
        reference=fit_reference(matrix, predictors),
        bands=project.screening.bands,
        frequencies=fit_frequencies(known_label, expit(calibrator.log_odds(rung.log_odds(matrix))), project.screening.bands),
        contract_hash=project.contract_hash,
        card=ModelCard("Tiny", "A test.", outcome.name, stage.name, True, {"rows": int(known.sum())}),
        provenance=Provenance(seed, "d" * 64, "test", NOW, installed_versions()),
        data="synthetic",
    )
    return let_serve(project, bundle, version=version)
