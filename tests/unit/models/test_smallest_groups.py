"""A count by an attribute that tells of a service's use stands for ten people, in training and in monitoring alike (R-09)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from features.declarations.project import Project, load_project
from features.declarations.screening import Screening
from models.smallest_groups import fewest_by_attribute
from monitoring.fairness.disclosure import publish
from monitoring.fairness.groups import measure_fairness
from monitoring.reports.gathering import minimum_of
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def norway() -> Project:
    return load_project(ROOT / "examples" / "norway")


@pytest.mark.requirement("R-09")
def test_use_of_child_welfare_and_of_health_services_needs_ten(norway: Project) -> None:
    """They stand in the audit file, so their sector is none; what they tell of is a service all the same."""
    fewest = fewest_by_attribute(norway)
    assert {name: n for name, n in fewest.items() if n != 5} == {"child_welfare_use": 10, "health_use": 10}
    assert fewest.keys() == norway.screening.groups.keys()
    assert minimum_of(norway) == fewest


@pytest.mark.requirement("R-09")
def test_a_services_own_indicator_needs_ten_too(norway: Project) -> None:
    groups = {"camhs": "hlt_bup_active", "grade": "edu_gsp"}
    screening = Screening.model_validate({**norway.screening.model_dump(), "groups": groups})
    assert fewest_by_attribute(replace(norway, screening=screening)) == {"camhs": 10, "grade": 5}


@pytest.mark.requirement("R-09")
def test_seven_users_of_child_welfare_are_in_no_monthly_report(norway: Project) -> None:
    """Seven of them proposed would be told of sex, of which five may be; of child welfare nothing below ten is."""
    group = np.repeat(np.array(["yes", "no"], dtype=object), [60, 400])
    proposed = np.r_[np.arange(60) < 7, np.arange(400) < 80]
    unknown, probability = np.full(460, np.nan), np.full(460, 0.2)
    points = {}
    for attribute in ("child_welfare_use", "sex"):
        table = measure_fairness(unknown, proposed, probability, group, attribute=attribute)
        shown = publish(table, minimum=minimum_of(norway)[attribute])
        points[attribute] = next(row.rates["proposal_rate"].point for row in shown.groups if row.group == "yes")
    assert points["child_welfare_use"] is None
    assert points["sex"] == pytest.approx(7 / 60)
