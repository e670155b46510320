"""`tidlig init`, `check` and `ingest` as a deployer meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from features.check import check_project, exit_status
from features.declarations.project import load_project
from features.findings import Finding
from features.keys import create_keys
from tests.support.ingesting import repeatable_bytes
from tests.support.projects import EDUCATION, KEYS, NOW, tiny_project


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **environ}
    return subprocess.run(
        [sys.executable, "-m", "tidlig", *arguments], capture_output=True, text=True, check=False, timeout=240, env=environment
    )


@pytest.mark.parametrize("example", ["norway", "oulad", "nlsy97"])
def test_init_makes_a_project_and_keys_outside_it(tmp_path: Path, example: str) -> None:
    done = run("init", str(tmp_path / "p"), "--example", example, "--json", TIDLIG_KEYS_DIR=str(tmp_path / "keys"))
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert load_project(tmp_path / "p").id == made["project"]
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["audit.key", "score.key", "train.key"]
    assert not list((tmp_path / "p").rglob("*.key"))


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x", encoding="utf-8")
    done = run("init", str(tmp_path), TIDLIG_KEYS_DIR=str(tmp_path / "keys"))
    assert done.returncode == 3
    assert "TID107" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_check_then_ingest_then_nothing_new(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    checked = run("check", "--project", str(root), "--json", **KEYS)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    findings = json.loads(checked.stdout)["findings"]
    assert {f["code"]: f["verdict"] for f in findings if f["verdict"] != "PASSED"} == dict.fromkeys(
        ("C-13", "P-06", "P-09"), "NOT_APPLICABLE"
    ), "nothing here needs consent, no pictures and no signers are declared; all else is asked and holds"
    assert not (root / "var").exists()
    first = run("ingest", "--project", str(root), "--json", **KEYS)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["n_persons"] == {"train": 60, "score": 60, "audit": 60}
    again = run("ingest", "--project", str(root), **KEYS)
    assert again.returncode == 0, again.stderr
    assert "Nothing new" in again.stdout


def test_keys_are_compared_and_rotated(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    environ = {"TIDLIG_KEYS_DIR": str(tmp_path / "keys")}
    project = load_project(root)
    create_keys(project, environ=environ, token_bytes=repeatable_bytes())
    assert run("ingest", "--project", str(root), **environ).returncode == 0
    compared = json.loads(run("keys", "check", "--project", str(root), "--json", **environ).stdout)
    assert [one["fits"] for one in compared["keys"]] == [True] * 3
    other = run("keys", "check", "--project", str(root), **environ, TIDLIG_KEY_SCORE="77" * 32)
    assert other.returncode == 4
    assert "another key" in other.stdout
    done = run("keys", "rotate", "--purpose", "score", "--make-key", "--project", str(root), **environ)
    assert done.returncode == 0, done.stderr
    for text in ("score: 60 people under the key", "Searched for 60 old pseudonyms", "0 matches", "The old one is gone"):
        assert text in done.stdout
    again = run("ingest", "--project", str(root), **environ)
    assert "Nothing new" in again.stdout
    refused = run("keys", "rotate", "--purpose", "score", "--project", str(root), **environ)
    assert refused.returncode == 4
    assert refused.stderr.startswith("TID209")


def test_a_refused_file_is_one_line_and_its_own_exit_status(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    (root / "data" / "school.csv").write_text("", encoding="utf-8")
    for command in ("check", "ingest"):
        done = run(command, "--project", str(root), **KEYS)
        assert done.returncode == 5
        assert "Traceback" not in done.stderr
    assert done.stderr.startswith("TID304: school.csv")


def test_missing_keys_are_a_purpose_problem(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    done = run("ingest", "--project", str(root), TIDLIG_KEYS_DIR=str(tmp_path / "none"))
    assert done.returncode == 4
    assert "TID203" in done.stderr


@pytest.mark.requirement("R-14")
def test_check_names_the_leak_of_records_without_the_day_they_became_known(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "data" / "school.csv"
    rows = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(",".join([*row[:2], *row[3:]]) + "\n" for row in rows), encoding="utf-8")
    done = run("check", "--project", str(root), "--json", **KEYS)
    assert done.returncode == 5
    (failed,) = [f for f in json.loads(done.stdout)["findings"] if f["verdict"] == "FAILED"]
    assert failed["evidence"]["error"] == "TID302"
    for text in ("school.csv", "known_on", "a leak (R-14)", "`known_lag_days`"):
        assert text in failed["evidence"]["problem"]


def test_check_asks_on_after_a_failure_and_takes_further_questions(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    text = EDUCATION.replace('levels = ["9901", "9902"]', 'levels = ["9901", "9909"]').replace("municipality = ", "bydel = ")
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    project = load_project(root)
    further = Finding("T-01", "Something of training's", "NOT_APPLICABLE")
    findings = check_project(project, environ=KEYS, now=NOW, more=[lambda _project, *, now: [further]])
    failed = {f.code: str(f.evidence["problem"]) for f in findings if f.is_failed}
    assert set(failed) == {"C-04", "C-09"}
    assert "municipality" in failed["C-04"]
    assert "9902" in failed["C-09"]
    assert findings[-1] is further
    assert exit_status(findings) == 5
    assert exit_status([further]) == 0


def test_a_switched_off_sector_shows_where_it_is_missed(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    audit = root / "indicators" / "audit.toml"
    audit.write_text(audit.read_text(encoding="utf-8").replace("enabled = true", "enabled = false"), encoding="utf-8")
    findings = check_project(load_project(root), environ=KEYS, now=NOW)
    failed = {f.code: f.evidence["problem"] for f in findings if f.is_failed}
    assert failed == {"C-10": "the indicators of the groups sex are switched off"}
