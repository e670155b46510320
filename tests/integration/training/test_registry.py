"""Training, logging, promotion and rollback against a real MLflow store in SQLite."""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from mlflow.entities import Dataset

from features.declarations.learning import DiagnosticSplit
from features.declarations.learning import Split as DeclaredSplit
from features.declarations.project import Project, load_project
from features.errors import DataError, GateError, LedgerError, ModelError
from features.findings import Finding
from features.ledger import read_entries
from features.progress import Silent
from models.bundle import Bundle, save_bundle
from models.deployment import deployed_bundle, find_champion
from models.manifest import installed_versions
from models.promotion.gates import check_gates
from models.promotion.ledger import ledger_path, serving_history, verify_promotions
from models.rungs.rung import FitSettings
from tests.support.pickles import find_pickles
from tests.support.projects import NOW, tiny_project
from tests.support.rows import find_rows
from tests.support.training_tables import PREDICTORS, planted_table
from training.assembly import build_bundle, build_card
from training.evaluation.examined import Examined
from training.evaluation.sections import SECTIONS, measure_sections
from training.fitting.experiment import Experiment, run_experiment
from training.gates.asked import ask_gates
from training.plan import PlannedModel
from training.registry.promoting import promote, rollback
from training.registry.tracking import LoggedRun, Tracking, local_tracking, log_training
from training.registry.versions import list_models
from training.report import Report, build_report, ladder_table, reference_table, write_report
from training.splits.temporal import diagnostic_split, temporal_split
from training.train import Training, run_record

pytestmark = [
    # MLflow's own, raised while it sets up its store and logs a model; ours stay errors.
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]

PLANNED = PlannedModel("tiny", "grade_10", "not_completed")
NAME = PLANNED.name
VERDICTS = ("PASSED", "FAILED", "NOT_APPLICABLE")
REASON = "Boys do leave school more often; nobody else is approached in their place."
WHY = "It finds more people than the one before."
SIGNERS = ("data-scientist", "leader")
SETTINGS = FitSettings(
    seed=7,
    boosted={"num_boost_round": 20, "num_leaves": 5},
    rules={"much_absence": f"{PREDICTORS[0]} >= 20"},
    area_feature="edu_municipality.last@ever",
)


def run_tiny(seed: int = 3) -> Experiment:
    table = planted_table(250, seed=seed)
    split = temporal_split(table.rows, DeclaredSplit())
    return run_experiment(table, split, SETTINGS, name=NAME, capacity_share=0.15, progress=Silent(), n_resamples=100)


def bundle_of(project: Project, experiment: Experiment, *, gates: tuple[Finding, ...] | None = None) -> Bundle:
    examined = examine(project, experiment)
    card = build_card(examined, ask_gates(examined) if gates is None else gates, {})
    return build_bundle(examined, card, code_version="test", packages=installed_versions(), now=NOW)


def examine(project: Project, experiment: Experiment) -> Examined:
    return Examined(project, PLANNED, experiment, no_groups_reason="a test")


def report_of(project: Project, experiment: Experiment) -> Report:
    examined = examine(project, experiment)
    return build_report(examined, ask_gates(examined), measure_sections(examined))


@dataclass(frozen=True)
class Registered:
    """A tiny project with one trained and registered model."""

    project: Project
    tracking: Tracking
    experiment: Experiment
    run: LoggedRun

    def log(self, experiment: Experiment | None = None, *, gates: tuple[Finding, ...] | None = None, register: bool = True) -> LoggedRun:
        found = experiment or self.experiment
        report = report_of(self.project, found)
        training = Training(self.tracking, NOW, "test", 1, Silent())
        record = run_record(self.project, training, PLANNED, found, report)
        bundle = bundle_of(self.project, found, gates=gates)
        return log_training(self.tracking, record, bundle, found.split, experiment="tiny", register=register)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Registered:
    import warnings

    project = load_project(tiny_project(tmp_path_factory.mktemp("tiny")))
    tracking = local_tracking(project)
    unlogged = Registered(project, tracking, run_tiny(), LoggedRun("", None))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run = unlogged.log()
    return replace(unlogged, run=run)


