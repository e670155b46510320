"""The demo's part of a promotion: each challenger serves by typed names, and the ledger calls them simulated."""

from __future__ import annotations

from pathlib import Path

import pytest

import tidlig
from models.deployment import find_champion
from models.promotion.ledger import read_history
from tests.support.registering import DIFFERENT, MODEL, Registry, bundle_for, project_of
from training.registry.tracking import local_tracking

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def test_the_demo_promotes_by_simulated_signatures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    project = project_of(tmp_path / "p")
    Registry(project, local_tracking(project)).register(bundle_for(project, gates=DIFFERENT))
    capsys.readouterr()
    tidlig._promote_all(project.root)
    told = capsys.readouterr().out
    assert "$ tidlig models promote tiny-not_completed-grade_10 1" in told
    assert "simulated signatures of" in told.replace("\n", " ")
    (line,) = read_history(project, MODEL)
    assert line.simulated
    assert line.gates_failed == ("G-06",)
    assert line.justification == tidlig.DEMO_JUSTIFICATION
    assert find_champion(project, MODEL).justified_until is not None  # type: ignore[union-attr]
