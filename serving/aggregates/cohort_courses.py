"""What came of the cases of each screening, told with the period that holds it and withheld beside the planners' table of it.

A planner's table tells of each area's whole period, and the list of screenings how many each proposed. Parts of these could give away what
they withhold, so all parts are attacked beside all of them: what they show is known to the attacker, and no small number, of a part or of a
whole, may follow. The parts are told once, when their period is, and kept.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from features.declarations.project import Project
from features.suppression import Count, withheld_counts

MEDIAN_DAYS = "median_days"
"""What stands beside the counts of a screening: days from proposal to decision, where five or more were decided."""

Named = Mapping[str, Sequence[str]]
"""Name of a count -> the courses that it adds up, each course under its own name too."""
Shown = Mapping[str, int | None]
"""Name of a count -> the count; None is withheld."""


@dataclass(frozen=True)
class PartOfPeriod:
    """One case, as the parts are made from it; stays inside."""

    screening: str
    municipality: str
    course: str


def split_period(
    cases: Sequence[PartOfPeriod], whole: Mapping[str, Shown], proposed: Mapping[str, Shown], *, named: Named
) -> dict[str, dict[str, dict[str, int | None]]]:
    """Split each municipality's line of a period by screening, small numbers withheld with what would give them away.

    Parameters
    ----------
    whole
        Area, a municipality or what holds it -> what the planners' table tells of its period. An area holds what begins alike.
    proposed
        Municipality -> screening -> how many were proposed, as the list of screenings tells it.
    named
        The one that adds up all courses is last.

    Returns
    -------
    Municipality -> screening -> name of a count -> the count or None.
    """
    values = Counter((case.municipality, case.screening, case.course) for case in cases)
    parts = sorted({(case.municipality, case.screening) for case in cases})
    everything = list(named)[-1]
    cells = {(*part, course): i for i, (part, course) in enumerate((p, c) for p in parts for c in named[everything])}

    def count(name: tuple[str, ...], inside: Sequence[tuple[str, str, str]], *, is_fixed: bool, is_shown: bool = True) -> Count:
        return Count(
            name, tuple(cells[cell] for cell in inside), sum(values[cell] for cell in inside), is_fixed=is_fixed, is_shown=is_shown
        )

    counts = []
    for (place, screening), (name, of) in product(parts, named.items()):
        inside = [(place, screening, course) for course in of]
        is_known = name == everything and proposed.get(place, {}).get(screening) is not None
        counts.append(count((place, screening, name), inside, is_fixed=is_known))
    for area, (name, of) in product(whole, named.items()):
        inside = [cell for cell in cells if cell[0].startswith(area) and cell[2] in of]
        is_told = whole[area][name] is not None
        if inside:
            counts.append(count((area, "", name), inside, is_fixed=is_told, is_shown=is_told))
    hidden = withheld_counts(counts)
    shown = {one.name: None if one.name in hidden else one.value for one in counts}
    places = dict.fromkeys(place for place, _ in parts)
    return {
        place: {screening: {name: shown[place, screening, name] for name in named} for other, screening in parts if other == place}
        for place in places
    }


def courses_path(project: Project, period: str) -> Path:
    """Say where the parts of a period are kept once they were told."""
    return project.var / "cohorts" / f"courses-{period}.json"


def write_courses(project: Project, period: str, parts: Mapping[str, Mapping[str, Shown]]) -> None:
    """Keep what is told of a period's screenings."""
    path = courses_path(project, period)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(4)}.draft")
    draft.write_text(json.dumps(parts), encoding="utf-8")
    draft.replace(path)


def find_courses(project: Project, period: str, *, municipality: str, screening: str) -> Shown | None:
    """Read what is told of one screening in one municipality; None where nobody was proposed, or periods were not told by screening yet."""
    path = courses_path(project, period)
    if not path.is_file():
        return None
    found: Shown | None = json.loads(path.read_text(encoding="utf-8")).get(municipality, {}).get(screening)
    return found
