"""Accounts from a terminal: what can be added, and what is asked for rather than given."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import ReviewError
from serving.app import create_app
from serving.commands.accounts import app
from serving.settings import Settings
from tests.support.projects import tiny_project
from tests.support.review import Caller, Clock

PASSWORD = "hestehov i mai"


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Give the options that name a fresh project."""
    for name in ("TIDLIG_DATABASE_URL", "TIDLIG_ENV"):
        monkeypatch.delenv(name, raising=False)
    return "--project", str(tiny_project(tmp_path / "project"))


def call(*words: str, password: str | None = None) -> Result:
    typed = None if password is None else f"{password}\n{password}\n"
    return CliRunner().invoke(app, ["accounts", *words], input=typed, catch_exceptions=False)


def add(where: tuple[str, str], login: str, role: str, *words: str, password: str = PASSWORD) -> Result:
    return call("add", login, "--role", role, *words, *where, password=password)


def listed(where: tuple[str, str]) -> dict[str, dict[str, Any]]:
    return {line["login"]: line for line in json.loads(call("list", "--json", *where).stdout)["accounts"]}


def test_an_added_account_logs_in_and_a_closed_one_does_not(where: tuple[str, str]) -> None:
    added = add(where, "kari", "koordinator", "--holder", "ansatt-7", "--municipality", "9901")
    service = create_app(Settings(), load_project(Path(where[1])), clock=Clock(), with_console=False)
    kari = Caller(service, "kari", password=PASSWORD)

    assert added.exit_code == 0, added.output
    assert PASSWORD not in added.output
    assert kari.get("/session").json()["data"]["role"] == "koordinator"
    assert listed(where)["kari"]["comes_from"] == "password"
    assert call("close", "kari", *where).exit_code == 0
    assert kari.get("/session").status_code == 401
    answer = kari.client.post("/api/v1/session", json={"login": "kari", "password": PASSWORD})
    assert answer.json()["code"] == "TID714"
    assert listed(where)["kari"]["is_closed"] is True
    service.state.http.close()
    service.state.database.close()


@pytest.mark.requirement("R-28")
def test_one_holder_is_not_both_leader_and_officer_under_two_logins(where: tuple[str, str]) -> None:
    assert add(where, "sjef", "leder", "--holder", "ansatt-7", "--municipality", "9901").exit_code == 0
    with pytest.raises(ReviewError, match="TID717"):
        add(where, "ombud", "personvernombud", "--holder", "ansatt-7")
    assert add(where, "ombud", "personvernombud", "--holder", "ansatt-8").exit_code == 0


@pytest.mark.parametrize(
    ("words", "password"),
    [
        (("leder",), PASSWORD),  # no municipality
        (("personvernombud", "--municipality", "9901"), PASSWORD),  # one too many
        (("koordinator", "--municipality", "0301"), PASSWORD),  # none of the project's
        (("stafettholder", "--municipality", "9901"), PASSWORD),  # no service
        (("stafettholder", "--municipality", "9901", "--service", "unknown"), PASSWORD),
        (("innbygger",), PASSWORD),  # nobody's
        (("planlegger", "--subject-id", "0" * 32), PASSWORD),
        (("maskinklient",), PASSWORD),  # brings a token instead
        (("planlegger",), "short"),
    ],
)
def test_an_account_that_does_not_fit_is_refused(where: tuple[str, str], words: tuple[str, ...], password: str) -> None:
    with pytest.raises(ReviewError, match="TID739"):
        add(where, "x", *words, "--holder", "ansatt-7", password=password)
    assert listed(where) == {}


def test_a_login_is_given_once(where: tuple[str, str]) -> None:
    assert add(where, "kari", "planlegger", "--holder", "ansatt-7").exit_code == 0
    call("close", "kari", *where)
    with pytest.raises(ReviewError, match="TID739"):
        add(where, "kari", "planlegger", "--holder", "ansatt-9")


def test_the_password_is_no_argument_and_is_typed_twice(where: tuple[str, str]) -> None:
    differing = CliRunner().invoke(
        app, ["accounts", "add", "x", "--role", "planlegger", "--holder", "a", *where], input=f"{PASSWORD}\nanother one here\n"
    )

    assert differing.exit_code != 0
    assert add(where, "x", "planlegger", "--holder", "a", "--password", PASSWORD).exit_code == 2


@pytest.mark.requirement("R-29")
def test_production_takes_no_passwords(where: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = tmp_path / "persons.key"
    key.write_text("ab" * 32)
    key.chmod(0o600)
    monkeypatch.setenv("TIDLIG_ENV", "prod")
    monkeypatch.setenv("TIDLIG_PERSON_KEY_FILE", str(key))

    with pytest.raises(ReviewError, match="TID734"):
        add(where, "kari", "planlegger", "--holder", "ansatt-7")
    with pytest.raises(ReviewError, match="TID710"):
        call("close", "nobody", *where)
