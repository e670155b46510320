"""What the generator writes follows the project's declarations; what it does not know is drawn from them."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import DataError
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from features.synth.commands import app
from features.synth.generate import Settings
from features.synth.project_data import write_population
from features.tables import build_stage_table
from tests.support.projects import KEYS

EXAMPLES = Path(__file__).parents[4] / "examples"
UNTIL = date(2026, 11, 1)
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LABEL = 'label = { nb = "X", nn = "X", en = "X", draft = true }'
HOMEWORK = f"""
[[indicator]]
code = "edu_homework_share"
kind = "amount"
use = "predictor"
low = 0.1
high = 0.7
ages = [8, 16]
{LABEL}
features = ["mean@1095d"]

[[indicator]]
code = "edu_transport"
kind = "category"
use = "predictor"
levels = ["buss", "til fots"]
ages = [6, 19]
{LABEL}
features = ["last"]
"""
SOURCE = """
[[source]]
name = "homework"
layout = "events"
files = ["data/drawn.parquet"]
"""
SIBLINGS = f"""
[[indicator]]
code = "aud_siblings"
kind = "count"
use = "audit"
high = 9
{LABEL}
"""


def norway(folder: Path, *, education: str = "", audit: str = "") -> Path:
    """A copy of the demo that declares more."""
    shutil.copytree(EXAMPLES / "norway", folder)
    for sector, text in (("education", education), ("audit", audit)):
        with (folder / "indicators" / f"{sector}.toml").open("a", encoding="utf-8") as file:
            file.write(text)
    return folder


def synth(folder: Path, people: int = 1_000) -> dict[str, bytes]:
    """Write a population; its files."""
    write_population(load_project(folder), Settings(people, UNTIL), 5)
    data = folder / "data"
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def edit(folder: Path, sector: str, old: str, new: str) -> None:
    path = folder / "indicators" / f"{sector}.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_an_indicator_just_declared_is_drawn_ingested_and_makes_features(tmp_path: Path) -> None:
    project = load_project(norway(tmp_path / "norway", education=HOMEWORK + SOURCE))
    write_population(project, Settings(2_000, UNTIL), 5)
    report = ingest(project, keys=read_keys(project, environ=KEYS), environ=KEYS, now=NOW, progress=Silent())
    (source,) = (source for source in report.sources if source.source == "homework")
    assert source.rows_read == source.rows_loaded > 2_000
    assert not source.quarantined
    _, table = build_stage_table(project, "train", project.stages["grade_10"], on=NOW.date())
    made = [name for name in table.names if name.startswith(("edu_homework_share", "edu_transport"))]
    assert len(made) == 3
    assert (~np.isnan(table.matrix()[:, [table.names.index(name) for name in made]])).any(axis=0).all()


def test_drawn_records_lie_within_the_declared_ages_and_are_known_some_days_later(tmp_path: Path) -> None:
    synth(norway(tmp_path / "norway", education=HOMEWORK))
    data = tmp_path / "norway" / "data"
    rows = pq.read_table(data / "drawn.parquet").to_pandas()
    born = pd.read_csv(data / "persons.csv", sep=";").set_index("person")["born_on"].pipe(pd.to_datetime)
    happened, known = pd.to_datetime(rows["happened_on"]), pd.to_datetime(rows["known_on"])
    age = (happened - born.loc[rows["person"]].to_numpy()).dt.days / 365.25
    for code, (low, high) in {"edu_homework_share": (8, 16), "edu_transport": (6, 19)}.items():
        assert low <= age[rows["indicator"] == code].min() < low + 1
        assert high <= age[rows["indicator"] == code].max() < high + 1
    assert (known - happened).dt.days.between(5, 2_000).all()
    assert known.max() <= pd.Timestamp(UNTIL)
    assert rows["synthetic"].all()
    assert not pd.DataFrame({"person": rows["person"], "code": rows["indicator"], "age": age // 1}).duplicated().any()


def test_another_indicator_changes_no_other_file_and_no_other_draw(tmp_path: Path) -> None:
    plain = synth(norway(tmp_path / "plain"))
    one = synth(norway(tmp_path / "one", audit=SIBLINGS))
    both = synth(norway(tmp_path / "both", audit=SIBLINGS, education=HOMEWORK))
    assert set(one) - set(plain) == {"drawn_audit.parquet"}
    assert set(both) - set(one) == {"drawn.parquet"}
    assert one["drawn_audit.parquet"] == both["drawn_audit.parquet"]
    assert {name for name in plain if plain[name] != both[name]} == {"README.md"}
    said = both["README.md"].decode().removeprefix(plain["README.md"].decode())
    assert all(
        word in said
        for word in ("drawn.parquet", "drawn_audit.parquet", "edu_transport", "aud_siblings", "at random", "related to nothing")
    )


def test_what_is_no_longer_declared_leaves_with_the_next_population(tmp_path: Path) -> None:
    folder = norway(tmp_path / "norway", education=HOMEWORK)
    assert "drawn.parquet" in synth(folder)
    shutil.copy(EXAMPLES / "norway" / "indicators" / "education.toml", folder / "indicators" / "education.toml")
    assert "drawn.parquet" not in synth(folder)


@pytest.mark.parametrize("source", ["", SOURCE])
def test_the_command_says_what_is_drawn_and_asks_for_a_source_where_there_is_none(tmp_path: Path, source: str) -> None:
    norway(tmp_path / "norway", education=HOMEWORK + source)
    result = CliRunner().invoke(app, ["--people", "1000", "--project", str(tmp_path / "norway")])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "edu_homework_share, edu_transport. Drawn at random from the declaration, related to nothing." in said
    assert ("Declare a [[source]]" in said) == (not source)


def test_levels_declared_in_another_order_keep_their_meaning(tmp_path: Path) -> None:
    plain = synth(norway(tmp_path / "plain"))
    folder = norway(tmp_path / "turned")
    edit(folder, "audit", 'levels = ["boy", "girl"]', 'levels = ["girl", "boy"]')
    assert synth(folder)["audit.parquet"] == plain["audit.parquet"]


@pytest.mark.parametrize(
    ("sector", "old", "new", "code"),
    [
        ("audit", 'levels = ["boy", "girl"]\nlevel_labels.boy = {', 'levels = ["man", "girl"]\nlevel_labels.man = {', "aud_sex"),
        ("audit", 'levels = ["1", "2", "3", "4", "5", "6"]', 'levels = ["1", "2", "3"]', "aud_centrality"),
        ("family", "low = 0\nhigh = 3", "low = 0\nhigh = 1", "fam_bti_level"),
        ("labour", 'unit = "percent"\nlow = 0\nhigh = 100', 'unit = "percent"\nlow = 0\nhigh = 40', "nav_disability"),
        ("education", "high = 100\nages = [10, 15]", "high = 40\nages = [10, 15]", "edu_np_reading"),
    ],
)
def test_a_contract_that_the_generator_breaks_stops_the_writing(tmp_path: Path, sector: str, old: str, new: str, code: str) -> None:
    folder = norway(tmp_path / "norway")
    edit(folder, sector, old, new)
    with pytest.raises(DataError, match=f"TID464: {code}: ") as refused:
        synth(folder)
    assert "contract" in refused.value.message
    assert not (folder / "data").exists()
