"""All figures of several scores on the same resampled people, at once.

`models.intervals` draws one metric at a time and says what an interval is; a training compares five rungs on four metrics and two sets of
rows, so here every resample is shared, and sorting is done once per score. Property tests hold each draw equal to `models.metrics`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models import metrics
from models.intervals import Interval, percentile_interval, with_exact_edge

Vector = NDArray[np.float64]
RANKING_METRICS = ("auc", "average_precision", "precision_at_capacity", "recall_at_capacity")
_BLOCK = 64


@dataclass(frozen=True)
class Resamples:
    """Draws of the ranking metrics of several scores on the same resampled people.

    Attributes
    ----------
    estimates
        Score name -> metric -> value on the rows themselves.
    draws
        Score name -> metric -> values, shape (n_resamples,), paired across scores: draw i is of the same people.
    share_of
        Metric that is a share of people -> how many they are.
    """

    estimates: Mapping[str, Mapping[str, float]]
    draws: Mapping[str, Mapping[str, Vector]]
    share_of: Mapping[str, float] = field(default_factory=dict)

    def interval(self, score: str, metric: str) -> Interval:
        """Percentile interval of one metric; of nobody or everybody found, with the exact bound."""
        interval = percentile_interval(self.estimates[score][metric], self.draws[score][metric])
        return with_exact_edge(interval, n_people=self.share_of.get(metric, 0.0))

    def gain(self, score: str, over: str, metric: str) -> Interval:
        """Difference of two scores on one metric with its paired interval."""
        estimate = self.estimates[score][metric] - self.estimates[over][metric]
        return percentile_interval(estimate, self.draws[score][metric] - self.draws[over][metric])


def resample(
    label: Vector, scores: Mapping[str, Vector], *, groups: NDArray[np.int32], share: float, seed: int, n_resamples: int = 500
) -> Resamples:
    """Measure every score on the rows and on resampled people.

    Parameters
    ----------
    label
        1.0 with the outcome, 0.0 without, shape (n_rows,).
    scores
        Name -> score, higher means more at risk, shape (n_rows,).
    groups
        Rows with the same number are one person and are drawn together, shape (n_rows,).
    share
        Share of rows that the service has capacity for.
    """
    ranked = {name: _Ranked(label, score) for name, score in scores.items()}
    blocks: dict[str, list[NDArray[np.float64]]] = {name: [] for name in scores}
    for weights in person_weights(groups, seed=seed, n_resamples=n_resamples):
        for name, ranking in ranked.items():
            blocks[name].append(ranking.measure(weights, share))
    return Resamples(
        estimates={name: ranking_metrics(label, score, share=share) for name, score in scores.items()},
        draws={name: dict(zip(RANKING_METRICS, np.concatenate(parts, axis=1), strict=True)) for name, parts in blocks.items()},
        share_of={
            "precision_at_capacity": share * len(np.unique(groups)),
            "recall_at_capacity": float(len(np.unique(groups[label == 1]))),
        },
    )


def ranking_metrics(label: Vector, score: Vector, *, share: float) -> dict[str, float]:
    """Give the ranking metrics by the names that `[[reference]]` tables use."""
    return {
        "auc": metrics.auc(label, score),
        "average_precision": metrics.average_precision(label, score),
        "precision_at_capacity": metrics.precision_at_share(label, score, share=share),
        "recall_at_capacity": metrics.recall_at_share(label, score, share=share),
    }


@dataclass(frozen=True)
class Tops:
    """What the top of several rankings holds at several shares, on the rows and on the same resampled people.

    Attributes
    ----------
    shares
        Shares of rows that are visited, shape (n_shares,).
    prevalence
        Share of rows with the outcome on the rows, and in each draw, shape (n_draws,).
    found, found_draws
        Score -> rows with the outcome in the top as a share of all rows, shapes (n_shares,) and (n_draws, n_shares).
    n_people, n_people_with
        People on the rows, and those of them who have the outcome on some row.
    """

    shares: Vector
    prevalence: float
    prevalence_draws: Vector
    found: Mapping[str, Vector]
    found_draws: Mapping[str, Vector]
    n_people: int
    n_people_with: int

    def recall(self, score: str, place: int) -> Interval:
        """Share of everybody with the outcome who is in the top."""
        interval = self._ratio(self.found[score][place], self.found_draws[score][:, place])
        return with_exact_edge(interval, n_people=self.n_people_with)

    def precision(self, score: str, place: int) -> Interval:
        """Share of the top with the outcome."""
        share = self.shares[place]
        interval = percentile_interval(float(self.found[score][place] / share), self.found_draws[score][:, place] / share)
        return with_exact_edge(interval, n_people=share * self.n_people)

    def recall_gain(self, score: str, place: int, *, over: str, over_place: int | None = None) -> Interval:
        """Difference in recall to another ranking, or to another share, on the same resampled people."""
        other = place if over_place is None else over_place
        gain = float(self.found[score][place] - self.found[over][other])
        return self._ratio(gain, self.found_draws[score][:, place] - self.found_draws[over][:, other])

    def _ratio(self, found: float, draws: Vector) -> Interval:
        with np.errstate(invalid="ignore", divide="ignore"):
            return percentile_interval(float(np.divide(found, self.prevalence)), draws / self.prevalence_draws)


def resample_tops(
    label: Vector, scores: Mapping[str, Vector], *, groups: NDArray[np.int32], shares: Vector, seed: int, n_resamples: int = 500
) -> Tops:
    """Count what the top of every ranking holds at every share; parameters as `resample`.

    Tied rows count by expectation, as in `models.metrics.precision_at_share`: each draw equals that metric times the share.
    """
    ranked = {name: _Ranked(label, score) for name, score in scores.items()}
    found: dict[str, list[Vector]] = {name: [] for name in scores}
    prevalence: list[Vector] = []
    for weights in person_weights(groups, seed=seed, n_resamples=n_resamples):
        prevalence.append((weights @ label) / weights.sum(axis=1))
        for name, ranking in ranked.items():
            found[name].append(ranking.found(weights, shares))
    everyone = np.ones((1, len(label)))
    return Tops(
        shares=shares,
        prevalence=float(label.mean()),
        prevalence_draws=np.concatenate(prevalence),
        found={name: ranking.found(everyone, shares)[0] for name, ranking in ranked.items()},
        found_draws={name: np.concatenate(parts) for name, parts in found.items()},
        n_people=len(np.unique(groups)),
        n_people_with=len(np.unique(groups[label == 1])),
    )


def found_in_tops(label: Vector, score: Vector, *, shares: Vector) -> Vector:
    """Count rows with the outcome among the top shares of one ranking, shape (n_shares,); tied rows by expectation, as in `resample_tops`.

    >>> found_in_tops(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.1, 0.1]), shares=np.array([0.25, 0.75])).tolist()
    [1.0, 1.5]
    """
    return np.asarray(_Ranked(label, score).found(np.ones((1, len(label))), shares)[0] * len(label))


def person_weights(groups: NDArray[np.int32], *, seed: int, n_resamples: int) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of row weights, shape (up to 64, n_rows): how often each row's person was drawn."""
    codes = np.unique(groups, return_inverse=True)[1]
    n_people = int(codes.max()) + 1
    random = np.random.default_rng(seed)
    for start in range(0, n_resamples, _BLOCK):
        size = min(_BLOCK, n_resamples - start)
        drawn = random.integers(0, n_people, (size, n_people)) + n_people * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_people).reshape(size, n_people)
        yield counts[:, codes].astype(np.float64)


