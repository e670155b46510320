"""Who is compared with whom, from files on disk: municipalities of the day, and none of anybody whose address is protected."""

import csv
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from features.scored import read_scored
from features.tables import build_stage_table
from models.bundle import Bundle
from monitoring.drift.samples import read_samples
from tests.support.monitored import AS_OF, crowd, fit_bundle, screen
from tests.support.projects import KEYS, NOW, tiny_project, write_csv

TIMES = 4
N_SHIELDED_NOW, N_SHIELDED_BEFORE = 6, 9


def shield(root: Path) -> None:
    """Protect the addresses of some who are screened now, and of some who were before; all of them live in Storvik."""
    path = root / "data" / "persons.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{name: value for name, value in row.items() if name != "synthetic"} for row in csv.DictReader(file)]
    storvik = [row for row in rows if int(row["person"][-3:]) % 2 == 0]
    now = [row for row in storvik if int(row["person"][-3:]) % 60 >= 50][:N_SHIELDED_NOW]
    before = [row for row in storvik if int(row["person"][-3:]) % 60 < 50][:N_SHIELDED_BEFORE]
    for row in rows:
        row["address_protection"] = "fortrolig" if row in now or row in before else "ugradert"
    write_csv(path, rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Bundle]:
    root = tiny_project(tmp_path_factory.mktemp("samples"))
    crowd(root, times=TIMES)
    shield(root)
    project = load_project(root)
    ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    bundle = fit_bundle(project)
    screen(project, bundle, AS_OF)
    return project, bundle


def samples_of(project: Project, bundle: Bundle):
    scored = read_scored(project)
    return read_samples(project, bundle, project.stages["grade_10"], scored, horizon_days=2200, on=NOW.date(), progress=Silent())


@pytest.mark.requirement("R-08")
def test_nobody_with_a_protected_address_is_in_a_municipality(made):
    project, bundle = made
    samples = samples_of(project, bundle)
    assert {name: len(one.rows) for name, one in samples.by_place.items()} == {
        "Litlevik": 5 * TIMES,
        "Storvik": 5 * TIMES - N_SHIELDED_NOW,
    }
    assert len(samples.current.rows) == 10 * TIMES - N_SHIELDED_NOW
    before = {name: len(one.rows) for name, one in samples.own_reference.items()}
    assert before == {"Litlevik": 25 * TIMES, "Storvik": 25 * TIMES - N_SHIELDED_BEFORE}
    assert len(samples.reference.rows) == 50 * TIMES


def test_rows_and_places_belong_together(made):
    """Litlevik's newest have no grades, and nobody else lacks them."""
    project, bundle = made
    samples = samples_of(project, bundle)
    grade = bundle.feature_names.index("edu_grade_mean.last@ever")
    assert np.isnan(samples.by_place["Litlevik"].rows[:, grade]).all()
    for sample in (samples.by_place["Storvik"], samples.own_reference["Litlevik"], samples.own_reference["Storvik"]):
        assert not np.isnan(sample.rows[:, grade]).any()
    scores = bundle.score(samples.own_reference["Storvik"].rows).probability
    assert samples.own_reference["Storvik"].scores == pytest.approx(scores)


def test_what_sectors_add_is_what_the_model_says_of_each_row(made):
    project, bundle = made
    samples = samples_of(project, bundle)
    for sample in (samples.current, samples.reference, samples.by_place["Litlevik"], samples.own_reference["Litlevik"]):
        explained = bundle.explain(sample.rows)
        assert set(sample.contributions) == {"education", "labour"}
        assert sum(sample.contributions.values()) == pytest.approx(explained.phi.sum(axis=1))


def test_the_reference_says_what_it_is_made_of(made):
    project, bundle = made
    facts = samples_of(project, bundle).facts
    assert (facts.seasonal, facts.learnt, facts.n_people) == (True, True, 50 * TIMES)
    assert facts.as_of == tuple(date(year, 6, 15) for year in range(2016, 2021))
    late = replace(bundle, provenance=replace(bundle.provenance, trained_at=NOW.replace(year=2023)))
    assert samples_of(project, late).facts.learnt is False


def test_a_project_without_municipalities_has_one_sample(made):
    project, bundle = made
    screening = project.screening.model_copy(update={"municipality_indicator": None, "municipality": ()})
    scored = read_scored(project).assign(municipality=None)
    without = replace(project, screening=screening)
    samples = read_samples(without, bundle, project.stages["grade_10"], scored, horizon_days=2200, on=NOW.date(), progress=Silent())
    assert (samples.by_place, samples.own_reference) == ({}, {})


def test_the_same_people_come_in_the_same_order_each_time(made):
    project, bundle = made
    arrays = [array.tobytes() for array in samples_of(project, bundle).arrays()]
    assert arrays == [array.tobytes() for array in samples_of(project, bundle).arrays()]
    build_stage_table(project, "train", project.stages["grade_10"], on=NOW.date())
    assert arrays == [array.tobytes() for array in samples_of(project, bundle).arrays()]
