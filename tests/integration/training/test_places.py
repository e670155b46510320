"""A person's place is what was known on the assessed day, from the audit store under the audit purpose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.declarations.project import Project, load_project
from features.errors import DataError, PurposeError
from features.records import day_number
from features.store import open_store
from tests.support.ingesting import ingest_tiny
from tests.support.projects import NOW, tiny_project, write_csv
from training.places import places_on
from training.plan import plan_findings

TODAY = NOW.date()


def told(person: str, day: date, known_on: date, value: str) -> dict[str, object]:
    return {"person": person, "indicator": "aud_sex", "happened_on": day, "known_on": known_on, "value": value}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """SYN-000 moves from one place to the other in 2018, SYN-001's became known late, the others have none.

    Any level can stand for a place: here the audit attribute that the tiny project has.
    """
    root: Path = tiny_project(tmp_path_factory.mktemp("places"))
    rows = [
        told("SYN-000", date(2015, 8, 1), date(2015, 8, 1), "girl"),
        told("SYN-000", date(2018, 8, 1), date(2018, 8, 1), "boy"),
        told("SYN-001", date(2015, 8, 1), date(2017, 1, 1), "boy"),
    ]
    write_csv(root / "data" / "audit.csv", rows)
    ingest_tiny(root)
    return load_project(root)


def place_of(project: Project, person: int, *as_of: date) -> list[float]:
    subjects = open_store(project, "train").subjects().set_index("person")["subject_id"]
    days = np.array([day_number(day) for day in as_of], dtype=np.int32)
    ids = np.full(len(days), subjects.loc[person])
    return places_on(project, "aud_sex", subject_ids=ids, as_of=days, on=TODAY).tolist()


def persons_with_places(project: Project) -> list[int]:
    n = len(open_store(project, "train").subjects())
    return [person for person in range(n) if not np.isnan(place_of(project, person, TODAY)[0])]


@pytest.mark.requirement("R-14")
def test_a_place_known_later_does_not_count(project: Project) -> None:
    days = (date(2015, 7, 31), date(2016, 6, 15), date(2018, 7, 31), date(2018, 8, 1))
    found = sorted((place_of(project, person, *days) for person in persons_with_places(project)), key=str)
    moved = next(row for row in found if row[3] != row[2] and not np.isnan(row[1]))
    late = next(row for row in found if np.isnan(row[1]))
    assert len(found) == 2
    assert np.isnan(moved[0])
    assert moved[1] == moved[2] != moved[3]
    assert np.isnan(late[:2]).all()
    assert late[2] == late[3] == moved[3]


@pytest.mark.requirement("R-10")
def test_without_an_audit_purpose_nothing_is_read(project: Project) -> None:
    with pytest.raises(PurposeError, match="TID20"):
        places_on(project, "aud_sex", subject_ids=np.array(["x"]), as_of=np.zeros(1, dtype=np.int32), on=date(2031, 6, 1))


def test_a_place_that_is_not_declared_is_refused_before_anything_is_computed(project: Project) -> None:
    training = project.screening.training.model_copy(update={"places": ("aud_school",)})
    asked = replace(project, screening=project.screening.model_copy(update={"training": training}))
    (finding,) = (one for one in plan_findings(asked, now=NOW) if one.code == "P-10")
    assert (finding.verdict, "aud_school" in str(finding.evidence["problem"])) == ("FAILED", True)
    with pytest.raises(DataError, match="TID454"):
        places_on(project, "aud_school", subject_ids=np.array(["x"]), as_of=np.zeros(1, dtype=np.int32), on=TODAY)
