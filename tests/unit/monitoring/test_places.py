"""What reports call the place where somebody lives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from features.declarations.project import load_project
from monitoring.places import OTHER_PLACES, name_places
from tests.support.projects import tiny_project


def test_declared_municipalities_have_names_and_all_others_are_one_group(tmp_path: Path) -> None:
    project = load_project(tiny_project(tmp_path / "p"))
    first = project.screening.municipality[0]
    numbers = pd.Series([first.number, "0301", None, "4601"])
    assert name_places(project, numbers).tolist() == [first.name, OTHER_PLACES, None, OTHER_PLACES]
    undeclared = replace(project, screening=project.screening.model_copy(update={"municipality": ()}))
    assert name_places(undeclared, numbers).tolist() == [first.number, "0301", None, "4601"]


def test_words_for_levels_are_no_part_of_what_a_model_was_trained_under(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    before = load_project(root).contract_hash
    audit = root / "indicators" / "audit.toml"
    words = '{ nb = "x", nn = "x", en = "x" }'
    levels = 'levels = ["girl", "boy"]'
    text = audit.read_text(encoding="utf-8")
    audit.write_text(text.replace(levels, f"{levels}\nlevel_labels.girl = {words}\nlevel_labels.boy = {words}"), encoding="utf-8")
    assert load_project(root).contract_hash == before
    audit.write_text(text.replace(levels, 'levels = ["girl", "boy", "other"]'), encoding="utf-8")
    assert load_project(root).contract_hash != before
