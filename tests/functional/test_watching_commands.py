"""`tidlig incidents` and `tidlig monitor list`, `sign`, `verify` as a user meets them, and a run in which one model fails."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from features.declarations.project import Project
from features.errors import DataError, GateError, LedgerError, ScreeningError
from features.ledger import canonical_json
from features.progress import Silent
from models.promotion.key_files import create_key_file
from monitoring.commands.monitor import app
from monitoring.incidents.book import book_path, read_incidents
from monitoring.reports import monthly
from monitoring.reports.monthly import Failure, Report, monitor_each
from tests.support.monitored import MODEL, monitored_project
from tests.support.projects import KEYS
from tests.support.receiver import Receiver, receiving

runner = CliRunner()
MONTH = "2026-06"
REMARK = "Read in full; the changes are followed up as incidents."
WHAT = "The scores of a whole week were the same."
WHY = "A file was delivered twice; nobody outside saw it."


def run(*words: str) -> Result:
    return runner.invoke(app, [*words], catch_exceptions=False)


def said(*words: str) -> Any:
    done = run(*words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.fixture(scope="module", autouse=True)
def _keys() -> Any:
    with pytest.MonkeyPatch.context() as patched:
        for name, value in KEYS.items():
            patched.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with one report, and an auditor and a leader who can sign."""
    folder = tmp_path_factory.mktemp("watching")
    made = monitored_project(folder / "project", times=4)
    lines = []
    for person, role in (("eva", "fairness-revisor"), ("kari", "leder")):
        public = create_key_file(folder / f"{person}.pem", project=made, passphrase=None)
        lines.append(
            f'[[signer]]\nperson = "{person}"\nrole = "{role}"\npublic_key = "{public}"\nvalid_from = 2020-01-01\nvalid_to = 2099-12-31\n'
        )
    (made.root / "signers.toml").write_text("\n".join(lines), encoding="utf-8")
    assert run("monitor", "--project", str(made.root), "--month", MONTH).exit_code == 0
    return made


@pytest.fixture
def where(project: Project) -> tuple[str, str]:
    return ("--project", str(project.root))


@pytest.mark.requirement("R-41")
def test_an_incident_from_what_somebody_noticed_to_what_was_done(project, where):
    opened = said("incidents", "open", "--model", MODEL, "--what", WHAT, "--by", "leder", *where)
    name = opened["id"]
    assert (opened["state"], opened["responsible"]) == ("opened", "modellforvalter")
    assessed = said(
        "incidents", "assess", name, "--breach", "possible", "--harm", "none", "--why", WHY, "--by", "personvernombud",
        "--aware-at", "2026-01-02T09:00+01:00", *where,
    )  # fmt: skip
    (clock,) = assessed["clocks"]
    assert (clock["duty"], clock["due_at"], clock["is_overdue"]) == ("gdpr_33", "2026-01-05T08:00:00+00:00", True)
    listed = run("incidents", "list", *where).stdout
    assert "OVERDUE" in listed
    assert "2026-01-05 08:00" in listed
    assert said("incidents", "list", *where)["incidents"][0]["id"] == name
    page = (project.var / "reports" / MODEL / MONTH / "incidents-en.html").read_text(encoding="utf-8")
    assert "not answered, and the time is over" in page
    words = ("incidents", "notify", name, "--authority", "data-protection", "--by", "dataansvarlig")
    assert run(*words, *where).exit_code == 2
    assert run(*words, "--not-needed", *where).exit_code == 2
    assert run(*words, "--reference", "26/1", "--why", WHY, *where).exit_code == 2
    told = said(*words, "--reference", "26/01234", *where)
    assert (told["state"], told["clocks"][0]["was_late"]) == ("notified", True)
    closed = said("incidents", "close", name, "--done", "The file is refused now when it comes twice.", "--by", "modellforvalter", *where)
    assert closed["state"] == "closed"
    assert [step["role"] for step in closed["history"]] == ["leder", "personvernombud", "dataansvarlig", "modellforvalter"]
    assert name not in [one["id"] for one in said("incidents", "list", *where)["incidents"]]
    assert name in [one["id"] for one in said("incidents", "list", "--all", *where)["incidents"]]
    assert "26/01234" in run("incidents", "show", name, *where).stdout


