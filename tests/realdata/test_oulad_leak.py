"""The published leak: the same analysis with and without the day on which a score became known, and nothing else changed.

That what a diagnostic split makes can never be registered is held in tests/integration/training/test_registry.py
and tests/unit/training/test_splits.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from features.declarations.project import Project
from features.leaks import REBUILT_ROWS, rebuilt_finding
from features.store import open_store
from features.tables import find_stage_table, levels_of, stage_specs
from tests.support.oulad import diagnose_split, ingest_light, published_split
from training.diagnosis import Diagnosis

pytestmark = pytest.mark.realdata("oulad")

HONEST = 0.721
"""What the published analysis gives when only scores submitted before day 14 count."""
LEAKING = 0.77
"""At least this much when the score's date is ignored; .789 was published."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("oulad")


@pytest.fixture(scope="module")
def measured() -> dict[bool, Diagnosis]:
    """Both diagnoses, measured by whichever test asks first; dated or not is the key."""
    return {}


@pytest.fixture
def project(folder: Path, realdata: Path) -> Project:
    return ingest_light(folder / "project", realdata)


@pytest.fixture
def diagnoses(project: Project, measured: dict[bool, Diagnosis]) -> dict[bool, Diagnosis]:
    if not measured:
        measured.update({dated: diagnose_split(project, published_split(project, dated=dated)) for dated in (True, False)})
    return measured


@pytest.mark.requirement("R-14")
def test_with_dates_the_published_analysis_gives_the_honest_figure(diagnoses: dict[bool, Diagnosis]) -> None:
    assert diagnoses[True].figures["auc"].estimate == pytest.approx(HONEST, abs=0.01)


@pytest.mark.requirement("R-14")
def test_with_the_score_known_too_early_it_gives_the_published_one(diagnoses: dict[bool, Diagnosis]) -> None:
    honest, leaking = (diagnoses[dated].figures["auc"] for dated in (True, False))
    assert leaking.estimate > LEAKING
    assert leaking.low > honest.high, "the leak is far outside what chance explains"


def test_both_are_measured_on_the_same_enrolments(diagnoses: dict[bool, Diagnosis]) -> None:
    """Counted apart from this code, over the raw tables: registered, not withdrawn by day 14, and Withdrawn left out."""
    assert {(d.n_train, d.n_test) for d in diagnoses.values()} == {(13_873, 8_508)}


def test_only_the_dates_of_the_score_differ(project: Project, diagnoses: dict[bool, Diagnosis]) -> None:
    table = find_stage_table(project, "train", project.stages["day_014"])
    assert table is not None
    dated, undated = table.matrix(["score.first@ever", "score_undated.first@ever"]).T
    known = ~np.isnan(dated)
    assert 0 < known.mean() < 0.5, "by day 14 few have handed anything in"
    assert np.mean(~np.isnan(undated)) > 0.8, "in the end most did"
    assert (dated[known] == undated[known]).all(), "where the engine lets the score be known it is the same score"


@pytest.mark.requirement("R-14")
def test_records_learned_after_the_as_of_date_change_no_feature(project: Project, diagnoses: dict[bool, Diagnosis]) -> None:
    table = find_stage_table(project, "train", project.stages["day_014"])
    assert table is not None
    specs = [spec for spec in stage_specs(project) if spec.name in table.names]
    finding = rebuilt_finding(open_store(project, "train"), table, specs, levels=levels_of(project))
    assert finding.verdict == "PASSED", finding.evidence
    assert finding.evidence["rows_checked"] == REBUILT_ROWS
    assert finding.evidence["features_checked"] == len(table.names)
