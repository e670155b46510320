"""The invented population against the statistics it is set by, read from its source files as intake would see them.

Targets and their sources stand in docs/synthetic.md. 40,000 people: tolerances leave room for about three standard errors.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from features.synth import Settings, generate_cohorts, write_sources
from features.synth.completion import EXCLUDED, POSITIVE
from features.synth.generate import Truth

UNTIL = date(2026, 11, 1)
PEOPLE = 40_000
LAST_MATURED_BIRTH_YEAR = 2004
COMPLETED = (1, 2, 5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("statistical") / "data"
    settings = Settings(PEOPLE, UNTIL)
    write_sources(generate_cohorts(settings, np.random.default_rng(11)), folder, people=PEOPLE, last_day=settings.last_day)
    return folder


@cache
def events(data: Path, name: str) -> pd.DataFrame:
    path = data / name
    if path.suffix == ".csv":
        frame = pd.read_csv(path, sep=";", decimal=",", parse_dates=["happened_on", "known_on"])
    else:
        frame = pq.read_table(path).to_pandas()
        frame[["happened_on", "known_on"]] = frame[["happened_on", "known_on"]].apply(pd.to_datetime)
    return frame


def one_indicator(data: Path, name: str, indicator: str) -> pd.DataFrame:
    frame = events(data, name)
    return frame[frame["indicator"] == indicator]


def with_age(frame: pd.DataFrame, people: pd.DataFrame) -> pd.DataFrame:
    days = frame["happened_on"].to_numpy() - people["born_on"].loc[frame["person"]].to_numpy()
    return frame.assign(age=days / np.timedelta64(1, "D") / 365.25)


@pytest.fixture(scope="module")
def people(data: Path) -> pd.DataFrame:
    """Persons with audit attributes, points and status, one row each, indexed by id."""
    persons = pd.read_csv(data / "persons.csv", sep=";", parse_dates=["born_on"]).set_index("person")
    audit = events(data, "audit.parquet")
    fixed = audit[audit["indicator"] != "aud_centrality"].pivot(index="person", columns="indicator", values="value")
    points = events(data, "points.csv").set_index("person")["value"].rename("points")
    status = events(data, "completion.parquet").set_index("person")["value"].rename("status")
    grade = events(data, "enrolment.parquet")
    in_ten = pd.Series(True, index=grade.loc[grade["value"] == 10, "person"], name="in_grade_10")
    return persons.join([fixed, points, status, in_ten])


@pytest.fixture(scope="module")
def starters(people: pd.DataFrame) -> pd.DataFrame:
    """Cohorts whose count is closed; started, and neither dead nor emigrated."""
    matured = people[people["born_on"].dt.year <= LAST_MATURED_BIRTH_YEAR]
    started = matured[matured["status"].notna() & ~matured["status"].isin([8, 9])]
    return started.assign(completed=started["status"].isin(COMPLETED))


@pytest.fixture(scope="module")
def ever_measures(data: Path, people: pd.DataFrame) -> set[str]:
    measures = events(data, "child_welfare.parquet")
    measures = measures[measures["indicator"].isin(["cws_support_measure", "cws_care_measure"])]
    return set(measures.loc[with_age(measures, people)["age"] < 16, "person"])


@pytest.mark.parametrize(
    ("sex", "target", "tolerance"), [(None, 0.812, 0.015), ("boy", 0.771, 0.02), ("girl", 0.855, 0.02)], ids=["all", "men", "women"]
)
def test_completion_within_five_or_six_years(starters: pd.DataFrame, sex: str | None, target: float, tolerance: float) -> None:
    chosen = starters if sex is None else starters[starters["aud_sex"] == sex]
    assert chosen["completed"].mean() == pytest.approx(target, abs=tolerance)


@pytest.mark.parametrize(
    ("education", "target"), [("compulsory", 0.55), ("upper_secondary", 0.76), ("short_tertiary", 0.87), ("long_tertiary", 0.92)]
)
def test_completion_by_parents_education(starters: pd.DataFrame, education: str, target: float) -> None:
    chosen = starters[starters["aud_parents_education"] == education]
    assert chosen["completed"].mean() == pytest.approx(target, abs=0.035)


@pytest.mark.parametrize(("category", "target"), [("immigrant", 0.66), ("norwegian_born", 0.80), ("other", 0.83)])
def test_completion_by_immigration_category(starters: pd.DataFrame, category: str, target: float) -> None:
    assert starters.loc[starters["int_category"] == category, "completed"].mean() == pytest.approx(target, abs=0.035)


@pytest.mark.parametrize(("programme", "target"), [("studieforberedende", 0.907), ("yrkesfag", 0.697)])
def test_completion_by_programme(starters: pd.DataFrame, data: Path, programme: str, target: float) -> None:
    chosen = events(data, "programme.csv").set_index("person")["value"].reindex(starters.index)
    assert starters.loc[chosen == programme, "completed"].mean() == pytest.approx(target, abs=0.02)


@pytest.mark.parametrize(
    ("low", "high", "target"), [(0, 30, 0.40), (30, 35, 0.62), (35, 40, 0.76), (40, 45, 0.86), (45, 50, 0.92), (50, 61, 0.97)]
)
def test_completion_by_lower_secondary_points(starters: pd.DataFrame, low: float, high: float, target: float) -> None:
    chosen = starters[(starters["points"] >= low) & (starters["points"] < high)]
    assert chosen["completed"].mean() == pytest.approx(target, abs=0.04)


def test_completion_after_child_welfare_measures(starters: pd.DataFrame, ever_measures: set[str]) -> None:
    chosen = starters[starters.index.isin(ever_measures)]
    assert chosen["completed"].mean() == pytest.approx(0.50, abs=0.05)
    assert chosen.loc[chosen["points"] <= 34, "completed"].mean() == pytest.approx(0.33, abs=0.05)


def test_lower_secondary_points(people: pd.DataFrame, ever_measures: set[str]) -> None:
    done = people[people["status"].notna()]
    assert done["points"].mean() == pytest.approx(42.2, abs=0.3)
    assert done["points"].std() == pytest.approx(8.5, abs=0.3)
    by_sex = done.groupby("aud_sex")["points"].mean()
    assert by_sex["girl"] - by_sex["boy"] == pytest.approx(3.8, abs=0.4)
    assert done["points"].isna().mean() == pytest.approx(0.06, abs=0.01)
    assert done.loc[done.index.isin(ever_measures), "points"].isna().mean() == pytest.approx(0.15, abs=0.035)


@pytest.mark.parametrize(
    ("education", "target"), [("compulsory", 35.9), ("upper_secondary", 39.5), ("short_tertiary", 43.7), ("long_tertiary", 46.9)]
)
def test_points_by_parents_education(people: pd.DataFrame, education: str, target: float) -> None:
    assert people.loc[people["aud_parents_education"] == education, "points"].mean() == pytest.approx(target, abs=0.6)


@pytest.mark.parametrize(
    ("category", "target"),
    [("compulsory", 0.08), ("upper_secondary", 0.32), ("short_tertiary", 0.385), ("long_tertiary", 0.185), ("unknown", 0.03)],
)
def test_parents_education(people: pd.DataFrame, category: str, target: float) -> None:
    assert (people["aud_parents_education"] == category).mean() == pytest.approx(target, abs=0.015)


def test_sex_and_immigration_at_sixteen(people: pd.DataFrame) -> None:
    grown = people[people["in_grade_10"].notna()]
    assert (grown["aud_sex"] == "boy").mean() == pytest.approx(0.513, abs=0.01)
    shares = grown["int_category"].value_counts(normalize=True)
    assert shares["immigrant"] == pytest.approx(0.085, abs=0.02)
    assert shares["norwegian_born"] == pytest.approx(0.09, abs=0.02)


def test_absence_in_grade_ten(data: Path, people: pd.DataFrame) -> None:
    absence = (
        one_indicator(data, "attendance.parquet", "edu_absence_days")
        .sort_values("known_on")
        .drop_duplicates(["person", "record"], keep="last")
    )
    autumn = people["born_on"].dt.year.loc[absence["person"]].to_numpy() + 15
    school_year = absence["happened_on"].dt.year - (absence["happened_on"].dt.month < 8)
    total = absence[school_year.to_numpy() == autumn].groupby("person")["value"].sum()
    total = total.reindex(people.index[people["status"].notna()], fill_value=0.0)
    assert total.median() == pytest.approx(8, abs=1)
    assert (total >= 20).mean() == pytest.approx(0.15, abs=0.02)


def test_absence_in_upper_secondary(data: Path, people: pd.DataFrame) -> None:
    absence = events(data, "attendance.parquet").sort_values("known_on").drop_duplicates(["person", "indicator", "record"], keep="last")
    absence["autumn"] = absence["happened_on"].dt.year - (absence["happened_on"].dt.month < 8)
    grade = events(data, "enrolment.parquet").query("value >= 11 and happened_on < '2025-08-01'")
    years = pd.MultiIndex.from_arrays([grade["person"], grade["happened_on"].dt.year])
    totals = absence.groupby(["indicator", "person", "autumn"])["value"].sum()
    days = totals["edu_absence_days"].reindex(years, fill_value=0.0)
    hours = totals["edu_absence_hours"].reindex(years, fill_value=0.0)
    assert days.median() == pytest.approx(5, abs=1)
    assert (days >= 20).mean() == pytest.approx(0.11, abs=0.025)
    assert hours.median() == pytest.approx(20, abs=3)
    assert (hours >= 50).mean() == pytest.approx(0.18, abs=0.03)


def test_child_welfare(data: Path, people: pd.DataFrame, ever_measures: set[str]) -> None:
    grown = people.index[people["status"].notna()]
    assert grown.isin(ever_measures).mean() == pytest.approx(0.13, abs=0.012)
    welfare = with_age(events(data, "child_welfare.parquet"), people)
    welfare = welfare[welfare["person"].isin(grown) & welfare["age"].between(6, 18, inclusive="left")].assign(
        year=lambda f: f["age"].astype(int)
    )

    def share_in_year(*indicators: str) -> float:
        chosen = welfare[welfare["indicator"].isin(indicators)].drop_duplicates(["person", "year"])
        return len(chosen) / (12 * len(grown))

    assert share_in_year("cws_support_measure", "cws_care_measure") == pytest.approx(0.035, abs=0.005)
    assert share_in_year("cws_notification") == pytest.approx(0.053, abs=0.006)
    care = set(welfare.loc[welfare["indicator"] == "cws_care_measure", "person"])
    assert len(care) / len(ever_measures & set(grown)) == pytest.approx(0.12, abs=0.025)


def test_special_education_by_grade(data: Path, people: pd.DataFrame) -> None:
    support = one_indicator(data, "school_life.parquet", "edu_special_support")
    grade = support["happened_on"].dt.year - people["born_on"].dt.year.loc[support["person"]].to_numpy() - 5
    enrolled = events(data, "enrolment.parquet")["value"].value_counts()
    share = grade.value_counts() / enrolled
    assert share[1] == pytest.approx(0.035, abs=0.007)
    assert share[10] == pytest.approx(0.105, abs=0.01)
    assert share[11] == pytest.approx(0.03, abs=0.008)
    lower = support[(grade <= 10).to_numpy()]
    assert (people["aud_sex"].loc[lower["person"]] == "boy").mean() == pytest.approx(0.68, abs=0.04)


@pytest.mark.parametrize(("age", "target"), [(6, 0.79), (10, 0.71), (13, 0.66), (16, 0.63)])
def test_share_living_with_both_parents(data: Path, people: pd.DataFrame, age: int, target: float) -> None:
    grown = people[people["in_grade_10"].notna() & (people["int_category"] != "immigrant")]
    parents = with_age(one_indicator(data, "household.csv", "fam_both_parents"), people)
    apart = parents[(parents["value"] == 0) & (parents["age"] < age + 0.5)]["person"]
    assert 1 - grown.index.isin(set(apart)).mean() == pytest.approx(target, abs=0.02)


def test_persistent_low_income(data: Path, people: pd.DataFrame) -> None:
    economy = pd.read_csv(data / "economy.csv", sep=";", decimal=",", usecols=["person", "low_income"])
    by_category = economy.groupby(people["int_category"].loc[economy["person"]].to_numpy())["low_income"].mean()
    assert economy["low_income"].mean() == pytest.approx(0.099, abs=0.012)
    assert by_category["other"] == pytest.approx(0.06, abs=0.012)
    assert by_category[["immigrant", "norwegian_born"]].mean() == pytest.approx(0.29, abs=0.03)


def test_moves_between_municipalities(data: Path, people: pd.DataFrame) -> None:
    grown = people[people["in_grade_10"].notna() & (people["int_category"] != "immigrant")]
    moves = with_age(one_indicator(data, "household.csv", "fam_moves"), people)
    moves = moves[moves["person"].isin(grown.index)]
    assert moves["age"].between(6, 18, inclusive="left").sum() / (12 * len(grown)) == pytest.approx(0.025, abs=0.003)
    assert moves["age"].between(0, 6, inclusive="left").sum() / (6 * len(grown)) == pytest.approx(0.056, abs=0.006)


@pytest.mark.parametrize(
    ("sex", "ages", "target"), [("boy", (10, 14), 0.075), ("girl", (10, 14), 0.05), ("boy", (15, 18), 0.07), ("girl", (15, 18), 0.12)]
)
def test_contact_with_mental_health_care_in_a_year(
    data: Path, people: pd.DataFrame, sex: str, ages: tuple[int, int], target: float
) -> None:
    chosen = people[(people["aud_sex"] == sex) & people["status"].notna() & (people["int_category"] != "immigrant")]
    contact = one_indicator(data, "health.parquet", "hlt_bup_active")
    contact = contact[contact["person"].isin(chosen.index)]
    age = contact["happened_on"].dt.year - people["born_on"].dt.year.loc[contact["person"]].to_numpy()
    years = ages[1] - ages[0] + 1
    assert age.between(*ages).sum() / (years * len(chosen)) == pytest.approx(target, abs=0.01)


def test_consultations_with_the_general_practitioner(data: Path, people: pd.DataFrame) -> None:
    chosen = people[people["status"].notna() & (people["int_category"] != "immigrant")]
    contact = one_indicator(data, "health.parquet", "hlt_gp_contacts")
    contact = contact[contact["person"].isin(chosen.index)]
    age = contact["happened_on"].dt.year - people["born_on"].dt.year.loc[contact["person"]].to_numpy()
    for ages, target in (((1, 5), 1.7), ((6, 15), 1.3), ((16, 19), 2.4)):
        total = contact.loc[age.between(*ages).to_numpy(), "value"].sum()
        assert total / ((ages[1] - ages[0] + 1) * len(chosen)) == pytest.approx(target, abs=0.15)


def test_addresses_are_protected_for_one_in_ten_thousand(data: Path) -> None:
    persons = pd.read_csv(data / "persons.csv", sep=";")
    assert (persons["address_protection"] != "ugradert").sum() <= 15


@pytest.fixture(scope="module")
def drivers() -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """True drivers at the end of grade 10, label and true probability, of everybody whose label is 0 or 1."""
    parts = []
    for cohort in generate_cohorts(Settings(PEOPLE, UNTIL), np.random.default_rng(11)):
        truth: Truth = cohort.truth
        given = truth.drivers
        columns = {name: np.asarray(getattr(given, name), dtype=float) for name in given.__dataclass_fields__}
        columns["absent_days"] = np.minimum(columns["absent_days"], 40)
        people = cohort.people
        columns |= {f"education_{k}": (people.education == k).astype(float) for k in range(5)}
        columns |= {"immigrant": people.immigration == 1, "norwegian_born": people.immigration == 2, "boy": people.boy}
        parts.append(pd.DataFrame(columns).assign(status=truth.status, probability=truth.probability))
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["probability"].notna() & ~frame["status"].isin(EXCLUDED)]
    return (
        frame.drop(columns=["status", "probability"]).astype(float),
        frame["status"].isin(POSITIVE).to_numpy(),
        frame["probability"].to_numpy(),
    )


def test_the_honest_ceiling_at_grade_ten(drivers: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    matrix, label, probability = drivers
    scaled = ((matrix - matrix.mean()) / matrix.std()).to_numpy()
    half = len(label) // 2
    model = LogisticRegression(max_iter=1_000).fit(scaled[:half], label[:half])
    assert 0.80 <= roc_auc_score(label[half:], model.decision_function(scaled[half:])) <= 0.84
    assert 0.80 <= roc_auc_score(label, probability) <= 0.84


def test_the_truth_is_calibrated(drivers: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    _, label, probability = drivers
    tenth = pd.qcut(probability, 10, labels=False)
    by_tenth = pd.DataFrame({"label": label, "probability": probability}).groupby(tenth).mean()
    assert np.abs(by_tenth["label"] - by_tenth["probability"]).max() < 0.03


def test_a_planted_effect_is_found_again(drivers: tuple[pd.DataFrame, np.ndarray, np.ndarray]) -> None:
    matrix, label, _ = drivers
    model = LogisticRegression(max_iter=2_000, C=1e6).fit(matrix.drop(columns="education_3"), label)
    found = dict(zip(matrix.columns.drop("education_3"), model.coef_[0], strict=True))
    assert found["ever_welfare"] == pytest.approx(0.92, abs=0.2)
    assert found["absent_days"] == pytest.approx(0.031, abs=0.008)
    assert found["n_moves"] == pytest.approx(0.12, abs=0.06)
