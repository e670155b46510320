"""What a training found, for people and machines, beside the figures that it should reach."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from features.declarations.learning import Reference
from features.declarations.project import Project
from features.errors import ModelError
from features.findings import Finding
from features.small_cells import SMALLEST_CELL, shown_count
from models.intervals import Interval
from models.resampling import RANKING_METRICS, Resamples
from training.evaluation.examined import Examined
from training.evaluation.rows import can_tell
from training.evaluation.sections import Section
from training.evaluation.told_capacity import WITHHELD, at_capacity, can_tell_top, told_rungs
from training.fitting.experiment import Experiment
from training.plan import PlannedModel

Report = dict[str, Any]
Table = tuple[str, tuple[str, ...], list[tuple[object, ...]]]

SHORT_NAMES = {
    "auc": "AUC",
    "average_precision": "AP",
    "precision_at_capacity": "precision",
    "recall_at_capacity": "recall",
}
"""Headings; precision and recall are those at capacity."""


@dataclass(frozen=True)
class FoundReference:
    """The reference of a stage and outcome; every difference is ours minus theirs."""

    reference: Reference

    def differences(self, figures: Mapping[str, float]) -> dict[str, float]:
        """Our figure minus the reference's, for each metric that both have."""
        return {name: figures[name] - value for name, value in self.reference.figures.items() if name in figures}


def build_report(examined: Examined, gates: tuple[Finding, ...], sections: Mapping[str, Section]) -> Report:
    """Put everything worth reading about one training into JSON-ready fields; aggregates only."""
    project, planned, experiment = examined.project, examined.planned, examined.experiment
    reference, told = find_reference(project, planned), told_rungs(examined)
    return {
        "model": planned.name,
        "stage": planned.stage,
        "outcome": planned.outcome,
        "synthetic": project.is_synthetic,
        "seed": project.screening.training.seed,
        "capacity_share": project.screening.training.capacity_share,
        "data": {
            "train_periods": list(experiment.split.train_periods),
            "test_periods": list(experiment.split.test_periods),
            "immature_periods": list(experiment.split.immature_periods),
            "n_train": int(experiment.split.train.sum()),
            "n_test": int(experiment.split.test.sum()),
            "n_test_rows_of_people_seen": _told(experiment.split.n_seen),
            "n_labels_not_known_yet": _told(experiment.split.dropped_unknown),
            "n_without_outcome": _told(experiment.table.n_without_outcome),
            "prevalence": float(experiment.test_label.mean()),
            "folds": experiment.folds.kind.value,
            "data_hash": experiment.table.data_hash,
            "n_features": len(experiment.table.predictors),
        },
        "chosen": experiment.selection.chosen,
        "choice": [comparison.reasoning(told) for comparison in experiment.selection.comparisons],
        "comparisons": [
            {
                "candidate": step.candidate,
                "over": step.over,
                "auc_gain": _plain(step.auc_gain),
                "precision_gain": _plain(step.precision_gain) if step.is_told(told) else dict(WITHHELD),
                "accepted": step.accepted,
            }
            for step in experiment.selection.comparisons
        ],
        "ladder": _figures(experiment.resamples, told),
        "calibration": {name: _plain(interval) for name, interval in examined.calibration.items()},
        "calibrator": experiment.chosen.calibrator.name,
        "calibration_note": experiment.chosen.calibration_note,
        "four_rows": _four_rows(examined, reference),
        "reference": None if reference is None else {"source": reference.reference.source, "figures": dict(reference.reference.figures)},
        "gates": [gate.as_dict() for gate in gates],
        "sections": dict(sections),
    }


def find_reference(project: Project, planned: PlannedModel) -> FoundReference | None:
    """Return the declared reference of this stage and outcome, if there is one."""
    for reference in project.screening.reference:
        if (reference.stage, reference.outcome) == (planned.stage, planned.outcome):
            return FoundReference(reference)
    return None


_UNREGISTERED = ".unregistered.json"


def report_path(project: Project, name: str, *, is_registered: bool = True) -> Path:
    """Where the newest training of a model is reported; one that was not registered speaks for no version, and lies beside it."""
    return project.var / "reports" / "training" / (f"{name}.json" if is_registered else f"{name}{_UNREGISTERED}")


def write_report(project: Project, report: Report) -> Path:
    """Write a report; the file is replaced whole."""
    path = report_path(project, str(report["model"]), is_registered=report["version"] is not None)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    draft.replace(path)
    return path


def read_reports(project: Project, *, models: Sequence[str] = ()) -> list[Report]:
    """Read the newest report of each registered model, or of those named.

    Raises
    ------
    ModelError
        TID542 when a model has none.
    """
    folder = project.var / "reports" / "training"
    names = tuple(models) or tuple(sorted(path.stem for path in folder.glob("*.json") if not path.name.endswith(_UNREGISTERED)))
    absent = [name for name in names if not report_path(project, name).is_file()]
    if absent or not names:
        missing = ", ".join(absent) or "any model"
        raise ModelError("TID542", f"{folder} holds no report of {missing}. `tidlig train` writes one.")
    return [json.loads(report_path(project, name).read_text(encoding="utf-8")) for name in names]


def ladder_table(reports: list[Report]) -> Table:
    """Every rung of every model, the chosen one marked; brackets are 95 % intervals, drawn by person."""
    rows: list[tuple[object, ...]] = []
    for report in reports:
        for rung, figures in report["ladder"].items():
            mark = "*" if rung == report["chosen"] else ""
            rows.append((_short(report), f"{rung}{mark}", *(_shown(figures[metric]) for metric in RANKING_METRICS)))
    return (
        "The ladder, tested on later periods (* chosen); precision and recall at capacity",
        ("outcome, stage", "rung", *(SHORT_NAMES[m] for m in RANKING_METRICS)),
        rows,
    )


