"""What a population is held to, number by number, with where each comes from and how far it may be off.

Marks: S read in a public page, D derived from such, M from memory and to be verified before it is quoted as a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "number"]


@dataclass(frozen=True)
class Target:
    """One number that a population is held to."""

    key: str
    says: str
    value: float
    mark: str
    unit: Unit = "share"
    within: float | None = None
    """Given tolerance; None: see `tolerance`."""

    def tolerance(self, measured: float, standard_error: float) -> float:
        """How far a result may lie from the target.

        A share may be off by a percentage point, or by a tenth of itself where that is less; and never less than three standard errors of
        a population as large as the one at hand that has the target's share.

        >>> Target("a", "", 0.03, "S").tolerance(0.03, 0.0), Target("b", "", 0.4, "S").tolerance(0.4, 0.0)
        (0.003, 0.01)
        >>> round(Target("b", "", 0.4, "S").tolerance(0.4, 0.02), 3)
        0.06
        """
        least = self.within if self.within is not None else min(0.01, round(self.value / 10, 6))
        spread = measured * (1 - measured)
        if self.unit == "share" and spread > 0:
            standard_error *= (self.value * (1 - self.value) / spread) ** 0.5
        return max(least, 3 * standard_error)

    def is_met(self, measured: float, standard_error: float) -> bool:
        """Whether a result lies within the tolerance; one that could not be measured does not."""
        return abs(measured - self.value) <= self.tolerance(measured, standard_error)


def _shares(group: str, mark: str, **targets: tuple[str, float]) -> list[Target]:
    return [Target(f"{group}.{name}", says, value, mark) for name, (says, value) in targets.items()]


def _numbers(group: str, mark: str, within: float, **targets: tuple[str, float]) -> list[Target]:
    return [Target(f"{group}.{name}", says, value, mark, "number", within) for name, (says, value) in targets.items()]


TARGETS: tuple[Target, ...] = (
    *_shares("population", "S", boy=("boys", 0.513), girl=("girls", 0.487)),
    *_shares(
        "parental_education",
        "D",
        compulsory=("parents' education at 16: compulsory", 0.08),
        upper_secondary=("upper secondary", 0.32),
        short_tertiary=("short tertiary", 0.385),
        long_tertiary=("long tertiary", 0.185),
        unknown=("unknown", 0.03),
    ),
    Target("immigration_category_at_16.immigrant", "immigrants at 16", 0.085, "M", within=0.02),
    Target("immigration_category_at_16.norwegian_born", "Norwegian-born to immigrant parents at 16", 0.09, "M", within=0.02),
    Target("immigration_category_at_16.other", "others at 16", 0.825, "M", within=0.02),
    *_numbers("gsp", "S", 0.3, mean=("lower-secondary points: mean", 42.2), girls_minus_boys=("girls ahead by", 3.8)),
    Target("gsp.sd", "standard deviation", 8.5, "M", "number", 0.3),
    *_numbers(
        "gsp.by_parent",
        "D",
        0.5,
        compulsory=("mean by parents' education: compulsory", 35.9),
        upper_secondary=("upper secondary", 39.5),
        short_tertiary=("short tertiary", 43.7),
        long_tertiary=("long tertiary", 46.9),
    ),
    *_shares("gsp", "S", missing=("without points", 0.06), missing_given_cws=("without points, ever child-welfare measures", 0.15)),
    *_shares(
        "completion_5_6",
        "S",
        all=("completed within five or six years: all starters", 0.812),
        men=("men", 0.771),
        women=("women", 0.855),
        sf=("general programmes", 0.907),
        yf=("vocational programmes", 0.697),
    ),
    *_shares(
        "completion_5_6",
        "D",
        compulsory=("parents' education: compulsory", 0.55),
        upper_secondary=("upper secondary", 0.76),
        short_tertiary=("short tertiary", 0.87),
        long_tertiary=("long tertiary", 0.92),
        immigrant=("immigrants", 0.66),
        norwegian_born=("Norwegian-born to immigrant parents", 0.80),
        other=("others", 0.83),
        ever_cws=("ever child-welfare measures", 0.50),
        cws_and_gsp_le_34=("ever measures and at most 34 points", 0.33),
        gsp_lt30=("under 30 points", 0.40),
        gsp_ge50=("50 points and more", 0.97),
    ),
    Target("absence_grade10_days.median", "absence in grade 10, days: median", 8, "S", "number", 0.5),
    *_shares("absence_grade10_days", "S", share_ge_20=("20 days and more", 0.15)),
    Target("absence_vgs.median_days", "absence in upper secondary, days: median", 5, "S", "number", 0.5),
    *_shares("absence_vgs", "S", share_ge20d=("20 days and more", 0.11), share_ge50h=("50 hours and more", 0.18)),
    Target("absence_vgs.median_hours", "hours: median", 20, "S", "number", 1.0),
    *_shares(
        "special_ed",
        "S",
        g1=("special education: grade 1", 0.035),
        g10=("grade 10", 0.105),
        boys=("boys, grades 1–10", 0.10),
        girls=("girls, grades 1–10", 0.05),
        vg1=("Vg1", 0.03),
        kindergarten_5y=("help in kindergarten at five", 0.06),
    ),
    *_shares(
        "np5_lowest",
        "S",
        reading=("lowest level of the grade 5 tests: reading", 0.233),
        maths=("mathematics", 0.240),
        english=("English", 0.246),
    ),
    *_shares("cws", "S", ever_measure_by_16=("child-welfare measures ever by 16", 0.13)),
    *_shares("cws", "S", care_order_given_ever=("of these care orders", 0.12)),
    *_shares(
        "cws", "D", in_year_6_17=("measures in a year, 6–17", 0.035), notification_in_year_6_17=("notified in a year, 6–17", 0.053)
    ),
    *_shares(
        "bup_in_year",
        "S",
        b10_14=("specialist care for the mind in a year: boys 10–14", 0.075),
        g10_14=("girls 10–14", 0.05),
        b15_19=("boys 15–19", 0.07),
        g15_19=("girls 15–19", 0.12),
    ),
    Target("gp_contacts_per_year.a0_5", "consultations with the GP a year: 0–5", 1.7, "S", "number", 0.085),
    Target("gp_contacts_per_year.a6_15", "6–15", 1.3, "D", "number", 0.065),
    Target("gp_contacts_per_year.a16_19", "16–19", 2.4, "D", "number", 0.12),
    Target("gp_contacts_per_year.a20_24", "20–24", 2.6, "D", "number", 0.13),
    *_shares("persistent_low_income", "S", all=("persistent low income, under 18", 0.099)),
    *_shares("persistent_low_income", "D", immigrant_bg=("with immigrant background", 0.29), other=("others", 0.06)),
    *_shares(
        "both_parents", "S", a6=("lives with both parents at 6", 0.79), a10=("at 10", 0.71), a13=("at 13", 0.66), a16=("at 16", 0.63)
    ),
    *_shares(
        "move_between_municipalities_per_year", "S", a0_5=("moves between municipalities a year, 0–5", 0.056), a6_17=("6–17", 0.025)
    ),
    *_shares("neet_15_29", "S", all=("outside work, education and measures on 16 November, 15–29", 0.095)),
    *_shares("neet_15_29", "M", a20_24_point=("at 20–24", 0.11), persistent_2y=("at 20–24, on two dates running", 0.05)),
    *_shares("disability_pension_18_29", "S", all=("disability pension, 18–29", 0.026)),
    *_shares("ot_17_20", "S", all=("registered with the follow-up service in June, 17–20", 0.053)),
    *_shares("quit_in_year", "S", sf=("quit upper secondary in a school year: general", 0.021), yf=("vocational", 0.062)),
    Target("protected_address.share", "protected address", 0.0001, "S", within=0.00003),
    Target("protected_address.children_share", "of these children", 0.5, "S", within=0.1),
    Target("ceiling.grade_10", "AUC of the true probability of not completing, grade 10", 0.82, "M", "number", 0.02),
    Target("ceiling.outside_19", "of being outside at 20 and at 21, from what the years before 20 leave behind", 0.76, "M", "number", 0.02),
)  # fmt: skip
"""In the order of the page."""
