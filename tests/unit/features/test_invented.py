"""A project about real people rests on nothing that says of itself that it is invented (R-02, R-33)."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.project import load_project
from features.errors import ProjectError
from tests.support.projects import make_real, tiny_project

PLACES = {
    "the controller of the project": ("screening.toml", 'controller = "A municipality"', 'controller = "FIKTIV: en kommune"'),
    "the legal basis of purpose train": ("screening.toml", 'legal_basis = "a statute"', 'legal_basis = "Fiktivt: en forskrift"'),
    "the legal basis of sector labour": ("indicators/labour.toml", 'legal_basis = "a statute"', 'legal_basis = "FIKTIV"'),
    "the legal basis of edu_quit": ("indicators/education.toml", 'code = "edu_quit"', 'code = "edu_quit"\nlegal_basis = "fictive"'),
    "the legal basis of source income": ("indicators/labour.toml", 'name = "income"', 'name = "income"\nlegal_basis = "FIKTIV"'),
}


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize("place", PLACES)
def test_an_invented_basis_keeps_a_real_project_from_being_read_and_is_named(tmp_path: Path, place: str) -> None:
    root = tiny_project(tmp_path / "p")
    make_real(root)
    assert load_project(root).screening.project.data == "real"
    file, old, new = PLACES[place]
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        load_project(root)
    assert caught.value.code == "TID124"
    assert f"invented (FIKTIV): {place}." in str(caught.value)


def test_the_demo_s_bases_are_met_again_when_its_drafts_are_approved(tmp_path: Path) -> None:
    import re
    import shutil

    root = tmp_path / "p"
    shutil.copytree(Path(__file__).parents[3] / "examples" / "norway", root)
    for path in root.rglob("*.toml"):
        approved = re.sub(r",? ?\bdraft = true|\ndirection_draft = true", "", path.read_text(encoding="utf-8"))
        path.write_text(approved.replace('data = "synthetic"', 'data = "real"'), encoding="utf-8")
        named = re.sub(r"(?m)^layout = ", 'registers = ["the service\'s own system"]\nlayout = ', path.read_text(encoding="utf-8"))
        path.write_text(named, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"TID124: .*the legal basis of sector .* and \d+ more"):
        load_project(root)
