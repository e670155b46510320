"""What can be planted by name, so that a test or a demo knows what ought to be found.

A plant changes what registers say, or one effect, and nothing else: it draws from a stream of its own, so that the population without it is
the same to the last byte everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from features.synth.background import Background
from features.synth.completion import NORMAL_TIME, NOT_COMPLETED, POSITIVE, Effects, UpperSecondary
from features.synth.events import Events, concatenate
from features.synth.liability import Bools
from features.synth.school_year import autumn_of, day_of


@dataclass(frozen=True)
class Ground:
    """What a plant may look at: who the people are and what became of them."""

    people: Background
    upper: UpperSecondary
    schooled: Bools
    """Who sat in grade 10 here."""


Records = dict[str, Events]
Change = Callable[[Records, Ground, np.random.Generator], Records]


@dataclass(frozen=True)
class Plant:
    """Something planted on purpose."""

    name: str
    kind: str
    """drift, unfairness, leak or effect."""
    says: str
    """What it does, and what ought to notice."""
    change: Change | None = None
    effects: Callable[[Effects], Effects] | None = None
    """What it makes of the effects on completing."""


MORE_DAYS = 0.45
MORE_NOTIFICATIONS = 0.8
UNRECORDED = 0.45
MISLABELLED = 0.12
BACKFILLED, BACKFILLED_OTHERS = 0.8, 0.03


def _absence_drift(records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    days = records["edu_absence_days"]
    late = days.happened_on >= day_of(2026, 1, 1)
    value = days.value + np.where(late, rng.binomial(days.value.astype(int), MORE_DAYS), 0).astype(np.float32)
    return records | {"edu_absence_days": replace(days, value=value)}


def _notification_drift(records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    told = records["cws_notification"]
    late = told.where(told.happened_on >= day_of(2025, 1, 1))
    more = late.where(rng.random(len(late)) < MORE_NOTIFICATIONS)
    about_others = replace(more, person=rng.integers(0, ground.people.n_people, len(more)).astype(np.int32))
    return records | {"cws_notification": concatenate([told, about_others])}


def _unrecorded_absence(records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    changed = {}
    for indicator in ("edu_absence_days", "edu_absence_hours"):
        absence = records[indicator]
        immigrant = ground.people.immigration[absence.person] == 1
        changed[indicator] = absence.where(~(immigrant & (rng.random(len(absence)) < UNRECORDED)))
    return records | changed


def _mislabelled(records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    status = records["edu_vgo_status"]
    wrong = (ground.people.immigration[status.person] == 2) & (status.value == NORMAL_TIME) & (rng.random(len(status)) < MISLABELLED)
    return records | {"edu_vgo_status": replace(status, value=np.where(wrong, np.float32(NOT_COMPLETED), status.value))}


def _backfilled(records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    people, ended_badly = ground.people, np.isin(ground.upper.status, POSITIVE)
    chance = np.where(ended_badly, BACKFILLED, BACKFILLED_OTHERS)
    chosen = np.flatnonzero(ground.schooled & (rng.random(people.n_people) < chance)).astype(np.int32)
    on = np.full(len(chosen), day_of(autumn_of(people.birth_year, 10) + 1, 3, 1), dtype=np.int32)
    claimed = Events("edu_school_changes", chosen, np.ones(len(chosen), dtype=np.float32), on, on + 9)
    return records | {"edu_school_changes": concatenate([records["edu_school_changes"], claimed])}


PLANTS = {
    plant.name: plant
    for plant in (
        Plant(
            "drift_absence_2026",
            "drift",
            "From January 2026 on every recorded day of absence brings another with probability .45, as after a change of counting rule. "
            "Monitoring ought to name the absence features.",
            _absence_drift,
        ),
        Plant(
            "drift_notifications_2025",
            "drift",
            "From January 2025 on there are 1.8 times as many notifications to child welfare, the further ones about anybody, as after a "
            "campaign. Monitoring ought to name the notification features, in the family sector.",
            _notification_drift,
        ),
        Plant(
            "unfair_absence_immigrant",
            "unfairness",
            "45 % of immigrants' absence records never reach the register. A model underestimates immigrants; the calibration of that "
            "group ought to show it.",
            _unrecorded_absence,
        ),
        Plant(
            "unfair_labels_norwegian_born",
            "unfairness",
            "12 % of Norwegian-born with immigrant parents who completed in time stand in the register as not having completed. Their "
            "labels are noisier than others'; the truth file is not changed.",
            _mislabelled,
        ),
        Plant(
            "leak_school_changes",
            "leak",
            "The register of school changes was filled in after the fact: four of five who later do not complete have a change in "
            "grade 10, claimed to be known at once. A single feature then tells the outcome; the leak check ought to stop the training.",
            _backfilled,
        ),
        Plant(
            "effect_moves",
            "effect",
            "A move between municipalities at 6 to 15 costs .60 of log-odds of completing in place of .12. A model ought to find it.",
            effects=lambda effects: replace(effects, per_move=-0.60),
        ),
    )
}
"""By name."""


def planted_effects(names: frozenset[str], effects: Effects) -> Effects:
    """Replace the effects that the plants change."""
    for name in sorted(names):
        change = PLANTS[name].effects
        effects = effects if change is None else change(effects)
    return effects


def apply_plants(names: frozenset[str], records: Records, ground: Ground, rng: np.random.Generator) -> Records:
    """Change the records as the plants say, in the order of their names."""
    for name in sorted(names):
        change = PLANTS[name].change
        if change is not None:
            records = change(records, ground, rng)
    return records
