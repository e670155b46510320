"""Decided cases as Noark 5 journal entries: whole, with checksums, once, and nothing of a score that grounded no case."""

from __future__ import annotations

import hashlib
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from features.errors import ReviewError
from serving.archive.collecting import closed_cases, collect_case
from serving.archive.export import Exported, build_document, export_closed_cases
from serving.archive.schema import NAMESPACE, check_document
from serving.commands.archive import app
from serving.person_keys import erase_person_key
from serving.storage.tables import CaseRow, LogRow
from tests.support.review import REASON, Review
from tests.support.screened import cases_in, screened_service

pytestmark = pytest.mark.requirement("R-26")

N5 = f"{{{NAMESPACE}}}"


def close(review: Review, case: CaseRow, number: int = 0) -> None:
    caller = review.caller("koordinator-9901")
    caller.to_review(case.id)
    caller.get(f"/cases/{case.id}/view")
    assert caller.step(case.id, "decisions", {"step": "decide_no_need", "reason": f"{REASON} {number}"}).status_code == 201
    assert caller.step(case.id, "close").status_code == 200


def export(review: Review, folder: Path) -> Exported:
    with review.database.transaction() as session:
        return export_closed_cases(session, review.keys, review.project, folder, now=review.clock())


def test_a_closed_case_is_a_journal_entry_with_its_documents(screened: Review, tmp_path: Path) -> None:
    case, undecided = cases_in(screened, "9901")[:2]
    close(screened, case)
    screened.caller("koordinator-9901").to_review(undecided.id)

    found = export(screened, tmp_path / "arkiv")

    assert (found.n_new, found.n_there) == (1, 0)
    assert [place.name for place in (tmp_path / "arkiv").iterdir()] == [case.reference]
    place = tmp_path / "arkiv" / case.reference
    root = ET.fromstring((place / "arkivstruktur.xml").read_bytes())
    check_document(root)
    entry = next(root.iter(f"{N5}registrering"))
    assert entry.findtext(f"{N5}journalposttype") == "Organinternt dokument uten oppfølging"
    stored = {one.findtext(f"{N5}referanseDokumentfil"): one.findtext(f"{N5}sjekksum") for one in root.iter(f"{N5}dokumentobjekt")}
    assert {name: hashlib.sha256((place / str(name)).read_bytes()).hexdigest() for name in stored} == stored
    decided = json.loads((place / "beslutning.json").read_text(encoding="utf-8"))
    assert (decided["beslutning"], decided["begrunnelse"]) == ("Ikke behov", f"{REASON} 0")
    basis = json.loads((place / "grunnlag.json").read_text(encoding="utf-8"))
    assert len(basis["store_hash"]) == len(basis["inputs_sha256"]) == len(basis["bundle_hash"]) == 64
    shown = json.loads((place / "forklaring.json").read_text(encoding="utf-8"))
    assert {one["proof"] for one in shown} == {"same"}
    text = "".join(path.read_text(encoding="utf-8") for path in place.iterdir())
    assert "log_odds" not in text
    assert '"probability"' not in text


def test_doing_it_again_writes_what_is_new_and_checks_what_is_there(screened: Review, tmp_path: Path) -> None:
    archive = tmp_path / "arkiv"
    first, second = cases_in(screened, "9901")[:2]
    close(screened, first)
    export(screened, archive)
    before = {path: path.read_bytes() for path in archive.rglob("*.*")}
    close(screened, second, 1)

    again = export(screened, archive)

    assert (again.n_new, again.n_there) == (1, 1)
    assert {path: path.read_bytes() for path in before} == before
    with screened.database.reading() as session:
        actions = [json.loads(entry)["action"] for entry in session.scalars(select(LogRow.entry))]
    assert actions.count("archive.exported") == 2
    numbers = [
        ET.fromstring((archive / case.reference / "arkivstruktur.xml").read_bytes()).findtext(f".//{N5}journalsekvensnummer")
        for case in (first, second)
    ]
    assert numbers == ["1", "2"]

    (archive / first.reference / "beslutning.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ReviewError, match="TID761"):
        export(screened, archive)


@pytest.mark.requirement("R-08")
def test_a_shielded_case_and_one_whose_person_was_erased_are_not_written(screened: Review, tmp_path: Path) -> None:
    shielded, erased = cases_in(screened, "9901")[:2]
    close(screened, shielded)
    close(screened, erased, 1)
    with screened.database.transaction() as session:
        session.get_one(CaseRow, shielded.id).is_shielded = True
        erase_person_key(session, erased.subject_id, now=screened.clock())

    assert export(screened, tmp_path / "arkiv").n_new == 0


@pytest.mark.parametrize("change", ["order", "missing", "value", "extra"])
def test_a_document_that_does_not_fit_is_refused(tmp_path: Path, change: str) -> None:
    with screened_service(tmp_path / "project") as review:
        case = cases_in(review, "9901")[0]
        close(review, case)
        with review.database.transaction() as session:
            collected = collect_case(session, review.keys, review.project, closed_cases(session)[0])
        assert collected is not None
        root = build_document(collected, review.project, number=1, now=review.clock())
    check_document(root)
    entry = next(root.iter(f"{N5}registrering"))
    status = entry.find(f"{N5}journalstatus")
    assert status is not None
    if change == "order":
        entry.remove(status)
        entry.insert(0, status)
    if change == "missing":
        entry.remove(status)
    if change == "value":
        status.text = "Godkjent av leder"
    if change == "extra":
        ET.SubElement(status, f"{N5}tittel").text = "x"
    with pytest.raises(ReviewError, match="TID760: the export does not fit Noark 5: arkiv/arkivdel/mappe/registrering"):
        check_document(root)


def test_by_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    with screened_service(tmp_path / "project") as review:
        close(review, cases_in(review, "9901")[0])
        words = ["archive", "export", "--to", str(tmp_path / "arkiv"), "--project", str(review.project.root), "--json"]
        counts = [json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)["new"] for _ in range(2)]
    assert counts == [1, 0]
