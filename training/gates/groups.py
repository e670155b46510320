"""Release gates by group: is the model as true, and as sparing with false proposals, for one group as for the others (R-12)?

Audit attributes come in as columns beside the test rows and go out as aggregates; nothing here keeps a row. Which counts may be told, and
whose figures, is for `training.evaluation.group_counts`; how figures come about for `training.gates.group_figures`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.findings import Evidence, Finding, Verdict
from features.records import Mask
from features.small_cells import SMALLEST_CELL
from models.intervals import Interval
from models.multiplicity import holm
from training.evaluation.group_counts import MIN_GROUP, WITHHELD, GroupSize, group_sizes, withheld
from training.evaluation.people_needed import people_needed
from training.gates.group_figures import CALIBRATION_BOUND, FPR_RATIO, AssessedRows, Compared, Judged, judge
from training.gates.overall import is_outside

TITLES = {"G-05": "Calibrated in every group", "G-06": "Equally sparing with false proposals in every group"}
BOUNDS = {"G-05": (-CALIBRATION_BOUND, CALIBRATION_BOUND), "G-06": FPR_RATIO}

TOO_FEW = f"fewer than {MIN_GROUP} people with or without the outcome"
TOO_FEW_TO_SAY = f"{TOO_FEW}, or so few in another group that it can't be said"
TOO_FEW_OTHERS = f"fewer than {MIN_GROUP} people without the outcome to compare with"
TOO_FEW_PROPOSALS = "too few false proposals to compare"
FIGURES_WITHHELD = "the figures would give the number of a few people away"
TOO_MANY_TOO_SMALL = "most groups have too few people to be asked"
NO_VALUES = "nobody tested has a value of it that may be used"
BY_CHANCE = 0.025
"""Share of questions that fail by chance where the truth lies on a bound, each time: one end of a 95 % interval."""


FAMILY_ERROR = 0.05
"""Chance of any false alarm among all that was asked together, which `holds_among_all_asked` keeps to."""


@dataclass(frozen=True)
class _Question:
    """One gate asked of one group; `judged` is None where there are too few people, `is_told` whether figures may be told.

    `n_tested_needed` is about how many people would have to be tested for it to be asked, where the counts that say so are told.
    `mirrors` names the other group of two where it is the same comparison seen from there.
    """

    code: str
    attribute: str
    group: str
    size: GroupSize
    compared_with: str = ""
    reason: str = ""
    judged: Judged | None = None
    is_told: bool = True
    mirrors: str = ""
    n_tested_needed: int | None = None


def group_gates(
    rows: AssessedRows,
    groups: Mapping[str, NDArray[np.str_]],
    *,
    seed: int,
    n_resamples: int = 500,
    fewest: Mapping[str, int] | None = None,
) -> tuple[Finding, ...]:
    """Judge calibration and false-positive rate of every group; first comes how many groups could be asked, and how they did.

    Parameters
    ----------
    groups
        Attribute -> value per test row, empty text where unknown, shape (n_rows,).
    fewest
        Attribute -> fewest people a count may stand for; five where not named.

    Notes
    -----
    Calibration in the large of a group is mean probability minus observed rate; it fails when its 95 % interval lies wholly outside
    ± 0.05. The false-positive ratio is the group's rate over that of everybody else; it fails when its interval lies wholly outside 0.8
    to 1.25. Intervals come from a bootstrap over people. The group has to have fifty people with the
    outcome and fifty without, and those it is compared with fifty without, since that is what a rate of false proposals is of. Two
    values are one comparison: one finding mirrors the other, with its verdict, and is not counted again. Passing says no more than that
    no difference is clear: `shown_within` says whether one is ruled out. Domain R-12.
    """
    questions = [one for name, values in groups.items() for one in _asked_of(name, values, rows, seed, n_resamples, fewest or {})]
    unknown = [name for name, values in groups.items() if not (values != "").any()]
    found = _findings(questions)
    findings = (
        *(_summary(code, [finding for one, finding in found if one.code == code and not one.mirrors]) for code in TITLES if questions),
        *(finding for _, finding in found),
        *(_not_asked(code, NO_VALUES, name) for name in unknown for code in TITLES),
    )
    return tuple(sorted(findings, key=lambda finding: finding.code))


def no_groups(reason: str) -> tuple[Finding, ...]:
    """Say why fairness by group was not asked, though declaring a purpose, groups or audit data would have let it be."""
    return tuple(_not_asked(code, reason) for code in TITLES)


def _not_asked(code: str, reason: str, attribute: str = "") -> Finding:
    about: dict[str, Evidence] = {"attribute": attribute} if attribute else {}
    return Finding(code, TITLES[code], "NOT_APPLICABLE", {**about, "reason": reason, "not_asked": True})


def _asked_of(
    attribute: str, values: NDArray[np.str_], rows: AssessedRows, seed: int, n_resamples: int, fewest: Mapping[str, int]
) -> Iterator[_Question]:
    """Both gates' questions to the groups of one attribute."""
    sizes = group_sizes(rows.label, {attribute: values}, fewest=fewest)[attribute]
    others = {value: _others(value, values, sizes, rows) for value in sizes}
    large = [value for value, size in sizes.items() if size.is_large]
    figures = dict(zip(large, judge(rows, [Compared(values == v, others[v].rows) for v in large], seed, n_resamples), strict=True))
    asking = {value: _asking(value, values, sizes) for value in sizes}
    compared = [value for value, one in asking.items() if sizes[one].is_large and others[one].are_enough]
    told = _told_proposals(rows, values, sizes, compared, fewest.get(attribute, SMALLEST_CELL))
    for value, size in sizes.items():
        own, other = "" if size.is_large else TOO_FEW if size.is_told else TOO_FEW_TO_SAY, others[value]
        calibration = figures[value][0] if value in figures else None
        needed = people_needed((size.n_with, size.n_without), enough=MIN_GROUP, n_tested=len(rows.label))
        yield _Question("G-05", attribute, value, size, reason=own, judged=calibration, is_told=size.is_told, n_tested_needed=needed)
        mirrors = "" if asking[value] == value else asking[value]
        ratio = None if value not in compared else figures[mirrors][1].mirrored() if mirrors else figures[value][1]
        reason = "" if value in compared else own or TOO_FEW_OTHERS
        shown = value in told and size.n_without is not None and other.is_told
        needed = None if value in compared else _needed_to_compare(value, sizes, rows)
        yield _Question("G-06", attribute, value, size, other.name, reason, ratio, shown, mirrors, needed)


