"""Audit attributes: what only the fairness job may join, delivered to a store of its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.synth import rates
from features.synth.background import Background
from features.synth.child_welfare import Welfare
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.family import Residence
from features.synth.health import Health
from features.synth.liability import Bools
from features.synth.school_year import autumn_of, day_of

YEARLY = Lag(5, 20.0)
SCHOOLS_A_PLACE = 9
USED = ("no", "yes")


def audit_records(
    people: Background, residence: Residence, enrolled: Bools, welfare: Welfare, health: Health, rng: np.random.Generator
) -> list[Events]:
    """Deliver what a person is, which school they go to, and whether they have used child welfare or mental health care."""
    return [
        *_fixed(people, rng),
        _school(people, residence, enrolled, rng),
        _use("aud_child_welfare_use", people, welfare.first_used_on, rng),
        _use("aud_health_use", people, health.first_used_on, rng),
    ]


def _fixed(people: Background, rng: np.random.Generator) -> list[Events]:
    """Attributes that do not change; values are positions in the lists of `rates`."""
    everyone = np.ones(people.n_people, dtype=bool)
    columns: dict[str, tuple[NDArray[np.int32] | NDArray[np.bool_], tuple[str, ...]]] = {
        "aud_sex": (~people.boy, rates.SEX),
        "int_category": (people.immigration, rates.IMMIGRATION),
        "aud_parents_education": (people.education, rates.EDUCATION),
        "aud_birth_year": (np.full(people.n_people, people.birth_year, dtype=np.int32), ()),
    }
    return [
        make_events(code, everyone, value=column, happened_on=people.arrived_on, lag=YEARLY, rng=rng, names=names)
        for code, (column, names) in columns.items()
    ]


def _school(people: Background, residence: Residence, enrolled: Bools, rng: np.random.Generator) -> Events:
    """A school of the municipality, at the first grade here and at the starts of lower and upper secondary."""
    grades = np.arange(1, 14)
    here = enrolled[:, 1:14]
    starts = here & (np.isin(grades, (1, 8, 11))[None, :] | (here.cumsum(axis=1) == 1))
    autumn = np.array([day_of(autumn_of(people.birth_year, int(grade)), 8, 18) for grade in grades])
    on = np.maximum(autumn[None, :], people.arrived_on[:, None])
    which = np.column_stack([np.tile(rng.integers(1, SCHOOLS_A_PLACE + 1, (people.n_people, 1)), n) for n in (7, 3, 3)])
    home = residence.places.numbers[np.column_stack([residence.place_at(5 + int(grade)) for grade in grades])]
    return make_events("aud_school", starts, value=home * 100 + which, happened_on=on, lag=YEARLY, rng=rng)


def _use(indicator: str, people: Background, used_on: NDArray[np.int32], rng: np.random.Generator) -> Events:
    """Say *no* from the start and *yes* from the first use."""
    everyone = np.ones(people.n_people, dtype=bool)
    no = make_events(indicator, everyone, value=0, happened_on=people.arrived_on, lag=YEARLY, rng=rng, names=USED)
    return concatenate([no, make_events(indicator, everyone, value=1, happened_on=used_on, lag=YEARLY, rng=rng, names=USED)])
