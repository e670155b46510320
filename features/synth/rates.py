"""Every number that the generator is set by, with where it comes from.

Marked S: read in a public page; D: derived from such; M: from memory or plain assumption, to be verified before it is quoted as a fact.
"""

from __future__ import annotations

import numpy as np

SEX = ("boy", "girl")
BIRTHS = {
    1988: 57.5, 1989: 59.3, 1990: 60.9, 1991: 60.8, 1992: 60.1, 1993: 59.7, 1994: 60.1, 1995: 60.3, 1996: 60.9, 1997: 59.8, 1998: 58.4,
    1999: 59.3, 2000: 59.2, 2001: 56.7, 2002: 55.4, 2003: 56.5, 2004: 57.0, 2005: 56.8, 2006: 58.5, 2007: 58.5, 2008: 60.5, 2009: 61.8,
    2010: 61.4, 2011: 60.2, 2012: 60.3, 2013: 59.0, 2014: 59.1, 2015: 59.1, 2016: 58.9, 2017: 56.6, 2018: 55.1, 2019: 54.5, 2020: 53.0,
    2021: 56.1, 2022: 51.5, 2023: 52.0, 2024: 54.0,
}  # fmt: skip
"""Births in thousands a year (M); later years like the last one."""

IMMIGRATION = ("other", "immigrant", "norwegian_born")
EDUCATION = ("compulsory", "upper_secondary", "short_tertiary", "long_tertiary", "unknown")

BOY_SHARE = 0.513
IMMIGRATION_SHARE = np.array([0.825, 0.085, 0.09])
"""At 16 (M)."""
EDUCATION_GIVEN_IMMIGRATION = np.array(
    [
        [0.050, 0.328, 0.416, 0.193, 0.013],
        [0.220, 0.270, 0.220, 0.130, 0.160],
        [0.240, 0.320, 0.255, 0.125, 0.060],
    ]
)
"""Rows by immigration category; the marginal is 8, 32, 38.5, 18.5 and 3 % (D)."""
EDUCATION_STRAIN = np.array([0.9, 0.35, -0.15, -0.45, 0.7])
"""How much harder everyday life is, in standard deviations, by parents' education (M)."""

POINTS_MEAN = np.array([35.9, 39.1, 43.3, 46.8, 36.6])
"""Lower-secondary points by parents' education: 35.9/39.5/43.7/46.9 come out (D, 2018), for unknown 36.3 (S, 2020)."""
POINTS_SPREAD = 8.0
POINTS_GIRLS_AHEAD = 4.0
"""3.8 (S, 2025), a little up for what clipping takes."""
POINTS_IMMIGRANT = -2.0
"""Immigrants lie below what their parents' education says (D from S, 2014)."""
POINTS_MISSING = 0.06
"""15 % of pupils with child-welfare measures, a third of that among others (S, Bufdir 2021)."""

BIRTH_RANK = (0.45, 0.37, 0.18)
"""First, second and third children among the children of a year (M)."""
ARRIVING_FAMILIES = 0.1235
"""Families, by their first child, that come to Norway before it is 24; so that 8.5 % at 16 are immigrants (D)."""
SETTLED_FAMILIES = 0.0765
"""Families of immigrants who came before their first child (D, for 9 % Norwegian-born at 16)."""
SETTLING_YEARS = 5
SEPARATED_BY_YEAR = ((0, 0.139), (3, 0.192), (6, 0.255), (9, 0.318), (12, 0.361), (15, 0.383), (18, 0.398))
"""Share of parents not living together, by years since their last child's birth; by the child's age 21 % at 6, 29 at 10, 34 at 13 and 37
at 16 come out (S, 2010, shifted to the calibration targets)."""
LOW_INCOME_ALL = 0.099
"""Persistent low income (S, 2021-23); about 29 % with immigrant background, 6 % of others (D)."""
SOCIAL_ASSISTANCE = 0.065
"""Children in households with social assistance in a year (M)."""
MOVE_YOUNG_FAMILY, MOVE_FAMILY = 0.073, 0.0235
"""Moves between municipalities a year, in the six years after the first birth and later; by the child's age 5.6 % at 0-5 and 2.5 % at
6-17 come out (S and D, 2015)."""
MOVE_ALONE = 0.09
"""From the year of turning 19 (M)."""
SETTLEMENT_MOVE = 0.03
"""Further moves a year in a family's first years in Norway (M)."""

WELFARE_EVER = 0.13
"""Measures ever by 16 (S)."""
WELFARE_MEAN_YEARS = 4.8
"""So that 3.5 % have a measure in a year at 6 to 17 (D)."""
WELFARE_CARE_GIVEN_EVER = 0.11
"""S."""

