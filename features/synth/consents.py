"""Who consents to what: invented consents of the year before the last day, for the few indicators that rest on consent (R-23)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth.background import Background
from features.synth.liability import Bools, Ints

SCOPES = ("hlt_checkups_missed", "hlt_dental_missed", "hlt_adult_mh")
"""Indicators of the demo that rest on consent."""
PURPOSES = ("train", "score")
SIGNS_ALONE_FROM = 16
"""Health matters: from this age the young person signs alone."""

ASKED_AND_WILLING = 0.3
"""Share of people with a consent for a scope (M); the rest was not asked or said no, and nobody can tell which."""
WITHDRAWN = 0.05
NYNORSK = 0.12
VALID_DAYS = 364
"""A consent lasts twelve months at most, both ends counted."""


@dataclass(frozen=True)
class Consents:
    """One row for each consent of one birth year, arrays of equal length; it holds for every one of `PURPOSES`."""

    person: Ints
    scope: Ints
    """Position in `SCOPES`."""
    valid_from: Ints
    withdrawn_on: Ints
    """0 where it stands."""
    signs_alone: Bools
    in_nynorsk: Bools


def draw_consents(people: Background, last_day: int, left_on: Ints, rng: np.random.Generator) -> Consents:
    """Draw consents independently of everything else about a person: willingness is no sign of need here."""
    person, scope = (part.astype(np.int32) for part in np.nonzero(rng.random((people.n_people, len(SCOPES))) < ASKED_AND_WILLING))
    valid_from = (last_day - rng.integers(0, VALID_DAYS, len(person))).astype(np.int32)
    withdrawn = rng.random(len(person)) < WITHDRAWN
    until = valid_from + (rng.random(len(person)) * (last_day - valid_from + 1)).astype(np.int32)
    age = (valid_from - people.born_on[person]) / 365.25
    here = (people.arrived_on[person] <= valid_from) & (people.born_on[person] <= valid_from) & (age < 25) & (left_on[person] > last_day)
    drawn = Consents(
        person,
        scope,
        valid_from,
        np.where(withdrawn, until, 0).astype(np.int32),
        age >= SIGNS_ALONE_FROM,
        rng.random(len(person)) < NYNORSK,
    )
    return Consents(*(column[here] for column in vars(drawn).values()))
