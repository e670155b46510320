"""Somebody with a strictly confidential address is nowhere: not a row, not a count, not a gap (R-08).

Two projects go through ingest, features, screening and monitoring: one whose files hold the person, one whose files never did. All that
they store and publish has to be equal.
"""

from __future__ import annotations

import csv
import json
import os
import re
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from features.consent_table import CONSENTS, exchange_path
from features.consents import write_consents
from features.declarations.project import Project, load_project
from features.engine_commands import app as features_app
from features.exchanged import FINISHED_REVIEWS, RESTRICTIONS, restrictions_path, reviews_path
from features.finished_reviews import write_finished_reviews
from features.intake.linkage import translate_subjects
from features.intake.pseudonyms import pseudonym_of
from features.progress import Silent
from features.restrictions import write_restrictions
from features.scored import read_scored
from features.store import open_store
from features.tables import build_stage_table, table_folder
from monitoring.reports.monthly import monitor
from serving.app import open_service
from serving.screening.run import screen
from serving.settings import Settings
from serving.storage.tables import CaseRow, ScreeningRow
from tests.integration.training.test_pipeline import training_in, write_quick_outcomes
from tests.property.test_no_raw_identifier import texts_below
from tests.support.ingesting import ingest_tiny
from tests.support.projects import KEYS, NOW, tiny_project, write_csv, write_people
from tests.support.screenable import AS_OF, serve_model
from training.gathering import build_stage_data
from training.train import train

HIDDEN = "SYN-QQQXYZ"
SHIELDED, FLATMATE, SIBLING = "SYN-00052", "SYN-01055", "SYN-02057"
"""Confidential address; lives with that person; lives with the hidden one."""
TIMES = 4
"""The tiny project's people are drawn this many times over, so that counts are large enough to be shown."""
TODAY = NOW.date()

HIDDEN_HOME = "household-of-the-hidden"
"""Too long to stand anywhere by chance; three letters did, in what is encrypted."""


def write_crowd(root: Path, *, hidden: bool, grades: dict[str, str] | None = None) -> None:
    """Write many people like the tiny project's; the hidden one has rows in every file, good ones, broken ones and empty ones."""
    # Who lives with the hidden one is shielded; where there is nobody to live with they are so by a grade of their own.
    graded = {SHIELDED: "fortrolig", HIDDEN: "strengtFortrolig", SIBLING: "ugradert" if hidden else "klientadresse", **(grades or {})}
    households = {SHIELDED: "H-1", FLATMATE: "H-1", SIBLING: HIDDEN_HOME, HIDDEN: HIDDEN_HOME}
    rows: dict[str, list[dict[str, str]]] = {}
    for seed in range(TIMES):
        write_people(root / "draw", seed=seed)
        for path in (root / "draw").glob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                found = [
                    {k: v.replace("SYN-", f"SYN-{seed:02d}") for k, v in row.items() if k != "synthetic"} for row in csv.DictReader(file)
                ]
            rows.setdefault(path.name, []).extend(found)
    for name in ("school.csv", "residence.csv", "income.csv", "audit.csv"):
        rows[name][0:0] = [{**rows[name][-1], **bad} for bad in _broken(name)] if hidden else []
        mine = [row for row in rows[name] if "SYN-00058" in row.values()]
        rows[name] += [{k: HIDDEN if v == "SYN-00058" else v for k, v in row.items()} for row in mine] if hidden else []
    people = rows["persons.csv"] + ([{"person": HIDDEN, "born_on": "2010-03-01"}] if hidden else [])
    write_csv(
        root / "data" / "persons.csv",
        [
            {
                **row,
                "household": households.get(row["person"], f"H-{row['person']}"),
                "address_protection": graded.get(row["person"], "ugradert"),
            }
            for row in people
        ],
    )
    for name in ("school.csv", "residence.csv", "income.csv", "audit.csv"):
        write_csv(root / "data" / name, rows[name])


def _broken(name: str) -> list[dict[str, str]]:
    """Rows of the hidden person that would be counted if they were anybody else's."""
    return {
        "school.csv": [{"person": HIDDEN, "happened_on": "never"}, {"person": f" {HIDDEN} ", "indicator": "edu_unheard_of"}],
        "residence.csv": [{"person": HIDDEN, "municipality": ""}, {"person": HIDDEN, "municipality": "0000"}],
        "income.csv": [{"unit_id": HIDDEN, "start": "2030-01-01", "stop": "2020-01-01"}],
        "audit.csv": [{"person": HIDDEN, "value": "neither"}],
    }[name]


