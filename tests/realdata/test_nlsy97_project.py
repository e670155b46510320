"""The youth panel's project against the panel itself: layouts, rates, and what must not be read."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd
import pytest

from features.declarations.catalogue import Source
from features.declarations.project import Project, load_project, source_files

EXAMPLE = Path(__file__).parents[2] / "examples" / "nlsy97"
LIFETIME = ("edu_degree", "date_", "major_", "age_ba", "flag_highest", "fam_inc")
"""Columns of `person_year` that repeat a value of later years, or of no stated year, on every row."""

pytestmark = pytest.mark.realdata("nlsy97")


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(EXAMPLE)


def rows_of(project: Project, source: Source, realdata: Path) -> pd.DataFrame:
    connection = duckdb.connect()
    for path in source_files(project, source.files, environ={"TIDLIG_REALDATA": str(realdata.parent)}):
        connection.read_parquet(str(path)).create_view(path.stem)
    assert source.query is not None
    return connection.execute((project.root / source.query).read_text(encoding="utf-8")).df()


def test_every_query_gives_the_columns_of_its_layout(project: Project, realdata: Path) -> None:
    for source in project.catalogue.sources.values():
        rows = rows_of(project, source, realdata)
        expected = {source.id_column, "born_on"}
        if source.layout == "events":
            expected = {source.id_column, source.indicator_column, source.value_column, source.happened_column, source.known_column}
        assert set(rows.columns) == expected, source.name
        assert len(rows) > 0
        assert not rows.isna().any().any(), source.name


def test_no_code_for_a_missing_answer_becomes_a_value(project: Project, realdata: Path) -> None:
    for name in ("school_answers", "family_answers", "aptitude", "later_answers", "rounds", "work_history"):
        assert (rows_of(project, project.catalogue.sources[name], realdata)["value"] >= 0).all(), name
    published = rows_of(project, project.catalogue.sources["published"], realdata)["value"]
    assert not published.isin(["-1", "-2", "-3", "-4", "-5"]).any()


def test_the_outcomes_have_the_panels_rates(project: Project, realdata: Path) -> None:
    rows = rows_of(project, project.catalogue.sources["outcomes"], realdata)
    for outcome, rate in (("no_diploma", 0.248), ("neet_2plus", 0.285), ("neet_2001_05", 0.287)):
        declared = project.outcomes[outcome]
        values = rows.loc[rows["indicator"] == declared.indicator, "value"]
        counted = values[values.isin((*declared.positive, *declared.negative))]
        assert counted.isin(declared.positive).mean() == pytest.approx(rate, abs=0.003)


@pytest.mark.requirement("R-14")
def test_predictors_are_known_before_anybody_is_assessed_and_outcomes_after(project: Project, realdata: Path) -> None:
    sources = project.catalogue.sources
    interviews = rows_of(project, sources["interviews"], realdata)
    anchors = interviews[interviews["indicator"] == "first_interview"].set_index("person")["happened_on"]
    as_of = anchors + pd.Timedelta(days=project.stages["baseline"].as_of.offset_days or 0)
    for name in ("school_answers", "family_answers", "aptitude"):
        rows = rows_of(project, sources[name], realdata)
        late = rows["known_on"].to_numpy() > as_of.loc[rows["person"]].to_numpy()
        assert late.mean() < 0.002, name
    outcomes = rows_of(project, sources["outcomes"], realdata)
    days_later = outcomes["happened_on"].to_numpy() - as_of.loc[outcomes["person"]].to_numpy()
    for outcome in (project.outcomes["no_diploma"], project.outcomes["neet_2plus"]):
        chosen = days_later[(outcomes["indicator"] == outcome.indicator).to_numpy()]
        assert chosen.min() > pd.Timedelta(0)
        assert chosen.max() <= pd.Timedelta(days=outcome.horizon_days)


@pytest.mark.requirement("R-14")
def test_nobody_had_told_of_a_year_before_it_was_over(project: Project, realdata: Path) -> None:
    rows = rows_of(project, project.catalogue.sources["work_history"], realdata)
    assert (rows["known_on"] > rows["happened_on"]).all()
    of_2000 = rows[rows["happened_on"] == pd.Timestamp("2000-12-31")]
    assert len(of_2000) > 0
    assert (of_2000["known_on"] > pd.Timestamp("2000-12-31")).all()


def test_no_predictor_is_read_from_a_lifetime_column(project: Project, realdata: Path) -> None:
    for source in project.catalogue.sources.values():
        assert source.query is not None
        text = (project.root / source.query).read_text(encoding="utf-8").lower()
        code = "\n".join(line.split("--")[0] for line in text.splitlines())
        assert source.name == "outcomes" or not any(column in code for column in LIFETIME), source.name
