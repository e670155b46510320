"""The hard deny-list holds wherever a project can name something (R-03)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from features.declarations.catalogue import Indicator, Kind, Source, Use, Wording
from features.declarations.denylist import DENIED, find_denied
from features.declarations.project import load_project
from features.errors import ProjectError
from tests.support.projects import tiny_project

LABEL = {"nb": "x", "nn": "x", "en": "x"}

SPELLINGS = {
    "citizenship": ("citizenship", "Statsborgerskap", "nasjonalitet_far"),
    "country of origin": ("country_group", "Fødeland", "FØDESTED", "landbakgrunn", "birth place", "country-of-birth"),
    "religion": ("religion", "religiøs_tilhørighet", "livssyn"),
    "sexual orientation": ("sexual_orientation", "seksuell legning"),
    "diagnosis codes finer than a chapter": ("diagnose", "ICD-10", "icpc2_code"),
    "prescriptions": ("resept_atc", "medication", "Legemiddel", "atc_kode"),
    "crime": ("siktet", "straffbart", "CRIME", "criminal_charge", "kriminalitet"),
    "parents' health": ("parent_mh", "foreldre_sykdom", "mors_helse", "parents_illness"),
    "free text": ("fritekst", "free text", "journalnotat"),
    "social media": ("social_media", "sosiale medier"),
    "exact address": ("Gateadresse", "street", "coordinates", "koordinater"),
    "survey answers": ("survey_q1", "Elevundersøkelsen", "sdq_total", "spørreundersøkelse"),
}


def a_source(**more: object) -> dict[str, object]:
    return {"name": "extract", "layout": "snapshots", "files": ["a.csv"], "columns": {"a": "edu_a"}, **more}


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize(("what", "name"), [(what, name) for what, names in SPELLINGS.items() for name in names])
def test_a_denied_thing_is_known_by_its_english_and_norwegian_names(what: str, name: str) -> None:
    assert find_denied(name) == what


def test_every_rule_of_the_list_is_tried_and_ordinary_names_are_free() -> None:
    assert set(SPELLINGS) == set(DENIED)
    for name in ("fravær, hele dager", "edu_np_reading", "nav_parents_work", "hlt_gp_contacts", "karakter", "far_i_arbeid", "kommune"):
        assert find_denied(name) is None


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize("use", [use for use in Use if use is not Use.NEVER])
def test_a_denied_indicator_has_no_use_but_never(use: Use) -> None:
    row = {"code": "int_citizenship", "kind": "flag", "label": LABEL, "legal_basis": "a statute", "needs_consent": True}
    with pytest.raises(ValidationError, match="hard deny-list"):
        Indicator.model_validate(row | {"use": use})
    declared = Indicator.model_validate(row | {"use": Use.NEVER})
    assert not declared.is_on
    with pytest.raises(ValidationError, match="makes no features"):
        Indicator.model_validate(row | {"use": Use.NEVER, "features": ["last"]})


@pytest.mark.requirement("R-03")
def test_an_innocent_code_does_not_lift_the_list_for_what_registers_call_it() -> None:
    row = {"code": "edu_a", "kind": "flag", "use": "predictor", "label": LABEL, "source_variables": ["STATSBORGERSKAP"]}
    with pytest.raises(ValidationError, match="hard deny-list"):
        Indicator.model_validate(row)


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize(
    "place",
    [
        {"columns": {"fødeland": "edu_a"}},
        {"columns": {"a": "int_country_group"}},
        {"ignored": ["fødeland"]},
        {"value_column": "fødeland"},
        {"indicator_column": "fødeland"},
        {"id_column": "fødeland"},
        {"group_column": "fødeland"},
        {"household_column": "gateadresse"},
        {"happened_column": "siktet_dato"},
        {"known_column": "siktet_dato"},
        {"record_column": "resept_nr"},
        {"indicator": "int_citizenship"},
    ],
)
def test_no_place_of_a_source_takes_a_denied_name(place: dict[str, object]) -> None:
    Source.model_validate(a_source())
    with pytest.raises(ValidationError, match=r"hard deny-list.*No setting lifts this"):
        Source.model_validate(a_source(**place))


@pytest.mark.requirement("R-03")
def test_a_query_does_not_lift_the_list_by_a_new_name(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    path = root / "indicators" / "education.toml"
    text = path.read_text(encoding="utf-8").replace('files = ["data/school.csv"]', 'files = ["data/school.csv"]\nquery = "school.sql"')
    path.write_text(text, encoding="utf-8")
    query = root / "school.sql"
    query.write_text("SELECT person, indicator, value FROM school -- citizenship is left out\n", encoding="utf-8")
    load_project(root)
    query.write_text("SELECT person, 'edu_a' AS indicator, Landbakgrunn AS value FROM school", encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        load_project(root)
    assert caught.value.code == "TID121"
    assert "Landbakgrunn" in str(caught.value)


@pytest.mark.parametrize("code", ["cws_support_measure", "hjelpetiltak_barnevern", "benefit_fraud", "marginalisation_index"])
def test_what_services_did_or_a_composite_index_is_never_a_label(code: str) -> None:
    with pytest.raises(ValidationError, match="may not be a label"):
        Indicator(code=code, kind=Kind.FLAG, use=Use.LABEL, label=Wording(**LABEL))
