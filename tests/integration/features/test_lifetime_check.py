"""`tidlig check` reads a sample of the sources: invented Norwegians raise no false alarm, a planted lifetime column does."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.projects import EDUCATION, KEYS, tiny_project, write_csv

NORWAY = Path(__file__).parents[3] / "examples" / "norway"


def tidlig(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tidlig", *words], capture_output=True, text=True, check=False, timeout=240, env={**os.environ, **KEYS}
    )


def asked(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    findings = json.loads(done.stdout)["findings"]
    return {finding["title"].split()[4]: finding for finding in findings if finding["code"] == "L-04"}


def test_the_norwegian_example_raises_no_false_alarm(tmp_path: Path) -> None:
    root = Path(shutil.copytree(NORWAY, tmp_path / "p", ignore=shutil.ignore_patterns("var", "data")))
    made = tidlig("synth", "--people", "3000", "--project", str(root), "--json")
    assert made.returncode == 0, made.stderr
    done = tidlig("check", "--project", str(root), "--json")
    assert done.returncode == 0, done.stdout
    verdicts = [finding["verdict"] for finding in asked(done).values()]
    assert verdicts.count("PASSED") >= 5
    assert "FAILED" not in verdicts
    told = [set(finding["evidence"]) for finding in asked(done).values() if finding["verdict"] == "PASSED"]
    assert told == [{"n_predictors_declared"}] * len(told), "no count of rows, protected people are among them (R-08)"


@pytest.mark.requirement("R-14")
def test_a_column_written_at_the_end_is_named_before_anything_is_loaded(tmp_path: Path) -> None:
    """Everybody's last mean grade on all of their rows, beside the grade of the year."""
    root = tiny_project(tmp_path / "p")
    final: dict[str, str] = {}
    with (root / "data" / "school.csv").open(encoding="utf-8", newline="") as file:
        means = [row for row in csv.DictReader(file) if row["indicator"] == "edu_grade_mean"]
    for row in means:
        final[row["person"]] = row["value"]
    rows = [
        {
            "person": row["person"],
            "happened_on": row["happened_on"],
            "known_on": row["known_on"],
            "mean": row["value"],
            "final": final[row["person"]],
        }
        for row in means
    ]
    write_csv(root / "data" / "yearly.csv", rows)
    declared = EDUCATION.replace('code = "edu_grade_mean"', 'code = "edu_final_mean"').split("[[indicator]]")[2]
    columns = 'columns = { mean = "edu_grade_mean", final = "edu_final_mean" }'
    source = f'\n[[source]]\nname = "yearly"\nlayout = "snapshots"\nfiles = ["data/yearly.csv"]\n{columns}\n'
    (root / "indicators" / "education.toml").write_text(EDUCATION + "\n[[indicator]]" + declared + source, encoding="utf-8")
    done = tidlig("check", "--project", str(root), "--json")
    assert done.returncode == 6, done.stdout + done.stderr
    failed = asked(done)["yearly"]
    assert (failed["verdict"], failed["evidence"]["columns"], failed["evidence"]["error"]) == ("FAILED", "final", "TID447")
    assert not any(value in done.stdout for value in set(final.values())), "no value of a person is told"
    assert not (root / "var" / "store").exists()