@pytest.mark.requirement("R-41")
def test_an_authority_that_need_not_be_told_takes_a_reason(where):
    name = said("incidents", "open", "--model", MODEL, "--what", WHAT, "--by", "leder", *where)["id"]
    said("incidents", "assess", name, "--breach", "no", "--harm", "critical-infrastructure", "--why", WHY, "--by", "leder", *where)
    done = said(
        "incidents", "notify", name, "--authority", "market-surveillance", "--not-needed", "--why", WHY, "--by", "dataansvarlig", *where
    )
    assert done["state"] == "not_notifiable"
    with pytest.raises(DataError, match="TID494"):
        run("incidents", "assess", name, "--breach", "no", "--harm", "none", "--why", WHY, "--by", "leder", "--aware-at", "lately", *where)
    with pytest.raises(DataError, match="TID490"):
        run("incidents", "show", "I-9999", *where)
    assert run("incidents", "open", "--model", MODEL, "--what", WHAT, "--by", "Kari Nordmann", *where).exit_code == 2


@pytest.mark.requirement("R-41")
def test_the_book_verifies_against_an_anchor_and_an_edit_shows(project, where):
    kept = said("incidents", "verify", *where)
    assert "none changed" in run("incidents", "verify", "--anchor", f"{kept['count']}:{kept['head']}", *where).stdout
    path = book_path(project)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"failed in", b"passed in", 1))
    try:
        with pytest.raises(LedgerError, match="TID801"):
            run("incidents", "verify", *where)
    finally:
        path.write_bytes(whole)


@pytest.mark.requirement("R-30")
@pytest.mark.requirement("R-41")
def test_what_a_report_found_is_an_incident_and_a_link_of_its_page(project, where):
    content = json.loads((project.var / "reports" / MODEL / MONTH / "report.json").read_text(encoding="utf-8"))
    failed = {one["code"] for one in content["signals"] if one["verdict"] == "FAILED"}
    assert failed
    assert {one.signal for one in read_incidents(project)} - {None} == failed
    folder = project.var / "reports" / MODEL / MONTH
    for page, incidents in (("report.html", "incidents.html"), ("report-en.html", "incidents-en.html")):
        assert f'href="{incidents}"' in (folder / page).read_text(encoding="utf-8")
        assert (folder / incidents).is_file()


def test_an_auditor_signs_and_the_list_and_verify_say_so(project, where):
    key = str(project.root.parent / "eva.pem")
    words = ("monitor", "sign", "--model", MODEL, "--month", MONTH, "--key", key, "--remark", REMARK)
    assert "not signed" in run("monitor", "list", *where).stdout
    refused = runner.invoke(app, [*words, *where], input="n\n")
    assert refused.exit_code == 1
    assert "S-01" in refused.output
    assert run(*words, "--json", *where).exit_code == 2
    signed = said(*words, "--yes", *where)
    assert signed["statement"]["kind"] == "tidlig-report-sign-off/1"
    assert len(canonical_json(signed["statement"])) > 100
    assert "fairness-revisor" in run("monitor", "list", *where).stdout
    (line,) = said("monitor", "list", *where)["reports"]
    assert (line["sign_off"], line["sign_offs"][0]["remark"]) == ("signed", REMARK)
    assert said("monitor", "verify", *where)["n_sign_offs"] == 1
    with pytest.raises(GateError, match="TID621"):
        run("monitor", "sign", "--model", MODEL, "--month", MONTH, "--key", key.replace("eva", "kari"), "--remark", REMARK, "--yes", *where)
    for other, when in ((MODEL, "2020-01"), (f"../reports/{MODEL}", MONTH)):
        with pytest.raises(GateError, match="TID624"):
            run("monitor", "sign", "--model", other, "--month", when, "--key", key, "--remark", REMARK, "--yes", *where)


