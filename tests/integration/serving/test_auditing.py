"""Verifying both ledgers: a refusal says which of them it is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.project import Project, load_project
from features.errors import LedgerError
from features.ledger import append_next
from serving.auditing.verifying import verify_ledgers
from serving.settings import Settings
from tests.support.projects import NOW, tiny_project

pytestmark = pytest.mark.requirement("R-27")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path / "p"))


def test_an_edited_promotion_is_named_with_its_file(project: Project) -> None:
    path = project.var / "ledger" / "promotions.jsonl"
    append_next(path, recorded_at=NOW, actor="signers", action="model.promoted", public={"signers": ["ann", "bob"]})
    assert verify_ledgers(project, Settings())["promotions"].count == 1
    path.write_text(path.read_text(encoding="utf-8").replace("ann", "eve"), encoding="utf-8")
    with pytest.raises(LedgerError, match=r"TID801: the promotions' ledger \(.*promotions\.jsonl\): entry 1 was edited.*restore a backup"):
        verify_ledgers(project, Settings())


def test_a_database_that_does_not_read_is_refused_as_the_log(project: Project) -> None:
    (project.var / "tidlig.db").parent.mkdir(parents=True, exist_ok=True)
    (project.var / "tidlig.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match="TID805: the service's log: its database does not read"):
        verify_ledgers(project, Settings())