def _needed_to_compare(value: str, sizes: Mapping[str, GroupSize], rows: AssessedRows) -> int | None:
    """People who would have to be tested for G-06 to be asked: of two values either may be the one that is large enough."""
    n_without = int((rows.label == 0).sum())
    options = []
    for asking in sizes if len(sizes) == 2 else (value,):
        own, rest = sizes[asking], [size for name, size in sizes.items() if name != asking]
        everybody_else = None if own.n_without is None else n_without - own.n_without
        others = rest[0].n_without if len(sizes) == 2 else everybody_else
        options.append(people_needed((own.n_with, own.n_without, others), enough=MIN_GROUP, n_tested=len(rows.label)))
    return min((one for one in options if one is not None), default=None)


@dataclass(frozen=True)
class _Others:
    """Those a group is compared with: the other value of two, or everybody else; `is_told` of those among them without the outcome."""

    name: str
    rows: Mask
    are_enough: bool
    is_told: bool


def _others(value: str, values: NDArray[np.str_], sizes: Mapping[str, GroupSize], rows: AssessedRows) -> _Others:
    """A rate of false proposals is of those without the outcome: fifty of them are enough, by what a reader may know of their number."""
    own, rest = sizes[value], [(name, size) for name, size in sizes.items() if name != value]
    if len(sizes) == 2:
        ((name, other),) = rest
        return _Others(name, values == name, other.least[1] >= MIN_GROUP, other.n_without is not None)
    everybody = int((rows.label == 0).sum())
    n_without = sum(size.least[1] for _, size in rest) if own.n_without is None else everybody - own.n_without
    return _Others("everybody else", values != value, n_without >= MIN_GROUP, True)


def _asking(value: str, values: NDArray[np.str_], sizes: Mapping[str, GroupSize]) -> str:
    """Group whose comparison answers for this one: itself; of two values the one that is large enough, the smaller where both are."""
    if len(sizes) != 2:
        return value
    return min(sizes, key=lambda name: (not sizes[name].is_large, int((values == name).sum()), name))


def _told_proposals(
    rows: AssessedRows, values: NDArray[np.str_], sizes: Mapping[str, GroupSize], compared: Sequence[str], fewest: int
) -> frozenset[str]:
    """Groups whose ratio may be told: with the counts it gives the number of false proposals in the group, and so in the others (R-09)."""
    vain = rows.flagged & (rows.label == 0)
    names = [*sizes, *([""] if (values == "").any() else [])]
    counts = np.array([int((vain & (values == name)).sum()) for name in names], dtype=np.int64)
    is_two = len(sizes) == 2
    given_away = np.array([name in compared for name in names], dtype=np.bool_)
    is_rest = np.array([not name for name in names], dtype=np.bool_)
    hidden, _ = withheld(counts, np.zeros_like(counts), fewest=fewest, never_told=~given_away, is_rest=is_rest)
    if is_two and (hidden & ~is_rest).any():
        return frozenset()
    return frozenset(name for name, hide in zip(names, hidden, strict=True) if name and not hide)