def test_a_logged_run_says_what_was_done(first: Registered) -> None:
    run = first.tracking.client().get_run(first.run.run_id)
    assert run.data.tags["data_hash"] == first.experiment.table.data_hash
    assert run.data.tags["code_version"] == "test"
    assert run.data.params["seed"] == str(first.project.screening.training.seed)
    estimate = first.experiment.resamples.interval("logistic", "auc").estimate
    assert run.data.metrics["logistic/auc"] == pytest.approx(estimate)
    assert run.data.metrics["prevalence/auc"] == 0.5
    _describes_its_data(first, {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs})
    assert {run.data.tags[f"gate.{gate['code']}"] for gate in report_of(first.project, first.experiment)["gates"]} <= set(VERDICTS)
    files = {one.path for one in first.tracking.client().list_artifacts(first.run.run_id)}
    assert {"card.md", "report.json", "figures", "sections"} <= files
    sections = {Path(one.path).stem for one in first.tracking.client().list_artifacts(first.run.run_id, "sections")}
    assert sections == set(SECTIONS)
    assert sum(run.data.metrics[f"gates/{verdict.lower()}"] for verdict in VERDICTS) == len(
        {gate["code"] for gate in report_of(first.project, first.experiment)["gates"]}
    )


def _describes_its_data(first: Registered, datasets: dict[str, Dataset]) -> None:
    """Both sides of the split: columns, counts and digests that differ, and nothing of a row."""
    split, table = first.experiment.split, first.experiment.table
    profiles = {context: json.loads(one.profile) for context, one in datasets.items()}
    assert {context: one["n_rows"] for context, one in profiles.items()} == {
        "training": int(split.train.sum()),
        "testing": int(split.test.sum()),
    }
    assert profiles["testing"]["n_with_outcome"] == int(table.label[split.test].sum())
    assert len({one.digest for one in datasets.values()}) == 2
    for one in datasets.values():
        assert [column["name"] for column in json.loads(one.schema)["mlflow_colspec"]] == [*table.names, "label"]
        assert set(json.loads(one.profile)) == {"n_rows", "n_people", "n_with_outcome", "n_features", "periods"}


def test_the_chosen_rung_is_the_challenger(first: Registered) -> None:
    listed = [one for one in list_models(first.project, first.tracking) if one.version == "1"]
    assert [(one.name, one.rung) for one in listed] == [(NAME, "logistic")]
    assert first.tracking.client().get_registered_model(NAME).tags["outcome"] == "not_completed"


def test_no_artifact_holds_a_person(first: Registered) -> None:
    """Neither a subject's id nor a row's values lie in any file of the run, nor in MLflow's database."""
    subjects = set(first.experiment.table.subject_id.tolist())
    files = [path for path in (first.project.var / "mlartifacts").rglob("*") if path.is_file()]
    assert files
    for path in [*files, first.project.var / "mlflow.db"]:
        content = path.read_bytes().decode("latin-1")
        assert not subjects & set(re.findall(r"[0-9a-f]{32}", content)), path.name
    assert not [path for path in files if path.suffix in (".parquet", ".csv")]


def test_no_artifact_holds_a_row(first: Registered, tmp_path: Path) -> None:
    """Nobody's values stand one after the other in any file; the search itself finds a row in CSV and in JSON."""
    rows = first.experiment.table.columns(PREDICTORS, np.ones(len(first.experiment.table.label), dtype=np.bool_))
    assert find_rows(first.project.var / "mlartifacts", rows) == []
    somebody = next(row for row in rows.tolist() if all(value == value and value not in (0, 1) for value in row))
    (tmp_path / "rows.csv").write_text("a,b,c\n" + ",".join(map(str, somebody)))
    (tmp_path / "rows.json").write_text(json.dumps({"data": [dict(zip(PREDICTORS, somebody, strict=True))]}))
    assert len(find_rows(tmp_path, rows)) == 2


