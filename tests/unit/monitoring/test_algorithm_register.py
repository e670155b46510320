"""The register's entry fits the standard as it was transcribed, and what does not fit is refused."""

from copy import deepcopy
from datetime import date

import pytest

from features.errors import DataError
from monitoring.public.register import ENUMS, OPTIONAL, REQUIRED, TO_VERIFY, build_registration, check_registration

LABEL = {"nb": "Fravær", "nn": "Fråvær", "en": "Absence"}
PURPOSE = {"legal_basis": "FIKTIV § 1", "controller": "FIKTIV kommune", "valid_to": "2030-12-31"}
PUBLIC = {
    "synthetic": True,
    "project": "tiny",
    "controller": "FIKTIV: Tindevik kommune",
    "contact": "personvern@example.no",
    "purposes": {"train": PURPOSE, "score": PURPOSE, "audit": {**PURPOSE, "valid_to": "2027-01-31"}},
    "municipalities": [{"name": "Tindevik", "capacity": 4}, {"name": "Furusund", "capacity": 2}],
}
FIGURE = {"point": 0.4, "low": 0.3, "high": 0.5, "verdict": "measured"}
TOO_SMALL = {"point": None, "low": None, "high": None, "verdict": "too small"}
MODEL = {
    "model": "tiny-not_completed-grade_10",
    "outcome": {"nb": "Ikke fullført", "nn": "Ikkje fullført", "en": "Not completed"},
    "stage": {"nb": "10. trinn", "nn": "10. trinn", "en": "Spring of grade 10"},
    "rung": "boosted",
    "thresholds": {"worth_a_look": 0.2, "should_be_assessed": 0.4},
    "data": [{"sector": "education", "indicators": [LABEL]}],
    "newest": {"month": "2026-06", "matured": None, "expected": {"ppv": FIGURE}},
}
DAYS = {"published_on": date(2026, 7, 1), "changed_on": date(2026, 8, 1)}


def entry(model=MODEL, public=PUBLIC):
    return build_registration(public, model, department="Oppvekst", **DAYS)


@pytest.mark.requirement("R-35")
def test_an_entry_has_every_required_attribute_and_no_other_than_the_standards():
    found = entry()
    check_registration(found)
    assert set(found) >= REQUIRED
    assert set(found) <= REQUIRED | OPTIONAL
    assert len(REQUIRED) == 29, "as many as the standard's file requires"
    assert found["standard_version"] == "0.3.1"
    assert found["status"] == "development", "invented people are no operation"
    assert found["area"] == "Tindevik, Furusund"
    assert "Absence" in found["source_data"]
    assert found["revision_date"] == "2027-01-31", "a purpose ends before a year has gone"
    assert found["performance"] == "Report of 2026-06: of those proposed, 40% (95% interval 30% to 50%) expected to have the outcome."


def test_what_the_project_does_not_declare_is_marked():
    found = entry()
    assert {name for name, text in found.items() if TO_VERIFY in text} == {"impact", "risks", "remark", "proportionality"}


def test_nothing_is_told_that_the_report_withholds():
    hidden = {**MODEL, "newest": {"month": "2026-06", "matured": {"ppv": TOO_SMALL}, "expected": {"ppv": TOO_SMALL}}}
    assert entry(hidden)["performance"] == "Report of 2026-06: too few people to be told."
    known = {**MODEL, "newest": {"month": "2026-06", "matured": {"ppv": FIGURE}, "expected": {"ppv": TOO_SMALL}}}
    assert "had the outcome" in entry(known)["performance"]
    assert entry({**MODEL, "newest": None})["performance"] == "No monthly report yet."


def test_words_of_a_project_that_look_like_a_template_are_left_as_they_are():
    odd = deepcopy(PUBLIC) | {"controller": "{contact} & {0}"}
    assert entry(public=odd)["organization"] == "{contact} & {0}"


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_a_required_attribute_that_is_gone_is_named(name):
    found = entry()
    del found[name]
    with pytest.raises(DataError, match=rf"TID499.*\b{name} is missing"):
        check_registration(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        *((name, "something else", "is none of") for name in ENUMS),
        ("contact_email", "nobody", "is no e-mail address"),
        ("website", "example.no", "is no address"),
        ("publication_date", "1 July", "is not of its form"),
        ("uuid", "1", "is not of its form"),
        ("goal", "  ", "is no text"),
        ("description_short", "x" * 151, "at most 150"),
        ("description", "too short", "expected 500 to 10000"),
        ("favourite_colour", "blue", "is no attribute"),
    ],
)
def test_what_the_standard_would_not_take_is_refused(name, value, said):
    with pytest.raises(DataError, match=rf"TID499.*{name}.*{said}"):
        check_registration({**entry(), name: value})
