"""From an examined experiment to its card and to the bundle that would serve."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from features.findings import Finding
from features.small_cells import SMALLEST_CELL, shown_count
from models import metrics
from models.bands import fit_frequencies
from models.bundle import Bundle, Provenance
from models.card import CapacityRow, CapacitySpan, GroupRow, LadderRow, ModelCard
from models.intervals import Interval, interval_from
from models.reference import fit_reference
from models.resampling import RANKING_METRICS, resample_tops
from training.card_sections import card_curves
from training.evaluation.examined import Examined
from training.evaluation.figures import SHARES
from training.evaluation.rows import MeasuredRows
from training.evaluation.told_capacity import WITHHELD_FIGURES, at_capacity, can_tell_top, told_capacities, told_rungs
from training.fitting.experiment import Experiment
from training.fitting.streaming import who_teaches


def build_card(examined: Examined, gates: tuple[Finding, ...], sections: Mapping[str, Mapping[str, Any]]) -> ModelCard:
    """Write the card of the chosen rung; aggregates only. Sections are those of the report."""
    project, planned, experiment = examined.project, examined.planned, examined.experiment
    stage, outcome = project.stages[planned.stage], project.outcomes[planned.outcome]
    told = told_rungs(examined)
    return ModelCard(
        title=f"{outcome.label.en}, {stage.label.en} ({project.screening.project.title})",
        purpose="Proposes whom a person should look at first. It decides nothing.",
        outcome=outcome.label.en,
        stage=stage.label.en,
        is_synthetic=project.is_synthetic,
        data=_data(experiment),
        ladder=tuple(_ladder_row(experiment, name, is_told=name in told) for name in experiment.candidates),
        choice=" ".join((*(one.reasoning(told) for one in experiment.selection.comparisons), *_withheld(experiment, told))),
        capacity=tuple(_capacity_row(experiment, share) for share in SHARES if _can_tell(examined, share)),
        capacity_spans=_capacity_spans(examined),
        calibration={**_detail(sections), **examined.calibration},
        groups=tuple(_group_row(gate, gates, sections) for gate in gates if gate.code == "G-05" and "group" in gate.evidence),
        gates=gates,
        stability=_stability(sections.get("stability", {})),
        findings=_findings(sections),
        remarks=(experiment.chosen.calibration_note, *_remarks(experiment)),
        curves=card_curves(sections),
    )


def build_bundle(
    examined: Examined,
    card: ModelCard,
    *,
    code_version: str,
    packages: Mapping[str, str],
    now: datetime,
) -> Bundle:
    """Put the chosen rung together with everything that serving it takes.

    Band frequencies come from the test rows: people the model was not fitted on.
    """
    project, planned, experiment = examined.project, examined.planned, examined.experiment
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
        rate_table=examined.rate_table,
        frequencies=fit_frequencies(experiment.test_label, chosen.probability, project.screening.bands),
        contract_hash=project.contract_hash,
        card=card,
        provenance=Provenance(
            seed=project.screening.training.seed, data_hash=table.data_hash, code_version=code_version, trained_at=now, packages=packages
        ),
        data=project.screening.project.data,
    )


def _stability(section: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    return {again: dict(section[again]) for again in ("other_seed", "other_people") if again in section}


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
        "test rows of people also in training": _told(split.n_seen),
        "rows left out, outcome unknown or excluded": _told(table.n_without_outcome),
        "training rows left out, outcome not known yet at the first test": _told(split.dropped_unknown),
        "features": len(experiment.chosen.rung.feature_names),
        "data hash": table.data_hash,
    }


def _withheld(experiment: Experiment, told: Collection[str]) -> tuple[str, ...]:
    """Say beside the choice whose figures at capacity are not there, and why."""
    names = [name for name in experiment.candidates if name not in told]
    return (WITHHELD_FIGURES.format(names=", ".join(names)),) if names else ()


def _told(n: int) -> int | str:
    return shown_count(n) if 0 < n < SMALLEST_CELL else n


def _ladder_row(experiment: Experiment, name: str, *, is_told: bool) -> LadderRow:
    """Figures of one rung; those at capacity are not among them where they may not be told, and the card says why."""
    metrics_told = (metric for metric in RANKING_METRICS if is_told or not at_capacity(metric))
    figures = {metric: experiment.resamples.interval(name, metric) for metric in metrics_told}
    return LadderRow(name, figures, is_chosen=name == experiment.selection.chosen)


def _capacity_row(experiment: Experiment, share: float) -> CapacityRow:
    label, probability = experiment.test_label, experiment.chosen.probability
    return CapacityRow(
        share, metrics.precision_at_share(label, probability, share=share), metrics.recall_at_share(label, probability, share=share)
    )


def _capacity_spans(examined: Examined) -> tuple[CapacitySpan, ...]:
    """Intervals of the told shares; at the declared capacity those of the ladder, so that one figure has one interval."""
    rows, resamples = MeasuredRows.of(examined), examined.experiment.resamples
    shares = tuple(share for share in SHARES if _can_tell(examined, share))
    if not shares:
        return ()
    chosen = {rows.chosen: rows.probability}
    tops = resample_tops(rows.label, chosen, groups=rows.person, shares=np.array(shares), seed=rows.seed)
    drawn = (CapacitySpan(share, tops.precision(rows.chosen, i), tops.recall(rows.chosen, i)) for i, share in enumerate(shares))
    precision, recall = (resamples.interval(rows.chosen, name) for name in ("precision_at_capacity", "recall_at_capacity"))
    return tuple(CapacitySpan(span.share, precision, recall) if span.share == examined.capacity_share else span for span in drawn)


def _can_tell(examined: Examined, share: float) -> bool:
    """Whether neither a count at a share nor its distance to another that is told is one to four people (R-09)."""
    label, chosen = examined.experiment.test_label, examined.experiment.chosen
    figures = {"precision_at_capacity": metrics.precision_at_share(label, chosen.probability, share=share)}
    can_tell = can_tell_top(figures, share=share, n_rows=len(label), n_with=float(label.sum()))
    return can_tell and told_capacities(examined).may_tell(chosen.name, share)


def _detail(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, Interval]:
    """Overall calibration figures of the section in detail; Brier's uncertainty is the prevalence's, and has no interval."""
    overall = sections.get("calibration_detail", {}).get("overall", {})
    return {name: interval_from(figure) for name, figure in overall.items() if isinstance(figure, Mapping)}


def _findings(sections: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Sentences that sections end in; each says what its figures are of."""
    told = {name: str(sections[name]["finding"]) for name in ("targeting", "decision_curve", "learning_curve") if name in sections}
    held = sections.get("uncertainty", {})
    if "consistent" not in held:
        return told
    sure = (
        f"The interval told of a case is {round(100 * held['mean_told_width'])} of 100 wide on average. Held against the test rows, taken "
        f"together by similar score: for {held['observed_inside_told']:.0%} of them the rate that came lies within the interval as it is "
        f"told, for {held['observed_inside']:.0%} within the narrower one before it was rounded to steps of 5. The noise of the test rows "
        f"can explain the difference for {held['consistent']:.0%}, which asks little: few people leave much to chance."
    )
    return {**told, "uncertainty": sure}


