"""`tidlig monitor` as a user meets it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import tiny_project


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tidlig", "monitor", *arguments], capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_project(tmp_path_factory.mktemp("command"))


def test_help_says_what_is_written_and_where():
    done = run("--help")
    assert done.returncode == 0
    assert "report.html" in done.stdout
    assert "--month" in done.stdout


def test_nothing_screened_yet_says_what_to_do(root):
    done = run("--project", str(root), "--json")
    assert done.returncode == 6
    assert done.stdout == ""
    assert "TID481" in done.stderr
    assert "tidlig screen" in done.stderr


def test_a_month_that_is_none_is_refused_before_anything_is_loaded(root):
    done = run("--project", str(root), "--month", "2026-13")
    assert done.returncode == 6
    assert "TID483" in done.stderr
    assert "YYYY-MM" in done.stderr


def test_expired_audit_purpose_stops_it_before_anything_is_read(root):
    path = root / "screening.toml"
    text = path.read_text(encoding="utf-8")
    head, _, tail = text.partition('kind = "audit"')
    path.write_text(head + 'kind = "audit"' + tail.replace("valid_to = 2030-12-31", "valid_to = 2021-12-31", 1), encoding="utf-8")
    try:
        done = run("--project", str(root))
    finally:
        path.write_text(text, encoding="utf-8")
    assert done.returncode == 4
    assert "TID202" in done.stderr
    assert json.dumps(done.stdout) == '""'
