"""Section `proxies`: how well the model's features tell a protected attribute, and what the ones that tell it most add to the model (R-13).

Attributes come in beside the test rows, as for every fairness question, and go out as aggregates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from models.intervals import Interval
from models.resampling import Resamples, drawn_people, resample
from models.rungs.ladder import get_rung
from models.rungs.ranks import fit_ranks, ranked
from models.smallest_groups import fewest_by_attribute
from training.evaluation.examined import Examined
from training.evaluation.group_counts import MIN_GROUP
from training.evaluation.proxy_targets import proxy_targets
from training.evaluation.rows import MeasuredRows

Vector: TypeAlias = NDArray[np.float64]

PROXY_AUC = 0.75
"""A value that is told from the rest at least this well, the lower end of the 95 % interval taken, is flagged."""
MOST_ROWS = 5_000
"""Test rows, and training rows of the stand-in, drawn by person: intervals of an AUC are narrow enough by then."""
ABLATED = 3
"""Indicators taken out one by one for each flagged value: those that tell most."""
_FOLDS = 5
_RIDGE = 30.0
_RESAMPLES = 200
_CONSTANT = 1e-9
_DECIMALS = 3
"""An AUC is a fraction over the number of pairs of people: told in full it would give the size of a group away (R-09)."""


@dataclass(frozen=True)
class Ablation:
    """What goes when one indicator goes."""

    indicator: str
    proxy_loss: Interval
    """AUC of telling the value, with the indicator minus without it."""
    model_loss: Interval
    """AUC of the outcome on the test rows, with the indicator minus without it, by a ridge regression on the model's features."""
    is_used: bool
    """Whether the chosen rung moves anybody's score by it."""


@dataclass(frozen=True)
class Proxy:
    """One value of one protected attribute, told from the rest by the model's features."""

    attribute: str
    value: str
    auc: Interval
    ablations: tuple[Ablation, ...]

    @property
    def is_flagged(self) -> bool:
        """Whether the features tell the value too well to be left unexplained."""
        return self.auc.low > PROXY_AUC


@dataclass(frozen=True)
class ProxyTest:
    """What the test found.

    Attributes
    ----------
    not_asked
        Values that too few people have, or so few that it can't be said.
    reason
        Why nothing was asked at all.
    is_undeclared
        Whether a purpose, groups or audit data would have let it be asked.
    """

    n_rows: int
    proxies: tuple[Proxy, ...]
    not_asked: tuple[str, ...] = ()
    reason: str = ""
    is_undeclared: bool = False


def proxies(examined: Examined) -> dict[str, Any]:
    """Say for every value of every attribute how well it is told, and for flagged ones what each of the strongest indicators adds."""
    found = find_proxies(examined)
    if found.reason:
        return {"reason": found.reason}
    return {
        "n_rows": found.n_rows,
        "bound": PROXY_AUC,
        "min_group": MIN_GROUP,
        "not_asked": list(found.not_asked),
        "values": [
            {
                "attribute": one.attribute,
                "value": one.value,
                "auc": _rounded(one.auc),
                "is_flagged": one.is_flagged,
                "ablations": [
                    {
                        "indicator": a.indicator,
                        "is_used": a.is_used,
                        "proxy_auc_loss": _rounded(a.proxy_loss),
                        "model_auc_loss": _rounded(a.model_loss),
                    }
                    for a in one.ablations
                ],
            }
            for one in found.proxies
        ],
    }


def find_proxies(examined: Examined) -> ProxyTest:
    """Ask `cross_fit_proxies`, once for the gate and the section."""
    if "proxies" not in examined.measured_once:
        examined.measured_once["proxies"] = cross_fit_proxies(examined)
    found: ProxyTest = examined.measured_once["proxies"]
    return found


