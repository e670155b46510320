"""OULAD for tests: a lighter copy of the example that asks the same question, and one with a score that nobody could have known."""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from features.declarations.learning import DiagnosticSplit
from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from tests.support.ingesting import repeatable_bytes
from tests.support.projects import KEYS
from training.diagnosis import Diagnosis, diagnose, get_diagnostic
from training.registry.tracking import Tracking
from training.train import Training

EXAMPLE = Path(__file__).parents[2] / "examples" / "oulad"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SOURCES = frozenset({"enrolments", "anchors", "background", "coursework", "clicks", "protected", "protected_categories"})
"""Sources that the published analysis needs; the rest is half of the ingest's time."""

_DATED_SCORE = "SELECT enrolment, 'score' AS indicator"
_UNDATED_SCORE = """SELECT enrolment, 'score_undated' AS indicator, score::DOUBLE AS value, start AS happened_on, start AS known_on,
    id_assessment::VARCHAR AS record
  FROM own WHERE score IS NOT NULL QUALIFY row_number() OVER (PARTITION BY enrolment ORDER BY sub, id_assessment::VARCHAR) = 1
"""
_CLICKS_IN_ALL = """-- Clicks per day in all, of the first four weeks: half of them are still to come on the as-of date.
WITH d AS (
  SELECT id_student, code_module, code_presentation, date, sum(sum_click) AS clicks FROM studentVle WHERE date < 28 GROUP BY ALL
)
SELECT concat_ws('|', id_student, code_module, code_presentation) AS enrolment, 'clicks' AS indicator, clicks::DOUBLE AS value,
  CASE right(code_presentation, 1) WHEN 'B' THEN make_date(left(code_presentation, 4)::INT, 2, 1)
    ELSE make_date(left(code_presentation, 4)::INT, 10, 1) END + date::INT AS happened_on, happened_on AS known_on
FROM d
"""
_UNDATED_DECLARED = """
[[source]]
name = "coursework_undated"
layout = "events"
files = [
  "${TIDLIG_REALDATA}/oulad/studentRegistration.parquet",
  "${TIDLIG_REALDATA}/oulad/assessments.parquet",
  "${TIDLIG_REALDATA}/oulad/studentAssessment.parquet",
]
query = "queries/coursework_undated.sql"
id_column = "enrolment"
record_column = "record"

[[indicator]]
code = "score_undated"
kind = "amount"
use = "predictor"
label = { nb = "Poeng uten dato", nn = "Poeng utan dato", en = "Score without a date", draft = true }
features = ["first"]
"""


def copy_example(root: Path) -> Path:
    """Copy the example as it is, without what was made in it."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("var", "__pycache__"))
    return root


def light_example(root: Path) -> Path:
    """Copy the example with the sources of the published analysis only, and beside the dated score the same score without a date."""
    copy_example(root)
    keep_sources(root, lambda source: source["name"] in SOURCES)
    (root / "queries" / "coursework_undated.sql").write_text(undated_score(), encoding="utf-8")
    (root / "queries" / "clicks.sql").write_text(_CLICKS_IN_ALL, encoding="utf-8")
    with (root / "indicators" / "education.toml").open("a", encoding="utf-8") as file:
        file.write(_UNDATED_DECLARED)
    return root


def undated_score() -> str:
    """Give the example's query for the first score, known from the first day of the presentation: the published join."""
    coursework = (EXAMPLE / "queries" / "coursework.sql").read_text(encoding="utf-8")
    before, found, _ = coursework.partition(_DATED_SCORE)
    assert found, "examples/oulad/queries/coursework.sql no longer begins its result with the score; follow it here"
    return before + _UNDATED_SCORE


def keep_sources(root: Path, is_kept: Callable[[dict[str, str]], bool]) -> None:
    """Leave out the sources of the education sector that are not kept; indicators stay declared."""
    path = root / "indicators" / "education.toml"
    kept = [block for block in _tables(path) if "source" not in (table := tomllib.loads(block)) or is_kept(table["source"][0])]
    path.write_text("".join(kept), encoding="utf-8")


def _tables(path: Path) -> Iterator[str]:
    yield from re.split(r"(?m)^(?=\[\[)", path.read_text(encoding="utf-8"))


def ingest_light(root: Path, realdata: Path) -> Project:
    """Make and ingest the light copy; a copy that is there already is used again.

    Parameters
    ----------
    realdata
        The folder ``oulad`` with the seven tables.
    """
    if (root / "var" / "store" / "manifest.json").is_file():
        return load_project(root)
    project = load_project(light_example(root))
    environ = {"TIDLIG_REALDATA": str(realdata.parent)}
    report = ingest(
        project,
        keys=read_keys(project, environ=KEYS),
        environ=environ,
        now=NOW,
        progress=Silent(),
        token_bytes=repeatable_bytes(),
    )
    set_aside = {reason for source in report.sources for reason in source.quarantined}
    assert set_aside <= {"unknown_person"}, "only clicks of students who never registered are set aside"
    return project


def published_split(project: Project, *, dated: bool) -> DiagnosticSplit:
    """Return the declared split, or the same with the score that has no date: that one column is all that differs."""
    declared = get_diagnostic(project, "published_leak")
    if dated:
        return declared
    features = tuple("score_undated.first@ever" if name == "score.first@ever" else name for name in declared.features)
    return declared.model_copy(update={"features": features})


def diagnose_split(project: Project, declared: DiagnosticSplit) -> Diagnosis:
    """Measure a split; nothing is tracked, so the tracking's address is never opened."""
    training = Training(Tracking("unused:", None), NOW, "test", 1, Silent(), register=False)
    return diagnose(project, declared, training)
