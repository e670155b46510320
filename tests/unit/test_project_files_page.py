"""The page on a project's files shows what can be written there, and its example holds."""

from __future__ import annotations

import tomllib

from docs.project_files import EXAMPLE, ROWS, project_files_page
from features.declarations.catalogue import Indicator, SectorFile, Source
from features.declarations.screening import Screening


def test_the_example_is_a_sector_file_and_its_rows_are_what_it_declares() -> None:
    sector = SectorFile.model_validate({"sector": "education"} | tomllib.loads(EXAMPLE))
    (indicator,), (source,) = sector.indicator, sector.source
    assert [feature.name for feature in indicator.feature_specs] == ["edu_homework_missed.sum@90d", "edu_homework_missed.count@school_year"]
    header, row = (line.split(";") for line in ROWS.splitlines())
    columns = [source.id_column, source.indicator_column, source.value_column, source.happened_column, source.known_column]
    assert header == [*columns, "synthetic"]
    assert row[1] == indicator.code
    assert indicator.contract.find_fault(float(row[2])) is None


def test_every_key_that_a_project_may_hold_stands_on_the_page() -> None:
    page = project_files_page()
    for model in (Screening, Indicator, Source):
        for name in model.model_fields:
            assert f"| `{name}` | " in page
    assert "### `[stage.as_of]`" in page
    assert '`"events"`, `"spells"`, `"snapshots"`, `"persons"`, `"consents"`' in page
