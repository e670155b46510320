"""A report signed where the service is not: the file says what is signed, the signature comes back, and what does not hold is not kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project, load_project
from features.errors import GateError
from models.promotion.signers import encode_public_key, read_signers
from monitoring.reports.offline import as_text, build_file, read_file, sign_file, take_sign_off
from monitoring.reports.overview import list_monthly_reports, verify_reports
from monitoring.reports.publishing import publish_report
from monitoring.reports.sign_offs import read_sign_offs, sign_off_state
from monitoring.reports.simulated import FILE as SIMULATED
from monitoring.reports.simulated import read_simulated, sign_by_login
from tests.support.projects import tiny_project

NOW = datetime(2026, 10, 2, 9, tzinfo=UTC)
MODEL = "tiny-not_completed-grade_10"
REMARK = "Lest side for side; S-05 følges opp i I-0001."
ROLES = {"eva": "fairness-revisor", "kari": "leder"}
KEYS = {person: Ed25519PrivateKey.generate() for person in ROLES}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tiny_project(tmp_path / "project")
    lines = [
        f'[[signer]]\nperson = "{person}"\nrole = "{ROLES[person]}"\npublic_key = "{encode_public_key(key.public_key())}"\n'
        "valid_from = 2026-01-01\nvalid_to = 2027-12-31\n"
        for person, key in KEYS.items()
    ]
    (root / "signers.toml").write_text("\n".join(lines), encoding="utf-8")
    loaded = load_project(root)
    write(loaded)
    return loaded


def folder_of(project: Project) -> Path:
    return project.var / "reports" / MODEL / "2026-09"


def write(project: Project, n: int = 0) -> None:
    signals = [{"code": "S-01", "verdict": "PASSED", "evidence": {}, "suspends": False, "title": "t"}]
    content = {"format": 5, "model": MODEL, "month": "2026-09", "version": "1", "made_at": NOW.isoformat(), "inputs_hash": f"{n:064d}"}
    content |= {"signals": signals, "suspended_by": [], "stopped_by": []}
    publish_report(project, content, {"report.html": f"<p>{n}</p>", "report-en.html": "<p>en</p>"}, folder_of(project))


def signed(project: Project, tmp_path: Path, *, person: str = "eva", now: datetime = NOW) -> str:
    """Take the file elsewhere, sign it there, and give the signature's text."""
    path = tmp_path / "statement.json"
    content = build_file(project, folder_of(project), remark=REMARK, signers=read_signers(project), on=NOW.date())
    path.write_text(json.dumps(content), encoding="utf-8")
    return as_text(sign_file(read_file(path), KEYS[person], path=path, now=now))


def take(project: Project, text: str, now: datetime = NOW) -> None:
    take_sign_off(project, folder_of(project), text, signers=read_signers(project), now=now)


def test_what_was_signed_elsewhere_verifies_as_if_signed_here(project: Project, tmp_path: Path) -> None:
    take(project, signed(project, tmp_path))
    found = read_sign_offs(folder_of(project), signers=read_signers(project))
    assert sign_off_state(found) == "signed"
    assert found[0].statement.remark == REMARK
    assert verify_reports(project).problems == ()


def test_the_file_names_auditors_alone_and_no_private_part(project: Project) -> None:
    content = build_file(project, folder_of(project), remark=REMARK, signers=read_signers(project), on=NOW.date())
    assert [one["person"] for one in content["signers"]] == ["eva"]
    private = base64.b64encode(KEYS["eva"].private_bytes_raw()).decode()
    assert private not in json.dumps(content)


def test_a_key_that_is_not_an_auditor_s_signs_nothing(project: Project, tmp_path: Path) -> None:
    with pytest.raises(GateError) as refused:
        signed(project, tmp_path, person="kari")
    assert refused.value.code == "TID608"


def edited(change: Callable[[dict[str, Any]], None]) -> Callable[[str], str]:
    def change_text(text: str) -> str:
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return change_text


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda text: "[]", "TID614"),
        (lambda text: "no json", "TID614"),
        (edited(lambda content: content.pop("signature")), "TID614"),
        (edited(lambda content: content["statement"].update(remark="Alt er i orden her.")), "TID628"),
        (edited(lambda content: content["statement"].update(month="2026-08")), "TID628"),
        (edited(lambda content: content["statement"].update(role="dataansvarlig")), "TID628"),
        (edited(lambda content: content["statement"].update(kind="tidlig-promotion/1")), "TID614"),
    ],
)
def test_what_is_no_signature_or_was_edited_is_not_kept(project: Project, tmp_path: Path, spoil: Callable[[str], str], code: str) -> None:
    text = spoil(signed(project, tmp_path))
    with pytest.raises(GateError) as refused:
        take(project, text)
    assert refused.value.code == code
    assert read_sign_offs(folder_of(project), signers=read_signers(project)) == ()


def test_a_signature_of_an_earlier_version_a_late_one_and_a_second_one_are_refused(project: Project, tmp_path: Path) -> None:
    text = signed(project, tmp_path)
    for now, expected in ((NOW + timedelta(days=31), "TID628"), (NOW - timedelta(hours=1), "TID628")):
        with pytest.raises(GateError) as refused:
            take(project, text, now)
        assert refused.value.code == expected
    take(project, text)
    with pytest.raises(GateError) as twice:
        take(project, text)
    assert twice.value.code == "TID622"
    write(project, 1)
    with pytest.raises(GateError) as earlier:
        take(project, text)
    assert earlier.value.code == "TID628"


def test_a_login_stands_in_where_people_are_invented_and_never_counts_as_signed(project: Project) -> None:
    sign_by_login(project, folder_of(project), account="fairness-revisor", role="fairness-revisor", remark=REMARK, now=NOW)
    sign_by_login(project, folder_of(project), account="fairness-revisor", role="fairness-revisor", remark=REMARK + " Igjen.", now=NOW)
    (kept,) = read_simulated(folder_of(project))
    assert kept.is_about_this_version
    assert kept.shown()["is_simulated"] is True
    (line,) = list_monthly_reports(project)
    assert line.sign_off == "unsigned"
    assert line.sign_off_words == "not signed; 1 simulated by login"
    found = verify_reports(project)
    assert (found.n_sign_offs, found.n_simulated, found.problems) == (0, 1, ())
    write(project, 1)
    assert not read_simulated(folder_of(project))[0].is_about_this_version


def test_a_login_is_refused_with_other_people_s_data_and_of_other_roles(project: Project) -> None:
    screening = project.screening.model_copy(update={"project": project.screening.project.model_copy(update={"data": "real"})})
    real = replace(project, screening=screening)
    for where, role in ((real, "fairness-revisor"), (project, "leder")):
        with pytest.raises(GateError) as refused:
            sign_by_login(where, folder_of(project), account="x", role=role, remark=REMARK, now=NOW)
        assert refused.value.code == "TID627"
    assert not (folder_of(project) / SIMULATED).exists()


def test_verify_names_a_file_of_simulated_ones_that_was_edited(project: Project) -> None:
    sign_by_login(project, folder_of(project), account="x", role="fairness-revisor", remark=REMARK, now=NOW)
    path = folder_of(project) / SIMULATED
    path.write_text(path.read_text().replace('"simulated": true', '"simulated": false'), encoding="utf-8")
    assert any("not what the console wrote" in problem for problem in verify_reports(project).problems)
