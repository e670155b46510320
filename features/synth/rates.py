"""Every number that the generator is set by, with where it comes from.

Marked S: read in a public page; D: derived from such; M: from memory or plain assumption, to be verified before it is quoted as a fact.
"""

from __future__ import annotations

import numpy as np

SEX = ("boy", "girl")
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

SEPARATED_BY_AGE = ((0, 0.131), (6, 0.21), (10, 0.29), (13, 0.34), (16, 0.37), (17, 0.381))
"""Share not living with both parents (S, 2010, shifted to the calibration targets)."""
LOW_INCOME = np.array([0.06, 0.29, 0.29])
"""Persistent low income by immigration category (D); 9.9 % overall (S, 2021-23)."""
SOCIAL_ASSISTANCE = 0.065
"""Children in households with social assistance in a year (M)."""
MOVE_RATE = ((0, 0.056), (6, 0.025))
"""Moves between municipalities a year, from this age (S and D, 2015)."""
SETTLEMENT_MOVE = 0.06
"""Further moves a year in an immigrant's first five years (M)."""

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
UPPER_DAYS_MEDIAN, UPPER_DAYS_SIGMA = 5.0, 1.13
UPPER_HOURS_MEDIAN, UPPER_HOURS_SIGMA = 20.0, 1.0
"""Upper secondary, 2024-25 (S, D)."""

CAMHS_IN_YEAR = {"boy": ((5, 0.035), (10, 0.075), (15, 0.07)), "girl": ((5, 0.02), (10, 0.05), (15, 0.12))}
"""S, 2016."""
GP_PER_YEAR = ((0, 1.7), (6, 1.3), (16, 2.4), (20, 2.6))
"""S and D."""
GP_PSYCH_IN_YEAR = ((6, 0.025), (13, 0.05), (16, 0.085))
"""M."""
SCHOOL_NURSE_PER_TERM = 0.45
"""M."""

PROTECTED_ADDRESS = 0.0001

LEFT_THE_COUNTRY = 0.006
"""Dead or emigrated within the horizon (M)."""


def step(table: tuple[tuple[int, float], ...], age: int) -> float:
    """Value of a step table at an age; 0 below its first age.

    >>> step(((0, 0.056), (6, 0.025)), 7)
    0.025
    """
    return next((value for start, value in reversed(table) if age >= start), 0.0)
