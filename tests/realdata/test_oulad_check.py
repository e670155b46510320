"""`tidlig check` on OULAD: a score that does not say when it became known stops the plan, and the message says why."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.oulad import copy_example
from tests.support.projects import KEYS

pytestmark = pytest.mark.realdata("oulad")

COURSEWORK = 'query = "queries/coursework.sql"\n'


def check(root: Path, realdata: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tidlig", "check", "--project", str(root), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **KEYS, "TIDLIG_REALDATA": str(realdata.parent)},
    )


def declare(root: Path, line: str) -> None:
    """Add a line to the declaration of the coursework."""
    path = root / "indicators" / "education.toml"
    text = path.read_text(encoding="utf-8")
    assert text.count(COURSEWORK) == 1
    path.write_text(text.replace(COURSEWORK, f"{COURSEWORK}{line}\n"), encoding="utf-8")


def drop_known_on(root: Path) -> None:
    """Let the query of the coursework give its records without the day on which they became known."""
    path = root / "queries" / "coursework.sql"
    path.write_text(f"SELECT * EXCLUDE (known_on) FROM (\n{path.read_text(encoding='utf-8')})\n", encoding="utf-8")


@pytest.mark.proof
def test_the_example_as_it_is_passes(tmp_path: Path, realdata: Path) -> None:
    done = check(copy_example(tmp_path / "p"), realdata)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.requirement("R-14")
def test_a_score_declared_without_a_date_is_refused_as_a_leak(tmp_path: Path, realdata: Path) -> None:
    root = copy_example(tmp_path / "p")
    declare(root, 'known_column = ""')
    done = check(root, realdata)
    assert done.returncode == 3, done.stdout + done.stderr
    for text in ("TID103", "source coursework", "became known", "what nobody knew yet: a leak", "`known_column`", "`known_lag_days`"):
        assert text in done.stderr


@pytest.mark.proof
@pytest.mark.requirement("R-14")
def test_a_query_that_gives_scores_without_a_date_is_refused_as_a_leak(tmp_path: Path, realdata: Path) -> None:
    root = copy_example(tmp_path / "p")
    drop_known_on(root)
    done = check(root, realdata)
    assert done.returncode == 5, done.stdout + done.stderr
    (failed,) = [finding for finding in json.loads(done.stdout)["findings"] if finding["verdict"] == "FAILED"]
    for text in ("source coursework", "became known", "what nobody knew yet: a leak", "`known_column`", "`known_lag_days`"):
        assert text in failed["evidence"]["problem"]


@pytest.mark.proof
def test_a_declared_lag_is_an_answer(tmp_path: Path, realdata: Path) -> None:
    root = copy_example(tmp_path / "p")
    drop_known_on(root)
    declare(root, 'known_column = ""\nknown_lag_days = 14')
    done = check(root, realdata)
    assert done.returncode == 0, done.stdout + done.stderr