def _group_row(gate: Finding, gates: Sequence[Finding], sections: Mapping[str, Mapping[str, Any]]) -> GroupRow:
    name = f"{gate.evidence['attribute']} = {gate.evidence['group']}"
    counts = [gate.evidence["n_with"], gate.evidence["n_without"]]
    n_people = sum(count for count in counts if isinstance(count, int)) if all(isinstance(count, int) for count in counts) else None
    detail = sections.get("calibration_detail", {}).get("groups", [])
    measured = {f"{one['attribute']} = {one['group']}": one["figures"] for one in detail if one["figures"] is not None}
    ratio = interval_from(measured[name]["observed_expected"]) if name in measured else None
    return GroupRow(name, n_people, ratio, "; ".join((f"G-05 {gate.verdict}: {_difference(gate)}", *_false_proposals(gate, gates))))


def _difference(gate: Finding) -> str:
    """The figure of G-05, or why there is none and on which side of its bounds it lies."""
    evidence = gate.evidence
    if "estimate" not in evidence:
        needed = f": about {evidence['n_tested_needed']:,} people tested would be enough" if "n_tested_needed" in evidence else ""
        return f"{evidence['reason']}, {evidence['side']} the bounds" if "side" in evidence else f"{evidence['reason']}{needed}"
    return f"mean probability minus observed rate {evidence['estimate']:+.3f} ({evidence['low']:+.3f} to {evidence['high']:+.3f})"


def _false_proposals(gate: Finding, gates: Sequence[Finding]) -> Iterator[str]:
    """What G-06 said of the group that a finding of G-05 is about."""
    same = ("attribute", "group")
    for asked in gates:
        evidence = asked.evidence
        if asked.code != "G-06" or any(evidence.get(name) != gate.evidence[name] for name in same):
            continue
        others = evidence.get("compared_with", "everybody else")
        if "estimate" in evidence:
            estimate, low, high = (f"{evidence[part]:.3f}" for part in ("estimate", "low", "high"))
            yield f"G-06 {asked.verdict}: proposed in vain {estimate} ({low} to {high}) times as often as {others}"
        else:
            yield f"G-06 {asked.verdict}: {_difference(asked)}"


def _remarks(experiment: Experiment) -> tuple[str, ...]:
    tuned = () if experiment.tuned is None else (experiment.tuned.note,)
    return (*who_teaches(experiment.whole, experiment.table, experiment.split), *tuned, *_immature(experiment))


def _immature(experiment: Experiment) -> tuple[str, ...]:
    immature = experiment.split.immature_periods
    if not immature:
        return ()
    return (f"Periods left out of training because too few of their outcomes were known when the test began: {', '.join(immature)}.",)
