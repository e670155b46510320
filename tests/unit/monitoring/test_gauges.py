"""Gauges of the newest report of each model: codes and moments, and what can't be read is told as such."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from features.declarations.project import Project, load_project
from monitoring.incidents.book import head_path
from monitoring.incidents.steps import assess, open_by_hand
from monitoring.reports.gauges import write_textfile
from monitoring.reports.publishing import publish_report
from tests.support.projects import tiny_project

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
MODEL = "tiny-not_completed-grade_10"


def write(project: Project, month: str, *, verdict: str, n_people: int | None = 140) -> Path:
    folder = project.var / "reports" / MODEL / month
    content = {
        "model": MODEL,
        "month": month,
        "version": "1",
        "made_at": NOW.isoformat(),
        "as_of": [f"{month}-15"],
        "bands": {"all": n_people},
        "signals": [{"code": "S-04", "verdict": verdict, "evidence": {"groups": "sex: boy"}, "suspends": True, "title": "t"}],
        "suspended_by": ["S-04"] if verdict == "FAILED" else [],
        "stopped_by": ["S-04"] if verdict == "FAILED" else [],
        "inputs_hash": "0" * 64,
    }
    publish_report(project, content, {"report.html": "<p></p>"}, folder)
    return folder


def gauges(project: Project, path: Path, now: datetime = NOW) -> dict[tuple[str, ...], float]:
    write_textfile(project, path, now=now)
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {
        (one.name, *(v for k, v in sorted(one.labels.items()) if k != "model")): one.value for family in families for one in family.samples
    }


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path / "project"))


@pytest.mark.requirement("R-30")
def test_the_newest_report_is_told_by_code_and_verdict(project, tmp_path):
    write(project, "2026-08", verdict="FAILED")
    write(project, "2026-09", verdict="PASSED")
    path = tmp_path / "tidlig.prom"
    told = gauges(project, path)
    assert {k[1:]: v for k, v in told.items() if k[0] == "tidlig_signal"} == {
        ("S-04", "PASSED"): 1,
        ("S-04", "FAILED"): 0,
        ("S-04", "NOT_APPLICABLE"): 0,
    }
    assert told[("tidlig_report_made_timestamp_seconds",)] == NOW.timestamp()
    assert told[("tidlig_report_age_days",)] == 17
    assert told[("tidlig_report_people",)] == 140
    assert told[("tidlig_report_stops_model",)] == 0
    assert told[("tidlig_report_sign_off", "unsigned")] == 1
    assert told[("tidlig_incidents_open",)] == told[("tidlig_incidents_overdue",)] == 0
    assert "boy" not in path.read_text(encoding="utf-8")
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["tidlig.prom"]


@pytest.mark.requirement("R-41")
def test_incidents_are_told_as_long_as_they_are_open_and_when_a_clock_is_over(project, tmp_path):
    write(project, "2026-09", verdict="FAILED")
    found = open_by_hand(project, model=MODEL, what="Scores of a whole week were equal.", role="leder", now=NOW)
    assess(project, found.id, breach="possible", harm="none", why="Somebody may have seen them.", role="leder", now=NOW)
    told = gauges(project, tmp_path / "tidlig.prom", now=NOW + timedelta(hours=73))
    assert (told[("tidlig_incidents_open",)], told[("tidlig_incidents_overdue",)]) == (1, 1)
    assert told[("tidlig_report_stops_model",)] == 1


def test_a_withheld_number_of_people_has_no_gauge(project, tmp_path):
    write(project, "2026-09", verdict="PASSED", n_people=None)
    assert ("tidlig_report_people",) not in gauges(project, tmp_path / "tidlig.prom")


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_what_can_t_be_read_is_told(project, tmp_path, text):
    folder = write(project, "2026-09", verdict="PASSED")
    (folder / "report.json").write_text(text, encoding="utf-8")
    open_by_hand(project, model=MODEL, what="Scores of a whole week were equal.", role="leder", now=NOW)
    head_path(project).write_text("{}", encoding="utf-8")
    told = gauges(project, tmp_path / "tidlig.prom")
    assert told[("tidlig_report_readable",)] == 0
    assert told[("tidlig_incidents_readable",)] == 0
    assert not [name for name, *_ in told if name in ("tidlig_signal", "tidlig_incidents_open")]


def test_damaged_signers_or_sign_offs_never_count_as_signed(project, tmp_path):
    folder = write(project, "2026-09", verdict="PASSED")
    (project.root / "signers.toml").write_text("[[signer]]", encoding="utf-8")
    assert gauges(project, tmp_path / "tidlig.prom")[("tidlig_report_sign_off", "invalid")] == 1
    (project.root / "signers.toml").unlink()
    (folder / "signoff.json").write_text("{", encoding="utf-8")
    assert gauges(project, tmp_path / "tidlig.prom")[("tidlig_report_sign_off", "invalid")] == 1


def test_without_any_report_there_is_still_an_answer(project, tmp_path):
    shutil.rmtree(project.var, ignore_errors=True)
    told = gauges(project, tmp_path / "tidlig.prom")
    assert told == {("tidlig_incidents_readable",): 1}
