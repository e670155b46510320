"""The youth panel for tests: the example as it is, and one that takes columns of later years for predictors."""

from __future__ import annotations

import shutil
from pathlib import Path

from features.declarations.project import Project, load_project
from features.intake.load import ingest
from features.keys import read_keys
from features.progress import Silent
from tests.support.ingesting import repeatable_bytes
from tests.support.projects import KEYS, NOW

EXAMPLE = Path(__file__).parents[2] / "examples" / "nlsy97"

LIFETIME = {
    "edu_degree": "category",
    "date_fm": "level",
    "date_HS": "level",
    "date_AA": "level",
    "date_BA": "level",
    "date_MA": "level",
    "date_PHD": "level",
    "date_PROF": "level",
    "major_field": "category",
    "major_app": "category",
    "major_stem": "category",
    "major_apst": "category",
    "age_BA": "level",
    "flag_highest": "flag",
}
"""Columns of `person_year` that tell of later years, by the kind a careless declaration would give them."""

PROMISED = ("flag_date_fm", "flag_date_HS", "flag_date_AA", "flag_date_BA", "flag_date_MA", "flag_date_PHD", "flag_date_PROF")
"""Marks that are filled in only for people to whom it will happen: 0 until then."""

YEARLY = {"job_year_hour": "count", "job_n_unemp_outofLF": "count", "job_wage": "amount", "child_all": "count", "age": "level"}
"""Columns of `person_year` that are of their own year."""

ON_THE_FIRST_ROW = {"gender": "category", "race": "category", "asvab": "level", "bdate": "level"}
"""Columns that are the same on every row and may be: declared `fixed`, they are no leak."""


def copy_example(root: Path) -> Path:
    """Copy the example without what was made in it."""
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("var", "__pycache__"))
    return root


def ingest_example(root: Path, realdata: Path) -> Project:
    """Copy and ingest the example.

    Parameters
    ----------
    realdata
        The folder ``nlsy97``.
    """
    project = load_project(copy_example(root))
    report = ingest(
        project,
        keys=read_keys(project, environ=KEYS),
        environ={"TIDLIG_REALDATA": str(realdata.parent)},
        now=NOW,
        progress=Silent(),
        token_bytes=repeatable_bytes(),
    )
    assert not any(source.quarantined for source in report.sources), "the example reads every row of the panel"
    return project


def careless_example(root: Path, columns: dict[str, str], *, fixed: bool = False) -> Path:
    """Copy the example and declare columns of `person_year`, a row a year, as predictors.

    Parameters
    ----------
    columns
        Column -> kind.
    fixed
        Whether they are declared as what can't change by nature.
    """
    copy_example(root)
    listed = ", ".join(columns)
    (root / "queries" / "careless.sql").write_text(
        f"SELECT id::VARCHAR AS person, make_date(year, 12, 31) AS happened_on, make_date(year, 12, 31) AS known_on, {listed}\n"
        "FROM person_year WHERE bdate IS NOT NULL\n",
        encoding="utf-8",
    )
    given = ", ".join(f"{column} = 'careless_{column.lower()}'" for column in columns)
    text = 'sector = "education"\nlegal_basis = "public research data"\n'
    text += (
        '\n[[source]]\nname = "careless"\nlayout = "snapshots"\nquery = "queries/careless.sql"\n'
        f'files = ["${{TIDLIG_REALDATA}}/nlsy97/person_year.parquet"]\ncolumns = {{ {given} }}\n'
    )
    text += "".join(_indicator(column, kind, fixed=fixed) for column, kind in columns.items())
    (root / "indicators" / "careless.toml").write_text(text, encoding="utf-8")
    return root


def _indicator(column: str, kind: str, *, fixed: bool) -> str:
    lines = [f'code = "careless_{column.lower()}"', f'kind = "{kind}"', 'use = "predictor"', 'features = ["last"]']
    lines += ['levels = ["any"]'] if kind == "category" else []
    lines += ["fixed = true"] if fixed else []
    lines += [f'label = {{ nb = "{column}", nn = "{column}", en = "{column}", draft = true }}']
    return "\n[[indicator]]\n" + "\n".join(lines) + "\n"
