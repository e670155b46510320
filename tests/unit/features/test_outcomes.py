"""What an outcome may say, and what it then counts: Norway's two outcomes and two more that a project could declare."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from features.cohort import Cohort
from features.declarations.outcomes import Outcome
from features.declarations.project import Project, load_project
from features.declarations.stages import Stage
from features.errors import DataError
from features.outcomes import label_rows, may_still_come, outcome_at
from features.records import day_numbers
from tests.support.memory_store import Told, store_of

NORWAY = Path(__file__).parents[3] / "examples" / "norway"
END_2021, LATER = date(2021, 12, 31), date(2030, 1, 1)
UNEMPLOYED, EMPLOYED, UNKNOWN = 2408.0, 808.0, 7208.0


@pytest.fixture(scope="module")
def norway() -> Project:
    return load_project(NORWAY)


def status(person: int, year: int, code: float, *, published: date | None = None, corrected: date | None = None) -> Told:
    told = (person, "nav_status8", code, date(year, 11, 16), published or date(year + 1, 6, 10))
    return (*told, corrected) if corrected else told


def labels(project: Project, outcome: Outcome, told: list[Told], *, known_by: date = LATER, n_persons: int = 8) -> pd.DataFrame:
    store = store_of(told, indicators=["nav_status8", "nav_employment", "hlt_gp_contacts"], n_persons=n_persons)
    cohort = Cohort("age_19", pd.DataFrame({"person": range(n_persons), "as_of": [END_2021] * n_persons}))
    return label_rows(project, store, cohort, outcome, known_by=known_by)


def declared(base: Outcome, **changes: Any) -> Outcome:
    return Outcome.model_validate(base.model_dump() | changes)


@pytest.fixture
def lasting(norway: Project) -> Outcome:
    return norway.outcomes["utenfor_vedvarende"]


def test_both_dates_outside_is_lasting_and_one_inside_is_not(norway: Project, lasting: Outcome) -> None:
    told = [status(0, 2022, UNEMPLOYED), status(0, 2023, UNEMPLOYED), status(1, 2022, UNEMPLOYED), status(1, 2023, EMPLOYED)]
    told += [status(2, 2022, EMPLOYED), status(2, 2023, UNEMPLOYED), status(3, 2022, UNEMPLOYED)]
    frame = labels(norway, lasting, told)
    np.testing.assert_array_equal(frame["label"][:5], [1.0, 0.0, 0.0, np.nan, np.nan])
    assert frame["happened_on"][0] == date(2022, 11, 16)
    assert frame["happened_on"][1:].isna().all()
    assert frame["status_1"][:4].tolist() == [2408, 2408, 808, 2408]
    assert frame["status_2"].isna().tolist() == [False, False, False, *[True] * 5]


@pytest.mark.requirement("R-14")
def test_the_outcome_is_known_when_the_second_date_is_published_and_not_before(norway: Project, lasting: Outcome) -> None:
    """Also for who is settled by the first date: known a year earlier, those inside would stand alone in that year."""
    told = [status(0, 2022, EMPLOYED), status(0, 2023, EMPLOYED, published=date(2024, 6, 12)), status(1, 2022, UNEMPLOYED)]
    told += [status(1, 2023, UNEMPLOYED, published=date(2024, 6, 10))]
    before, after = (labels(norway, lasting, told, known_by=day) for day in (date(2024, 6, 11), date(2024, 6, 12)))
    np.testing.assert_array_equal(before["label"][:2], [np.nan, 1.0])
    np.testing.assert_array_equal(after["label"][:2], [0.0, 1.0])
    assert after["known_on"][:2].tolist() == [date(2024, 6, 12), date(2024, 6, 10)]


def test_a_corrected_status_counts_from_the_day_the_correction_is_known(norway: Project, lasting: Outcome) -> None:
    corrected = date(2025, 2, 1)
    told = [status(0, 2022, UNEMPLOYED), status(0, 2023, UNEMPLOYED, corrected=corrected), status(0, 2023, EMPLOYED, published=corrected)]
    assert labels(norway, lasting, told, known_by=date(2025, 1, 31))["label"][0] == 1.0
    assert labels(norway, lasting, told, known_by=corrected)["label"][0] == 0.0


def test_a_status_on_another_day_is_no_reference_date(norway: Project, lasting: Outcome) -> None:
    told = [status(0, 2022, UNEMPLOYED), (0, "nav_status8", UNEMPLOYED, date(2023, 11, 15), date(2024, 6, 10))]
    told += [status(1, 2021, UNEMPLOYED), status(1, 2022, UNEMPLOYED)]
    assert labels(norway, lasting, told)["label"][:2].isna().all(), "that of 2021 lies before the end of 2021"


def test_unknown_counts_for_who_is_seen_here_and_is_left_out_for_who_is_not(norway: Project, lasting: Outcome) -> None:
    told = [status(person, year, UNKNOWN) for person in range(4) for year in (2022, 2023)]
    told += [(0, "nav_employment", 1.0, day, day) for day in (date(2022, 3, 31), date(2023, 3, 31))]
    told += [(1, "hlt_gp_contacts", 2.0, day, day) for day in (date(2021, 11, 17), date(2022, 12, 31))]
    told += [(2, "hlt_gp_contacts", 2.0, day, day) for day in (date(2021, 11, 16), date(2022, 12, 31))]  # the first a day too early
    frame = labels(norway, lasting, told)
    np.testing.assert_array_equal(frame["label"][:4], [1.0, 1.0, np.nan, np.nan])
    assert frame["status"][:4].tolist() == [7208] * 4, "the code stays what it was"
    kept, dropped = (lasting.under(one) for one in lasting.sensitivity)
    np.testing.assert_array_equal(labels(norway, kept, told)["label"][:4], [1.0] * 4)
    assert labels(norway, dropped, told)["label"].isna().all()


def test_contact_that_no_sector_delivers_shows_nobody(norway: Project, lasting: Outcome) -> None:
    told = [status(0, year, UNKNOWN) for year in (2022, 2023)] + [status(1, year, UNEMPLOYED) for year in (2022, 2023)]
    store = store_of(told, indicators=["nav_status8"], n_persons=2)
    cohort = Cohort("age_19", pd.DataFrame({"person": [0, 1], "as_of": [END_2021] * 2}))
    np.testing.assert_array_equal(label_rows(norway, store, cohort, lasting, known_by=LATER)["label"], [np.nan, 1.0])


def test_a_point_in_time_and_a_long_time_can_be_declared(norway: Project, lasting: Outcome) -> None:
    november = {"month": 11, "day": 16, "published_within_days": 240}
    point = declared(lasting, name="utenfor_punkt", reference=november | {"look_at": 1, "needed": 1})
    long = declared(
        lasting, name="utenfor_lang", reference=november | {"look_at": 5, "needed": 3, "consecutive": False}, horizon_days=1_830
    )
    told = [status(0, 2022 + later, UNEMPLOYED if later in (0, 2, 4) else EMPLOYED) for later in range(5)]
    told += [status(1, 2022 + later, UNEMPLOYED if later in (1, 4) else EMPLOYED) for later in range(5)]
    assert [labels(norway, one, told)["label"][:2].tolist() for one in (point, lasting, long)] == [[1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]


def test_it_may_still_come_until_the_last_date_is_published(lasting: Outcome) -> None:
    ends = day_numbers(pd.Series([date(2021, 12, 31), date(2022, 12, 31)]))
    assert may_still_come(lasting, ends, known_by=date(2024, 8, 1)).tolist() == [False, True]


@pytest.mark.parametrize(("code", "label"), [(1, 0.0), (2, 0.0), (3, None), (4, 1.0), (5, 0.0), (6, 1.0), (8, None), (9, 1.0)])
def test_every_status_of_upper_secondary_counts_as_statistics_norway_counts_it(norway: Project, code: int, label: float | None) -> None:
    outcome, done = norway.outcomes["ikke_fullfort_vgo"], date(2025, 9, 25)
    store = store_of([(0, "edu_vgo_status", float(code), done, done)], indicators=["edu_vgo_status"], n_persons=1)
    cohort = Cohort("grade_10", pd.DataFrame({"person": [0], "as_of": [date(2020, 6, 30)]}))
    found = label_rows(norway, store, cohort, outcome, known_by=LATER).iloc[0]
    assert (None if np.isnan(found["label"]) else found["label"]) == label
    assert found["status"] == code
    apart = {
        one.name: label_rows(norway, store, cohort, outcome.under(one), known_by=LATER)["label"].iloc[0] for one in outcome.sensitivity
    }
    if code == 4:
        assert np.isnan(apart["still_enrolled_left_out"])
        assert apart["still_enrolled_as_completed"] == 0.0


def test_a_stage_that_lies_early_has_a_horizon_of_its_own(norway: Project) -> None:
    outcome, done = norway.outcomes["ikke_fullfort_vgo"], date(2026, 9, 25)
    store = store_of([(0, "edu_vgo_status", 6.0, done, done)], indicators=["edu_vgo_status"], n_persons=1)
    for stage, label in (("grade_5", 1.0), ("grade_10", np.nan)):
        cohort = Cohort(stage, pd.DataFrame({"person": [0], "as_of": [date(2015, 6, 30)]}))
        np.testing.assert_array_equal(label_rows(norway, store, cohort, outcome, known_by=LATER)["label"], [label])
    assert outcome_at(norway, "grade_5", outcome).horizon_days == 4_300
    assert outcome_at(norway, "vg1", outcome) is outcome


def test_an_outcome_is_dated_by_what_began_it(norway: Project) -> None:
    outcome, done, left = norway.outcomes["ikke_fullfort_vgo"], date(2025, 9, 25), date(2021, 11, 3)
    told: list[Told] = [(person, "edu_vgo_status", 6.0, done, done) for person in (0, 1)]
    told += [(0, "edu_status_change", 1.0, day, day) for day in (date(2020, 6, 30), left, date(2023, 1, 1))]
    told += [(1, "edu_status_change", 1.0, day, day) for day in (date(2020, 6, 30), date(2025, 9, 26))]
    store = store_of(told, indicators=["edu_vgo_status", "edu_status_change"], n_persons=2)
    cohort = Cohort("grade_10", pd.DataFrame({"person": [0, 1], "as_of": [date(2020, 6, 30)] * 2}))
    assert label_rows(norway, store, cohort, outcome, known_by=LATER)["happened_on"].tolist() == [left, done]


def test_a_status_in_no_list_is_refused_with_reference_dates_too(norway: Project, lasting: Outcome) -> None:
    told = [status(0, 2022, 1111.0), status(0, 2023, EMPLOYED)]
    with pytest.raises(DataError, match="TID427: <5 persons"):
        labels(norway, lasting, told)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"unknown": [808]}, "stands in two lists"),
        ({"unknown": [], "sensitivity": []}, "no code is unknown"),
        ({"sensitivity": [{"name": "other", "positive": [1]}]}, "1 are none of them"),
        ({"sensitivity": [{"name": "none"}]}, "moves codes of the outcome"),
        ({"positive": [2408], "sensitivity": [{"name": "nobody", "negative": [2408]}]}, "leaves nobody with the outcome"),
        ({"reference": {"month": 11, "day": 16, "look_at": 2, "needed": 3, "published_within_days": 9}}, "nobody can have the outcome"),
        ({"reference": {"month": 11, "day": 31, "look_at": 2, "needed": 2, "published_within_days": 9}}, "there is no 31.11. every year"),
    ],
)
def test_an_outcome_that_contradicts_itself_is_refused(lasting: Outcome, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        declared(lasting, **changes)


@pytest.mark.requirement("R-17")
def test_nobody_under_ten_gets_a_model_and_the_refusal_says_what_there_is_instead(norway: Project) -> None:
    youngest = norway.stages["grade_5"].model_dump()
    with pytest.raises(ValidationError, match="`tidlig planning-figures`"):
        Stage.model_validate(youngest | {"min_age": 9})
    assert all(stage.min_age >= 10 for stage in norway.screening.stage)


@pytest.mark.requirement("R-17")
def test_a_project_folder_with_so_young_a_stage_is_refused_whole(tmp_path: Path) -> None:
    from features.errors import ProjectError
    from tests.support.projects import tiny_project

    root = tiny_project(tmp_path)
    text = (root / "screening.toml").read_text(encoding="utf-8")
    (root / "screening.toml").write_text(text.replace("anchor_value = 10", "anchor_value = 10\nmin_age = 9"), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"TID103: .*grade_10.*planning-figures"):
        load_project(root)


@pytest.mark.requirement("R-16")
def test_norway_has_a_stage_for_each_point_in_a_course(norway: Project) -> None:
    by_outcome = {name: [stage.name for stage in norway.screening.stage if name in stage.outcomes] for name in norway.outcomes}
    assert by_outcome == {
        "ikke_fullfort_vgo": ["grade_5", "grade_8", "grade_10", "vg1"],
        "utenfor_vedvarende": ["age_18", "age_19", "age_20", "age_21", "age_22"],
    }
