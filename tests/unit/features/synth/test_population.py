"""A whole small population on disk, against the project that declares it."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import ProjectError
from features.synth.commands import app
from features.synth.generate import Settings
from features.synth.places import LOCAL
from features.synth.plants import PLANTS
from features.synth.project_data import write_population
from features.synth.registers import EVENT_FILES, SPELL_FILES

EXAMPLES = Path(__file__).parents[4] / "examples"
UNTIL = date(2026, 11, 1)
COMMA = ("points.csv", "economy.csv")
SPELLS = {file.name: file for file in SPELL_FILES}
WITHOUT_ROWS = {"README.md", *(file.metadata_name for file in SPELL_FILES)}
WITHOUT_EVENTS = {"persons.csv", "consents.csv", "truth/truth.parquet", *SPELLS}


def make_project(folder: Path, *, seed: int = 5, people: int = 3_000, plants: frozenset[str] = frozenset()) -> Path:
    shutil.copytree(EXAMPLES / "norway", folder)
    write_population(load_project(folder), Settings(people, UNTIL, plants), seed)
    return folder


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("synth") / "norway")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The same population with one thing planted; made once for each name."""
    folder = tmp_path_factory.mktemp("planted")

    @cache
    def make(name: str) -> Path:
        return make_project(folder / name, plants=frozenset({name}))

    return make


def read(project: Path, name: str) -> pd.DataFrame:
    path = project / "data" / name
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    if name in SPELLS:
        dates = ["start", "stop"]
        rows = pd.read_csv(path, sep=";", header=None, names=["unit_id", "value", *dates, "attributes"], parse_dates=dates)
        return rows.assign(person=rows["unit_id"], synthetic=rows["attributes"] == "synthetic=true")
    separator = "," if name == "national_tests.csv" else ";"
    return pd.read_csv(path, sep=separator, decimal="," if name in COMMA else ".", dtype={"record": str})


def declared_files(project: Path) -> dict[str, str]:
    catalogue = load_project(project).catalogue
    return {file.removeprefix("data/"): name for name, source in catalogue.sources.items() for file in source.files}


def written_files(project: Path) -> set[str]:
    """Files with rows."""
    found = {path.relative_to(project / "data").as_posix() for path in (project / "data").rglob("*") if path.is_file()}
    assert found >= WITHOUT_ROWS
    return found - WITHOUT_ROWS


def digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((folder / "data").rglob("*")) if path.is_file()}


def test_every_declared_file_is_written_and_only_the_truth_is_undeclared(project: Path) -> None:
    assert written_files(project) - set(declared_files(project)) == {"truth/truth.parquet"}
    assert set(declared_files(project)) <= written_files(project)


def test_columns_are_those_of_the_declared_layout(project: Path) -> None:
    sources = load_project(project).catalogue.sources
    for file, name in declared_files(project).items():
        source, columns = sources[name], set(read(project, file).columns)
        expected = {source.id_column, "synthetic"}
        if source.layout == "spells":
            expected |= {"unit_id", "value", "start", "stop", "attributes"}
        elif source.layout == "consents":
            expected |= {"scope", "purpose", "valid_from", "valid_to", "withdrawn_on", "signed_by", "age_rule", "language"}
        elif source.layout == "persons":
            expected |= {"born_on", "address_protection", "household"}
        else:
            expected |= {source.happened_column, source.known_column}
        expected |= {source.indicator_column, source.value_column} if source.layout == "events" else set(source.columns)
        expected |= {source.record_column} if source.record_column else set()
        assert columns == expected, file


def test_every_indicator_of_the_catalogue_has_records_from_a_file_of_its_sector(project: Path) -> None:
    catalogue = load_project(project).catalogue
    seen = set()
    for file, name in declared_files(project).items():
        source = catalogue.sources[name]
        codes = set(source.columns.values()) if source.layout == "snapshots" else {source.indicator} - {None}
        if source.layout == "events":
            codes = set(read(project, file)["indicator"])
        assert all(catalogue.sector_of(code) is catalogue.sector_of(name) for code in codes)
        seen |= codes
    assert seen == set(catalogue.indicators)


def test_every_value_keeps_the_contract_of_its_indicator(project: Path) -> None:
    indicators = load_project(project).catalogue.indicators
    for file in EVENT_FILES:
        frame = read(project, file.name)
        for code, rows in frame.groupby("indicator"):
            faults = {indicators[str(code)].contract.find_fault(value) for value in rows["value"].unique().tolist()}
            assert faults == {None}, (code, faults)
    for name, spells in SPELLS.items():
        contract = indicators[spells.indicator].contract
        assert {contract.find_fault(value) for value in read(project, name)["value"].unique().tolist()} == {None}