def project_with(root: Path, *, hidden: bool) -> Project:
    tiny_project(root)
    for path in (root / "data").glob("*.csv"):
        path.unlink()
    education = root / "indicators" / "education.toml"
    text = education.read_text(encoding="utf-8").replace(
        'files = ["data/persons.csv"]', 'files = ["data/persons.csv"]\nhousehold_column = "household"'
    )
    education.write_text(text, encoding="utf-8")
    with (root / "screening.toml").open("a", encoding="utf-8") as file:
        file.write("\n[bands]\nworth_a_look = 0.02\nshould_be_assessed = 0.5\n")
    write_crowd(root, hidden=hidden)
    return load_project(root)


def whole_run(project: Project) -> dict[str, Any]:
    """Ingest, build, train a line, screen and monitor; return all that is told of it."""
    told: dict[str, Any] = {"ingest": ingest_tiny(project.root).as_dict()}
    serve_model(project)
    arguments = ["--project", str(project.root), "--purpose", "score", "--as-of", str(AS_OF), "--workers", "1", "--json"]
    told["features"] = CliRunner().invoke(features_app, arguments, catch_exceptions=False).stdout
    told["screen"] = screened(project)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Evidently's and its libraries' own
        told["monitor"] = [dict(report.content) for report in monitor(project, month=None, now=NOW, progress=Silent())]
    return told


def screened(project: Project) -> dict[str, Any]:
    database, keys = open_service(Settings(), project)
    report = screen(project, database, keys, as_of=AS_OF, now=NOW)
    with database.reading() as session:
        cases = sorted((c.subject_id, str(c.municipality), c.state, c.is_shielded, c.due_on) for c in session.scalars(select(CaseRow)))
        counts = [(s.n_scored, s.n_in_band, s.cases_by_municipality) for s in session.scalars(select(ScreeningRow))]
    database.close()
    return {"report": report, "cases": cases, "counts": counts}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any], Project, dict[str, Any]]:
    patch = pytest.MonkeyPatch()
    patch.delenv("TIDLIG_DATABASE_URL", raising=False)
    folder = tmp_path_factory.mktemp("trace")
    one, other = (project_with(folder / name, hidden=hidden) for name, hidden in (("with", True), ("without", False)))
    found = one, whole_run(one), other, whole_run(other)
    patch.undo()
    return found


def without_paths(told: object, project: Project) -> str:
    """Everything told, as text, without where it lies and how long it took."""
    return re.sub(r'"seconds": [0-9.]+', "", str(told).replace(str(project.root), "ROOT"))


def tables_below(project: Project) -> dict[str, bytes]:
    folders = ("store", "features", "scored", "exchange")
    return {
        str(p.relative_to(project.var)): p.read_bytes()
        for name in folders
        for p in sorted((project.var / name).rglob("*.parquet"))
        if p.is_file()
    }


Runs = tuple[Project, dict[str, Any], Project, dict[str, Any]]


@pytest.mark.requirement("R-08")
@pytest.mark.parametrize("step", ["ingest", "features", "screen", "monitor"])
def test_what_is_told_is_what_would_be_told_without_them(runs: Runs, step: str) -> None:
    one, told, other, told_without = runs
    assert without_paths(told[step], one) == without_paths(told_without[step], other)


@pytest.mark.requirement("R-08")
def test_what_is_stored_is_what_would_be_stored_without_them(runs: Runs) -> None:
    one, _, other, _ = runs
    assert tables_below(one) == tables_below(other)
    assert sorted(p.name for p in (one.var / "quarantine").glob("*")) == sorted(p.name for p in (other.var / "quarantine").glob("*"))
    manifests = [json.loads((project.var / "store" / "manifest.json").read_text(encoding="utf-8")) for project in (one, other)]
    for manifest in manifests:
        for entry in manifest["loaded"]:
            del entry["content"]  # the hash of the file as it was delivered
    assert manifests[0] == manifests[1]


@pytest.mark.requirement("R-08")
def test_no_file_below_var_knows_them_by_any_name(runs: Runs) -> None:
    one, told, _, _ = runs
    names = [
        HIDDEN.removeprefix("SYN-"),
        HIDDEN_HOME,
        *(pseudonym_of(HIDDEN, bytes.fromhex(key), synthetic=True).removeprefix("SYN-") for key in KEYS.values()),
    ]
    texts = [str(told), *texts_below(one.var)]
    assert len(texts) > 50
    for name in names:
        assert [text[:80] for text in texts if name in text] == []


def subject_ids(project: Project, raw: Sequence[str], purpose: str) -> list[str]:
    key = bytes.fromhex(KEYS[f"TIDLIG_KEY_{purpose.upper()}"])
    mapping = pd.read_parquet(next((project.var / "store").glob("mapping-*.parquet")))
    mine = mapping[mapping["pseudonym"].isin([pseudonym_of(one, key, synthetic=True) for one in raw])]
    return sorted(mine["subject_id"])


