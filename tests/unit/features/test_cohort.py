"""Who is in a cohort, and what became of them: tiny tables and their answers."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.cohort import build_cohort
from features.declarations.project import Project, load_project
from features.declarations.stages import Stage
from features.errors import DataError
from features.outcomes import label_rows
from tests.support.memory_store import MemoryStore, Told, store_of
from tests.support.projects import tiny_project

INDICATORS = ("edu_absence_days", "edu_grade_level", "edu_quit", "edu_municipality", "edu_completion")
BORN = {person: date(2005, 3, 1) for person in range(10)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return load_project(tiny_project(tmp_path_factory.mktemp("tiny")))


@pytest.fixture
def stage(project: Project) -> Stage:
    return project.stages["grade_10"]


def grade_10(person: int, *, on: date = date(2020, 8, 20), known_on: date | None = None, known_to: date | None = None) -> Told:
    told = (person, "edu_grade_level", 10.0, on, known_on or on)
    return (*told, known_to) if known_to else told


def a_store(told: list[Told], *, n_persons: int = 10, born_on: dict[int, date] | None = None) -> MemoryStore:
    return store_of(told, indicators=INDICATORS, n_persons=n_persons, born_on=BORN if born_on is None else born_on)


def persons(project: Project, store: MemoryStore, stage: Stage, **more: object) -> list[int]:
    return build_cohort(project, store, stage, **more).frame["person"].tolist()  # type: ignore[arg-type]


def test_a_row_for_each_person_and_date(project: Project, stage: Stage) -> None:
    told = [grade_10(1), grade_10(1, on=date(2020, 9, 1)), grade_10(1, on=date(2021, 8, 20)), grade_10(3)]
    frame = build_cohort(project, a_store(told), stage).frame
    assert list(zip(frame["person"], frame["as_of"], strict=True)) == [
        (1, date(2021, 6, 15)),
        (1, date(2022, 6, 15)),
        (3, date(2021, 6, 15)),
    ]
    assert frame["period"].tolist() == ["2020", "2021", "2020"], "the anchor's year: one intake, one name at every stage"
    assert frame["age_years"].tolist() == pytest.approx([16.29, 17.29, 16.29], abs=0.01)
    assert list(frame.columns) == ["person", "subject_id", "group", "as_of", "age_years", "municipality", "period", "shielded"]


def test_another_grade_is_no_anchor(project: Project, stage: Stage) -> None:
    store = a_store([grade_10(1), (2, "edu_grade_level", 9.0, date(2020, 8, 20), date(2020, 8, 20))])
    assert persons(project, store, stage) == [1]


@pytest.mark.requirement("R-14")
def test_the_anchor_must_be_known_and_not_corrected_by_the_date(project: Project, stage: Stage) -> None:
    late, corrected = grade_10(2, known_on=date(2021, 6, 16)), grade_10(3, known_to=date(2021, 6, 15))
    just_in_time, corrected_after = grade_10(4, known_on=date(2021, 6, 15)), grade_10(5, known_to=date(2021, 6, 16))
    assert persons(project, a_store([grade_10(1), late, corrected, just_in_time, corrected_after]), stage) == [1, 4, 5]


def test_an_anchor_may_happen_after_the_date_when_it_was_known_before(project: Project, stage: Stage) -> None:
    day_before = stage.model_copy(update={"as_of": stage.as_of.model_copy(update={"offset_days": -1, "month": None, "day": None})})
    store = a_store([grade_10(1, on=date(2020, 8, 20), known_on=date(2020, 4, 1)), grade_10(2)])
    frame = build_cohort(project, store, day_before).frame
    assert list(zip(frame["person"], frame["as_of"], strict=True)) == [(1, date(2020, 8, 19))]


@pytest.mark.requirement("R-17")
def test_ages_are_completed_years(project: Project, stage: Stage) -> None:
    young = stage.model_copy(update={"min_age": 6, "max_age": 15})
    born = {1: date(2015, 6, 15), 2: date(2015, 6, 16), 3: date(2005, 6, 16), 4: date(2005, 6, 15)}
    store = a_store([grade_10(person) for person in (1, 2, 3, 4, 5)], born_on=born)
    cohort = build_cohort(project, store, young)
    assert cohort.frame["person"].tolist() == [1, 3]
    assert (cohort.left_out["under 6 years"], cohort.left_out["over 15 years"], cohort.left_out["without a birth date"]) == (1, 1, 1)


def living(person: int, on: date, *, known_on: date | None = None, known_to: date | None = None) -> Told:
    told = (person, "edu_municipality", 0.0, on, known_on or on)
    return (*told, known_to) if known_to else told


@pytest.fixture
def of_19(stage: Stage) -> Stage:
    end_of_year = {"offset_days": None, "month": 12, "day": 31}
    changes = {"anchor": "edu_municipality", "anchor_value": None, "turning": 19, "excluded_by": (), "min_age": 19, "max_age": 19}
    return stage.model_copy(update=changes | {"as_of": stage.as_of.model_copy(update=end_of_year)})


def test_a_stage_of_an_age_takes_whoever_is_on_record_at_the_end_of_that_year(project: Project, of_19: Stage) -> None:
    born = {1: date(2005, 1, 1), 2: date(2005, 12, 31), 3: date(2004, 6, 1), 4: date(2005, 6, 1), 5: date(2005, 6, 1), 6: date(2005, 6, 1)}
    told = [living(1, date(2005, 1, 1)), living(1, date(2020, 5, 1)), living(2, date(2024, 12, 31)), living(3, date(2004, 6, 1))]
    told += [living(4, date(2025, 1, 1)), living(5, date(2024, 12, 1), known_on=date(2025, 1, 1))]
    told += [living(6, date(2010, 1, 1), known_to=date(2024, 12, 31)), living(7, date(2005, 1, 1))]
    cohort = build_cohort(project, a_store(told, born_on=born), of_19)
    frame = cohort.frame
    assert list(zip(frame["person"], frame["as_of"], frame["period"], strict=True)) == [
        (1, date(2024, 12, 31), "2024"),
        (2, date(2024, 12, 31), "2024"),
        (3, date(2023, 12, 31), "2023"),
    ]
    assert cohort.left_out["without a birth date"] == 4  # 0, 7, 8 and 9
    assert cohort.left_out["anchor not known by the as-of date"] == 3
    assert build_cohort(project, a_store(told, born_on=born), of_19, as_of=date(2023, 12, 31)).frame["person"].tolist() == [3]


def test_a_store_without_any_birth_dates_has_no_ages_to_apply(project: Project, stage: Stage) -> None:
    frame = build_cohort(project, a_store([grade_10(1)], born_on={}), stage).frame
    assert frame["age_years"].isna().all()


def test_an_exclusion_counts_once_known_and_until_withdrawn(project: Project, stage: Stage) -> None:
    quit_on, after = date(2021, 3, 1), date(2021, 6, 16)
    told: list[Told] = [grade_10(person) for person in range(1, 6)]
    told += [
        (1, "edu_quit", 1.0, quit_on, quit_on),
        (2, "edu_quit", 1.0, quit_on, after),
        (3, "edu_quit", 1.0, quit_on, quit_on, date(2021, 6, 1)),
        (4, "edu_quit", 1.0, quit_on, quit_on),
        (4, "edu_quit", 0.0, date(2021, 5, 1), date(2021, 5, 1)),
    ]
    assert persons(project, a_store(told), stage) == [2, 3, 4, 5]


def test_restricted_persons_are_left_out(project: Project, stage: Stage) -> None:
    assert persons(project, a_store([grade_10(1), grade_10(2)]), stage, restricted={2}) == [1]


def test_only_the_dates_asked_for(project: Project, stage: Stage) -> None:
    store = a_store([grade_10(1), grade_10(2, on=date(2021, 8, 20))])
    assert persons(project, store, stage, as_of=date(2022, 6, 15)) == [2]
    assert persons(project, store, stage, known_by=date(2022, 6, 14)) == [1]


def test_municipality_is_the_last_one_visible(project: Project, stage: Stage) -> None:
    move, later = date(2021, 1, 1), date(2021, 7, 1)
    told: list[Told] = [grade_10(1), grade_10(2), grade_10(3)]
    told += [(person, "edu_municipality", 0.0, date(2018, 1, 1), date(2018, 1, 1)) for person in (1, 2)]
    told += [(1, "edu_municipality", 1.0, move, move), (2, "edu_municipality", 1.0, move, later)]
    frame = build_cohort(project, a_store(told), stage).frame
    assert frame["municipality"].tolist() == ["9902", "9901", None]


@pytest.mark.requirement("R-09")
def test_an_empty_cohort_says_which_step_emptied_it_and_hides_small_counts(project: Project, stage: Stage) -> None:
    told: list[Told] = [grade_10(person, known_on=date(2022, 1, 1)) for person in range(6)] + [grade_10(7)]
    with pytest.raises(DataError, match=r"TID426: nobody .* 6 anchor not known by the as-of date; <5 restricted\.") as caught:
        build_cohort(project, a_store(told), stage, restricted=[7])
    assert caught.value.code == "TID426"


def test_an_anchor_whose_sector_is_off_is_refused(project: Project, stage: Stage) -> None:
    store = store_of([], indicators=["edu_quit"], n_persons=1)
    with pytest.raises(DataError, match="TID424"):
        build_cohort(project, store, stage)


def test_an_exclusion_whose_sector_is_off_is_named(project: Project, stage: Stage) -> None:
    store = store_of([grade_10(1)], indicators=["edu_grade_level"], n_persons=10, born_on=BORN)
    assert build_cohort(project, store, stage).not_applied == ("edu_quit",)


def labels(project: Project, stage: Stage, told: list[Told], *, known_by: date = date(2030, 1, 1)) -> pd.DataFrame:
    store = a_store([grade_10(person) for person in (1, 2, 3)] + told)
    return label_rows(project, store, build_cohort(project, store, stage), project.outcomes["not_completed"], known_by=known_by)


def completion(person: int, status: float, on: date, known_on: date | None = None, *known_to: date) -> Told:
    return (person, "edu_completion", status, on, known_on or on, *known_to)  # type: ignore[return-value]


def test_status_label_and_maturity(project: Project, stage: Stage) -> None:
    day = date(2025, 6, 20)
    frame = labels(project, stage, [completion(1, 2, day, date(2025, 9, 1)), completion(2, 1, day), completion(3, 3, day)])
    assert frame["status"].tolist() == [2, 1, 3]
    assert str(frame["status"].dtype) == "Int16"
    np.testing.assert_array_equal(frame["label"], [1.0, 0.0, np.nan])
    assert frame["known_on"].tolist() == [date(2025, 9, 1), day, day]


def test_only_records_after_the_date_and_within_the_horizon_count(project: Project, stage: Stage) -> None:
    on_the_day, last_day, too_late = date(2021, 6, 15), date(2027, 6, 24), date(2027, 6, 25)
    frame = labels(project, stage, [completion(1, 2, on_the_day), completion(2, 2, last_day), completion(3, 2, too_late)])
    np.testing.assert_array_equal(frame["label"], [np.nan, 1.0, np.nan])
    assert frame["known_on"].isna().tolist() == [True, False, True]
    assert frame["status"].isna().tolist() == [True, False, True]


@pytest.mark.requirement("R-14")
def test_an_outcome_counts_in_the_version_known_on_the_day(project: Project, stage: Stage) -> None:
    day, published, corrected = date(2025, 6, 20), date(2025, 9, 1), date(2026, 2, 1)
    told = [completion(1, 2, day, published, corrected), completion(1, 1, day, corrected), completion(2, 2, day, corrected)]
    np.testing.assert_array_equal(labels(project, stage, told, known_by=date(2025, 12, 1))["label"], [1.0, np.nan, np.nan])
    np.testing.assert_array_equal(labels(project, stage, told, known_by=corrected)["label"], [0.0, 1.0, np.nan])


def test_the_last_of_several_statuses_counts(project: Project, stage: Stage) -> None:
    told = [completion(1, 2, date(2024, 6, 20)), completion(1, 1, date(2025, 6, 20)), completion(2, 1, date(2023, 1, 1))]
    np.testing.assert_array_equal(labels(project, stage, told)["label"], [0.0, 0.0, np.nan])


def test_a_status_in_no_list_is_refused_without_naming_anyone(project: Project, stage: Stage) -> None:
    with pytest.raises(DataError, match=r"TID427: <5 persons have a status of edu_completion"):
        labels(project, stage, [completion(1, 7, date(2025, 6, 20))])
