"""The tutorial, typed as it stands: from an empty folder to a reviewed case, with the figures that it promises on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Event

import pytest

from tests.support.served import Reviewer, served
from tests.unit.docs.test_tutorial import commands

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
PASSWORD = "fjell-og-fjord-2026"
PROMISED = {
    "check": ["none failed"],
    "train": ["0.511", "0.463", "0.531", "0.481", "0.398", "0.361", "logistic*"],
    "screen": ["536", "76", "33"],
    "audit": ["Ledgers are whole"],
}
"""What the tutorial tells its reader to expect (with two decimals) of these steps."""


def test_the_tutorial_leads_from_an_empty_folder_to_a_reviewed_case(tmp_path: Path) -> None:
    quiet = {"DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "COLUMNS": "200"}
    environ = {**os.environ, **quiet, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    steps = commands("docs/tutorial.md")
    (login,) = (words[2] for words in steps if words[:2] == ["accounts", "add"])
    for words in steps:
        if words[0] == "serve":
            _review(tmp_path / "var" / "first", login, environ)
            continue
        ran = subprocess.run(
            [sys.executable, "-m", "tidlig", *words],
            input=f"{PASSWORD}\n{PASSWORD}\n" if words[0] == "accounts" else "",
            env=environ,
            cwd=tmp_path,
            text=True,
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0, f"tidlig {' '.join(words)}: {ran.stderr[-2000:]}"
        missing = [figure for figure in PROMISED.get(words[0], []) if figure not in ran.stdout]
        assert missing == [], f"tidlig {' '.join(words)} does not say {missing}: {ran.stdout[-3000:]}"


def _review(project: Path, login: str, environ: dict[str, str]) -> None:
    """Work one of the new cases to its decision, as the tutorial's reader does in the console."""
    with served(project, environ) as (_, address):
        reviewer = Reviewer.log_in(address, login, PASSWORD, Event())
        cases = [case["case_id"] for case in reviewer.call("GET", "/cases")]
        assert len(cases) == 12, "the capacity of Tindevik"
        reviewer.work(cases[0])
        assert reviewer.call("GET", f"/cases/{cases[0]}")["row"]["state"] == "LUKKET"
        reviewer.client.close()
