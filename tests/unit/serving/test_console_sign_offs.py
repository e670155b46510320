"""Signing a report off in the console: the statement out, the signature in, and what a login stands in for said to be simulated."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.promotion.signers import encode_public_key
from monitoring.reports.offline import as_text, read_file, sign_file
from serving.auditing import log
from serving.console.language import LANGUAGES
from tests.support.console import MODEL, console_service, reader
from tests.support.month_reports import write_month
from tests.support.review import Review

REMARK = "Lest side for side; S-05 følges opp som hendelse."
KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    """Give a service whose signers are one auditor, with a report for each test."""
    with console_service(tmp_path_factory.mktemp("sign_offs") / "project") as running:
        (running.project.root / "signers.toml").write_text(
            f'[[signer]]\nperson = "eva.auditor"\nrole = "fairness-revisor"\npublic_key = "{encode_public_key(KEY.public_key())}"\n'
            "valid_from = 2026-01-01\nvalid_to = 2027-12-31\n",
            encoding="utf-8",
        )
        shutil.rmtree(running.project.var / "reports" / MODEL)  # the fixture's own report is a part of one
        for month in ("2026-05", "2026-06", "2026-07"):
            write_month(running.project.var / "reports", month=month)
        yield running


def path_of(month: str) -> str:
    return f"/monitoring/{MODEL}/{month}"


def actions(review: Review) -> list[str]:
    with review.database.reading() as session:
        return [line.action for line in log.read_page(session, before=None, limit=50).lines]


def test_the_statement_is_taken_away_signed_there_and_handed_in(review: Review, tmp_path: Path) -> None:
    auditor, path = reader(review, "fairness-revisor"), path_of("2026-05")
    page = auditor.open(f"{path}/sign-off")
    assert "eva.auditor" in page
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    answer = auditor.client.post(f"{path}/sign-off/statement", data={**hidden, "remark": REMARK})
    assert answer.headers["content-disposition"] == f'attachment; filename="{MODEL}-2026-05.statement.json"'
    file = tmp_path / "statement.json"
    file.write_text(answer.text, encoding="utf-8")
    text = as_text(sign_file(read_file(file), KEY, path=file, now=review.clock()))
    status, page = auditor.send(auditor.open(f"{path}/sign-off"), f"{path}/sign-off/signature", signature=text)
    assert status == 200
    assert "Rapporten er underskrevet slik den står." in page
    assert REMARK in page
    assert "eva.auditor" not in page  # readers see role, day and remark
    assert "report.signed" in actions(review)
    kept = json.loads((review.project.var / "reports" / MODEL / "2026-05" / "signoff.json").read_text())
    assert kept["sign_offs"][0]["statement"]["remark"] == REMARK
    status, page = auditor.send(auditor.open(f"{path}/sign-off"), f"{path}/sign-off/signature", signature=text)
    assert status == 422
    assert "allerede" in page


def test_a_login_stands_in_and_is_said_to_be_simulated_everywhere(review: Review) -> None:
    auditor, path = reader(review, "fairness-revisor"), path_of("2026-06")
    status, page = auditor.send(auditor.open(f"{path}/sign-off"), f"{path}/sign-off/login-signature", remark=REMARK)
    assert status == 200
    assert "Det er simulert, og ingen underskrift." in page
    assert "Simulert: en innlogging i en syntetisk øvelse, ingen underskrift." in page
    assert "Rapporten er underskrevet slik den står." not in page
    assert "report.signed_by_login" in actions(review)


def test_what_does_not_hold_stands_beside_its_field(review: Review) -> None:
    auditor, path = reader(review, "fairness-revisor"), path_of("2026-07")
    for action, fields, said in (
        ("login-signature", {"remark": "kort"}, '<a href="#remark">Merknaden har minst 10 tegn'),
        ("signature", {"signature": ""}, '<a href="#signature">Velg filen'),
        ("signature", {"signature": "{}"}, '<a href="#signature">Dette er ingen underskrift'),
    ):
        status, page = auditor.send(auditor.open(f"{path}/sign-off"), f"{path}/sign-off/{action}", **fields)
        assert status == 422
        assert said in page
    assert "Rapporten er ikke underskrevet av noen ennå." in auditor.open(path)


@pytest.mark.requirement("R-28")
def test_others_read_how_a_report_stands_and_do_not_sign(review: Review) -> None:
    keeper = reader(review, "modellforvalter")
    assert f'href="{path_of("2026-07")}/sign-off"' not in keeper.open(path_of("2026-07"))
    assert keeper.client.get(f"{path_of('2026-07')}/sign-off").status_code == 403


@pytest.mark.requirement("R-42")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_whole_in_each_language(review: Review, language: str) -> None:
    page = reader(review, "fairness-revisor", language=language).open(f"{path_of('2026-07')}/sign-off")
    assert f'<html lang="{language}"' in page
    assert "tidlig monitor sign-statement" in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
