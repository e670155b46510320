"""Every gate's question, put to a finished experiment in the order of the card."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from features.findings import Finding
from models.smallest_groups import fewest_by_attribute
from training.evaluation.examined import Examined
from training.evaluation.proxies import find_proxies, relearnt_loss
from training.evaluation.targeting import compare_ways
from training.evaluation.told_capacity import told_rungs
from training.gates.asked_of_data import ask_age, ask_identity, ask_lifetime, ask_time
from training.gates.asked_of_pictures import ask_directions, ask_missing, ask_pictures
from training.gates.group_figures import AssessedRows, within_capacity
from training.gates.groups import group_gates, no_groups
from training.gates.overall import (
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
from training.gates.proxies import proxy_gate
from training.gates.targeting import targeting_gate


def ask_gates(examined: Examined) -> tuple[Finding, ...]:
    """Ask every gate."""
    return tuple(finding for question in QUESTIONS for finding in question(examined))


def _leakage(examined: Examined) -> Iterable[Finding]:
    horizon = examined.project.outcomes[examined.planned.outcome].horizon_days
    yield leakage_gate(examined.experiment.resamples.interval(examined.experiment.chosen.name, "auc"), horizon_days=horizon)
    yield leak_gate(examined.leaks)


def _baselines(examined: Examined) -> Iterable[Finding]:
    experiment = examined.experiment
    told = told_rungs(examined)
    yield capacity_gate(experiment.chosen.name, experiment.resamples, experiment.selection.comparisons, told=told)


def _targeting(examined: Examined) -> Iterable[Finding]:
    yield targeting_gate(compare_ways(examined), chosen=examined.experiment.chosen.name)


def _calibration(examined: Examined) -> Iterable[Finding]:
    yield calibration_gate(examined.calibration["observed_expected"], examined.calibration["calibration_slope"])


def _groups(examined: Examined) -> Iterable[Finding]:
    if not examined.groups:
        return no_groups(examined.no_groups_reason or "no audit attribute was given")
    probability = examined.experiment.chosen.probability
    flagged = within_capacity(probability, share=examined.capacity_share)
    rows = AssessedRows(examined.experiment.test_label, probability, flagged, examined.experiment.test_person)
    return group_gates(rows, examined.groups, seed=examined.seed, fewest=fewest_by_attribute(examined.project))


def _explanation(examined: Examined) -> Iterable[Finding]:
    chosen = examined.experiment.chosen
    yield explanation_gate(chosen.rung, chosen.calibrator, examined.explained)
    yield determinism_gate(chosen.rung, examined.explained)


def _honest_table(examined: Examined) -> Iterable[Finding]:
    experiment, training = examined.experiment, examined.project.screening.training
    table, split = experiment.table, experiment.split
    yield benchmark_gate(experiment.chosen.rung.feature_names, table.benchmark_only)
    yield amount_gate(table.label[split.train], table.label[split.test], min_positives=training.min_positives)
    yield split_gate(table.rows, split)


def _proxies(examined: Examined) -> Iterable[Finding]:
    yield proxy_gate(find_proxies(examined), relearnt_loss=partial(relearnt_loss, examined))


QUESTIONS: tuple[Callable[[Examined], Iterable[Finding]], ...] = (
    _leakage,
    _baselines,
    _calibration,
    _groups,
    _explanation,
    _honest_table,
    ask_time,
    ask_identity,
    ask_lifetime,
    ask_pictures,
    ask_age,
    ask_directions,
    ask_missing,
    _proxies,
    _targeting,
)
"""In the order of the card, which is that of the codes. A new gate is a function here; its code is stable and means one thing."""
