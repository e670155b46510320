"""Sign-offs: an auditor's signature under the very bytes of a report, kept when it is renewed and never taken for one of another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project, load_project
from features.errors import DataError, GateError
from models.promotion.signers import encode_public_key, read_signers
from monitoring.reports.overview import list_monthly_reports, verify_reports
from monitoring.reports.publishing import changed_pages, find_content, publish_report
from monitoring.reports.sign_offs import FILE, SignOff, read_sign_offs, sign_off_state, sign_report
from tests.support.projects import tiny_project

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
MODEL = "tiny-not_completed-grade_10"
REMARK = "Read page by page; S-05 is followed up in I-0001."
ROLES = {"eva": "fairness-revisor", "odd": "fairness-revisor", "kari": "leder"}


@dataclass(frozen=True)
class Place:
    project: Project
    folder: Path
    keys: dict[str, Ed25519PrivateKey]

    def write(self, n_failed: int = 0) -> None:
        signals = [{"code": "S-01", "verdict": "FAILED" if n_failed else "PASSED", "evidence": {}, "suspends": False, "title": "t"}]
        content = {
            "format": 5,
            "model": MODEL,
            "month": "2026-09",
            "version": "1",
            "made_at": NOW.isoformat(),
            "inputs_hash": f"{n_failed:064d}",
            "signals": signals,
            "suspended_by": [],
            "stopped_by": [],
        }
        publish_report(self.project, content, {"report.html": f"<p>nb {n_failed}</p>", "report-en.html": "<p>en</p>"}, self.folder)

    def sign(self, person: str = "eva", remark: str = REMARK, now: datetime = NOW) -> SignOff:
        return sign_report(self.project, self.folder, key=self.keys[person], signers=read_signers(self.project), remark=remark, now=now)

    def read(self) -> tuple[SignOff, ...]:
        return read_sign_offs(self.folder, signers=read_signers(self.project))

    def declare(self, change: Callable[[str], str] = lambda text: text) -> None:
        lines = [
            f'[[signer]]\nperson = "{person}"\nrole = "{ROLES[person]}"\npublic_key = "{encode_public_key(key.public_key())}"\n'
            "valid_from = 2026-01-01\nvalid_to = 2027-12-31\n"
            for person, key in self.keys.items()
        ]
        (self.project.root / "signers.toml").write_text(change("\n".join(lines)), encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    project = load_project(tiny_project(tmp_path / "project"))
    made = Place(project, project.var / "reports" / MODEL / "2026-09", {name: Ed25519PrivateKey.generate() for name in ROLES})
    made.declare()
    made.write()
    return made


def test_an_auditor_signs_the_bytes_of_the_report_and_anybody_can_check_it(place):
    made = place.sign()
    assert place.read() == (made,)
    assert sign_off_state(place.read()) == "signed"
    assert made.statement.role == "fairness-revisor"
    assert sign_off_state(()) == "unsigned"
    (line,) = list_monthly_reports(place.project)
    assert line.sign_off_words == "signed: fairness-revisor 2026-10-02"
    assert "eva" not in json.dumps(line.as_dict())
    found = verify_reports(place.project)
    assert (found.n_reports, found.n_sign_offs, found.problems) == (1, 1, ())


def test_several_auditors_sign_and_nobody_signs_one_version_twice(place):
    place.sign("eva")
    place.sign("odd")
    assert [one.statement.person for one in place.read()] == ["eva", "odd"]
    with pytest.raises(GateError, match="TID622"):
        place.sign("eva")


def test_a_renewed_report_keeps_the_sign_off_and_says_that_it_is_about_an_earlier_version(place):
    place.sign("eva")
    place.write(n_failed=1)
    (old,) = place.read()
    assert (old.is_about_this_version, old.fault) == (False, None)
    assert sign_off_state(place.read()) == "earlier_version"
    assert list_monthly_reports(place.project)[0].sign_off_words == "signed in an earlier version only"
    place.sign("eva")
    assert [one.is_about_this_version for one in place.read()] == [False, True]
    assert sign_off_state(place.read()) == "signed"
    assert verify_reports(place.project).problems == ()


def test_who_does_not_audit_signs_nothing(place):
    with pytest.raises(GateError, match="TID621"):
        place.sign("kari")
    stranger = Place(place.project, place.folder, {"eva": Ed25519PrivateKey.generate()})
    with pytest.raises(GateError, match="TID608"):
        stranger.sign("eva")
    with pytest.raises(GateError, match="TID608"):
        place.sign("eva", now=NOW.replace(year=2028))
    assert not (place.folder / FILE).exists()


@pytest.mark.parametrize("remark", ["  fine  ", "About 010107 50160, who was missed."])
def test_a_remark_says_something_and_names_nobody(place, remark):
    with pytest.raises(GateError, match="TID623") as raised:
        place.sign(remark=remark)
    assert "0101" not in str(raised.value)


def test_pages_that_are_not_the_report_s_own_are_not_signed(place):
    (place.folder / "report.html").write_text("<p>nicer</p>", encoding="utf-8")
    with pytest.raises(GateError, match=r"TID624.*report\.html"):
        place.sign()
    assert "report.html not as written" in verify_reports(place.project).problems[0]
    (place.folder / "report.json").unlink()
    with pytest.raises(GateError, match="TID624"):
        place.sign()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda said: said["statement"].update(remark="Everything is splendid here."), "was edited"),
        (lambda said: said["statement"].update(month="2026-08"), "was given to"),
        (lambda said: said["statement"].update(role="leder"), "another person or role"),
        (lambda said: said["statement"].update(person="odd"), "another person or role"),
        (lambda said: said["statement"].update(signed_at="2029-01-01T00:00:00+00:00"), "not on 2029-01-01"),
        (lambda said: said["statement"].update(signed_at="yesterday"), "does not say when"),
        (lambda said: said.update(signature="AAAA"), "was edited"),
    ],
)
def test_an_edited_sign_off_is_told_and_counts_for_nothing(place, change, why):
    place.sign()
    path = place.folder / FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content["sign_offs"][0])
    path.write_text(json.dumps(content), encoding="utf-8")
    (found,) = place.read()
    assert why in str(found.fault)
    assert sign_off_state([found]) == "invalid"
    assert verify_reports(place.project).problems


@pytest.mark.parametrize("text", ["[]", "{", '{"format": 2, "sign_offs": []}', '{"format": 1, "sign_offs": [{}]}'])
def test_a_file_that_is_none_is_refused_and_named_by_verify(place, text):
    (place.folder / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(GateError, match="TID620"):
        place.read()
    with pytest.raises(GateError, match="TID620"):
        place.sign()
    assert "signoff.json" in verify_reports(place.project).problems[0]


def test_a_key_revoked_later_has_signed_what_it_signed_and_one_taken_out_has_not(place):
    place.sign("eva")
    place.declare(lambda text: text.replace("valid_to = 2027-12-31\n", "valid_to = 2027-12-31\nrevoked_on = 2026-11-01\n"))
    assert sign_off_state(place.read()) == "signed"
    place.declare(lambda text: text.replace("valid_to = 2027-12-31\n", "valid_to = 2027-12-31\nrevoked_on = 2026-10-01\n"))
    assert "was revoked" in str(place.read()[0].fault)
    (place.project.root / "signers.toml").unlink()
    assert sign_off_state(place.read()) == "invalid"


def test_auditors_at_once_lose_no_signature(place):
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(place.sign, ("eva", "odd")))
    assert {one.statement.person for one in place.read()} == {"eva", "odd"}


def test_a_write_that_stops_between_two_pages_shows_and_is_made_again(place, monkeypatch):
    """Stopped before each rename in turn, as a kill there would: what is there is the old report, the new one, or seen to be neither."""
    old = find_content(place.folder)
    real = Path.replace
    for stop in range(4):
        calls = iter(range(10))

        def stopping(path: Path, target: Path, calls=calls, stop=stop) -> Path:
            if next(calls) == stop:
                raise KeyboardInterrupt
            return real(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "replace", stopping)
            try:
                place.write(n_failed=stop + 1)
            except KeyboardInterrupt:
                content = find_content(place.folder)
                assert content == old
                assert bool(changed_pages(place.folder, content)) == (stop in (1, 2))
        place.write(n_failed=stop + 1)
        old = find_content(place.folder)
        assert old is not None
        assert changed_pages(place.folder, old) == ()
        assert not (place.project.var / "monitoring" / "drafts").exists()
        assert {path.name for path in place.folder.iterdir()} == {"report.html", "report-en.html", "report.json"}


def test_drafts_of_processes_that_are_gone_are_removed_and_others_stay(place):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    (place.folder / f".incidents.html.{gone.pid}").write_text("half", encoding="utf-8")
    (place.folder / f".incidents.html.{os.getpid()}").write_text("half", encoding="utf-8")
    place.write(n_failed=1)
    assert {path.name for path in place.folder.glob(".*")} == {f".incidents.html.{os.getpid()}"}


def test_a_report_that_is_no_json_is_refused_by_the_list_and_named_by_verify(place):
    (place.folder / "report.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match="TID482"):
        list_monthly_reports(place.project)
    assert "not the JSON" in verify_reports(place.project).problems[0]