@pytest.mark.requirement("R-08")
def test_who_is_shielded_or_lives_with_them_is_worked_by_the_shielded_role_alone(runs: Runs) -> None:
    project, told, _, _ = runs
    shielded = subject_ids(project, [SHIELDED, FLATMATE, SIBLING], "score")
    subjects = open_store(project, "score").subjects()
    assert sorted(subjects.loc[subjects["shielded"], "subject_id"]) == shielded
    cases = {subject: (municipality, is_shielded) for subject, municipality, _, is_shielded, _ in told["screen"]["cases"]}
    assert {case for subject, case in cases.items() if subject in shielded} <= {("None", True)}
    assert not set(read_scored(project)["subject_id"]) & set(subject_ids(project, [SHIELDED, FLATMATE, SIBLING], "audit"))


@pytest.mark.requirement("R-08")
def test_where_they_live_is_in_no_table(runs: Runs) -> None:
    project, _, _, _ = runs
    for purpose in ("train", "score"):
        shielded = subject_ids(project, [SHIELDED, FLATMATE, SIBLING], purpose)
        cohort, table = build_stage_table(project, purpose, project.stages["grade_10"], on=TODAY)  # type: ignore[arg-type]
        columns = [name for name in table.names if name.startswith("edu_municipality")]
        mine = table.keys["subject_id"].isin(shielded).to_numpy()
        known = ~pd.isna(table.matrix(columns))
        assert mine.sum() == 3
        assert not known[mine].any()
        assert known[~mine].all()
        if purpose == "train":
            data = build_stage_data(project, project.stages["grade_10"], known_by=TODAY, workers=1, progress=Silent())
            assert data.rebuilt.verdict == "PASSED", "the leak check sees what the table saw"
            assert cohort.frame.loc[mine, "municipality"].isna().all()


@pytest.mark.requirement("R-08")
def test_no_two_numbers_that_are_told_differ_by_how_many_are_shielded(runs: Runs) -> None:
    project, told, _, _ = runs
    in_cohort = 10 * TIMES - 3
    (report,) = told["monitor"]
    ((n_scored, *_),) = told["screen"]["counts"]
    (built,) = json.loads(told["features"])
    assert (n_scored, built["rows"], report["bands"]["all"], report["drift"]["n_current"]) == (in_cohort,) * 4
    assert build_stage_table(project, "score", project.stages["grade_10"], on=TODAY, as_of=AS_OF)[1].n_rows == in_cohort + 3


@pytest.fixture
def regraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    project = project_with(tmp_path / "p", hidden=False)
    ingest_tiny(project.root)
    serve_model(project)
    screened(project)
    return project


@pytest.mark.requirement("R-08")
def test_whoever_becomes_strictly_confidential_is_cleared_out_of_everything_that_was_computed(regraded: Project) -> None:
    project, person = regraded, "SYN-00053"
    score, audit, train = (subject_ids(project, [person], purpose)[0] for purpose in ("score", "audit", "train"))
    assert audit in set(read_scored(project)["subject_id"])
    _exchange_something_about(project, [score, subject_ids(project, ["SYN-00054"], "score")[0]])
    before = {str(path) for path in (project.var / "store").rglob("*")}
    n_before = ingest_tiny(project.root).n_persons

    write_crowd(project.root, hidden=False, grades={person: "strengtFortrolig"})
    report = ingest_tiny(project.root)

    assert {purpose: n - 1 for purpose, n in n_before.items()} == dict(report.n_persons)
    assert not (project.var / "features").exists()
    folders = ("store", "scored", "exchange", "quarantine", "models")
    texts = [text for name in folders for text in texts_below(project.var / name)]
    pseudonyms = [pseudonym_of(person, bytes.fromhex(key), synthetic=True) for key in KEYS.values()]
    for name in (score, audit, train, *pseudonyms):
        assert [text[:80] for text in texts if name in text] == []
    for path in (restrictions_path(project), reviews_path(project), exchange_path(project)):
        assert len(pd.read_parquet(path)) == 1, "the others' rows stay"
    new = {Path(path).name for path in {str(path) for path in (project.var / "store").rglob("*")} - before}
    assert not [name for name in new if "without" in name], "no name says that somebody left"
    cohort, _ = build_stage_table(load_project(project.root), "score", project.stages["grade_10"], on=TODAY, as_of=AS_OF)
    assert len(cohort) == 10 * TIMES - 1
    assert len(translate_subjects(project, [score], from_purpose="score", to_purpose="audit")) == 0


