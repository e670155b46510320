"""`tidlig transparency` as a user meets it."""

import subprocess
import sys

from tests.support.projects import tiny_project


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tidlig", "transparency", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_help_says_what_is_written_and_where():
    done = run("--help")
    assert done.returncode == 0
    assert "var/public" in " ".join(done.stdout.split())
    assert "--contact" in done.stdout


def test_an_address_is_asked_for():
    assert run().returncode == 2


def test_without_a_model_that_serves_it_says_what_to_do(tmp_path):
    root = tiny_project(tmp_path / "project")
    done = run("--project", str(root), "--contact", "personvern@example.no", "--json")
    assert done.returncode == 7
    assert done.stdout == ""
    assert "TID507" in done.stderr
    assert not (root / "var" / "public").exists()