def _findings(questions: Sequence[_Question]) -> list[tuple[_Question, Finding]]:
    """One finding a question; what fails is also held against all that was asked together."""
    asked = {_key(one): one.judged for one in questions if one.judged is not None and one.judged.is_known and not one.mirrors}
    together = dict(zip(asked, holm([judged.chance for judged in asked.values()]), strict=True))
    return [(one, _finding(one, together.get(_key(one)))) for one in questions]


def _key(question: _Question) -> tuple[str, str, str]:
    return question.code, question.attribute, question.mirrors or question.group


def _finding(question: _Question, chance: float | None) -> Finding:
    size, judged = question.size, question.judged
    evidence: dict[str, Evidence] = {
        "attribute": question.attribute,
        "group": question.group,
        "n_with": WITHHELD if size.n_with is None else size.n_with,
        "n_without": WITHHELD if size.n_without is None else size.n_without,
    }
    evidence |= {"compared_with": question.compared_with} if question.compared_with else {}
    evidence |= {"mirrors": question.mirrors} if question.mirrors else {}
    title = TITLES[question.code]
    if judged is None or chance is None:
        needed: dict[str, Evidence] = {} if question.n_tested_needed is None else {"n_tested_needed": question.n_tested_needed}
        return Finding(question.code, title, "NOT_APPLICABLE", {**evidence, "reason": question.reason or TOO_FEW_PROPOSALS, **needed})
    bounds, interval = BOUNDS[question.code], judged.interval
    verdict: Verdict = "FAILED" if is_outside(interval, bounds) else "PASSED"
    shown = question.is_told and judged.is_known
    evidence |= _figures(interval, bounds, verdict) if shown else _withheld_figures(interval, bounds, verdict)
    if verdict == "FAILED":
        evidence["holds_among_all_asked"] = chance < FAMILY_ERROR
    return Finding(question.code, title, verdict, evidence)


def _figures(interval: Interval, bounds: tuple[float, float], verdict: Verdict) -> dict[str, Evidence]:
    return {
        "estimate": round(interval.estimate, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "bounds": f"{bounds[0]} to {bounds[1]}",
        **_conclusion(interval, bounds, verdict),
    }


def _withheld_figures(interval: Interval, bounds: tuple[float, float], verdict: Verdict) -> dict[str, Evidence]:
    """Say the verdict and to which side it fell: the figures would give withheld counts away."""
    side: dict[str, Evidence] = {"side": "above" if interval.low > bounds[1] else "below"} if verdict == "FAILED" else {}
    told: dict[str, Evidence] = {"bounds": f"{bounds[0]} to {bounds[1]}", "figures": WITHHELD, "reason": FIGURES_WITHHELD, **side}
    return told | _conclusion(interval, bounds, verdict)


def _conclusion(interval: Interval, bounds: tuple[float, float], verdict: Verdict) -> dict[str, Evidence]:
    within = bounds[0] <= interval.low and interval.high <= bounds[1]
    if verdict == "FAILED":
        said = "a clear difference"
    else:
        said = "shown to be within the bounds" if within else "no clear difference; too few people to rule one out"
    return {"shown_within": within, "conclusion": said}


def _summary(code: str, found: Sequence[Finding]) -> Finding:
    """Say of all groups together how many were asked and what chance would do; where most could not be asked, that is no pass."""
    asked = [finding for finding in found if finding.verdict != "NOT_APPLICABLE"]
    failed = [finding for finding in asked if finding.is_failed]
    within = [finding for finding in asked if finding.evidence.get("shown_within")]
    evidence: dict[str, Evidence] = {
        "is_summary": True,
        "n_groups": len(found),
        "n_asked": len(asked),
        "n_too_few_people": len(found) - len(asked),
        "n_failed": len(failed),
        "n_shown_within": len(within),
        "n_failed_by_chance_at_most": round(BY_CHANCE * len(asked), 2),
        "n_failed_among_all_asked": sum(bool(finding.evidence.get("holds_among_all_asked")) for finding in failed),
    }
    if failed:
        return Finding(code, TITLES[code], "FAILED", evidence)
    if 2 * len(asked) < len(found):
        return Finding(code, TITLES[code], "NOT_APPLICABLE", {**evidence, "reason": TOO_MANY_TOO_SMALL})
    return Finding(code, TITLES[code], "PASSED", evidence)