@pytest.mark.requirement("R-08")
def test_whoever_is_shielded_from_now_on_leaves_scored_rows_and_tables(regraded: Project) -> None:
    project, person = regraded, "SYN-00053"
    audit = subject_ids(project, [person], "audit")[0]
    n_scored = len(read_scored(project))
    assert table_folder(project, "score", project.stages["grade_10"], as_of=AS_OF).is_dir()

    write_crowd(project.root, hidden=False, grades={person: "klientadresse"})
    ingest_tiny(project.root)

    assert audit not in set(read_scored(project)["subject_id"])
    assert len(read_scored(project)) == n_scored - 1
    assert not (project.var / "features").exists()


@pytest.mark.requirement("R-08")
def test_whoever_has_to_leave_also_leaves_a_store_whose_purpose_is_no_longer_declared(regraded: Project) -> None:
    project, person = regraded, "SYN-00053"
    train = subject_ids(project, [person], "train")[0]
    path = project.root / "screening.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('kind = "train"', 'kind = "test"'), encoding="utf-8")
    write_crowd(project.root, hidden=False, grades={person: "strengtFortrolig"})
    ingest_tiny(project.root)
    assert [text[:80] for text in texts_below(project.var / "store") if train in text] == []


def _exchange_something_about(project: Project, subjects: list[str]) -> None:
    objection = {"kind": "objection", "valid_from": date(2020, 1, 1), "valid_to": date(2020, 1, 2), "recorded_at": NOW}
    write_restrictions(
        project, pd.DataFrame([{"subject_id": s, **objection, "recorded_by_role": "leader"} for s in subjects], columns=RESTRICTIONS.names)
    )
    review = {
        "case_id": "c1", "model": "m", "stage": "grade_10", "as_of": AS_OF, "proposed_at": NOW, "own_view": None, "decided_at": NOW,
        "decision": "no_need", "agreed_before": None, "agreed_after": None, "second_reader": False,
    }  # fmt: skip
    write_finished_reviews(project, pd.DataFrame([{"subject_id": s, **review} for s in subjects], columns=FINISHED_REVIEWS.names))
    consent = {
        "scope": "sector:labour", "purpose": "score", "valid_from": TODAY, "valid_to": TODAY, "withdrawn_at": None, "signed_by": "child",
        "age_rule": 16, "language": "nn",
    }  # fmt: skip
    write_consents(project, pd.DataFrame([{"subject_id": s, **consent} for s in subjects], columns=CONSENTS.names))


@pytest.mark.proof
@pytest.mark.requirement("R-08")
def test_a_training_tells_and_keeps_what_it_would_without_them(tmp_path: Path) -> None:
    reports = [_trained(tmp_path / name, hidden=hidden) for name, hidden in (("with", True), ("without", False))]
    assert reports[0] == reports[1]
    names = [HIDDEN.removeprefix("SYN-"), *(pseudonym_of(HIDDEN, bytes.fromhex(key), synthetic=True) for key in KEYS.values())]
    texts = texts_below(tmp_path / "with" / "var")
    for name in names:
        assert [text[:80] for text in texts if name in text] == []
    everybody = set(open_store(load_project(tmp_path / "with"), "train").subjects()["subject_id"])
    outside = [text for folder in ("mlartifacts", "reports", "models") for text in texts_below(tmp_path / "with" / "var" / folder)]
    assert outside
    assert not [subject for subject in everybody if any(subject in text for text in outside)]


def _trained(root: Path, *, hidden: bool) -> object:
    tiny_project(root)
    write_quick_outcomes(root / "data")
    if hidden:
        persons = root / "data" / "persons.csv"
        lines = persons.read_text(encoding="utf-8").splitlines()
        grades = ["address_protection", *["ugradert"] * (len(lines) - 1)]
        graded = [f"{line},{grade}" for line, grade in zip(lines, grades, strict=True)]
        persons.write_text("\n".join([*graded, f"{HIDDEN},2001-03-01,true,strengtFortrolig"]) + "\n", encoding="utf-8")
        for path in (root / "data").glob("*.csv"):
            rows = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SYN-00001")]
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{line.replace('SYN-00001', HIDDEN)}\n" for line in rows if path.name != "persons.csv")
    ingest_tiny(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's and matplotlib's own
        (model,) = train(load_project(root), training_in(root))
    mlflow.set_tracking_uri(None)  # MLflow keeps the first project's store in the process
    mlflow.set_registry_uri(None)
    for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
        os.environ.pop(name, None)
    return {name: value for name, value in model.report.items() if name not in ("run_id", "trained_at")}