def cross_fit_proxies(examined: Examined) -> ProxyTest:
    """Cross-fit every value on the chosen rung's features, by person, and take the strongest indicators of flagged ones out.

    Notes
    -----
    The stand-in attacker is a ridge regression on ranks and gaps: cheap, and good with few rows; others may tell more. Whoever has a
    sector's indicators tells the use of that sector's services nearly by definition; it is flagged like anything else.
    """
    names = examined.experiment.chosen.rung.feature_names
    if not examined.groups:
        return ProxyTest(0, (), reason=examined.no_groups_reason or "no audit attribute was given", is_undeclared=True)
    if not any((values != "").any() for values in examined.groups.values()):
        return ProxyTest(0, (), reason="nobody tested has a value of any attribute that may be used", is_undeclared=True)
    if not names:
        return ProxyTest(0, (), reason="the chosen rung uses no feature")
    rows = MeasuredRows.of(examined, most_rows=MOST_ROWS)
    targets, not_asked = proxy_targets(rows, fewest_by_attribute(examined.project))
    design = _Design.of(examined, names, rows)
    told = {key: _cross_fitted(design, target) for key, target in targets.items()}
    plain = {key: _measure(target, {"all": told[key]}, rows).interval("all", "auc") for key, target in targets.items()}
    used = used_indicators(examined)
    model = _StandIn(examined, names, rows)
    found = tuple(
        Proxy(*key, interval, _ablations(design, targets[key], told[key], rows, model, used) if interval.low > PROXY_AUC else ())
        for key, interval in plain.items()
    )
    return ProxyTest(len(rows.label), found, not_asked)


@dataclass(frozen=True, eq=False)
class _Design:
    """Ranks and gaps of the model's features on the test rows, standardised; `owner` says whose column each is."""

    columns: Vector
    owner: NDArray[np.str_]
    fold: NDArray[np.intp]

    @classmethod
    def of(cls, examined: Examined, names: Sequence[str], rows: MeasuredRows) -> _Design:
        matrix = examined.experiment.table.columns(names, examined.experiment.split.test)[rows.within]
        columns = np.hstack([ranked(fit_ranks(matrix), matrix), np.isnan(matrix)])
        spread = columns.std(axis=0)
        kept = spread > _CONSTANT
        owner = _owners(names)
        people, place = np.unique(rows.person, return_inverse=True)
        fold = np.random.default_rng(rows.seed).permutation(len(people))[place] % _FOLDS
        return cls((columns[:, kept] - columns[:, kept].mean(axis=0)) / spread[kept], owner[kept], fold)

    def without(self, indicator: str) -> _Design:
        """The same people without one indicator."""
        kept = self.owner != indicator
        return _Design(self.columns[:, kept], self.owner[kept], self.fold)


def _cross_fitted(design: _Design, target: Vector) -> Vector:
    """Predict each row from rows of other people, shape (n_rows,)."""
    predicted = np.zeros(len(target))
    for fold in range(_FOLDS):
        taught = (design.fold != fold) & ~np.isnan(target)
        predicted[design.fold == fold] = design.columns[design.fold == fold] @ _ridge(design.columns[taught], target[taught])
    return predicted


def _ridge(columns: Vector, target: Vector) -> Vector:
    gram = columns.T @ columns + _RIDGE * np.eye(columns.shape[1])
    return np.asarray(np.linalg.solve(gram, columns.T @ (target - target.mean())))


def _measure(target: Vector, scores: Mapping[str, Vector], rows: MeasuredRows) -> Resamples:
    known = ~np.isnan(target)
    within = {name: score[known] for name, score in scores.items()}
    return resample(target[known], within, groups=rows.person[known], share=0.5, seed=rows.seed, n_resamples=_RESAMPLES)


def _ablations(
    design: _Design, target: Vector, told: Vector, rows: MeasuredRows, model: _StandIn, used: frozenset[str]
) -> tuple[Ablation, ...]:
    return tuple(_ablation(design, target, told, rows, model, used, indicator) for indicator in _strongest(design, target))


def _ablation(
    design: _Design, target: Vector, told: Vector, rows: MeasuredRows, model: _StandIn, used: frozenset[str], indicator: str
) -> Ablation:
    scores = {"with": told, "without": _cross_fitted(design.without(indicator), target)}
    return Ablation(indicator, _measure(target, scores, rows).gain("with", "without", "auc"), model.loss(indicator), indicator in used)