def test_verify_ends_badly_when_a_page_was_edited(project, where):
    page = project.var / "reports" / MODEL / MONTH / "report.html"
    whole = page.read_bytes()
    page.write_bytes(whole.replace(b"</main>", b"<p>All is well.</p></main>"))
    try:
        with pytest.raises(GateError, match=r"TID625.*report\.html"):
            run("monitor", "verify", *where)
    finally:
        page.write_bytes(whole)


def test_one_model_that_fails_leaves_the_others_their_reports(project, monkeypatch):
    """The same screening twice stands for two models, of which the first can't be gathered."""
    real_find, real_gather = monthly.find_screenings, monthly.gather
    calls = iter(range(10))

    def gather(*arguments: Any, **more: Any) -> Any:
        if next(calls) == 0:
            raise DataError("TID402", "there is no store for this purpose.")
        return real_gather(*arguments, **more)

    monkeypatch.setattr(monthly, "find_screenings", lambda *a, **k: [*real_find(*a, **k), *real_find(*a, **k)])
    monkeypatch.setattr(monthly, "gather", gather)
    with pytest.raises(DataError, match="TID402"):
        run("monitor", "--project", str(project.root), "--month", MONTH)
    calls = iter(range(10))
    made = monitor_each(project, month=MONTH, now=datetime.now(UTC), progress=Silent())
    assert [type(one) for one in made] == [Failure, Report]


def test_two_runs_at_once_wait_for_each_other(project):
    """One writes what is new, the other finds it written."""
    path = project.var / "reports" / MODEL / MONTH / "report.json"
    path.unlink()
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda _: monitor_each(project, month=MONTH, now=datetime.now(UTC), progress=Silent()), range(2)))
    assert sorted(one.is_unchanged for made in runs for one in made if isinstance(one, Report)) == [False, True]


@pytest.mark.requirement("R-30")
def test_a_changed_threshold_renews_the_report_which_says_that_it_is_looser(project, where):
    path = project.root / "screening.toml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + "\n[monitoring.thresholds]\nmaterial_score_distance = 0.15\n", encoding="utf-8")
    try:
        (report,) = said("monitor", "--month", MONTH, *where)
        assert report["unchanged"] is False
        assert [one["name"] for one in report["thresholds"] if one["is_looser"]] == ["material_score_distance"]
        page = (Path(report["folder"]) / "report-en.html").read_text(encoding="utf-8")
        assert "looser than the house’s" in page
        assert said("monitor", "list", *where)["reports"][0]["sign_off"] in ("earlier_version", "unsigned")
    finally:
        path.write_text(before, encoding="utf-8")
    path.write_text(before + "\n[monitoring.thresholds]\nfpr_ratio_low = 0.7\n", encoding="utf-8")
    try:
        with pytest.raises(ScreeningError, match=r"TID103.*fpr_ratio_low"):
            run("monitor", "--month", MONTH, *where)
    finally:
        path.write_text(before, encoding="utf-8")


@pytest.mark.requirement("R-41")
def test_a_sink_that_does_not_answer_ends_the_run_badly_with_the_reports_written(project, where, tmp_path, monkeypatch):
    monkeypatch.setenv("TIDLIG_HOOK", "s" * 32)
    path = project.root / "screening.toml"
    before = path.read_text(encoding="utf-8")
    with receiving(Receiver(statuses=[410])) as receiver:
        sink = f'\n[[monitoring.sinks.webhook]]\nname = "ops"\nurl = "{receiver.address}"\nsecret_env = "TIDLIG_HOOK"\n'
        path.write_text(before + sink, encoding="utf-8")
        try:
            with pytest.raises(DataError, match=r"TID495.*status 410"):
                run("monitor", "--month", MONTH, "--prometheus", str(tmp_path / "tidlig.prom"), *where)
            assert "tidlig_signal" in (tmp_path / "tidlig.prom").read_text(encoding="utf-8")
            receiver.statuses[:] = [200]
            assert run("monitor", "--month", MONTH, *where).exit_code == 0
            assert {json.loads(one.body)["kind"] for one in receiver.requests} >= {"report_written", "signal_failed", "incident_opened"}
        finally:
            path.write_text(before, encoding="utf-8")