SUPPORT_BY_GRADE = (0.035, 0.045, 0.058, 0.072, 0.085, 0.093, 0.098, 0.088, 0.100, 0.105, 0.030)
"""Special education, grades 1 to 10 and Vg1, with the dip at grade 8 (S, 2021-22)."""
SUPPORT_BOY_ODDS = 0.42
"""Shift of boys in standard deviations: 10 % of boys, 5 % of girls (S)."""
KINDERGARTEN_HELP = 0.06
"""S, 2017, at five."""
SCHOOL_CHANGE = 0.03
"""A year, outside the ordinary change of school (M)."""
ENVIRONMENT_CASE = 0.008
"""A year (M): the survey's 10 % bullied is anonymous and says nothing about cases."""

ABSENCE_DAYS_MEDIAN = (4.0, 4.0, 4.2, 4.5, 5.0, 5.5, 6.0, 6.5, 7.2, 8.0)
"""Grades 1 to 10. Grade 10: S, 2022-23. No national figure exists for grades 1-9: a smooth ramp (M)."""
ABSENCE_DAYS_SIGMA = 0.88
ABSENCE_HOURS_MEDIAN = 6.0
ABSENCE_HOURS_SIGMA = 1.0
UPPER_DAYS_MEDIAN, UPPER_DAYS_SIGMA = 5.7, 1.11
UPPER_HOURS_MEDIAN, UPPER_HOURS_SIGMA = 22.3, 1.0
"""Upper secondary: medians of 5 days and 20 hours come out (S, 2024-25), less what quitting and unreported years take."""

CAMHS_IN_YEAR = {"boy": ((6, 0.035), (10, 0.075), (15, 0.07)), "girl": ((6, 0.02), (10, 0.05), (15, 0.12))}
"""S, 2016."""
GP_PER_YEAR = ((0, 1.7), (6, 1.3), (16, 2.4), (20, 2.6))
"""S and D."""
GP_PSYCH_IN_YEAR = ((6, 0.025), (13, 0.05), (16, 0.085))
"""M."""
SCHOOL_NURSE_PER_TERM = 0.45
"""M."""

PROTECTED_ADDRESS = 0.0001
"""Fewer than 500 people (S); half of them children. In a population of 0-24-year-olds with 72 % children:"""
PROTECTED_CHILDREN, PROTECTED_ADULTS = 0.0001 * 0.5 / 0.72, 0.0001 * 0.5 / 0.28

LEFT_THE_COUNTRY = 0.006
"""Dead or emigrated within the horizon (M)."""


def step(table: tuple[tuple[int, float], ...], age: int) -> float:
    """Value of a step table at an age; 0 below its first age.

    >>> step(((0, 0.056), (6, 0.025)), 7)
    0.025
    """
    return next((value for start, value in reversed(table) if age >= start), 0.0)


PENSION_BY_AGE = (0.013, 0.016, 0.019, 0.0215, 0.0235, 0.025, 0.027, 0.029, 0.031, 0.033, 0.035, 0.037)
"""Disability pension at 18 to 29; 2.6 % over those ages (S, September 2023), the slope M."""
ALLOWANCE_EVER = 0.063
"""Work assessment allowance for some years between 18 and 32, beside those who get a pension (M); about 4.6 % on either at 18-29 (S,
2017)."""
OUTSIDE_LASTS = 0.63
"""Correlation of the disturbance from one year to the next, from 20 on."""
OUTSIDE_CUT = (1.54, 1.70, 1.64, 1.82, 1.54, 1.54, 1.54, 1.54, 1.54, 1.35, 1.35, 1.35, 1.35, 1.35)
"""Thresholds of the tendency to be outside at 16 to 29, set so that 9.5 % at 15-29 (S, 2022) and 11 % at 20-24 (M) come out."""
OUTSIDE_MIX = ((2408, 0.152), (5608, 0.063), (6408, 0.051), (7208, 0.734))
"""Status of those outside without a benefit for health: unemployed, social assistance, other, unknown (S, 2017: 12, 5, 4, 58 of 79 %)."""
LEFT_UNREPORTED = 0.006
"""Left Norway between 19 and 25 without reporting it (M)."""
QUIT_ON_RECORD = 0.74
"""Of those who neither complete nor plan less, this share quits on record (D, for 2.1 and 6.2 % a year)."""
NOTIFIED_WITHOUT_MEASURE = 0.041
"""Notifications a year at 3 to 17 about children without a measure (D, for 5.3 % in a year)."""
LANGUAGE_SUPPORT_BORN_HERE = 0.35
"""Norwegian-born with special language tuition in grades 1 to 4 (M)."""
CAME_BY_24 = 0.112
"""Immigrants who come before 24, for each person born here (D from the shares above)."""
FOLLOWED_UP, FOLLOW_UP_DAYS = 0.97, 640
"""Who is adrift and registered, and days until it ends: 5.3 % of 17-20-year-olds are registered, half of them a year on (S, June 2022)."""
TEST_SHIFT = (-0.25, -0.5, -0.75)
"""Scale points by which reading, mathematics and English lie below 50, so that 23.3, 24.0 and 24.6 % are at the lowest level (S, 2020)."""
MARKS_CHANGE = 0.26
"""Standard deviation of what a person's marks gain or lose a term from grade 8 on: the years until grade 10 change much (M)."""
