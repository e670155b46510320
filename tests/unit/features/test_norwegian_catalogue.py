"""The demo declares the whole catalogue: every row of the domain description, with the use that it may have."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.indicators import AGGREGATION_WORDS, PAGES, feature_words
from features.declarations.catalogue import Indicator, Sector, Use
from features.declarations.constraints import LANGUAGES, UNITS
from features.declarations.project import Project, load_project
from features.declarations.specs import AGGREGATIONS

EXAMPLE = Path(__file__).parents[3] / "examples" / "norway"

STARRED = {
    "edu_special_support", "edu_ppt_referral", "edu_sped_help_kindergarten", "edu_env_case",
    "hlt_checkups_missed", "hlt_school_nurse_contacts", "hlt_gp_contacts", "hlt_gp_psych", "hlt_bup_referral", "hlt_bup_active",
    "hlt_adult_mh", "hlt_dental_missed",
    "cws_notification", "cws_investigation", "cws_support_measure", "cws_care_measure", "cws_placements_n", "cws_aftercare",
    "cws_years_since_last",
    "nav_social_assist_hh", "nav_social_assist_own",
    "int_intro_programme", "int_norwegian_test", "int_norwegian_hours", "int_intro_class",
}  # fmt: skip
PREDICTORS = STARRED | {
    "edu_absence_days", "edu_absence_hours", "edu_absence_trend", "edu_np_reading", "edu_np_maths", "edu_np_english", "edu_grades_core",
    "edu_gsp", "edu_iv_count", "edu_kindergarten_attendance", "edu_school_changes", "edu_programme", "edu_choice_rank",
    "edu_status_change",
    "fam_both_parents", "fam_moves",
    "nav_low_income_hh", "nav_parents_work", "nav_registered_unemployed", "nav_measures", "nav_employment",
    "int_settlement_moves",
}  # fmt: skip
BY_USE = {
    Use.PREDICTOR: PREDICTORS,
    Use.BENCHMARK_ONLY: {"edu_iko_rules"},
    Use.CONTEXT: {"edu_grade", "fam_municipality", "edu_behaviour_order_marks", "hlt_habilitation", "hlt_acute", "int_unaccompanied"},
    Use.AUDIT: {
        "aud_sex", "aud_birth_year", "aud_parents_education", "aud_centrality", "aud_municipality", "aud_county", "aud_school",
        "aud_child_welfare_use", "aud_health_use", "int_category", "int_arrival_age", "int_residence_years", "int_parent_intro",
        "edu_language_support", "hlt_chronic", "nav_benefit_child",
    },
    Use.SUPPRESSOR: {"fam_bti_level", "nav_youth_guarantee", "ot_registered"},
    Use.LABEL: {"edu_vgo_status", "nav_status8", "nav_aap", "nav_disability", "mil_service"},
    Use.NEVER: {
        "edu_survey_bullying", "hlt_medication", "hlt_parent_mh_substance", "fam_recent_breakup", "fam_counselling", "fam_crisis_shelter",
        "nav_parent_disability", "int_country_group", "int_citizenship", "int_refugee_reason",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def norway() -> Project:
    return load_project(EXAMPLE)


@pytest.fixture(scope="module")
def declared(norway: Project) -> dict[str, Indicator]:
    return norway.catalogue.declared


@pytest.mark.parametrize("use", Use)
def test_every_row_of_the_domain_is_declared_with_its_use_and_no_other(declared: dict[str, Indicator], use: Use) -> None:
    assert {code for code, indicator in declared.items() if indicator.use is use} == BY_USE[use]


@pytest.mark.requirement("R-04")
def test_starred_indicators_need_their_own_basis_and_no_other_predictor_does(declared: dict[str, Indicator]) -> None:
    assert {code for code in PREDICTORS if declared[code].needs_legal_basis} == STARRED


@pytest.mark.requirement("R-23")
def test_a_few_health_indicators_rest_on_consent_so_that_the_mechanism_lives(declared: dict[str, Indicator]) -> None:
    consented = {code for code, indicator in declared.items() if indicator.needs_consent}
    assert consented == {"hlt_checkups_missed", "hlt_dental_missed", "hlt_adult_mh"}
    assert all("samtykke" in str(declared[code].legal_basis) for code in consented)


@pytest.mark.requirement("R-19")
def test_the_three_languages_are_complete_apart_and_drafts(declared: dict[str, Indicator]) -> None:
    for indicator in declared.values():
        assert indicator.meaning is not None, indicator.code
        for wording in (indicator.label, indicator.meaning):
            assert wording.draft
            texts = [getattr(wording, language).strip() for language in LANGUAGES]
            assert all(texts), indicator.code
            assert texts[2] not in texts[:2], indicator.code
        assert indicator.direction is None or indicator.direction_draft, indicator.code
        assert indicator.unit is None or indicator.unit in UNITS, indicator.code


def test_everything_a_model_may_use_belongs_to_a_service_and_says_where_it_is_recorded(norway: Project) -> None:
    services = {service.code: service for service in norway.services.service}
    for code in PREDICTORS | BY_USE[Use.SUPPRESSOR]:
        indicator = norway.catalogue.declared[code]
        assert indicator.owner in services, code
        assert indicator.registers or indicator.derived_from, code


def test_a_predictor_is_delivered_with_features_or_derived_and_nothing_is_about_a_third_party(norway: Project) -> None:
    for code in PREDICTORS:
        indicator = norway.catalogue.declared[code]
        assert bool(indicator.features) is not bool(indicator.derived_from), code
        assert all(norway.catalogue.declared[base].use is Use.PREDICTOR for base in indicator.derived_from), code
    third_parties = {"hlt_parent_mh_substance", "nav_parent_disability", "fam_recent_breakup", "fam_counselling", "fam_crisis_shelter"}
    assert third_parties <= BY_USE[Use.NEVER]


def test_what_is_looked_up_by_hand_is_not_loaded(norway: Project) -> None:
    looked_up = {"edu_behaviour_order_marks", "hlt_habilitation", "hlt_acute", "int_unaccompanied"}
    assert {code for code, indicator in norway.catalogue.declared.items() if not indicator.ingested} == looked_up
    assert not looked_up & set(norway.catalogue.indicators)


@pytest.mark.requirement("R-10")
def test_audit_attributes_stand_in_their_own_store_wherever_the_sector_keeps_them(norway: Project) -> None:
    for code, indicator in norway.catalogue.declared.items():
        assert (norway.catalogue.sector_of(code) is Sector.AUDIT) is (indicator.use is Use.AUDIT), code


def test_the_number_of_features_stays_where_a_person_can_still_explain_them(norway: Project) -> None:
    assert 90 <= len(norway.catalogue.feature_specs()) <= 130


def test_every_page_says_every_indicator_every_language_and_every_feature(norway: Project) -> None:
    index = PAGES["indicators/index.md"]()
    for file in norway.catalogue.sectors:
        page = PAGES[f"indicators/{file.sector.value}.md"]()
        for indicator in file.indicator:
            assert f"\n## {indicator.code}\n" in page
            assert f"#{indicator.code})" in index
            for language in LANGUAGES:
                assert indicator.contract.describe(language) in page
                assert getattr(indicator.label, language) in page
            for spec in indicator.feature_specs:
                assert f"| `{spec.name}` | {feature_words(spec)} |" in page


def test_pages_say_why_a_register_or_an_indicator_is_refused() -> None:
    health = PAGES["indicators/health.md"]()
    assert "NPR (refused as a source for scoring: kept for statistics and research; not for following up individuals [M])" in health
    assert "on the hard deny-list (prescriptions; R-03), which no setting lifts" in health
    assert "Barnevernsregisteret (refused as a source for scoring:" in PAGES["indicators/family.md"]()
    assert "GSI (refused as a source about persons: counts by school [M])" in PAGES["indicators/education.md"]()


def test_every_aggregation_has_its_words() -> None:
    assert set(AGGREGATION_WORDS) == set(AGGREGATIONS)
