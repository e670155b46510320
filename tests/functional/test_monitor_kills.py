"""`kill -9` in the middle of `tidlig monitor`, at any moment: no half report, no incident twice, and the next run finishes everything."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from features.declarations.project import Project, load_project
from monitoring.incidents.book import read_incidents
from monitoring.reports.overview import verify_reports
from monitoring.reports.publishing import changed_pages, find_content
from tests.support.monitored import MODEL, monitored_project
from tests.support.projects import KEYS

ENVIRON = {**os.environ, **KEYS}
COMMAND = [sys.executable, "-m", "tidlig", "monitor", "--json", "--project"]
DECLARED = """
[monitoring.thresholds]
too_agreeable = 0.90

[[monitoring.sinks.file]]
name = "log"
path = "var/events/all.jsonl"
"""
TIMES = 4
"""Enough people for signals to answer, and too few for Evidently, whose import takes longer than everything else together."""


def run_whole(root: Path) -> float:
    """Run to the end; return how long it took."""
    began = time.monotonic()
    subprocess.run([*COMMAND, str(root)], env=ENVIRON, check=True, capture_output=True, timeout=300)
    return time.monotonic() - began


def kill_after(seconds: float, root: Path) -> bool:
    """Start a run and kill it; return whether it was still running."""
    with subprocess.Popen([*COMMAND, str(root)], env=ENVIRON, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        time.sleep(seconds)
        is_running = running.poll() is None
        running.send_signal(signal.SIGKILL)
    return is_running


def declare(root: Path, threshold: float) -> None:
    """Change a threshold, so that the next run has a new report to write."""
    path = root / "screening.toml"
    head, _, tail = path.read_text(encoding="utf-8").partition("too_agreeable = ")
    path.write_text(f"{head}too_agreeable = {threshold:.3f}{tail[tail.index(chr(10)) :]}", encoding="utf-8")


def check_whole(project: Project) -> None:
    """What a reader finds is a whole report, of before or of now; and the book of incidents verifies."""
    folder = project.var / "reports" / MODEL / "2026-06"
    content = find_content(folder)
    assert content is None or changed_pages(folder, content) == ()
    found = read_incidents(project)
    assert len({(one.signal, one.finding) for one in found}) == len(found)


def events(project: Project) -> list[dict[str, object]]:
    path = project.var / "events" / "all.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def check_unchanged_by_another_run(project: Project) -> None:
    told = events(project)
    before = {path: path.read_bytes() for path in (project.var / "reports").rglob("*") if path.is_file() and "incidents" not in path.name}
    run_whole(project.root)
    assert {path: path.read_bytes() for path in before} == before
    assert events(project) == told


def check_kills(tmp_path: Path, *, kills: int, seed: int) -> int:
    rng = random.Random(seed)
    root = monitored_project(tmp_path, times=TIMES).root
    with (root / "screening.toml").open("a", encoding="utf-8") as file:
        file.write(DECLARED)
    project = load_project(root)
    landed = 0
    took = 4.0
    for n in range(kills):
        declare(root, 0.7 + n / 1000)
        landed += kill_after(rng.uniform(0.3, 1.02) * took, root)
        check_whole(project)
        if n % 5 == 4:
            took = run_whole(root)
    assert landed, "no kill hit a running command: the test measures nothing"
    declare(root, 0.95)
    run_whole(root)
    check_whole(project)
    content = find_content(project.var / "reports" / MODEL / "2026-06")
    assert content is not None
    assert [limit["value"] for limit in content["thresholds"] if limit["name"] == "too_agreeable"] == [0.95]
    assert verify_reports(project).problems == ()
    failed = {one["code"] for one in content["signals"] if one["verdict"] == "FAILED"}
    assert failed
    assert {one.signal for one in read_incidents(project)} == failed
    told = events(project)
    newest = [one for one in told if one.get("inputs_hash") == content["inputs_hash"]]
    assert {one["signal"] for one in newest if one["kind"] == "signal_failed"} == failed
    assert len([one for one in told if one["kind"] == "incident_opened"]) >= len(failed)
    assert list((project.var / "monitoring" / "outbox" / "log" / "waiting").glob("*.json")) == []
    assert not (project.var / "monitoring" / "drafts").exists()
    return landed


@pytest.mark.proof
@pytest.mark.requirement("R-41")
def test_a_kill(tmp_path: Path) -> None:
    """One here; fifty as proof, and every rename of a report by itself in test_sign_offs.py."""
    check_kills(tmp_path, kills=1, seed=4)


@pytest.mark.proof
@pytest.mark.requirement("R-41")
def test_fifty_kills(tmp_path: Path) -> None:
    assert check_kills(tmp_path, kills=50, seed=2) >= 25
    check_unchanged_by_another_run(load_project(tmp_path))
