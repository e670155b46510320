"""`tidlig monitor --renew` after an upgrade: which reports are of an earlier format, which are made anew, and which stay as they are."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from features.declarations.project import Project
from models.promotion.key_files import create_key_file
from monitoring.reports.content import FORMAT
from tests.support.monitored import MODEL, monitored_project
from tests.support.projects import KEYS
from tidlig import app

runner = CliRunner()
EARLY, LATE = "2020-06", "2026-06"


def run(project: Project, *words: str) -> Result:
    return runner.invoke(app, ["monitor", *words, "--project", str(project.root)], catch_exceptions=False)


def report(project: Project, month: str) -> Path:
    return project.var / "reports" / MODEL / month / "report.json"


def content(project: Project, month: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report(project, month).read_text(encoding="utf-8"))
    return found


def age(project: Project, month: str) -> None:
    """Let a report be of the format before."""
    report(project, month).write_text(json.dumps({**content(project, month), "format": FORMAT - 1}, indent=2), encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in KEYS.items():
            patched.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys") / "eva.pem"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, key: Path) -> Project:
    made = monitored_project(tmp_path_factory.mktemp("renewing") / "project", times=1)
    public = create_key_file(key, project=made, passphrase=None)
    (made.root / "signers.toml").write_text(
        f'[[signer]]\nperson = "eva"\nrole = "fairness-revisor"\npublic_key = "{public}"\nvalid_from = 2020-01-01\nvalid_to = 2099-12-31\n',
        encoding="utf-8",
    )
    for month in (EARLY, LATE):
        assert run(made, "--month", month).exit_code == 0
    shutil.copytree(made.var / "reports", made.var / "reports-at-first")
    return made


@pytest.fixture
def reports(project: Project) -> Project:
    """Both months, as they were at first."""
    shutil.rmtree(project.var / "reports")
    shutil.copytree(project.var / "reports-at-first", project.var / "reports")
    return project


@pytest.mark.requirement("R-30")
def test_reports_of_an_earlier_format_are_named_and_renewed_with_those_that_lacked_them(reports: Project) -> None:
    assert "earlier format" not in run(reports, "list").output
    age(reports, EARLY)
    told = f"Of an earlier format: {MODEL} {EARLY}. `tidlig monitor --renew` makes them anew."
    assert told in run(reports, "--month", LATE).stderr
    assert content(reports, LATE)["fairness_over_time"]["not_readable"] == [EARLY]
    assert f"{MODEL} {EARLY}. `tidlig monitor --renew` makes them" in run(reports, "list").stdout.replace("\n", " ")
    listed = json.loads(run(reports, "list", "--json").stdout)["reports"]
    assert [(one["month"], one["format"], one["is_of_this_format"]) for one in listed] == [(LATE, FORMAT, True), (EARLY, FORMAT - 1, False)]
    for page in ("index.html", f"{MODEL}/year.html"):
        text = (reports.var / "reports" / page).read_text(encoding="utf-8")
        assert f"I et tidligere format, og derfor ikke vist her: {MODEL} {EARLY}." in text

    renewed = run(reports, "--renew")
    assert (renewed.exit_code, renewed.stderr.strip()) == (0, "")
    assert (content(reports, EARLY)["format"], content(reports, LATE)["fairness_over_time"]["not_readable"]) == (FORMAT, [])
    assert "tidligere format" not in (reports.var / "reports" / "index.html").read_text(encoding="utf-8")
    before = [report(reports, month).read_bytes() for month in (EARLY, LATE)]
    assert run(reports, "--renew").stderr.strip() == "No report is of an earlier format."
    assert [report(reports, month).read_bytes() for month in (EARLY, LATE)] == before


@pytest.mark.requirement("R-41")
def test_a_signed_report_and_one_without_scores_are_left_as_they_are_and_named(reports: Project, key: Path) -> None:
    age(reports, EARLY)
    shutil.copytree(report(reports, EARLY).parent, report(reports, "2019-06").parent)
    report(reports, "2019-06").write_text(json.dumps({**content(reports, "2019-06"), "month": "2019-06"}), encoding="utf-8")
    remark = ("--key", str(key), "--remark", "Read in full, in the format it had.", "--yes")
    assert run(reports, "sign", "--model", MODEL, "--month", EARLY, *remark).exit_code == 0
    before = [report(reports, month).read_bytes() for month in ("2019-06", EARLY)]
    done = run(reports, "--renew")
    assert done.exit_code == 0
    assert f"Left as it is: {MODEL} {EARLY}, since it is signed." in done.stderr
    assert f"Left as it is: {MODEL} 2019-06, since the scores of that month" in done.stderr
    assert [report(reports, month).read_bytes() for month in ("2019-06", EARLY)] == before
    assert f"left as they were signed: {MODEL} {EARLY}." in run(reports, "list").stdout.replace("\n", " ")
    assert run(reports, "verify").exit_code == 0, "the signature is still about this very version"


def test_renewing_takes_no_month(project: Project) -> None:
    refused = run(project, "--renew", "--month", LATE)
    assert refused.exit_code == 2
    assert "give --month, or --renew" in refused.output