def test_records_lie_within_the_declared_ages_give_or_take_a_year(project: Path) -> None:
    """A register's year is not a birthday: yearly figures of a calendar year and grants in the school year may lie just outside."""
    indicators = load_project(project).catalogue.indicators
    born = read(project, "persons.csv").set_index("person")["born_on"].pipe(pd.to_datetime)
    for file in EVENT_FILES:
        frame = read(project, file.name)
        age = (pd.to_datetime(frame["happened_on"]) - born.loc[frame["person"]].to_numpy()).dt.days / 365.25
        for code, ages in age.groupby(frame["indicator"]):
            low, high = indicators[str(code)].ages
            assert low - 1 <= ages.min(), code
            assert ages.max() < high + 2, code


def test_every_declared_level_occurs_and_no_other(project: Path) -> None:
    indicators = load_project(project).catalogue.indicators
    seen: dict[str, set[str]] = {}
    for file in EVENT_FILES:
        frame = read(project, file.name)
        seen |= {str(code): {str(value) for value in rows.unique()} for code, rows in frame["value"].groupby(frame["indicator"])}
    declared = {code: set(indicator.levels) for code, indicator in indicators.items() if indicator.levels}
    assert len(declared) >= 9
    assert {code: seen[code] for code in declared} == declared


@pytest.mark.requirement("R-33")
def test_every_row_of_every_file_says_that_it_is_synthetic(project: Path) -> None:
    for file in written_files(project):
        frame = read(project, file)
        assert len(frame) > 0
        assert frame["synthetic"].all(), file
        assert frame["person"].str.startswith("SYN-").all(), file


@pytest.mark.requirement("R-33")
def test_invented_people_are_never_written_into_another_kind_of_project(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "nlsy97", tmp_path / "public")
    with pytest.raises(ProjectError, match="synthetic") as refused:
        write_population(load_project(tmp_path / "public"), Settings(2_000, UNTIL), 1)
    assert refused.value.code == "TID110"
    assert not (tmp_path / "public" / "data").exists()


def test_nothing_happens_or_is_known_after_the_last_day_nor_before_it_happens(project: Path) -> None:
    for file in written_files(project) - WITHOUT_EVENTS:
        frame = read(project, file)
        happened, known = pd.to_datetime(frame["happened_on"]), pd.to_datetime(frame["known_on"])
        assert known.max() <= pd.Timestamp(UNTIL), file
        assert (known >= happened).all(), file


@pytest.mark.requirement("R-23")
def test_consents_are_for_the_indicators_that_need_one_and_end_within_a_year_or_on_withdrawal(project: Path) -> None:
    consents = read(project, "consents.csv")
    needed = {code for code, indicator in load_project(project).catalogue.indicators.items() if indicator.needs_consent}
    assert set(consents["scope"]) == needed
    assert not consents.duplicated(["person", "scope", "purpose"]).any()
    start, stop, withdrawn = (pd.to_datetime(consents[name]) for name in ("valid_from", "valid_to", "withdrawn_on"))
    assert (start <= pd.Timestamp(UNTIL)).all()
    assert ((stop - start).dt.days == 364).all()
    assert 0.02 < withdrawn.notna().mean() < 0.1
    assert ((withdrawn >= start) & (withdrawn <= pd.Timestamp(UNTIL)))[withdrawn.notna()].all()


def test_nothing_happens_before_birth(project: Path) -> None:
    born = read(project, "persons.csv").set_index("person")["born_on"].pipe(pd.to_datetime)
    for file in EVENT_FILES:
        frame = read(project, file.name)
        assert (pd.to_datetime(frame["happened_on"]).to_numpy() >= born.loc[frame["person"]].to_numpy()).all(), file.name


def test_a_person_has_one_status_after_leaving_grade_ten(project: Path) -> None:
    status = read(project, "completion.parquet")
    assert status["person"].is_unique
    assert set(status["value"]) <= {1, 2, 3, 4, 5, 6, 8, 9}


def test_some_records_are_late_corrected_or_missing(project: Path) -> None:
    attendance, tests = read(project, "attendance.parquet"), read(project, "national_tests.csv")
    lag = (pd.to_datetime(attendance["known_on"]) - pd.to_datetime(attendance["happened_on"])).dt.days
    assert 0.005 < (lag > 30).mean() < 0.1
    assert 0.005 < attendance.duplicated(["person", "indicator", "record"]).mean() < 0.03
    assert 0.01 < tests[["reading", "maths", "english"]].isna().mean().mean() < 0.1


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(project: Path, tmp_path: Path) -> None:
    assert digest(make_project(tmp_path / "again")) == digest(project)
    assert digest(make_project(tmp_path / "other", seed=6)) != digest(project)


def test_a_new_population_replaces_the_old_one_and_leaves_no_half_files(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "twice", people=3_000)
    write_population(load_project(folder), Settings(2_000, UNTIL), 5)
    assert len(read(folder, "persons.csv")) == 2_000
    assert not (folder / "data.part").exists()