def _strongest(design: _Design, target: Vector) -> list[str]:
    """Indicators whose columns move the prediction most."""
    known = ~np.isnan(target)
    weights = _ridge(design.columns[known], target[known])
    moved = {
        owner: float((design.columns[:, design.owner == owner] @ weights[design.owner == owner]).std())
        for owner in set(design.owner.tolist())
    }
    return sorted(moved, key=lambda owner: (-moved[owner], owner))[:ABLATED]


def used_indicators(examined: Examined) -> frozenset[str]:
    """Indicators that move the score of at least one of the explained test rows."""
    rung = examined.experiment.chosen.rung
    moves = np.abs(rung.contributions(examined.explained)).max(axis=0, initial=0.0) > 0
    return frozenset(name.partition(".")[0] for name, moved in zip(rung.feature_names, moves, strict=True) if moved)


class _StandIn:
    """A ridge regression of the outcome on the training rows, with and without an indicator: one product of the columns serves all."""

    def __init__(self, examined: Examined, names: Sequence[str], rows: MeasuredRows) -> None:
        experiment = examined.experiment
        taught = _taught(examined)
        train, test = (experiment.table.columns(names, mask) for mask in (taught, experiment.split.test))
        ranks = fit_ranks(train)
        columns = np.hstack([ranked(ranks, train), np.isnan(train)])
        mean, spread = columns.mean(axis=0), columns.std(axis=0)
        kept = spread > _CONSTANT
        self._owner = _owners(names)[kept]
        columns = (columns[:, kept] - mean[kept]) / spread[kept]
        self._test = (np.hstack([ranked(ranks, test), np.isnan(test)])[rows.within][:, kept] - mean[kept]) / spread[kept]
        label = experiment.table.label[taught]
        self._gram, self._pull = columns.T @ columns, columns.T @ (label - label.mean())
        self._rows = rows

    def loss(self, indicator: str) -> Interval:
        """AUC with everything minus without the indicator, on the test rows."""
        rows = self._rows
        scores = {"with": self._score(""), "without": self._score(indicator)}
        measured = resample(rows.label, scores, groups=rows.person, share=0.5, seed=rows.seed, n_resamples=_RESAMPLES)
        return measured.gain("with", "without", "auc")

    def _score(self, indicator: str) -> Vector:
        kept = np.flatnonzero(self._owner != indicator)
        gram = self._gram[np.ix_(kept, kept)] + _RIDGE * np.eye(len(kept))
        return np.asarray(self._test[:, kept] @ np.linalg.solve(gram, self._pull[kept]))


def relearnt_loss(examined: Examined, indicator: str) -> Interval:
    """AUC of the chosen kind of rung minus its AUC without an indicator, learnt anew both times on at most `MOST_ROWS` rows."""
    rows = MeasuredRows.of(examined, most_rows=MOST_ROWS)
    scores = {"with": _learnt(examined, rows, ""), "without": _learnt(examined, rows, indicator)}
    return resample(rows.label, scores, groups=rows.person, share=0.5, seed=rows.seed, n_resamples=_RESAMPLES).gain(
        "with", "without", "auc"
    )


def _learnt(examined: Examined, rows: MeasuredRows, indicator: str) -> Vector:
    """Score the test rows; everybody the same where nothing is left to learn from."""
    experiment = examined.experiment
    table, chosen = experiment.table, experiment.chosen
    names = tuple(name for name in chosen.rung.feature_names if name.partition(".")[0] != indicator)
    if not names:
        return np.zeros(len(rows.label))
    taught = _taught(examined)
    rung = get_rung(chosen.name).fit(table.columns(names, taught), table.label[taught], feature_names=names, settings=chosen.settings)
    return rung.log_odds(table.columns(names, experiment.split.test))[rows.within]


def _taught(examined: Examined) -> Mask:
    taught = examined.experiment.split.train.copy()
    taught[taught] = drawn_people(examined.experiment.table.rows.group[taught], most_rows=MOST_ROWS, seed=examined.seed)
    return taught


def _rounded(interval: Interval) -> dict[str, float | None]:
    return {name: None if value is None else round(value, _DECIMALS) for name, value in interval.to_json().items()}


def _owners(names: Sequence[str]) -> NDArray[np.str_]:
    """Indicator of each column: all ranks, then all gaps."""
    return np.array([name.partition(".")[0] for name in names] * 2)
