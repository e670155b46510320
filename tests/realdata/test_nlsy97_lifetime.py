"""`tidlig check` on the youth panel: columns that tell of later years are found by what stands in them, before anything is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.nlsy97 import LIFETIME, ON_THE_FIRST_ROW, PROMISED, YEARLY, careless_example, copy_example
from tests.support.projects import KEYS

pytestmark = pytest.mark.realdata("nlsy97")


def check(root: Path, realdata: Path) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, "-m", "tidlig", "check", "--project", str(root), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, **KEYS, "TIDLIG_REALDATA": str(realdata.parent)},
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)["findings"]


@pytest.mark.requirement("R-14")
def test_the_example_as_it_is_passes(tmp_path: Path, realdata: Path) -> None:
    status, findings = check(copy_example(tmp_path / "p"), realdata)
    assert status == 0, [finding for finding in findings if finding["verdict"] == "FAILED"]
    asked = {finding["verdict"] for finding in findings if finding["code"] == "L-04"}
    assert asked == {"PASSED", "NOT_APPLICABLE"}
    assert not (tmp_path / "p" / "var").exists(), "nothing is loaded, nothing is written"


@pytest.mark.requirement("R-14")
def test_every_lifetime_column_is_named_and_no_yearly_one(tmp_path: Path, realdata: Path) -> None:
    declared = {**LIFETIME, **dict.fromkeys(PROMISED, "flag"), **YEARLY}
    status, findings = check(careless_example(tmp_path / "p", declared), realdata)
    (failed,) = [finding for finding in findings if finding["verdict"] == "FAILED"]
    assert status == 6
    assert (failed["code"], failed["evidence"]["error"]) == ("L-04", "TID447")
    assert set(failed["evidence"]["columns"].split(", ")) == {*LIFETIME, *PROMISED}
    assert all(column in failed["evidence"]["problem"] for column in LIFETIME)
    assert "R-14" in failed["evidence"]["problem"]


@pytest.mark.proof
def test_what_is_the_same_by_nature_can_be_said_to_be(tmp_path: Path, realdata: Path) -> None:
    status, findings = check(careless_example(tmp_path / "no", ON_THE_FIRST_ROW), realdata)
    (failed,) = [finding for finding in findings if finding["verdict"] == "FAILED"]
    assert set(failed["evidence"]["columns"].split(", ")) == set(ON_THE_FIRST_ROW)
    assert "fixed = true" in failed["evidence"]["problem"]
    status, _ = check(careless_example(tmp_path / "yes", ON_THE_FIRST_ROW, fixed=True), realdata)
    assert status == 0