def test_no_artifact_is_a_pickle_or_holds_one(first: Registered) -> None:
    """Every file of every run, the figures and the store itself: opening a model can't run code that came with it."""
    assert find_pickles(first.project.var / "mlartifacts") == []
    assert find_pickles(first.project.var / "mlflow.db") == []


@pytest.mark.requirement("R-14")
def test_what_a_diagnostic_split_made_is_never_registered(first: Registered) -> None:
    rows = first.experiment.table.rows
    declared = DiagnosticSplit(name="backwards", stage="grade_10", outcome="not_completed", train=("2016",), test=("2013",))
    backwards = replace(first.experiment, split=diagnostic_split(rows, declared))
    runs = _count(first, "runs")
    training = Training(first.tracking, NOW, "test", 1, Silent())
    report = {**report_of(first.project, first.experiment), "model": NAME}
    record = run_record(first.project, training, PLANNED, first.experiment, report)
    with pytest.raises(DataError, match="TID444"):
        log_training(first.tracking, record, bundle_of(first.project, first.experiment), backwards.split, experiment="tiny", register=True)
    assert _count(first, "runs") == runs


@pytest.mark.parametrize("signers", [(), ("leader",), ("leader", " Leader ")])
def test_promotion_needs_two_different_signers(first: Registered, signers: tuple[str, ...]) -> None:
    with pytest.raises(GateError, match="TID601"):
        promote(first.project, first.tracking, NAME, "1", signers=signers, reason=WHY, now=NOW)
    assert find_champion(first.project, NAME) is None


def test_a_failed_gate_is_not_promoted(first: Registered) -> None:
    run = first.log(gates=(Finding("G-01", "Not too good to be true", "FAILED", {"auc": 0.99}),))
    with pytest.raises(GateError, match=r"TID603.*G-01 Not too good to be true"):
        promote(first.project, first.tracking, NAME, str(run.version), signers=SIGNERS, reason=WHY, now=NOW)
    assert find_champion(first.project, NAME) is None


@pytest.mark.requirement("R-12")
def test_a_difference_between_groups_needs_a_justification_that_expires(first: Registered) -> None:
    different = Finding("G-06", "Equally sparing with false proposals in every group", "FAILED", {"attribute": "sex", "group": "boy"})
    bundle = bundle_of(first.project, first.experiment, gates=(different,))
    with pytest.raises(GateError, match="TID604"):
        check_gates(bundle, justification="too short")
    check_gates(bundle, justification="Boys do leave school more often; nobody else is approached in their place.")
    too_good = Finding("G-01", "Not too good to be true", "FAILED")
    with pytest.raises(GateError, match="TID603"):
        check_gates(bundle_of(first.project, first.experiment, gates=(different, too_good)), justification="x" * 40)


def test_typed_names_do_not_sign_for_real_people(first: Registered) -> None:
    about = first.project.screening.project.model_copy(update={"data": "real"})
    real = replace(first.project, screening=first.project.screening.model_copy(update={"project": about}))
    with pytest.raises(GateError, match="TID602"):
        promote(real, first.tracking, NAME, "1", signers=SIGNERS, reason=WHY, now=NOW)


def test_an_unknown_version_is_refused(first: Registered) -> None:
    with pytest.raises(ModelError, match="TID520"):
        promote(first.project, first.tracking, NAME, "99", signers=SIGNERS, reason=WHY, now=NOW)


