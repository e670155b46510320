"""Planning figures: how many children live where, what is known of them together, and how many the older cohorts make likely.

For everybody from 0 to 24; of children under ten, who are too young for a model of their own, there is nothing else (R-17). Everything
here is about at least five people, and nothing that is withheld can be recomputed from what is shown (R-09).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.declarations.project import Project
from features.declarations.screening import PlannedOutcome, Planning
from features.declarations.specs import FeatureSpec
from features.errors import ProjectError
from features.small_cells import SMALLEST_CELL, SMALLEST_SECTOR_CELL, withheld_cells
from features.tables import stage_specs
from training.planning.children import Children, Counts, count_children
from training.planning.older import OlderCohorts, read_older
from training.planning.rates import Rate

Mask = NDArray[np.bool_]

NOTE = (
    "Expected numbers say what would come if today's children fared as the older cohorts of their area did, and stayed there; none is told "
    "of ages that are past where it begins. They are for planning services and say nothing about any child. Of children under ten there "
    "are these figures and nothing else: no model looks at one of them, and nobody proposes one."
)


@dataclass(frozen=True)
class PlanningFigures:
    """Figures of one day, JSON-ready: one entry for each place and band of age."""

    as_of: date
    places: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]


def planning_figures(project: Project, *, on: date, as_of: date) -> PlanningFigures:
    """Count children by area and expect numbers from older cohorts; both purposes, `score` and `train`, have to be valid.

    Raises
    ------
    PurposeError
        TID201, TID202; before anything is read.
    ProjectError
        TID113 without [planning] or a municipality, TID114 when it names what does not exist or is off.
    DataError
        TID470 and as `features.lists.apply_lists`.
    """
    for purpose in ("score", "train"):
        project.check_purpose(purpose, on=on)
    planning = get_planning(project)
    specs = _specs(project, planning)
    children = count_children(project, planning, specs, on=on, as_of=as_of)
    older = [
        read_older(project, planned, n_cohorts=planning.cohorts, county_digits=planning.county_digits, on=on)
        for planned in planning.outcomes
    ]
    minimum = {spec.name: _minimum(project, spec) for spec in specs}
    return PlanningFigures(as_of, list(places_told(project, planning, children, older, minimum)), [_about(one) for one in older])


def get_planning(project: Project) -> Planning:
    """Return what the project declares for planning.

    Raises
    ------
    ProjectError
        TID113, TID114 as `planning_figures`.
    """
    planning, where = project.screening.planning, project.root / "screening.toml"
    if planning is None or project.screening.municipality_indicator not in project.catalogue.indicators:
        raise ProjectError(
            "TID113",
            f"{where} has no [planning], or its `municipality_indicator` is missing or off. Planning figures need both: say which ages, "
            "indicators and outcomes they are about.",
        )
    problems = list(planning_problems(project))
    if problems:
        raise ProjectError("TID114", f"{where}: [planning] {'; '.join(problems)}.")
    return planning


def planning_problems(project: Project) -> Iterator[str]:
    """Name what [planning] says that the project does not have."""
    planning = project.screening.planning
    if planning is None:
        return
    known = {spec.name for spec in stage_specs(project)}
    yield from (f"names the feature {name}, which is not declared or is off" for name in planning.indicators if name not in known)
    for planned in planning.outcomes:
        stage = project.stages.get(planned.stage)
        if stage is None or planned.outcome not in stage.outcomes:
            yield f"expects {planned.outcome} from stage {planned.stage}, which has no such outcome"


def _specs(project: Project, planning: Planning) -> list[FeatureSpec]:
    by_name = {spec.name: spec for spec in stage_specs(project)}
    return [by_name[name] for name in planning.indicators]


def _minimum(project: Project, spec: FeatureSpec) -> int:
    """Fewest children a count may stand for: more where it is made by use of a service that keeps its users to itself (R-06, R-09)."""
    return SMALLEST_SECTOR_CELL if project.catalogue.indicators[spec.indicator].confidential else SMALLEST_CELL


def _about(older: OlderCohorts) -> dict[str, Any]:
    return {
        "outcome": older.planned.outcome,
        "stage": older.planned.stage,
        "cohorts": list(older.periods),
        "n_people": older.n_people,
        "rate": round(older.rates.nation.mean, 3),
        "weight_of_nation": round(older.rates.weight_of_nation),
        "weight_of_county": round(older.rates.weight_of_county),
    }


@dataclass(frozen=True)
class _Level:
    """One level of places: counts of shape (n_places, n_bands), and which are withheld."""

    names: tuple[str, ...]
    n: Counts
    known: Mapping[str, Counts]
    shown: Mapping[str, Counts]

    @classmethod
    def added_up(cls, names: Sequence[str], children: Children, whole: Sequence[str]) -> _Level:
        """Add areas up to the places whose names they carry in `names`."""
        place = np.array([whole.index(name) for name in names], dtype=np.intp)

        def added(counts: Counts) -> Counts:
            total = np.zeros((len(whole), counts.shape[1]), dtype=np.int64)
            np.add.at(total, place, counts)
            return total

        known = {name: added(counts) for name, counts in children.known.items()}
        shown = {name: added(counts) for name, counts in children.shown.items()}
        return cls(tuple(whole), added(children.n), known, shown)


@dataclass(frozen=True)
class _Withheld:
    """What may not be told, shape (n_places, n_bands): of children, and of each feature."""

    n: Mask
    features: Mapping[str, Mask]


def places_told(
    project: Project, planning: Planning, children: Children, older: Sequence[OlderCohorts], minimum: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    """Tell every level's figures, small numbers withheld level by level: the nation, its counties, their municipalities."""
    county_of = [area[: planning.county_digits] for area in children.areas]
    nation = _Level.added_up(["nation"] * len(children.areas), children, ["nation"])
    counties = _Level.added_up(county_of, children, sorted(set(county_of)))
    areas = _Level(children.areas, children.n, children.known, children.shown)
    top = _withheld(nation, ["all"], None, minimum)
    middle = _withheld(counties, ["nation"] * len(counties.names), (nation, top), minimum)
    bottom = _withheld(areas, county_of, (counties, middle), minimum)
    names = {place.number: place.name for place in project.screening.municipality}
    until = {one.planned.outcome: last_age(project, one.planned) for one in older}
    for kind, level, withheld in (("nation", nation, top), ("county", counties, middle), ("municipality", areas, bottom)):
        for place, name in enumerate(level.names):
            about = {"level": kind, "area": name, **({"name": names[name]} if name in names else {})}
            rates = {one.planned.outcome: _rate(one, kind, name, planning) for one in older}
            for band, (first, last) in enumerate(planning.bands):
                to_come = {outcome: rate for outcome, rate in rates.items() if last <= until[outcome]}
                yield about | {"ages": [first, last], **_told(level, withheld, place, band, to_come)}


