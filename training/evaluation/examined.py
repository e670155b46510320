"""A finished experiment with everything that questions about it may need: one value that gates and sections take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from features.declarations.project import Project
from features.findings import Finding
from models import metrics
from models.intervals import Interval, with_interval
from models.uncertainty import RateTable, fit_rate_table
from training.fitting.experiment import Experiment
from training.gathering import StageData
from training.plan import PlannedModel

if TYPE_CHECKING:
    from models.metrics import Metric

EXPLAINED_ROWS = 500
"""Test rows whose reasons are added up, compared and averaged; more of them change no figure by much."""
SLOPE_RESAMPLES = 200


@dataclass(frozen=True)
class Examined:
    """What a question about a model may look at; what it answers are aggregates.

    Attributes
    ----------
    data
        Store, cohort and features of the stage; None where an experiment was made from a table alone: then nothing is asked of the store.
    leaks
        What the leak checks on the data found.
    groups
        Audit attribute -> value per test row, empty text where unknown, shape (n_test,); None where they may not be looked at.
    no_groups_reason
        Why they may not.
    """

    project: Project
    planned: PlannedModel
    experiment: Experiment
    data: StageData | None = None
    leaks: tuple[Finding, ...] = ()
    groups: Mapping[str, NDArray[np.str_]] | None = None
    no_groups_reason: str = ""
    workers: int = field(default=1)

    @property
    def seed(self) -> int:
        """The project's seed: the same inputs give the same figures."""
        return self.project.screening.training.seed

    @property
    def capacity_share(self) -> float:
        """Share of a cohort that can be reviewed."""
        return self.project.screening.training.capacity_share

    @cached_property
    def measured_once(self) -> dict[str, Any]:
        """Figures that a gate and a section both ask for, by name, kept by whoever measures them first."""
        return {}

    @cached_property
    def explained(self) -> NDArray[np.float32]:
        """Columns of the chosen rung for some evenly spread test rows, shape (about 500, n_features)."""
        rows = np.flatnonzero(self.experiment.split.test)
        mask = np.zeros(len(self.experiment.table.label), dtype=np.bool_)
        mask[rows[:: max(1, len(rows) // EXPLAINED_ROWS)]] = True
        return self.experiment.table.columns(self.experiment.chosen.rung.feature_names, mask)

    @cached_property
    def rate_table(self) -> RateTable:
        """Intervals of the rate by the chosen rung's score, learnt on predictions forward in time."""
        table, folds = self.experiment.table, self.experiment.folds.folds
        return fit_rate_table(
            self.experiment.chosen.forward_log_odds,
            np.concatenate([table.label[fold.predict] for fold in folds]),
            groups=np.concatenate([table.rows.group[fold.predict] for fold in folds]),
            seed=self.seed,
        )

    @cached_property
    def calibration(self) -> dict[str, Interval]:
        """Overall calibration figures of the chosen rung, by name as in `models.metrics`."""
        asked: dict[str, tuple[Metric, int]] = {
            "observed_expected": (metrics.observed_expected, 500),
            "calibration_slope": (metrics.calibration_slope, SLOPE_RESAMPLES),
            "brier": (metrics.brier, 500),
        }
        experiment = self.experiment
        measure = partial(
            with_interval, label=experiment.test_label, score=experiment.chosen.probability, groups=experiment.test_person, seed=self.seed
        )
        return {name: measure(metric, n_resamples=n_resamples) for name, (metric, n_resamples) in asked.items()}
