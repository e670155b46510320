"""Switches of the catalogue: what is on, what turns it on, and what no switch turns on (R-04)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from features.declarations.catalogue import Catalogue, Indicator, Sector, SectorFile, Use
from features.declarations.project import load_project

LABEL = {"nb": "x", "nn": "x", "en": "x"}
OTHERS = [sector for sector in Sector if sector is not Sector.EDUCATION]


def an_indicator(**more: object) -> dict[str, object]:
    return {"code": "some_thing", "kind": "count", "use": "predictor", "label": LABEL, "features": ["count@ever"], **more}


def a_sector(sector: Sector, *indicators: dict[str, object], **more: object) -> SectorFile:
    return SectorFile.model_validate({"sector": sector, "indicator": list(indicators), **more})


def on(*files: SectorFile) -> set[str]:
    return set(Catalogue(files).indicators)


@pytest.mark.requirement("R-04")
def test_education_is_on_unless_it_is_switched_off() -> None:
    assert on(a_sector(Sector.EDUCATION, an_indicator())) == {"some_thing"}
    assert on(a_sector(Sector.EDUCATION, an_indicator(), enabled=False)) == set()


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("sector", OTHERS)
def test_another_sector_is_off_until_it_is_switched_on_with_a_basis(sector: Sector) -> None:
    source = {"name": "extract", "layout": "events", "files": ["a.csv"]}
    assert on(a_sector(sector, an_indicator())) == set()
    assert on(a_sector(sector, an_indicator(), legal_basis="a statute")) == set()
    assert not Catalogue((a_sector(sector, source=[source], legal_basis="a statute"),)).sources
    with pytest.raises(ValidationError, match="without a `legal_basis`"):
        a_sector(sector, an_indicator(), enabled=True)
    assert on(a_sector(sector, an_indicator(), enabled=True, legal_basis="a statute")) == {"some_thing"}


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("sector", Sector)
def test_a_starred_indicator_is_off_in_every_sector_until_its_own_basis_is_recorded(sector: Sector) -> None:
    switched_on = {"enabled": True, "legal_basis": "a statute for the sector"}
    starred = an_indicator(needs_legal_basis=True, needs_consent=True)
    catalogue = Catalogue((a_sector(sector, starred, **switched_on),))
    assert not catalogue.indicators
    assert not catalogue.feature_specs()
    assert set(catalogue.declared) == {"some_thing"}
    assert on(a_sector(sector, starred | {"legal_basis": "a statute for this"}, **switched_on)) == {"some_thing"}


@pytest.mark.requirement("R-04")
@pytest.mark.parametrize("blank", ["", "  \n"])
def test_a_blank_legal_basis_is_none(blank: str) -> None:
    source = {"name": "extract", "layout": "events", "files": ["a.csv"], "legal_basis": blank}
    with pytest.raises(ValidationError, match="it is empty"):
        a_sector(Sector.HEALTH, an_indicator(), enabled=True, legal_basis=blank)
    with pytest.raises(ValidationError, match="it is empty"):
        a_sector(Sector.EDUCATION, an_indicator(needs_legal_basis=True, legal_basis=blank))
    with pytest.raises(ValidationError, match="it is empty"):
        a_sector(Sector.EDUCATION, source=[source])


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_wording_is_blank_in_no_language(language: str) -> None:
    with pytest.raises(ValidationError, match="it is empty"):
        a_sector(Sector.EDUCATION, an_indicator(label=LABEL | {language: " "}))


@pytest.mark.parametrize(
    "more", [{"use": "never"}, {"ingested": False}, {"derived_from": ["other_thing"]}], ids=["never", "looked up", "derived"]
)
def test_what_is_never_delivered_is_declared_and_off_whatever_its_basis(more: dict[str, object]) -> None:
    row = an_indicator(legal_basis="a statute", features=[], **{"use": "predictor"} | more)
    assert on(a_sector(Sector.EDUCATION, row)) == set()
    with pytest.raises(ValidationError, match="makes no features"):
        Indicator.model_validate(row | {"features": ["last"]})


def test_what_is_derived_or_looked_up_can_not_be_loaded_by_naming_it_in_a_source(tmp_path: Path) -> None:
    from features.check import check_project
    from tests.support.projects import KEYS, NOW, tiny_project

    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "labour.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("confidential = true", "ingested = false"), encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace('features = ["last", "sum@3y"]', ""), encoding="utf-8")
    failed = {f.code: str(f.evidence["problem"]) for f in check_project(load_project(root), environ=KEYS, now=NOW) if f.is_failed}
    assert "source income gives nav_low_income_hh" in failed["C-04"]


@pytest.mark.parametrize(
    ("change", "says"),
    [({"derived_from": ["edu_unknown"]}, "derived from edu_unknown"), ({"owner": "nobody"}, "its owner nobody is no service")],
)
def test_what_an_indicator_refers_to_has_to_exist(tmp_path: Path, change: dict[str, object], says: str) -> None:
    from features.errors import ProjectError
    from tests.support.projects import tiny_project

    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "education.toml"
    ((key, value),) = change.items()
    line = f'code = "edu_quit"\n{key} = ' + (str(value) if isinstance(value, list) else f'"{value}"')
    path.write_text(path.read_text(encoding="utf-8").replace('code = "edu_quit"', line, 1), encoding="utf-8")
    with pytest.raises(ProjectError, match=says):
        load_project(root)


def test_only_uses_that_may_make_features_do() -> None:
    for use in (Use.AUDIT, Use.SUPPRESSOR, Use.LABEL, Use.NEVER):
        with pytest.raises(ValidationError, match="makes no features"):
            Indicator.model_validate(an_indicator(use=use))


def test_levels_have_words_all_of_them_or_none() -> None:
    words = {"nb": "Gutt", "nn": "Gut", "en": "Boy"}
    kinds = {"code": "aud_kind", "kind": "category", "use": "audit", "features": [], "levels": ["boy", "girl"]}
    with pytest.raises(ValidationError, match="each of `levels`"):
        Indicator.model_validate(an_indicator(**kinds, level_labels={"boy": words}))
    with pytest.raises(ValidationError, match="each of `levels`"):
        Indicator.model_validate(an_indicator(**kinds, level_labels={"boy": words, "girl": words, "other": words}))
    assert Indicator.model_validate(an_indicator(**kinds, level_labels={"boy": words, "girl": words})).level_labels["boy"].en == "Boy"