def reference_table(reports: list[Report]) -> Table | None:
    """Four rows of the chosen rung, two of the other personal rung, beside each reference; None where no reference is declared."""
    with_reference = [report for report in reports if report["reference"] is not None]
    if not with_reference:
        return None
    rows = [row for report in with_reference for row in _reference_rows(report)]
    columns = ("outcome, stage", "rung", "protected", "rows", *(SHORT_NAMES[m] for m in RANKING_METRICS), "reference")
    return ("Beside the reference: ours (difference); protected columns out or in, all test rows or unseen people", columns, rows)


def gate_table(reports: list[Report]) -> Table:
    """Count of gates by verdict for each model, and which failed."""
    rows: list[tuple[object, ...]] = []
    for report in reports:
        verdicts = [gate["verdict"] for gate in report["gates"]]
        failed = sorted({f"{gate['code']} {gate['title']}" for gate in report["gates"] if gate["verdict"] == "FAILED"})
        counts = (verdicts.count("PASSED"), verdicts.count("FAILED"), verdicts.count("NOT_APPLICABLE"))
        rows.append((_short(report), report["chosen"], *counts, "; ".join(failed) or "–"))
    return ("Gates", ("outcome, stage", "chosen", "passed", "failed", "not applicable", "failed gates"), rows)


def _figures(resamples: Resamples, told: Collection[str]) -> dict[str, dict[str, Any]]:
    """Every metric of every rung; of a rung that is not told, precision and recall at capacity are withheld."""
    return {
        rung: {
            metric: _plain(resamples.interval(rung, metric)) if rung in told or not at_capacity(metric) else dict(WITHHELD)
            for metric in RANKING_METRICS
        }
        for rung in resamples.estimates
    }


def _four_rows(examined: Examined, reference: FoundReference | None) -> list[dict[str, Any]]:
    """One entry for each of: protected columns in or out × all or unseen rows × personal rung."""
    four = examined.experiment.four_rows
    groups = {"out": four.without_protected, "in": four.with_protected or {}}
    return [
        {
            "protected": protected,
            "rows": rows,
            "rung": rung,
            "figures": figures[rung],
            "difference": {} if reference is None else _known_differences(reference.differences(resamples.estimates[rung]), figures[rung]),
        }
        for protected, by_rows in groups.items()
        for rows, resamples in by_rows.items()
        if rows == "all" or _seen_are_enough(examined.experiment)
        for figures in (_figures(resamples, _told_of_rows(examined, resamples, protected, rows)),)
        for rung in figures
    ]


def _told_of_rows(examined: Examined, resamples: Resamples, protected: str, rows: str) -> frozenset[str]:
    """Rungs whose figures at capacity may be told of these rows; of all rows without protected columns they are the ladder's own."""
    if (protected, rows) == ("out", "all"):
        return told_rungs(examined)
    split, label = examined.experiment.split, examined.experiment.table.label
    measured = label[split.test if rows == "all" else split.unseen]
    return frozenset(
        rung
        for rung, figures in resamples.estimates.items()
        if can_tell_top(figures, share=examined.capacity_share, n_rows=len(measured), n_with=float(measured.sum()))
    )


def _seen_are_enough(experiment: Experiment) -> bool:
    """Whether figures of the people not seen in training, beside those of all, say nothing of one to four who were."""
    label, split = experiment.table.label, experiment.split
    seen = label[split.test & ~split.unseen]
    return can_tell(float(seen.sum()), float(len(seen) - seen.sum()))


def _known_differences(differences: Mapping[str, float], figures: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """Differences to a reference without those of figures that are withheld."""
    return {name: value for name, value in differences.items() if "withheld" not in figures.get(name, {})}


def _told(n: int) -> int | str:
    return shown_count(n) if 0 < n < SMALLEST_CELL else n


def _reference_rows(report: Report) -> Iterator[tuple[object, ...]]:
    personal = {entry["rung"] for entry in report["four_rows"]}
    main = report["chosen"] if report["chosen"] in personal else "boosted"
    for entry in report["four_rows"]:
        if entry["rung"] == main or entry["rows"] == "all":
            mark = "*" if entry["rung"] == report["chosen"] else ""
            cells = (_beside(entry, metric) for metric in RANKING_METRICS)
            yield (_short(report), f"{entry['rung']}{mark}", entry["protected"], entry["rows"], *cells, _verdict(entry))


def _beside(entry: Mapping[str, Any], metric: str) -> str:
    ours, difference = entry["figures"][metric]["estimate"], entry["difference"].get(metric)
    if ours is None:
        return "–"
    return f"{ours:.3f}" if difference is None else f"{ours:.3f} ({difference:+.3f})"


def _verdict(entry: Mapping[str, Any]) -> str:
    """Say whether every compared figure reaches the reference, to its three decimals."""
    compared = [value for metric, value in entry["difference"].items() if metric in SHORT_NAMES]
    return "reached" if all(round(value, 3) >= 0 for value in compared) else "short"


def _short(report: Report) -> str:
    """Outcome and stage: the project is the same in every row."""
    return f"{report['outcome']}, {report['stage']}"


def _plain(interval: Interval) -> dict[str, float | None]:
    return {name: _known(value) for name, value in (("estimate", interval.estimate), ("low", interval.low), ("high", interval.high))}


def _known(value: float) -> float | None:
    return float(value) if value == value else None


def _shown(figure: Mapping[str, Any]) -> str:
    if figure["estimate"] is None:
        return "withheld" if "withheld" in figure else "–"
    if figure["low"] is None or figure["high"] is None:
        return f"{figure['estimate']:.3f}"
    return f"{figure['estimate']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]"