def test_spells_never_overlap_and_end_no_later_than_is_known(project: Path) -> None:
    for name, spells in SPELLS.items():
        rows = read(project, name).sort_values(["unit_id", "start"])
        before = rows.groupby("unit_id")["stop"].shift()
        has_before = rows["unit_id"].duplicated()
        assert before[has_before].notna().all(), name
        assert (rows["start"][has_before] > before[has_before]).all(), name
        assert (rows["stop"].dropna() < pd.Timestamp(UNTIL)).all(), name
        assert rows["stop"].notna().all() == (spells.temporality == "ACCUMULATED"), name


@pytest.mark.requirement("R-33")
def test_the_folder_says_what_it_is(project: Path) -> None:
    text = (project / "data" / "README.md").read_text(encoding="utf-8")
    assert all(word in text for word in ("SYNTHETIC", "SYN-", "R-33"))


def test_what_is_off_is_not_delivered(tmp_path: Path) -> None:
    folder = tmp_path / "norway"
    shutil.copytree(EXAMPLES / "norway", folder)
    family = folder / "indicators" / "family.toml"
    kept = "\n".join(
        line for line in family.read_text(encoding="utf-8").splitlines() if 'legal_basis = "FIKTIV: barnevernsloven' not in line
    )
    family.write_text(kept, encoding="utf-8")
    written = write_population(load_project(folder), Settings(1_500, UNTIL), 5)
    assert "cws_support_measure.csv" not in written.rows
    assert "child_welfare.parquet" not in written.rows
    assert "household.csv" in written.rows


CHANGED = {
    "drift_absence_2026": {"attendance.parquet"},
    "drift_notifications_2025": {"child_welfare.parquet"},
    "unfair_absence_immigrant": {"attendance.parquet"},
    "unfair_labels_norwegian_born": {"completion.parquet"},
    "leak_school_changes": {"school_life.parquet"},
}
"""Files that a plant changes; an effect changes the course of lives, and so most of them."""


@pytest.mark.parametrize("name", sorted(CHANGED))
def test_a_plant_changes_what_it_says_and_not_a_byte_elsewhere(name: str, project: Path, planted: Callable[[str], Path]) -> None:
    before, after = digest(project), digest(planted(name))
    assert {file for file in before if before[file] != after[file]} == CHANGED[name]


def test_every_plant_is_tried(project: Path) -> None:
    assert set(CHANGED) == {name for name, plant in PLANTS.items() if plant.change is not None}


def test_planted_drift_moves_days_of_absence_from_january_2026_on(project: Path, planted: Callable[[str], Path]) -> None:
    before, after = (read(folder, "attendance.parquet") for folder in (project, planted("drift_absence_2026")))

    def days(frame: pd.DataFrame, *, late: bool) -> float:
        recent = (pd.to_datetime(frame["happened_on"]) >= pd.Timestamp("2026-01-01")) == late
        return float(frame.loc[recent & (frame["indicator"] == "edu_absence_days"), "value"].sum())

    assert days(after, late=True) / days(before, late=True) == pytest.approx(1.45, abs=0.08)
    assert days(after, late=False) == days(before, late=False)


def test_planted_unfairness_hits_one_group(project: Path, planted: Callable[[str], Path]) -> None:
    audit = read(project, "audit.parquet")
    category = audit[audit["indicator"] == "int_category"].set_index("person")["value"]
    unfair = planted("unfair_absence_immigrant")
    before, after = (read(folder, "attendance.parquet")["person"].map(category).value_counts() for folder in (project, unfair))
    left = after / before
    assert left["immigrant"] == pytest.approx(0.55, abs=0.03)
    assert left["other"] == left["norwegian_born"] == 1.0


def test_a_planted_leak_tells_the_outcome_by_itself(planted: Callable[[str], Path]) -> None:
    leaking = planted("leak_school_changes")
    status = read(leaking, "completion.parquet").set_index("person")["value"]
    life = read(leaking, "school_life.parquet")
    changes = life[(life["indicator"] == "edu_school_changes")].groupby("person").size().reindex(status.index, fill_value=0)
    assert (changes[status.isin([4, 6, 9])] > 0).mean() > 0.8 > 0.4 > (changes[status.isin([1, 2, 5])] > 0).mean()


def test_the_command_writes_the_population_and_says_so_to_a_machine(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES / "norway", tmp_path / "norway")
    result = CliRunner().invoke(app, ["--people", "1200", "--seed", "3", "--project", str(tmp_path / "norway"), "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["people"], said["synthetic"]) == (1_200, True)
    assert said["rows"]["persons.csv"] == 1_200


def test_the_places_of_the_generator_are_those_of_the_project(project: Path) -> None:
    screening = load_project(project).screening
    assert [m.number for m in screening.municipality] == [str(place.number) for place in LOCAL]
    assert [m.name for m in screening.municipality] == [place.name for place in LOCAL]
