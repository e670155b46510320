"""Who is declared to sign, and private keys that only their owner reads."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from features.declarations.project import Project, load_project
from features.errors import GateError
from models.promotion.key_files import create_key_file, is_encrypted, read_key_file
from models.promotion.signers import FILE, encode_public_key, fingerprint, read_signers, signers_finding
from tests.support.projects import tiny_project
from tests.support.promotions import Person, a_person, declare

PASSPHRASE = "correct horse battery"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path / "p"))


def test_nobody_is_declared_without_the_file(project: Project) -> None:
    assert read_signers(project).signers == ()
    with pytest.raises(GateError, match=r"TID608: no signer in .*signers\.toml has the key 00"):
        read_signers(project).get("00")


def test_a_key_is_valid_from_its_first_to_its_last_day_and_not_from_the_day_it_is_revoked(project: Project) -> None:
    kari = a_person(1, "kari")
    declare(project.root, kari, a_person(2, "ola"))
    key_id = fingerprint(encode_public_key(kari.key.public_key()))
    signers = read_signers(project)
    assert signers.check_valid(key_id, on=date(2026, 1, 1)).person == "kari"
    assert signers.check_valid(key_id, on=date(2028, 1, 1)).person == "kari"
    for day in (date(2025, 12, 31), date(2028, 1, 2)):
        with pytest.raises(GateError, match=r"TID608.*is valid from 2026-01-01 to 2028-01-01"):
            signers.check_valid(key_id, on=day)
    path = project.root / FILE
    path.write_text(path.read_text().replace('person = "kari"', 'person = "kari"\nrevoked_on = 2027-03-01'))
    assert read_signers(project).check_valid(key_id, on=date(2027, 2, 28)).person == "kari"
    with pytest.raises(GateError, match=r"TID608.*was revoked on 2027-03-01"):
        read_signers(project).check_valid(key_id, on=date(2027, 3, 1))


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("[[signer]]", "[[signer", "not valid TOML"),
        ("ed25519:", "rsa:", "32 bytes in base64"),
        ('person = "kari"', "", "person: Field required"),
        ('person = "kari"', 'person = "kari"\nphone = "1"', "phone"),
        ("valid_to = 2028-01-01", "valid_to = 2025-01-01", "valid on no day"),
    ],
)
def test_a_file_that_does_not_say_who_signs_is_refused(project: Project, old: str, new: str, why: str) -> None:
    declare(project.root, a_person(1, "kari"))
    path = project.root / FILE
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(GateError, match=f"TID605.*{why}"):
        read_signers(project)


@pytest.mark.parametrize(
    ("people", "verdict", "n_people"),
    [
        ((), "NOT_APPLICABLE", 0),
        ((a_person(1, "kari"), a_person(2, " KARI")), "NOT_APPLICABLE", 1),
        ((a_person(1, "kari"), replace(a_person(2, "ola"), revoked_on=date(2026, 2, 1))), "NOT_APPLICABLE", 1),
        ((a_person(1, "kari"), a_person(2, "ola")), "PASSED", 2),
    ],
)
def test_the_plan_says_whether_two_people_can_sign(project: Project, people: tuple[Person, ...], verdict: str, n_people: int) -> None:
    declare(project.root, *people)
    found = signers_finding(project, on=date(2026, 6, 1))
    assert (found.code, found.verdict, found.evidence["n_people"]) == ("P-09", verdict, n_people)


def test_the_plan_fails_on_a_file_that_does_not_read(project: Project) -> None:
    (project.root / FILE).write_text("[[signer")
    assert signers_finding(project, on=date(2026, 6, 1)).evidence["error"] == "TID605"


def test_a_key_has_one_owner(project: Project) -> None:
    declare(project.root, a_person(1, "kari"), a_person(1, "ola"))
    with pytest.raises(GateError, match=r"TID605.*stands here twice"):
        read_signers(project)


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_new_key_is_its_owners_alone_and_opens_again(project: Project, tmp_path: Path, passphrase: str | None) -> None:
    path = tmp_path / "keys" / "kari.key"
    public = create_key_file(path, project=project, passphrase=passphrase)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert is_encrypted(path) is (passphrase is not None)
    assert encode_public_key(read_key_file(path, project=project, passphrase=passphrase).public_key()) == public
    with pytest.raises(GateError, match=r"TID606.*never overwritten"):
        create_key_file(path, project=project, passphrase=passphrase)


def test_a_passphrase_for_a_key_that_has_none_is_no_harm(project: Project, tmp_path: Path) -> None:
    public = create_key_file(tmp_path / "kari.key", project=project, passphrase=None)
    assert encode_public_key(read_key_file(tmp_path / "kari.key", project=project, passphrase=PASSPHRASE).public_key()) == public


@pytest.mark.parametrize("given", [None, "another passphrase"])
def test_a_key_does_not_open_without_its_passphrase(project: Project, tmp_path: Path, given: str | None) -> None:
    create_key_file(tmp_path / "kari.key", project=project, passphrase=PASSPHRASE)
    with pytest.raises(GateError, match="TID607") as raised:
        read_key_file(tmp_path / "kari.key", project=project, passphrase=given)
    assert PASSPHRASE not in str(raised.value)


def test_a_short_passphrase_is_refused(project: Project, tmp_path: Path) -> None:
    with pytest.raises(GateError, match="TID607: a passphrase of 5 letters"):
        create_key_file(tmp_path / "kari.key", project=project, passphrase="short")
    assert not (tmp_path / "kari.key").exists()


def test_a_private_key_never_lies_in_the_project(project: Project) -> None:
    with pytest.raises(GateError, match=r"TID606.*lies in the project's folder"):
        create_key_file(project.root / "var" / "kari.key", project=project, passphrase=None)
    with pytest.raises(GateError, match=r"TID606.*lies in the project's folder"):
        read_key_file(project.root / "kari.key", project=project, passphrase=None)


def test_a_key_that_others_can_read_signs_nothing(project: Project, tmp_path: Path) -> None:
    path = tmp_path / "kari.key"
    create_key_file(path, project=project, passphrase=None)
    path.chmod(0o640)
    with pytest.raises(GateError, match=r"TID606.*chmod go="):
        read_key_file(path, project=project, passphrase=None)


def test_what_is_no_signing_key_is_refused(project: Project, tmp_path: Path) -> None:
    rsa = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, content in {"rsa": rsa, "text": b"no key"}.items():
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_bytes(content)
        with pytest.raises(GateError, match=r"TID606.*no Ed25519"):
            read_key_file(path, project=project, passphrase=None)
    with pytest.raises(GateError, match="TID606: there is no file"):
        read_key_file(tmp_path / "absent", project=project, passphrase=None)
