"""Which register delivers what, in which file and habit: the one table behind the written files and the project's declared sources.

Several systems, formats and habits, as a real deployment would have them: Parquet and CSV, point and comma, names and numbers, events,
snapshots and Statistics Norway's spells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from features.declarations.catalogue import Catalogue, Sector
from features.declarations.constraints import ValueContract


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


TEST_COLUMNS = {"reading": "edu_np_reading", "maths": "edu_np_maths", "english": "edu_np_english"}
"""Columns of ``national_tests.csv`` and their indicators."""
ECONOMY_COLUMNS = {
    "low_income": "nav_low_income_hh",
    "social_assistance_months": "nav_social_assist_hh",
    "parents_in_work": "nav_parents_work",
}
"""Columns of ``economy.csv`` and their indicators."""

GENERATED = frozenset(
    {
        *(code for file in EVENT_FILES for code in file.indicators),
        *(file.indicator for file in SPELL_FILES),
        *TEST_COLUMNS.values(),
        *ECONOMY_COLUMNS.values(),
    }
)
"""Indicators that the causal structure knows."""
DRAWN, DRAWN_AUDIT = "drawn.parquet", "drawn_audit.parquet"
"""What it does not know is drawn from its contract; audit attributes in a file of their own, since their store is apart (R-10)."""


@dataclass(frozen=True)
class Delivery:
    """What is delivered: the files that hold something the project has on, and only that."""

    event_files: tuple[EventFile, ...]
    spell_files: tuple[SpellFile, ...]
    drawn_files: tuple[EventFile, ...]
    contracts: Mapping[str, ValueContract]
    """What a value may be, by indicator: where the texts of levels come from, and what every column is held against."""
    has_consents: bool

    @cached_property
    def drawn(self) -> dict[str, ValueContract]:
        """Contracts of the indicators that are drawn from them and from nothing else."""
        return {code: self.contracts[code] for file in self.drawn_files for code in file.indicators}


def delivery_of(catalogue: Catalogue) -> Delivery:
    """Keep what a project has on; a register delivers nothing that nobody may load."""
    wanted = catalogue.indicators
    narrowed = (replace(file, indicators=tuple(code for code in file.indicators if code in wanted)) for file in EVENT_FILES)
    return Delivery(
        tuple(file for file in narrowed if file.indicators),
        tuple(file for file in SPELL_FILES if file.indicator in wanted),
        _drawn_files(catalogue),
        {code: indicator.contract for code, indicator in wanted.items()},
        has_consents=any(indicator.needs_consent for indicator in wanted.values()),
    )


def _drawn_files(catalogue: Catalogue) -> tuple[EventFile, ...]:
    unknown = [code for code in catalogue.indicators if code not in GENERATED]
    audit = [code for code in unknown if catalogue.sector_of(code) is Sector.AUDIT]
    others = [code for code in unknown if code not in audit]
    return tuple(EventFile(name, tuple(codes), as_text=True) for name, codes in ((DRAWN, others), (DRAWN_AUDIT, audit)) if codes)
