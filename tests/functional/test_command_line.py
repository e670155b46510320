"""The one command: help that does not import the world, exit statuses, messages that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tidlig


def run(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "tidlig", *arguments], capture_output=True, text=True, cwd=cwd, check=False, timeout=120)


def test_importing_the_packages_does_nothing_and_stays_small() -> None:
    """Nothing happens at import: no heavy library, no file, no thread."""
    code = (
        "import sys, threading, json\n"
        "import features, models, training, monitoring, serving, tidlig\n"
        "heavy = [m for m in ('pandas', 'mlflow', 'evidently', 'lightgbm', 'fastapi', 'sqlalchemy', 'shap', 'numba') if m in sys.modules]\n"
        "print(json.dumps([heavy, threading.active_count()]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [[], 1]


def test_help_names_every_command() -> None:
    done = run("--help")
    assert done.returncode == 0
    for name in tidlig.COMMANDS:
        assert name in done.stdout


GROUPS = ("models", "audit", "keys", "accounts", "person", "identities", "archive", "incidents")


@pytest.mark.parametrize("name", [name for name in tidlig.COMMANDS if name not in GROUPS])
def test_each_command_has_its_own_help(name: str) -> None:
    done = run(name, "--help")
    assert done.returncode == 0, done.stderr
    assert f"tidlig {name}" in done.stdout
    assert "--project" in done.stdout or name in ("init", "demo", "restore", "series-breaks", "monitor-scores")


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ("models", ["list", "fetch", "new-key", "sign", "sign-statement", "promote", "rollback", "withdraw", "history", "verify"]),
        ("audit", ["verify", "anchor", "reconstruct"]),
        ("accounts", ["add", "list", "close"]),
        ("person", ["report", "request", "requests", "erase"]),
        ("identities", ["fill", "resolve"]),
        ("archive", ["export"]),
        ("incidents", ["list", "show", "open", "assess", "notify", "close", "verify"]),
        ("monitor", ["list", "sign", "verify"]),
        ("keys", ["check", "rotate"]),
    ],
)
def test_groups_list_their_commands(group: str, commands: list[str]) -> None:
    done = run(group, "--help")
    assert done.returncode == 0, done.stderr
    for command in commands:
        assert command in done.stdout


def test_a_missing_project_is_one_line_with_its_own_exit_status(tmp_path: Path) -> None:
    done = run("ingest", "--project", str(tmp_path))
    assert done.returncode == 3
    assert done.stderr.startswith("TID101: ")
    assert "tidlig init" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_option_is_a_usage_error() -> None:
    assert run("train", "--nonsense").returncode == 2
