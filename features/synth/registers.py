"""Which register delivers what, in which file and habit: the one table behind the written files and the project's declared sources.

Several systems, formats and habits, as a real deployment would have them: Parquet and CSV, point and comma, names and numbers, events,
snapshots and Statistics Norway's spells.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from features.synth import rates
from features.synth.integration import PROGRAMME_STATES, TEST_LEVELS

LEVELS: dict[str, tuple[str, ...]] = {
    "edu_programme": ("studieforberedende", "yrkesfag"),
    "int_intro_programme": PROGRAMME_STATES,
    "int_norwegian_test": TEST_LEVELS,
    "aud_sex": rates.SEX,
    "int_category": rates.IMMIGRATION,
    "aud_parents_education": rates.EDUCATION,
    "aud_child_welfare_use": ("no", "yes"),
    "aud_health_use": ("no", "yes"),
}
"""Delivered by name: the generator's value is a position here."""


@dataclass(frozen=True)
class EventFile:
    """A file in the `events` layout."""

    name: str
    indicators: tuple[str, ...]
    has_records: bool = False
    decimal_comma: bool = False
    as_text: bool = False
    """Names and numbers in one column."""


@dataclass(frozen=True)
class SpellFile:
    """A file in the `spells` layout: Statistics Norway's, without a header, with its metadata beside it."""

    indicator: str
    temporality: Literal["EVENT", "ACCUMULATED"]
    title: str

    @property
    def name(self) -> str:
        """The rows."""
        return f"{self.indicator}.csv"

    @property
    def metadata_name(self) -> str:
        """The metadata."""
        return f"{self.indicator}.json"


EVENT_FILES = (
    EventFile("enrolment.parquet", ("edu_grade",)),
    EventFile("attendance.parquet", ("edu_absence_days", "edu_absence_hours"), has_records=True),
    EventFile("marks.parquet", ("edu_grades_core", "edu_iv_count"), has_records=True),
    EventFile("points.csv", ("edu_gsp",), decimal_comma=True),
    EventFile(
        "school_life.parquet",
        (
            "edu_special_support",
            "edu_ppt_referral",
            "edu_school_changes",
            "edu_env_case",
            "edu_kindergarten_attendance",
            "edu_sped_help_kindergarten",
            "edu_choice_rank",
            "edu_status_change",
        ),
    ),
    EventFile("programme.csv", ("edu_programme",)),
    EventFile("completion.parquet", ("edu_vgo_status",)),
    EventFile("residence.csv", ("fam_municipality",)),
    EventFile("household.csv", ("fam_both_parents", "fam_moves")),
    EventFile("child_welfare.parquet", ("cws_notification", "cws_investigation", "cws_placements_n", "cws_aftercare")),
    EventFile("follow_up_logs.csv", ("fam_bti_level",), has_records=True),
    EventFile("follow_up_service.csv", ("ot_registered",)),
    EventFile("work.parquet", ("nav_employment", "nav_social_assist_own", "nav_youth_guarantee", "mil_service")),
    EventFile("labour_status.parquet", ("nav_status8",)),
    EventFile(
        "settlement.csv",
        ("int_settlement_moves", "int_intro_programme", "int_norwegian_test", "int_norwegian_hours", "int_intro_class"),
        as_text=True,
    ),
    EventFile(
        "health.parquet",
        (
            "hlt_gp_contacts",
            "hlt_gp_psych",
            "hlt_bup_referral",
            "hlt_bup_active",
            "hlt_adult_mh",
            "hlt_school_nurse_contacts",
            "hlt_checkups_missed",
            "hlt_dental_missed",
        ),
    ),
    EventFile(
        "audit.parquet",
        (
            "aud_sex",
            "aud_birth_year",
            "aud_parents_education",
            "int_category",
            "int_arrival_age",
            "int_residence_years",
            "int_parent_intro",
            "edu_language_support",
            "hlt_chronic",
            "nav_benefit_child",
            "aud_child_welfare_use",
            "aud_health_use",
            "aud_centrality",
            "aud_municipality",
            "aud_county",
            "aud_school",
        ),
        as_text=True,
    ),
)

SPELL_FILES = (
    SpellFile("cws_support_measure", "EVENT", "Hjelpetiltak, ett år om gangen"),
    SpellFile("cws_care_measure", "EVENT", "Omsorgstiltak, ett år om gangen"),
    SpellFile("nav_registered_unemployed", "ACCUMULATED", "Måneder som registrert arbeidssøker"),
    SpellFile("nav_measures", "ACCUMULATED", "Måneder på arbeidsmarkedstiltak"),
    SpellFile("nav_aap", "EVENT", "Arbeidsavklaringspenger"),
    SpellFile("nav_disability", "EVENT", "Uføretrygd, grad"),
)
SPELL_LAG_DAYS = 14
"""After this many days a spell's start or end is known: the layout has no column for it, so the sources declare a lag."""


@dataclass(frozen=True)
class Delivery:
    """What is delivered: the files that hold something the project has on, and only that."""

    event_files: tuple[EventFile, ...]
    spell_files: tuple[SpellFile, ...]
    has_consents: bool = True


EVERYTHING = Delivery(EVENT_FILES, SPELL_FILES)


def delivery_of(wanted: Collection[str], *, has_consents: bool = False) -> Delivery:
    """Keep what a project has on; a register delivers nothing that nobody may load.

    >>> [file.indicators for file in delivery_of({"fam_moves"}).event_files]
    [('fam_moves',)]
    """
    narrowed = (replace(file, indicators=tuple(code for code in file.indicators if code in wanted)) for file in EVENT_FILES)
    return Delivery(
        tuple(file for file in narrowed if file.indicators), tuple(file for file in SPELL_FILES if file.indicator in wanted), has_consents
    )
