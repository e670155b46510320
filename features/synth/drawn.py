"""Records of indicators that the causal structure does not know: drawn from the declaration alone, related to nothing.

Who has just declared an indicator gets a file to try it with, at once. Nothing can be learnt from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.random import SeedSequence

from features.declarations.constraints import ValueContract
from features.synth.events import Events, Lag, make_events
from features.synth.generate import Cohort, visible_events
from features.synth.school_year import day_of

YEARLY = Lag(5, 20.0)
STREAM = 3
"""Beside those of `generate.Population`: what is drawn here changes no draw there."""


def with_drawn(cohorts: Iterable[Cohort], contracts: Mapping[str, ValueContract], seed: SeedSequence, *, last_day: int) -> Iterator[Cohort]:
    """Add records drawn from these contracts to each birth year.

    Each indicator has a stream of its own, from the seed and its code: declaring another changes neither it nor any file beside.
    """
    for cohort in cohorts:
        drawn = {code: draw_records(code, contract, cohort, _stream(seed, code, cohort), last_day) for code, contract in contracts.items()}
        yield replace(cohort, events=cohort.events | drawn)


def draw_records(indicator: str, contract: ValueContract, cohort: Cohort, rng: np.random.Generator, last_day: int) -> Events:
    """Draw a record a year, on any day of it, for everybody within the declared ages who is here."""
    people = cohort.people
    youngest, oldest = contract.ages
    reached = (last_day - day_of(people.birth_year, 1, 1)) // 365
    ages = np.arange(youngest, min(oldest, reached) + 1)
    everyone = np.ones((people.n_people, len(ages)), dtype=bool)
    happened_on = people.born_on[:, None] + np.ceil(365.25 * ages) + rng.integers(0, 365, everyone.shape)
    drawn = contract.draw(rng, everyone.size)
    values = (contract.level_places(drawn) if contract.levels else drawn).reshape(everyone.shape)
    events = make_events(indicator, everyone, value=values, happened_on=happened_on, lag=YEARLY, rng=rng, names=contract.levels)
    return visible_events(events, people, last_day, cohort.left_on)


def _stream(seed: SeedSequence, code: str, cohort: Cohort) -> np.random.Generator:
    of_code = int.from_bytes(hashlib.sha256(code.encode()).digest()[:8])
    return np.random.default_rng(SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, STREAM, of_code, cohort.first_number)))
