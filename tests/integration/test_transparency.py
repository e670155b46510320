"""From a promoted model and its monthly report to the public page: real ledger, bundle, report and files."""

import json
import re
import shutil
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from features.declarations.project import Project, load_project
from features.errors import DataError, ModelError
from features.followup import matured_outcomes
from features.progress import Silent
from features.scored import read_scored
from features.store import open_store
from models.bundle import load_bundle
from models.deployment import bundle_folder
from models.metrics import auc
from monitoring.public.page import publish_transparency
from monitoring.public.register import check_registration
from monitoring.reports.monthly import monitor
from tests.support.monitored import MODEL, monitored_project
from tests.support.projects import NOW, tiny_project
from tests.support.promotions import let_serve
from tests.unit.monitoring.test_standing_pages import check_alone

pytestmark = pytest.mark.requirement("R-35")

CONTACT = "personvern@example.no"
FILES = {"index.html", "index-en.html", "transparency.json", f"register-{MODEL}.json"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = monitored_project(tmp_path_factory.mktemp("public"), times=14)
    folder = bundle_folder(project, MODEL, "1")
    bundle = load_bundle(folder)
    shutil.rmtree(folder.parent)
    let_serve(project, bundle)
    return project


@pytest.fixture(scope="module")
def report(project: Project):
    return monitor(project, month=None, now=NOW, progress=Silent())[0].content


@pytest.fixture(scope="module")
def published(project: Project, report):
    return publish_transparency(project, contact=CONTACT, department=None, on=NOW.date())


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.iterdir())}


def test_an_earlier_screening_is_told_of_with_what_was_shown_then(project, report):
    periods = report["performance"]["periods"]
    assert [(row["as_of"], row["is_current"], row["threshold"]) for row in periods] == [
        ("2020-06-15", False, 0.4),
        ("2026-06-15", True, 0.4),
    ]
    assert periods[1]["matured"] is None
    own = monitor(project, month="2020-06", now=NOW, progress=Silent())[0].content
    assert [row["as_of"] for row in own["performance"]["periods"]] == ["2020-06-15"], "what came later is not known then"
    told = [name for name, figure in periods[0]["matured"].items() if figure["point"] is not None]
    assert {"base_rate", "auc", "calibration_slope"} <= set(told)
    for name in told:
        if own["performance"]["matured"][name]["point"] is not None:
            assert own["performance"]["matured"][name] == periods[0]["matured"][name]
    rows = read_scored(project)
    shown = rows[rows["as_of"] == date(2020, 6, 15)]
    assert periods[0]["n_people"] == len(shown)
    label = matured_outcomes(project, shown, project.outcomes["not_completed"], on=NOW.date())
    known = ~np.isnan(label)
    assert periods[0]["matured"]["base_rate"]["point"] == pytest.approx(label[known].mean(), abs=1e-3)
    assert periods[0]["matured"]["auc"]["point"] == pytest.approx(auc(label[known], shown["probability"].to_numpy()[known]), abs=1e-3)
    assert any(0 < (~known & (shown["proposed"].to_numpy() == side)).sum() < 5 for side in (True, False))
    assert periods[0]["expected"]["with_outcome"]["verdict"] == "too small", "beside those known it would tell of the others"


def test_every_file_is_there_and_tells_only_what_the_report_tells(project, report, published):
    assert set(texts(published.folder)) == FILES
    content = json.loads((published.folder / "transparency.json").read_text(encoding="utf-8"))
    assert content == published.content
    model = content["models"][0]
    assert model["newest"]["n_proposed"] == report["performance"]["n_proposed"]
    assert model["newest"]["expected"] == report["performance"]["expected"]
    for mine, theirs in zip(model["newest"]["fairness"], report["fairness"], strict=True):
        assert [row["proposal_rate"] for row in mine["groups"]] == [row["rates"]["proposal_rate"] for row in theirs["groups"]]
    assert [(one["action"], one["version"], one["n_signers"]) for one in model["changes"]] == [("model_promoted", "1", 2)]


def test_an_entry_of_the_register_fits_the_standard(published):
    entry = json.loads((published.folder / f"register-{MODEL}.json").read_text(encoding="utf-8"))
    check_registration(entry)
    assert entry["contact_email"] == CONTACT


@pytest.mark.parametrize(("language", "name"), [("nb", "index.html"), ("en", "index-en.html")])
def test_the_page_stands_alone_and_says_how_to_object(published, language, name):
    html = texts(published.folder)[name]
    check_alone(html, language)
    assert f'href="mailto:{CONTACT}"' in html
    assert {"nb": "Du kan si nei til", "en": "You can say no to"}[language] in html
    assert "noindex" not in html
    assert "FIKTIV" in html
    for word in ("risikobarn", "frafallskandidat", "treff", "mistanke"):
        assert word not in html


@pytest.mark.requirement("R-10")
def test_no_person_and_nobody_who_signed_is_named(project, published):
    ids = set(read_scored(project)["subject_id"])
    for purpose in ("train", "score", "audit"):
        ids |= set(open_store(project, purpose).subjects()["subject_id"])
    for text in texts(published.folder).values():
        assert not ids & set(re.findall(r"\b[0-9a-f]{32}\b", text))
        assert "SYN-0" not in text
        assert "data-scientist" not in text
        assert "The first model of the tests" not in text


def test_nothing_new_touches_no_file_and_something_new_changes_the_day_of_the_change_alone(project, published):
    before = texts(published.folder)
    later = NOW.date() + timedelta(days=10)
    assert publish_transparency(project, contact=CONTACT, department=None, on=later).is_unchanged
    assert texts(published.folder) == before
    changed = publish_transparency(project, contact="noen@example.no", department="Oppvekst", on=later)
    assert (changed.content["published_on"], changed.content["changed_on"]) == (NOW.date().isoformat(), later.isoformat())
    back = publish_transparency(project, contact=CONTACT, department=None, on=later + timedelta(days=1))
    assert not back.is_unchanged


def test_a_wrong_address_and_a_spoilt_file_are_refused_and_nothing_is_written(project, published):
    before = texts(published.folder)
    with pytest.raises(DataError, match=r"TID499.*contact_email"):
        publish_transparency(project, contact="nobody", department=None, on=NOW.date())
    assert texts(published.folder) == before
    path = published.folder / "transparency.json"
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(DataError, match=r"TID482.*tidlig transparency"):
        publish_transparency(project, contact=CONTACT, department=None, on=NOW.date())
    path.write_text(before["transparency.json"], encoding="utf-8")


def test_before_any_model_serves_there_is_nothing_to_tell(tmp_path):
    project = load_project(tiny_project(tmp_path / "empty"))
    with pytest.raises(ModelError, match=r"TID507.*tidlig models promote"):
        publish_transparency(project, contact=CONTACT, department=None, on=date(2026, 7, 1))
    assert not (project.var / "public").exists()
