"""The service's commands on a tiny project, as somebody at a terminal runs them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from features.errors import LedgerError
from features.intake.linkage import pseudonyms_for
from features.store import open_store
from serving.commands.service import app
from tests.support.screenable import AS_OF, screenable_project

runner = CliRunner()


def run(*words: str) -> Any:
    result = runner.invoke(app, [*words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_screen_explain_and_verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TIDLIG_DATABASE_URL", raising=False)
    project = screenable_project(tmp_path / "project")
    where = ("--project", str(project.root))

    assert run("audit", "verify", *where)["ledgers"]["log"]["count"] == 0
    first = run("screen", "--as-of", str(AS_OF), *where)
    second = run("screen", "--as-of", str(AS_OF), *where)
    subjects = open_store(project, "score").subjects()["subject_id"].tolist()
    pseudonyms = pseudonyms_for(project, subjects, purpose="score")["pseudonym"]
    explained = next(x for x in (_explained(p, where) for p in pseudonyms) if x is not None)
    ledgers = run("audit", "verify", *where)["ledgers"]

    assert first["synthetic"] is True
    assert [s["is_repeat"] for s in (*first["screened"], *second["screened"])] == [False, True]
    total = explained["base_log_odds"] + sum(r["contribution"] for r in explained["reasons"])
    assert total == pytest.approx(explained["log_odds"], abs=1e-9)
    assert ledgers["log"]["count"] == 6  # one screening, five cases

    _a_promotion_that_a_screening_names_is_missed(project.root, where)
    _cut_off(project.var / "tidlig.db")
    anchor = f"6:{ledgers['log']['head']}"
    with pytest.raises(LedgerError, match="TID804"):
        run("audit", "verify", *where, "--anchor", anchor)


def _a_promotion_that_a_screening_names_is_missed(root: Path, where: tuple[str, ...]) -> None:
    """Whoever cuts the promotions' ledger, its head and the pointer alike is still given away by the service's log."""
    paths = [*(root / "var" / "ledger").glob("promotions*"), *(root / "var" / "models").glob("*/champion.json")]
    kept = {path: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    with pytest.raises(LedgerError, match=r"TID804: the promotions' ledger .*1 promotions that screenings name"):
        run("audit", "verify", *where)
    for path, content in kept.items():
        path.write_bytes(content)


def _explained(pseudonym: str, where: tuple[str, ...]) -> Any:
    result = runner.invoke(app, ["explain", pseudonym, "--as-of", str(AS_OF), *where, "--json"])
    return json.loads(result.stdout)["explanations"][0] if result.exit_code == 0 else None


def _cut_off(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TRIGGER ledger_entries_delete")
        connection.execute("DELETE FROM ledger_entries WHERE seq > 4")
    connection.close()


@pytest.mark.parametrize("words", [["--help"], ["screen", "--help"], ["explain", "--help"], ["serve", "--help"], ["audit", "--help"]])
def test_help_reads_well(words: list[str]) -> None:
    result = runner.invoke(app, words)

    assert result.exit_code == 0
    assert "Usage" in result.stdout
