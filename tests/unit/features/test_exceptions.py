"""What loosens a rule is listed, whoever declared it."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.exceptions import declared_exceptions
from features.declarations.project import load_project
from tests.support.projects import tiny_project


def test_a_project_that_loosens_nothing_lists_nothing_but_its_assumed_dates(tmp_path: Path) -> None:
    project = load_project(tiny_project(tmp_path / "project"))
    assert set(declared_exceptions(project)) <= {"known a fixed number of days later, by assumption"}


def test_what_loosens_a_rule_is_named(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    education = root / "indicators" / "education.toml"
    text = education.read_text(encoding="utf-8").replace('use = "predictor"', 'use = "predictor"\nfixed = true', 1)
    education.write_text(text, encoding="utf-8")
    labour = root / "indicators" / "labour.toml"
    plain = labour.read_text(encoding="utf-8").replace("confidential = true\n", "").replace('sector = "labour"', 'sector = "health"')
    labour.write_text(plain, encoding="utf-8")

    found = declared_exceptions(load_project(root))

    assert len(found["said to be fixed by nature (L-04 does not ask)"]) == 1
    assert found["of a sector with secrecy by law, and shown to every reviewer (R-05)"] == ("nav_low_income_hh",)


@pytest.mark.requirement("R-30")
def test_a_looser_threshold_of_a_signal_is_named_and_a_stricter_one_is_not(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    path = root / "screening.toml"
    declared = "\n[monitoring.thresholds]\ncalibration_bound = 0.08\ntoo_agreeable = 0.8\n"
    path.write_text(path.read_text(encoding="utf-8") + declared, encoding="utf-8")

    found = declared_exceptions(load_project(root))

    assert found["lets more pass than the house's own threshold of a signal (R-30)"] == ("calibration_bound",)