def auc_draws(label: Vector, score: Vector, weights: NDArray[np.float64]) -> Vector:
    """Give the AUC for each row of weights, shape (n_weights,); NaN where all who were drawn have the same outcome."""
    return np.asarray(_Ranked(label, score).measure(weights, 1.0)[0])


def drawn_people(person: NDArray[np.int32], *, most_rows: int, seed: int) -> NDArray[np.bool_]:
    """Keep everybody where there are few enough rows, else a seeded draw of whole people with about that many rows.

    >>> drawn_people(np.array([1, 1, 2, 3], dtype=np.int32), most_rows=10, seed=1).tolist()
    [True, True, True, True]
    """
    if len(person) <= most_rows:
        return np.ones(len(person), dtype=np.bool_)
    people, place = np.unique(person, return_inverse=True)
    kept = np.random.default_rng(seed).random(len(people)) < most_rows / len(person)
    return np.asarray(kept[place])


class _Ranked:
    """Rows in order of one score, tied rows together, ready for any weights."""

    def __init__(self, label: Vector, score: Vector) -> None:
        self._order = np.argsort(-score, kind="stable")
        ordered = score[self._order]
        self._label = label[self._order]
        self._starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))

    def found(self, weights: NDArray[np.float64], shares: Vector) -> NDArray[np.float64]:
        """Rows with the outcome among the top shares, as a share of all rows, for each row of weights, shape (n_weights, n_shares)."""
        ordered = weights[:, self._order]
        shown = np.cumsum(np.add.reduceat(ordered, self._starts, axis=1), axis=1)
        ones = np.cumsum(np.add.reduceat(ordered * self._label, self._starts, axis=1), axis=1)
        # Tied rows count by expectation: between two distinct scores the number found grows in a straight line.
        tops = [
            np.interp(shares * n[-1], np.r_[0.0, n], np.r_[0.0, found]) / n[-1] if n[-1] > 0 else np.full(len(shares), np.nan)
            for n, found in zip(shown, ones, strict=True)
        ]
        return np.stack(tops)

    def measure(self, weights: NDArray[np.float64], share: float) -> NDArray[np.float64]:
        """Ranking metrics for each row of weights, shape (4, n_weights), in the order of `RANKING_METRICS`."""
        ordered = weights[:, self._order]
        rows = np.add.reduceat(ordered, self._starts, axis=1)
        ones = np.add.reduceat(ordered * self._label, self._starts, axis=1)
        n_rows, n_ones = rows.sum(axis=1), ones.sum(axis=1)
        found, shown = np.cumsum(ones, axis=1), np.cumsum(rows, axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            zeros = rows - ones
            zeros_above = (shown - found) - 0.5 * zeros
            auc = 1.0 - (ones * zeros_above).sum(axis=1) / (n_ones * (n_rows - n_ones))
            precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > 0)
            average_precision = (ones * precision).sum(axis=1) / n_ones
            room = share * n_rows
            taken = np.clip(np.divide(room[:, None] - (shown - rows), rows, out=np.zeros_like(rows), where=rows > 0), 0.0, 1.0)
            top = (ones * taken).sum(axis=1)
            return np.stack([auc, average_precision, top / room, top / n_ones])
