"""From a finished experiment to the bundle that would serve, its gates and its card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.declarations.project import Project
from features.findings import Finding
from models import metrics
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance
from models.card import CapacityRow, GroupRow, LadderRow, ModelCard
from models.intervals import Interval, with_interval
from models.reference import fit_reference
from training.experiment import Experiment
from training.figures import SHARES
from training.gates import (
    amount_gate,
    benchmark_gate,
    calibration_gate,
    capacity_gate,
    determinism_gate,
    explanation_gate,
    leak_gate,
    leakage_gate,
    split_gate,
)
from training.group_gates import AssessedRows, group_gates, no_groups, within_capacity
from training.plan import PlannedModel
from training.resampling import RANKING_METRICS

if TYPE_CHECKING:
    from models.metrics import Metric

EXPLAINED_ROWS = 500
"""Test rows whose reasons are added up for the gate."""
SLOPE_RESAMPLES = 200


@dataclass(frozen=True)
class Inspection:
    """Gates of one experiment, and what they looked at."""

    gates: tuple[Finding, ...]
    calibration: Mapping[str, Interval]


@dataclass(frozen=True)
class Examiner:
    """Asks a finished experiment every gate's question."""

    project: Project
    planned: PlannedModel
    experiment: Experiment

    @property
    def _seed(self) -> int:
        return self.project.screening.training.seed

    @cached_property
    def _explained(self) -> NDArray[np.float32]:
        rows = np.flatnonzero(self.experiment.split.test)
        step = max(1, len(rows) // EXPLAINED_ROWS)
        mask = np.zeros(len(self.experiment.table.label), dtype=np.bool_)
        mask[rows[::step]] = True
        return self.experiment.table.columns(self.experiment.chosen.rung.feature_names, mask)

    def inspect(self, *, leaks: Sequence[Finding], groups: Mapping[str, NDArray[np.str_]] | None, no_groups_reason: str = "") -> Inspection:
        """Ask every gate.

        Parameters
        ----------
        leaks
            What the leak checks on the data found.
        groups
            Audit attribute -> value per test row; None where they may not be looked at, with the reason beside.
        """
        calibration = self._calibration()
        experiment, training = self.experiment, self.project.screening.training
        chosen, table, split = experiment.chosen, experiment.table, experiment.split
        gates = (
            leakage_gate(
                experiment.resamples.interval(chosen.name, "auc"), horizon_days=self.project.outcomes[self.planned.outcome].horizon_days
            ),
            leak_gate(leaks),
            capacity_gate(chosen.name, experiment.resamples),
            calibration_gate(calibration["observed_expected"], calibration["calibration_slope"]),
            *(self._group_gates(groups) if groups else no_groups(no_groups_reason)),
            explanation_gate(chosen.rung, chosen.calibrator, self._explained),
            determinism_gate(chosen.rung, self._explained),
            benchmark_gate(chosen.rung.feature_names, table.benchmark_only),
            amount_gate(table.label[split.train], table.label[split.test], min_positives=training.min_positives),
            split_gate(table.rows, split),
        )
        return Inspection(gates, calibration)

    def _calibration(self) -> dict[str, Interval]:
        experiment = self.experiment
        asked: dict[str, tuple[Metric, int]] = {
            "observed_expected": (metrics.observed_expected, 500),
            "calibration_slope": (metrics.calibration_slope, SLOPE_RESAMPLES),
            "brier": (metrics.brier, 500),
        }
        measure = partial(
            with_interval, label=experiment.test_label, score=experiment.chosen.probability, groups=experiment.test_person, seed=self._seed
        )
        return {name: measure(metric, n_resamples=n_resamples) for name, (metric, n_resamples) in asked.items()}

    def _group_gates(self, groups: Mapping[str, NDArray[np.str_]]) -> tuple[Finding, ...]:
        probability = self.experiment.chosen.probability
        flagged = within_capacity(probability, share=self.project.screening.training.capacity_share)
        rows = AssessedRows(self.experiment.test_label, probability, flagged, self.experiment.test_person)
        return group_gates(rows, groups, seed=self._seed)


def build_card(project: Project, planned: PlannedModel, experiment: Experiment, inspection: Inspection) -> ModelCard:
    """Write the card of the chosen rung; aggregates only."""
    stage, outcome = project.stages[planned.stage], project.outcomes[planned.outcome]
    return ModelCard(
        title=f"{outcome.label.en}, {stage.label.en} ({project.screening.project.title})",
        purpose="Proposes whom a person should look at first. It decides nothing.",
        outcome=outcome.label.en,
        stage=stage.label.en,
        is_synthetic=project.is_synthetic,
        data=_data(experiment),
        ladder=tuple(_ladder_row(experiment, name) for name in experiment.candidates),
        choice=" ".join(comparison.reasoning for comparison in experiment.selection.comparisons),
        capacity=tuple(_capacity_row(experiment, share) for share in SHARES),
        calibration=inspection.calibration,
        groups=tuple(_group_row(gate) for gate in inspection.gates if gate.code == "G-05" and "group" in gate.evidence),
        gates=inspection.gates,
        remarks=(experiment.chosen.calibration_note, *_remarks(experiment)),
    )


def build_bundle(
    project: Project,
    planned: PlannedModel,
    experiment: Experiment,
    card: ModelCard,
    *,
    code_version: str,
    packages: Mapping[str, str],
    now: datetime,
) -> Bundle:
    """Put the chosen rung together with everything that serving it takes.

    Band frequencies come from the test rows: people the model was not fitted on.
    """
    chosen, table, split = experiment.chosen, experiment.table, experiment.split
    columns = chosen.rung.feature_names
    return Bundle(
        project=project.id,
        outcome=planned.outcome,
        stage=planned.stage,
        rung=chosen.rung,
        calibrator=chosen.calibrator,
        catalogue=project.catalogue,
        reference=fit_reference(table.columns(columns, split.train), columns),
        bands=project.screening.bands,
        frequencies=fit_frequencies(experiment.test_label, chosen.probability, project.screening.bands),
        contract_hash=project.contract_hash,
        card=card,
        provenance=Provenance(
            seed=project.screening.training.seed, data_hash=table.data_hash, code_version=code_version, trained_at=now, packages=packages
        ),
        data=project.screening.project.data,
    )


def _data(experiment: Experiment) -> dict[str, str | int | float]:
    table, split = experiment.table, experiment.split
    return {
        "training rows": int(split.train.sum()),
        "training people": len(np.unique(table.rows.group[split.train])),
        "training periods": ", ".join(split.train_periods),
        "training prevalence": round(float(table.label[split.train].mean()), 4),
        "test rows": int(split.test.sum()),
        "test periods": ", ".join(split.test_periods),
        "test prevalence": round(float(experiment.test_label.mean()), 4),
        "test rows of people also in training": split.n_seen,
        "rows left out, outcome unknown or excluded": table.n_without_outcome,
        "training rows left out, outcome not known yet at the first test": split.dropped_unknown,
        "features": len(experiment.chosen.rung.feature_names),
        "data hash": table.data_hash,
    }


def _ladder_row(experiment: Experiment, name: str) -> LadderRow:
    figures = {metric: experiment.resamples.interval(name, metric) for metric in RANKING_METRICS}
    return LadderRow(name, figures, is_chosen=name == experiment.selection.chosen)


def _capacity_row(experiment: Experiment, share: float) -> CapacityRow:
    label, probability = experiment.test_label, experiment.chosen.probability
    return CapacityRow(
        share, metrics.precision_at_share(label, probability, share=share), metrics.recall_at_share(label, probability, share=share)
    )


def _group_row(gate: Finding) -> GroupRow:
    name = f"{gate.evidence['attribute']} = {gate.evidence['group']}"
    counts = [gate.evidence["n_with"], gate.evidence["n_without"]]
    n_people = sum(count for count in counts if isinstance(count, int)) if all(isinstance(count, int) for count in counts) else None
    if gate.verdict == "NOT_APPLICABLE":
        return GroupRow(name, n_people, None, str(gate.evidence["reason"]))
    bounds = f"{gate.evidence['low']:+.3f} to {gate.evidence['high']:+.3f}"
    figures = f"mean probability minus observed rate {gate.evidence['estimate']:+.3f} ({bounds})"
    return GroupRow(name, n_people, None, f"{gate.verdict}: {figures}")


def _remarks(experiment: Experiment) -> tuple[str, ...]:
    immature = experiment.split.immature_periods
    if not immature:
        return ()
    return (f"Periods left out of training because too few of their outcomes were known when the test began: {', '.join(immature)}.",)
