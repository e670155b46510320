"""A registered version for tests of the registry, of a small bundle: no training, and the real MLflow."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from features.declarations.project import Project, load_project
from features.findings import Finding
from models.bundle import Bundle
from models.card import CapacityRow, ModelCard
from models.rungs.logistic import LogisticRung
from tests.support.bundles import build_bundle
from tests.support.projects import make_real, tiny_project
from training.registry.tracking import LoggedRun, RunRecord, Tracking, log_training
from training.splits.temporal import Split

MODEL = "tiny-not_completed-grade_10"
PASSED = (Finding("G-01", "Not too good to be true", "PASSED", {"auc": 0.8}),)
DIFFERENT = (Finding("G-06", "Equally sparing with false proposals in every group", "FAILED", {"group": "boy"}),)
NOT_ASKED = (
    Finding(
        "G-06",
        "Equally sparing with false proposals in every group",
        "NOT_APPLICABLE",
        {"not_asked": True, "reason": "no audit purpose is valid"},
    ),
    Finding("G-05", "Calibrated in every group", "NOT_APPLICABLE", {"attribute": "sex", "group": "boy", "reason": "too few people"}),
)
TOO_GOOD = (Finding("G-01", "Not too good to be true", "FAILED", {"auc": 0.99}),)


def project_of(folder: Path, *, data: str = "synthetic") -> Project:
    """Write the tiny project, of this kind of data."""
    root = tiny_project(folder)
    if data == "real":
        make_real(root)
    path = root / "screening.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('data = "synthetic"', f'data = "{data}"'), encoding="utf-8")
    return load_project(root)


def bundle_for(project: Project, *, n: int = 300, gates: tuple[Finding, ...] = PASSED) -> Bundle:
    """Build a small bundle of the project's contract; another `n` is another model."""
    data = project.screening.project.data
    card = ModelCard(
        "Tiny",
        "A test.",
        "not_completed",
        "grade_10",
        project.is_synthetic,
        {"rows": n},
        capacity=(CapacityRow(0.1, 0.5, 0.3),),
        gates=gates,
    )
    return replace(build_bundle(LogisticRung, n=n, data=data), card=card, contract_hash=project.contract_hash)


@dataclass(frozen=True)
class Registry:
    """A project, and where its runs and models are."""

    project: Project
    tracking: Tracking

    def register(self, bundle: Bundle) -> str:
        """Log and register a bundle; give its version."""
        run = self.log(bundle)
        assert run.version is not None
        return run.version

    def log(self, bundle: Bundle, *, register: bool = True) -> LoggedRun:
        """Log a bundle as a training does."""
        failed = sorted({gate.code for gate in bundle.card.gates if gate.is_failed})
        tags = {"project": bundle.project, "rung": bundle.rung.name, "gates_failed": ",".join(failed) or "none"}
        record = RunRecord(bundle.name, {"seed": 1}, {"auc": 0.8}, tags, {}, {"model": bundle.name})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # MLflow's own, while it sets up a store
            return log_training(self.tracking, record, bundle, a_split(), experiment=self.project.id, register=register)


def a_split() -> Split:
    """Two rows, one for each side, forward in time."""
    first = np.array([True, False])
    return Split(first, ~first, ~first, np.array(["0", "1"]), ("2016",), ("2017",), date(2018, 6, 15), 0, ())
