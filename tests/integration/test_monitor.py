"""From files on disk to a monthly report: real intake, tables, model and Evidently; only the screening's rows are made here."""

import itertools
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.declarations.project import Project
from features.errors import DataError, PurposeError
from features.finished_reviews import write_finished_reviews
from features.intake.linkage import translate_subjects
from features.outcomes import label_rows
from features.progress import Silent
from features.restrictions import write_restrictions
from features.scored import read_scored
from features.store import open_store
from features.tables import build_stage_table
from monitoring.reports.monthly import monitor
from monitoring.statistics.intervals import proportion
from tests.support.monitored import AS_OF, MODEL, monitored_project
from tests.support.projects import NOW
from tests.support.reviews import as_frame, finished_review, no_need

TIMES = 14
"""The tiny project's people are drawn this many times over, so that groups are large enough to be shown."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return monitored_project(tmp_path_factory.mktemp("monitor"), times=TIMES)


@pytest.fixture(scope="module")
def report(project: Project):
    return monitor(project, month=None, now=NOW, progress=Silent())[0]


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_newest_screening_is_reported_on_as_page_document_and_drawings(project, report):
    assert report.folder == project.var / "reports" / MODEL / "2026-06"
    assert set(files_of(report.folder)) == {"report.html", "report-en.html", "report.json", "evidently.html"}
    assert report.content["as_of"] == ["2026-06-15"]
    assert json.loads((report.folder / "report.json").read_text(encoding="utf-8")) == report.content
    assert [table["attribute"] for table in report.content["fairness"]] == ["sex", "municipality", "age"]
    assert [table["attributes"] for table in report.content["crossed"]] == [
        ["sex", "municipality"],
        ["sex", "age"],
        ["municipality", "age"],
    ]
    # Each ten were born on a day of March to December 2010; three have had their birthday by 15 June, the one of June has it on the 26th.
    ages = next(table for table in report.content["fairness"] if table["attribute"] == "age")["groups"]
    assert [(row["group"], row["n_people"]) for row in ages] == [("15", 7 * TIMES), ("16", 3 * TIMES)]
    assert report.content["comparisons"]["n_asked"] > 0
    assert report.content["calibration"] == []
    assert report.content["fairness"][0]["everybody"]["n_people"] == 10 * TIMES
    assert report.content["performance"]["expected"]["ppv"]["point"] is not None
    assert report.content["performance"]["matured"] is None


@pytest.mark.requirement("R-30")
def test_a_register_that_fell_silent_in_one_municipality_is_named_with_its_sector(report):
    drift = report.content["drift"]
    assert drift["reference"] | {"n_people": 0} == {
        "seasonal": True,
        "learnt": True,
        "season_days": 15,
        "n_people": 0,
        "as_of": [f"{year}-06-15" for year in range(2016, 2021)],
        "has_other_dates": False,
    }
    assert drift["reference"]["n_people"] == drift["n_reference"] == 50 * TIMES
    places = {one["place"]: one for one in drift["places"]["all"]}
    assert set(places) == {"Litlevik", "Storvik"}
    assert drift["places"]["changed"] == ["Litlevik"]
    grades = [feature for feature in places["Litlevik"]["features"] if feature["name"].startswith("edu_grade_mean")]
    assert {(f["unknown"], f["is_silent"], f["values_changed"]) for f in grades} == {("more often", True, False)}
    signal = next(one for one in report.content["signals"] if one["code"] == "S-08")
    assert (signal["verdict"], signal["evidence"]["places"]) == ("FAILED", "Litlevik")
    assert "education" in signal["evidence"]["sectors"]


@pytest.mark.requirement("R-10")
@pytest.mark.requirement("R-18")
def test_no_person_is_in_anything_that_was_written(project, report):
    scored = read_scored(project)
    ids = set(scored["subject_id"])
    for purpose in ("train", "score", "audit"):
        ids |= set(open_store(project, purpose).subjects()["subject_id"])
    written = [path for folder in ("reports", "evidently") for path in (project.var / folder).rglob("*") if path.is_file()]
    assert len(written) >= 5
    scores = {f"{value:.10f}"[:12] for value in scored["probability"]}
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert not ids & set(re.findall(r"\b[0-9a-f]{32}\b", text))
        assert "SYN-0" not in text
        assert not scores & set(re.findall(r"0\.\d{10}", text))


@pytest.mark.requirement("R-33")
def test_every_page_says_that_the_people_are_invented(report):
    assert all("SYNTETISK" in text.decode() for name, text in files_of(report.folder).items() if name.endswith(".html"))
    assert report.content["synthetic"] is True


def test_the_same_inputs_touch_no_file(project, report):
    before = files_of(report.folder)
    again = monitor(project, month="2026-06", now=NOW + timedelta(days=1), progress=Silent())[0]
    assert again.is_unchanged
    assert again.content == report.content
    assert files_of(report.folder) == before


@pytest.mark.requirement("R-37")
def test_finished_reviews_renew_the_report_and_only_its_oversight(project, report):
    scored = read_scored(project)
    proposed = scored.loc[scored["proposed"] & (scored["as_of"] == AS_OF), "subject_id"].tolist()
    subjects = translate_subjects(project, proposed[:24], from_purpose="audit", to_purpose="score")["to_subject"].tolist()
    views = itertools.cycle(({"own_view": "concern"}, {"own_view": "no_concern"}, {"own_view": "unsure"}))
    made = itertools.cycle((finished_review, no_need))
    reviews = as_frame([make(subject, **view) for make, subject, view in zip(made, subjects, views, strict=False)])
    write_finished_reviews(project, reviews)
    renewed = monitor(project, month="2026-06", now=NOW, progress=Silent())[0]
    assert not renewed.is_unchanged
    assert renewed.content["oversight"]["after"] | {"low": 0, "high": 0} == {
        "n": 24,
        "point": 0.5,
        "low": 0,
        "high": 0,
        "verdict": "measured",
        "widening": None,
        "limits": "these reviewers",
    }
    assert renewed.content["oversight"]["before"]["n"] == 16
    for part in ("fairness", "drift", "performance", "bands"):
        assert renewed.content[part] == report.content[part]


@pytest.mark.requirement("R-11")
def test_limits_of_enough_reviewers_are_of_others_like_them_too(project):
    scored = read_scored(project)
    proposed = scored.loc[scored["proposed"] & (scored["as_of"] == AS_OF), "subject_id"].tolist()
    subjects = translate_subjects(project, proposed[:36], from_purpose="audit", to_purpose="score")["to_subject"].tolist()
    assert len(subjects) >= 30
    rows = [(finished_review if n % 6 < 3 or n < 6 else no_need)(subject, reviewer=str(n % 6)) for n, subject in enumerate(subjects)]
    write_finished_reviews(project, as_frame(rows))
    after = monitor(project, month="2026-06", now=NOW, progress=Silent())[0].content["oversight"]["after"]
    alone = proportion(round(after["point"] * after["n"]), after["n"])
    # Three reviewers who nearly always go against the proposal, and three who never do.
    assert after["limits"] == "any reviewers"
    assert after["widening"] > 6
    assert after["low"] < alone.low
    assert after["high"] > alone.high


@pytest.mark.requirement("R-11")
def test_matured_outcomes_are_joined_to_what_was_shown_then(project, report):
    content = monitor(project, month="2020-06", now=NOW, progress=Silent())[0].content
    everybody = content["fairness"][0]["everybody"]
    assert everybody["n_matured"] is None or everybody["n_matured"] > 100
    rate = everybody["rates"]["base_rate"]
    stage, store = project.stages["grade_10"], open_store(project, "train")
    cohort, _ = build_stage_table(project, "train", stage, on=NOW.date(), as_of=date(2020, 6, 15))
    label = label_rows(project, store, cohort, project.outcomes["not_completed"], known_by=NOW.date())["label"]
    assert rate["point"] == pytest.approx(label.mean())
    assert {table["attribute"] for table in content["calibration"]} == {table["attribute"] for table in content["fairness"]}
    assert content["calibration"][0]["everybody"]["slope"]["point"] is not None
    early = monitor(project, month="2020-06", now=datetime(2021, 1, 1, tzinfo=UTC), progress=Silent())[0].content
    assert early["fairness"][0]["everybody"]["rates"]["base_rate"]["point"] is None


@pytest.mark.requirement("R-22")
def test_people_who_have_objected_since_are_left_out(project, report):
    keys = build_stage_table(project, "score", project.stages["grade_10"], on=NOW.date(), as_of=AS_OF)[1].keys
    objections = pd.DataFrame(
        {
            "subject_id": keys["subject_id"].iloc[:20].to_numpy(),
            "kind": "objection",
            "valid_from": date(2026, 7, 1),
            "valid_to": None,
            "recorded_at": NOW,
            "recorded_by_role": "coordinator",
        }
    )
    write_restrictions(project, objections)
    try:
        content = monitor(project, month="2026-06", now=NOW, progress=Silent())[0].content
        assert content["fairness"][0]["everybody"]["n_people"] == 10 * TIMES - 20
        assert content["drift"]["n_current"] == 10 * TIMES - 20
    finally:
        write_restrictions(project, objections.iloc[:0])


@pytest.mark.requirement("R-11")
def test_an_earlier_month_that_was_reported_on_is_compared_with(project, report):
    assert report.content["fairness_over_time"]["n_answered"] == 0
    monitor(project, month="2020-06", now=NOW, progress=Silent())
    renewed = monitor(project, month="2026-06", now=NOW, progress=Silent())[0]
    over_time = renewed.content["fairness_over_time"]
    assert [one["month"] for one in over_time["months"]] == ["2020-06", "2026-06"]
    assert over_time["n_answered"] > 0
    # Without grades Litlevik's people are hardly proposed any more: what a silent register does to a group is seen here too.
    assert [(one["attribute"], one["group"]) for one in over_time["changed"]] == [("municipality", "Storvik")]
    signal = next(one for one in renewed.content["signals"] if one["code"] == "S-09")
    assert (signal["verdict"], signal["suspends"]) == ("FAILED", False)
    assert monitor(project, month="2026-06", now=NOW, progress=Silent())[0].is_unchanged


def test_the_index_and_the_year_stand_above_the_reports_and_are_left_alone_when_nothing_is_new(project, report):
    folder = project.var / "reports"
    pages = [folder / "index.html", folder / "index-en.html", folder / MODEL / "year.html", folder / MODEL / "year-en.html"]
    before = [(path.read_bytes(), path.stat().st_mtime_ns) for path in pages]
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert "SYNTETISK" in text
        addresses = re.findall(r'href="([^"]+)"', text)
        assert any("2026-06/report" in address for address in addresses)
        assert all((path.parent / address).is_file() for address in addresses)
    assert monitor(project, month="2026-06", now=NOW, progress=Silent())[0].is_unchanged
    assert [(path.read_bytes(), path.stat().st_mtime_ns) for path in pages] == before


@pytest.mark.requirement("R-02")
def test_without_an_audit_purpose_nothing_is_read(project):
    screening = project.screening.model_copy(update={"purpose": tuple(p for p in project.screening.purpose if p.kind != "audit")})
    with pytest.raises(PurposeError, match="TID201"):
        monitor(replace(project, screening=screening), month=None, now=NOW, progress=Silent())


def test_a_month_without_a_screening_says_what_to_do(project):
    with pytest.raises(DataError, match=r"TID481.*tidlig screen"):
        monitor(project, month="2025-01", now=NOW, progress=Silent())
