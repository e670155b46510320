"""The models that serve, loaded and warm: a bundle is read once, and again only when another one is promoted.

Reading a bundle checks every file, its signatures and the promotions' ledger; a request that scores one history has no time for that, and
what was checked and is in memory can't change.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from threading import Lock

import numpy as np

from features.declarations.project import Project
from features.errors import ModelError
from features.histories import HistoryReader
from features.tables import TABLE_USES
from models.bundle import Bundle, model_name
from models.deployment import Champion, check_justified, find_champion
from serving.scoring.cohorts import NO_MODEL_SERVES, load_serving_bundle


@dataclass(frozen=True, eq=False)
class Deployed:
    """A model that serves: what made it so, its bundle, and what turns a history into its features."""

    champion: Champion
    bundle: Bundle
    reader: HistoryReader

    @cached_property
    def base_log_odds(self) -> float:
        """Served log-odds that reasons are measured from."""
        return float(self.bundle.calibrator.log_odds(np.array([self.bundle.rung.base_log_odds]))[0])


@dataclass(frozen=True)
class DeployedModels:
    """Keeps each model that serves in memory, by the hash of its bundle. Safe to ask from several threads."""

    project: Project
    _kept: dict[str, Deployed] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, *, stage: str, outcome: str, on: date) -> Deployed:
        """Give the model that serves a stage and an outcome now.

        The pointer is read at every call, so that a promotion or a rollback holds from the next request.

        Raises
        ------
        ModelError
            TID507 when none serves, TID514 when the justification that it rests on has expired, and all of `models.deployment`.
        """
        name = model_name(self.project.id, outcome, stage)
        champion = find_champion(self.project, name)
        if champion is None:
            raise ModelError(NO_MODEL_SERVES, f"no model serves {outcome} at stage {stage}. See GET /api/v1/models for those that do.")
        check_justified(champion, on=on)
        with self._lock:
            kept = self._kept.get(name)
            if kept is None or kept.champion != champion:
                kept = self._kept[name] = _load(self.project, champion)
        return kept

    def check_all(self) -> int:
        """Load every model that serves, and say how many do.

        Raises
        ------
        ModelError, GateError, LedgerError
            As `models.deployment.deployed_bundle`.
        """
        pairs = [(s.name, o) for s in self.project.stages.values() for o in s.outcomes]
        serving = [pair for pair in pairs if find_champion(self.project, model_name(self.project.id, pair[1], pair[0])) is not None]
        for stage, outcome in serving:
            self.get(stage=stage, outcome=outcome, on=date.min)
        return len(serving)


def _load(project: Project, champion: Champion) -> Deployed:
    bundle = load_serving_bundle(project, champion.name)
    names = set(bundle.feature_names)
    by_name = {spec.name: spec for spec in project.catalogue.feature_specs(*TABLE_USES) if spec.name in names}
    bundle.check_columns(tuple(by_name))
    deployed = Deployed(champion, bundle, HistoryReader.of(project, [by_name[name] for name in bundle.feature_names]))
    _warm(deployed)
    return deployed


def _warm(deployed: Deployed) -> None:
    """Ask once of nobody, so that tables are filled and compiled code is loaded before somebody waits for it."""
    matrix = deployed.reader.matrix(deployed.reader.records([[]]), n_histories=1, as_of=date(2000, 1, 1))
    deployed.bundle.reasons(np.asarray(matrix))