def test_a_promoted_version_serves_and_can_be_rolled_back(first: Registered) -> None:
    """One story, since each step stands on the one before: promote, promote another, go back, and nothing more to go back to."""
    different = (Finding("G-06", "Equally sparing with false proposals in every group", "FAILED"),)
    passed = (Finding("G-01", "Not too good to be true", "PASSED"),)
    one, two = (str(first.log(run_tiny(seed), gates=gates).version) for seed, gates in ((4, different), (5, passed)))
    champion = promote(first.project, first.tracking, NAME, one, signers=SIGNERS, reason=WHY, now=NOW, justification=REASON)
    client = first.tracking.client()

    def aliased(alias: str) -> str:
        return str(client.get_model_version_by_alias(NAME, alias).version)

    assert deployed_bundle(first.project, NAME).hash == champion.bundle_hash
    assert aliased("champion") == one
    assert aliased("challenger") == two

    promote(first.project, first.tracking, NAME, two, signers=SIGNERS, reason=WHY, now=NOW + timedelta(hours=1))
    assert "challenger" not in client.get_registered_model(NAME).aliases
    assert find_champion(first.project, NAME).version == two  # type: ignore[union-attr]

    back = rollback(first.project, first.tracking, NAME, signer="leader", reason=WHY, now=NOW + timedelta(hours=2))
    assert back.version == one
    assert back.justified_until == champion.justified_until == date(2027, 5, 23)
    assert aliased("champion") == one
    assert deployed_bundle(first.project, NAME).hash == champion.bundle_hash
    with pytest.raises(ModelError, match="TID522"):
        rollback(first.project, first.tracking, NAME, signer="leader", reason=WHY, now=NOW + timedelta(hours=3))

    entries = list(read_entries(ledger_path(first.project)))
    assert verify_promotions(first.project).count == 3
    assert [entry.action for entry in entries] == ["model_promoted", "model_promoted", "model_rolled_back"]
    assert entries[0].public["simulated"] is True
    assert entries[0].public["justification_expires_on"] == "2027-05-23"
    assert entries[1].public["justification"] is None
    assert entries[0].public["signers"] == ["data-scientist", "leader"]
    assert find_champion(first.project, NAME).ledger_entry == entries[-1].hash  # type: ignore[union-attr]
    _edited_ledger_stops_a_rollback(first)


def _edited_ledger_stops_a_rollback(first: Registered) -> None:
    path = ledger_path(first.project)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("data-scientist", "somebody-else", 1), encoding="utf-8")
    with pytest.raises(LedgerError, match="TID801"):
        serving_history(first.project, NAME)
    path.write_text(text, encoding="utf-8")


@pytest.mark.requirement("R-36")
def test_the_same_training_gives_the_same_bundle_bit_for_bit(first: Registered, tmp_path: Path) -> None:
    hashes = [save_bundle(bundle_of(first.project, run_tiny()), tmp_path / name) for name in ("one", "two")]
    assert hashes[0] == hashes[1]
    assert save_bundle(bundle_of(first.project, run_tiny(seed=4)), tmp_path / "other") != hashes[0]


@pytest.mark.requirement("R-36")
def test_threads_do_not_change_a_boosted_model(tmp_path: Path) -> None:
    from models.rungs.boosted import BoostedRung

    table = planted_table(250)
    texts = [
        BoostedRung.fit(
            table.matrix[:, :3], table.label, feature_names=PREDICTORS, settings=replace(SETTINGS, num_threads=n_threads)
        ).model_text
        for n_threads in (1, 2)
    ]
    assert texts[0] == texts[1]


def test_a_report_holds_every_rung_and_gate(first: Registered, tmp_path: Path) -> None:
    report = {**report_of(first.project, first.experiment), "version": None}
    assert list(report["ladder"]) == ["prevalence", "area", "rules", "logistic", "boosted"]
    assert {f"G-{number:02d}" for number in range(1, 12)} <= {gate["code"] for gate in report["gates"]}
    assert report["reference"] is None
    assert reference_table([report]) is None
    assert len(ladder_table([report])[2]) == 5
    assert write_report(first.project, report).is_file()
    text = write_report(first.project, report).read_text(encoding="utf-8")
    assert not set(first.experiment.table.subject_id.tolist()) & set(re.findall(r"[0-9a-f]{32}", text))


def _count(first: Registered, table: str) -> int:
    with sqlite3.connect(first.project.var / "mlflow.db") as connection:
        return int(np.asarray(connection.execute(f"SELECT count(*) FROM {table}").fetchone())[0])