def last_age(project: Project, planned: PlannedOutcome) -> int:
    """Give the last age for which an outcome is still to come, so that older cohorts say what to expect of a whole band."""
    return project.stages[planned.stage].min_age if planned.until_age is None else planned.until_age


def _rate(older: OlderCohorts, kind: str, name: str, planning: Planning) -> Rate:
    if kind == "nation":
        return older.rates.nation
    return older.rates.of_county(name) if kind == "county" else older.rates.of_area(name, name[: planning.county_digits])


def _told(level: _Level, withheld: _Withheld, place: int, band: int, rates: Mapping[str, Rate]) -> dict[str, Any]:
    if withheld.n[place, band]:
        return {"n": None, "shares": dict.fromkeys(level.known), "expected": dict.fromkeys(rates)}
    n = int(level.n[place, band])
    shares = {}
    for name, known in level.known.items():
        tells = not withheld.features[name][place, band] and known[place, band] > 0
        shares[name] = round(float(level.shown[name][place, band] / known[place, band]), 3) if tells else None
    return {"n": n, "shares": shares, "expected": {outcome: _expected(rate, n) for outcome, rate in rates.items()}}


def _expected(rate: Rate, n: int) -> dict[str, Any]:
    """Whole numbers: more digits would tell of the older cohorts' own few."""
    number, low, high = rate.expected(n)
    return {"number": round(number), "low": low, "high": high, "from": "own and county" if rate.is_own else "county"}


def _withheld(level: _Level, whole: Sequence[str], above: tuple[_Level, _Withheld] | None, minimum: Mapping[str, int]) -> _Withheld:
    """Withhold what is small within each greater place whose total is told; where the total is not, all of it."""
    n = np.zeros_like(level.n, dtype=np.bool_)
    features = {name: np.zeros_like(n) for name in level.known}
    for name in sorted(set(whole)):
        inside = np.array([one == name for one in whole])
        for band in range(level.n.shape[1]):
            parent = None if above is None else (above[0].names.index(name), band)
            is_told = parent is None or above is None or not above[1].n[parent]
            n[inside, band] = withheld_cells(level.n[inside, band]) if is_told else True
            for feature, least in minimum.items():
                may_tell = is_told and (parent is None or above is None or not above[1].features[feature][parent])
                counts = (level.n[inside, band], level.known[feature][inside, band], level.shown[feature][inside, band])
                features[feature][inside, band] = _withheld_shares(*counts, n[inside, band], least) if may_tell else True
    return _Withheld(n, features)


def _withheld_shares(n: Counts, known: Counts, shown: Counts, without_n: Mask, minimum: int) -> Mask:
    """Withhold a share where any of the three counts behind it is small, or would be given away by the others of its list.

    That nobody, or everybody, in a place has something would tell it of each of them: zero is small here.
    """
    hidden, some = np.ones_like(without_n), known > 0
    hidden[some] = without_n[some]
    while True:
        before = hidden.copy()
        for counts, bound, zero_is_small in ((known, n, False), (shown, known, True), (known - shown, known, True)):
            hidden[some] = withheld_cells(
                counts[some], at_most=bound[some], already=hidden[some], minimum=minimum, zero_is_small=zero_is_small
            )
        if (hidden == before).all():
            return hidden
